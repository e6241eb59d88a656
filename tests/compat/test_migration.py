"""The move of examples/migrate-from-kallithea, followed to the letter; and the way there and back with the original."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Browser, Git, Instance, Person
from harness.instance import environment
from harness.servers import BIN, PROJECT, Server, free_port

README = PROJECT / "examples" / "migrate-from-kallithea" / "README.md"
ADMIN = Person("admin", "admin123")
HERE = "/srv/kallithea"


def commands() -> list[str]:
    """The lines to be typed, in their order."""
    return [line.strip() for line in README.read_text().splitlines() if re.match(r" {7}\S", line)]


def test_the_move_in_five_steps(restored: Callable[[str], Path], git: Git) -> None:
    ini = restored("move")
    place = ini.parent
    (copy_database, copy_ini, *install, check, upgrade, start) = commands()
    assert [line.split()[0] for line in (copy_database, copy_ini)] == ["cp", "cp"]
    assert "venv" in install[0] and "pip install kallithea-rs" in install[1], "the environment of this test stands for that one"

    def typed(command: str) -> str:
        return command.replace(f"{HERE}/venv-rs/bin", str(BIN)).replace(HERE, str(place))

    def run(command: str) -> str:
        done = subprocess.run(typed(command), shell=True, cwd=place.parent, env=environment(place), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    run(copy_database)
    run(copy_ini)
    said = run(check)
    assert "my.ini, line " in said and ": error: " not in said and "'session.secret' has no effect here" in said
    assert run(upgrade) == "The database is up to date. Nothing to do.\n"
    settings, argv = start.split(" ", 1)
    port = free_port()
    words = shlex.split(typed(argv).replace("127.0.0.1:5000", f"127.0.0.1:{port}"))
    name, value = typed(settings).split("=")
    with Server(words, folder=place, port=port, env=environment(place) | {name: value}, workers=4) as server:
        assert "'session.secret'" not in server.log()
        browser = Browser(server.url)
        browser.log_in(ADMIN)
        assert browser.get("/web/gitsite").status == 200
        git.clone(server.url_for(ADMIN, "web/gitsite"))
    instance = Instance(place, ini)
    assert instance.rows("SELECT name FROM sqlite_master WHERE name = 'rs_sessions'")
    assert instance.rows("SELECT version_num FROM alembic_version") == [("7ba0d2cad930",)]


def python38() -> str | None:
    """A Python 3.8, on which the original runs."""
    named = os.environ.get("KALLITHEA_TEST_PYTHON38") or shutil.which("python3.8")
    candidates = [named, *sorted(map(str, Path.home().glob(".pyenv/versions/3.8.*/bin/python3.8")))]
    for candidate in filter(None, candidates):
        done = subprocess.run([candidate, "-c", "import sys, venv; print(sys.version_info[:2] == (3, 8))"], capture_output=True, text=True)
        if done.stdout.strip() == "True":
            return candidate
    return None


@pytest.mark.soak
def test_there_and_back(restored: Callable[[str], Path], folder: Path) -> None:
    """The original starts on the database before and after a day with us."""
    python = python38()
    if python is None:
        pytest.skip("there is no Python 3.8 here, on which Kallithea 0.7 runs; name one in KALLITHEA_TEST_PYTHON38")
    venv = folder / "venv-kallithea"
    subprocess.run([python, "-m", "venv", venv], check=True, timeout=300)
    pip = [venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "setuptools<67"], check=True, timeout=600)
    subprocess.run([*pip, "--no-build-isolation", "kallithea==0.7.0", "gunicorn<22"], check=True, timeout=1800)
    ini = restored("there-and-back")
    place = ini.parent
    (place / "data").mkdir(exist_ok=True)

    def original() -> Server:
        port = free_port()
        argv = [venv / "bin" / "gunicorn", "--paste", str(ini), "--bind", f"127.0.0.1:{port}", "--workers", "1"]
        return Server(argv, folder=place, port=port, env=environment(place, PATH=f"{venv}/bin:{environment(place)['PATH']}"), seconds=90)

    def log_in(server: Server, person: Person) -> Browser:
        browser = Browser(server.url)
        browser.log_in(person)
        return browser

    with original() as server:
        assert log_in(server, ADMIN).get("/tools/hgtool").status == 200
    instance = Instance(place, ini)
    port = free_port()
    argv = [BIN / "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "kallithea_rs:app"]
    env = environment(place) | {"KALLITHEA_CONFIG": str(ini)}
    with Server(argv, folder=place, port=port, env=env) as server:
        browser = log_in(server, ADMIN)
        browser.create_repository("made-by-the-new-one", "git")
        browser.post("/_admin/my_account", {"username": "admin", "firstname": "Ada", "lastname": "Min", "email": "new-admin@example.com"})
        alice = log_in(server, Person("alice", "alicepass1"))
        fields = {"current_password": "alicepass1", "new_password": "changed-there", "new_password_confirmation": "changed-there"}
        assert alice.post("/_admin/my_account/password", fields).status == 302
    assert instance.rows("SELECT firstname FROM users WHERE username = 'admin'") == [("Ada",)]
    with original() as server:
        browser = log_in(server, ADMIN)
        assert "new-admin@example.com" in browser.get("/_admin/my_account").text
        assert browser.get("/made-by-the-new-one").status == 200
        log_in(server, Person("alice", "changed-there"))
