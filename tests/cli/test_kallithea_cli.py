"""`kallithea-cli` as it is installed: the lines of recipes, prompts at a terminal, and no prompt without one."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from harness import Browser, Person
from harness.commands import at_terminal, program
from harness.instance import environment
from harness.servers import BIN, Server, free_port

ADMIN = Person("admin", "admin")

# As deployment recipes for Kallithea have them, with other paths.
RECIPES = [
    "kallithea-cli config-create {ini} host=0.0.0.0",
    "sed -i 's#^cache_dir = .*#cache_dir = {place}/cache#g' {ini}",
    "sed -i 's#^index_dir = .*#index_dir = {place}/cache/index#g' {ini}",
    "sed -i 's#^sqlalchemy\\.url = .*#sqlalchemy.url = sqlite:///{place}/recipe.db?timeout=60#g' {ini}",
    "sed -ri 's/^\\s*i18n\\.lang\\s*=.*$/i18n.lang = de/1' {ini}",
    'yes "y" | kallithea-cli db-create -c {ini} --user=admin --email=admin@localhost --password=admin --repos={place}/repos',
    "kallithea-cli front-end-build",
    "kallithea-cli db-create --user=admin --email=admin@admin.com --password=Administrator --repos={place}/repos --force-yes -c {ini}",
    "kallithea-cli db-create -c {ini} --user doe --password 123456 --email doe@example.com --repos {place}/repos --no-public-access --force-yes "
    "--reuse",
    "kallithea-cli repo-scan -c {ini}",
    "kallithea-cli repo-scan -c {ini} --install-git-hooks",
    "kallithea-cli repo-update-metadata -c {ini}",
    "kallithea-cli repo-purge-deleted --no-ask --older-than=30d -c {ini}",
    "kallithea-cli index-create -c {ini}",
    "kallithea-cli ssh-update-authorized-keys -c {ini}",
    "kallithea-cli extensions-create -c {ini}",
]


def test_lines_of_recipes(folder: Path) -> None:
    place = folder / "recipes"
    (place / "repos").mkdir(parents=True)
    env = environment(folder)
    env["PATH"] = f"{BIN}:{env['PATH']}"
    for line in RECIPES:
        command = line.format(ini=place / "production.ini", place=place)
        done = subprocess.run(command, shell=True, cwd=place, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert (place / "recipe.db").exists() and (place / "extensions.py").exists()


def test_from_nothing_to_a_server(folder: Path, run: Callable) -> None:
    """The three lines of `kallithea-cli --help`."""
    place = folder / "fresh"
    (place / "repos").mkdir(parents=True)
    ini = place / "my.ini"
    help = run("kallithea-cli").stdout
    lines = [line.strip() for line in help.splitlines() if line.startswith("  ") and "my.ini" in line]
    create, database, serve = lines
    done = run(*shlex.split(create), cwd=place)
    assert done.returncode == 0 and done.stdout.endswith(f"Wrote new config file in {ini}\n"), done
    assert ini.stat().st_mode & 0o777 == 0o600
    words = [word.replace("/srv/repos", str(place / "repos")) for word in shlex.split(database)]
    done = run(*words, cwd=place, KALLITHEA_ADMIN_PASS=ADMIN.password)
    assert done.stdout == "Initial repository scan: no repositories found.\nDatabase set up successfully.\n", done
    port = free_port()
    argv = [str(BIN / shlex.split(serve)[0]), *shlex.split(serve)[1:], "--bind", f"127.0.0.1:{port}"]
    with Server(argv, folder=place, port=port, env=environment(place)) as server:
        browser = Browser(server.url)
        browser.log_in(ADMIN)
        assert browser.get("/_admin/my_account").status in (200, 302)


def test_a_configuration_manager_sets_up_a_service(folder: Path, run: Callable) -> None:
    """As modules for Puppet and the like go about it: the file made once, settings written into it, the database seeded once, a service that answers HEAD,
    and a cron job."""
    place = folder / "managed"
    (place / "repos").mkdir(parents=True)
    ini, port = place / "kallithea.ini", free_port()
    assert run("kallithea-cli", "config-create", ini, cwd=place).returncode == 0
    again = run("kallithea-cli", "config-create", ini, cwd=place)
    assert again.returncode == 1 and "--force" in again.stderr, "what is there is left alone"

    # A file of settings is edited key by key, in whatever section, and keys that were not there are added.
    lines = ini.read_text().splitlines()
    for section, key, value in (("server:main", "host", "127.0.0.1"), ("server:main", "port", str(port)), ("DEFAULT", "smtp_port", "25")):
        if f"[{section}]" not in lines:
            lines += [f"[{section}]"]
        start = lines.index(f"[{section}]") + 1
        end = next((at for at in range(start, len(lines)) if lines[at].startswith("[")), len(lines))
        found = [at for at in range(start, end) if re.match(rf"{key}\s*=", lines[at])]
        if found:
            lines[found[0]] = f"{key} = {value}"
        else:
            lines.insert(start, f"{key} = {value}")
    ini.write_text("\n".join(lines) + "\n")

    seeds = ["--user=admin", "--password=adminpw", "--email=root@example.com", f"--repos={place}/repos", "--force-yes"]
    done = run("kallithea-cli", "db-create", *seeds, "-c", ini, cwd=place)
    assert done.returncode == 0, done
    # gunicorn asks the file for the application only.
    argv = [str(BIN / "gunicorn"), "--paste", str(ini), "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    with Server(argv, folder=place, port=port, env=environment(place)) as server:
        answer = requests.head(server.url + "/", timeout=120)
        assert answer.status_code == 200 and answer.text == ""
        Browser(server.url).log_in(Person("admin", "adminpw"))
        for line in (["index-create"], ["repo-scan"], ["repo-update-metadata"]):
            assert run("kallithea-cli", *line, "-c", ini, cwd=place).returncode == 0


def test_prompts_at_a_terminal(folder: Path, run: Callable) -> None:
    place = folder / "terminal"
    (place / "repos").mkdir(parents=True)
    ini = place / "my.ini"
    assert run("kallithea-cli", "config-create", ini).returncode == 0
    code, screen = at_terminal(
        ["kallithea-cli", "db-create", "-c", ini],
        [
            ("added automatically: ", f"{place}/repos\n"),
            ("admin username: ", "joe\n"),
            ("admin password (min 6 chars): ", "nobody reads this\n"),
            ("Confirm password: ", "nobody reads this\n"),
            ("admin email: ", "joe@example.com\n"),
        ],
        folder,
    )
    assert code == 0, screen
    assert "nobody reads this" not in screen and "Database set up successfully." in screen
    code, screen = at_terminal(["kallithea-cli", "db-create", "-c", ini], [("or 'n': ", "n\n")], folder)
    assert (code, screen.splitlines()[-1]) == (0, "Nothing done.")


def test_nobody_is_asked_without_a_terminal(folder: Path, run: Callable) -> None:
    place = folder / "silent"
    (place / "repos").mkdir(parents=True)
    ini = place / "my.ini"
    run("kallithea-cli", "config-create", ini)
    done = run("kallithea-cli", "db-create", "-c", ini)
    assert done.returncode == 1 and "nobody is there to answer; use --repos" in done.stderr, done
    # A pipe that somebody holds open and never writes to.
    read, write = os.pipe()
    started = time.monotonic()
    argv = [program("kallithea-cli"), "db-create", "-c", str(ini)]
    ended = subprocess.run(argv, env=environment(folder), stdin=read, capture_output=True, timeout=60)
    os.close(read)
    os.close(write)
    assert ended.returncode == 1 and time.monotonic() - started < 20
    assert not (place / "kallithea.db").exists()


def test_a_broken_file_nearby_does_not_stop_the_help(folder: Path, run: Callable) -> None:
    place = folder / "broken"
    place.mkdir()
    (place / "kallithea.ini").write_text("no section\n")
    assert run("kallithea-cli", "--help", cwd=place).returncode == 0
    done = run("kallithea-cli", "config-check", "kallithea.ini", cwd=place)
    assert (done.returncode, done.stdout) == (1, "kallithea.ini, line 1: error: expected a '[section]' before 'no section'\n")
    done = run("kallithea-cli", "repo-scan", "-c", "kallithea.ini", cwd=place)
    assert done.returncode == 1 and "kallithea.ini, line 1: " in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_runs_until_it_is_ended(folder: Path, run: Callable, stop: signal.Signals) -> None:
    place = folder / f"worker-{stop.name}"
    (place / "repos").mkdir(parents=True)
    ini = place / "my.ini"
    run("kallithea-cli", "config-create", ini, "use_celery=true")
    words = ["--user=a", "--password=secret", "--email=a@example.com", f"--repos={place / 'repos'}"]
    assert run("kallithea-cli", "db-create", "-c", ini, *words).returncode == 0
    argv = [program("kallithea-cli"), "celery-run", "-c", str(ini)]
    worker = subprocess.Popen(argv, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with pytest.raises(subprocess.TimeoutExpired):
        worker.wait(2)
    worker.send_signal(stop)
    assert worker.wait(10) == -stop
    worker.communicate()


def test_completion_is_what_a_shell_understands(folder: Path, run: Callable) -> None:
    script = run("kallithea-cli", "completion", "bash").stdout
    question = """
        set -- $(complete -p kallithea-cli); while [ "$1" != -F ]; do shift; done
        COMP_WORDS=(kallithea-cli repo-p); COMP_CWORD=1; "$2" kallithea-cli repo-p kallithea-cli; echo "${COMPREPLY[@]}"
    """
    done = subprocess.run(["bash", "-c", f"{script}\n{question}"], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "repo-purge-deleted", done


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_of_other_shells(shell: str, run: Callable, folder: Path) -> None:
    script = run("kallithea-cli", "completion", shell).stdout
    assert "repo-purge-deleted" in script and "kallithea-cli" in script
    if program := shutil.which(shell):
        file = folder / f"completion.{shell}"
        file.write_text(script)
        done = subprocess.run([program, "-n", file], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done
