"""gunicorn, in each of the ways that examples/gunicorn and examples/gunicorn-paste tell."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Browser, Git, Hg, Instance, Person, Server, gunicorn
from harness.instance import environment
from harness.journey import everything
from harness.servers import BIN, PROJECT, free_port, from_example


@pytest.fixture
def place(folder: Path, request: pytest.FixtureRequest) -> Path:
    """An empty folder."""
    made = folder / request.node.name.replace("[", "-").strip("]")
    made.mkdir()
    return made


def test_the_bare_line_in_an_empty_folder(place: Path, git: Git, hg: Hg) -> None:
    instance = Instance(place)
    with gunicorn(instance) as server:
        assert len(server.workers()) == 4
        everything(server, instance, git, hg)
    assert sorted(path.name for path in place.iterdir() if path.is_dir() and path.name[0] != ".") == ["kallithea-data"]


@pytest.mark.parametrize("options", [["--preload"], ["--worker-class", "gthread", "--threads", "8"]], ids=["preload", "threads"])
def test_preloaded_and_with_threads(options: list[str], place: Path, git: Git, hg: Hg) -> None:
    instance = Instance(place)
    with gunicorn(instance, *options) as server:
        everything(server, instance, git, hg)


def test_the_configuration_file(place: Path, git: Git, hg: Hg) -> None:
    port = free_port()
    config = from_example(
        place, "gunicorn/gunicorn.conf.py", {"127.0.0.1:5000": f"127.0.0.1:{port}", "/srv/kallithea": str(place)}
    )
    instance = Instance(place)
    with Server([BIN / "gunicorn", "--config", config], folder=place, port=port, workers=4) as server:
        everything(server, instance, git, hg)


def gunicorn_paste(ini: Path, port: int) -> list[str | Path]:
    return [BIN / "gunicorn", "--paste", ini, "--workers", "4", "--bind", f"127.0.0.1:{port}"]


def own_loader(ini: Path, port: int) -> list[str | Path]:
    """A loader such as `pserve` or `gearbox serve`: the ini file names the server, too."""
    program = """
import sys
from paste.deploy import loadapp, loadserver
ini = "config:" + sys.argv.pop()
loadserver(ini)(loadapp(ini))
"""
    return [sys.executable, "-c", program, ini]


@pytest.mark.parametrize("how", [gunicorn_paste, own_loader])
def test_an_ini_file_by_paste_deploy(how: Callable[[Path, int], list[str | Path]], place: Path, git: Git, hg: Hg) -> None:
    port = free_port()
    ini = from_example(place, "gunicorn-paste/kallithea.ini", {"port = 5000": f"port = {port}"})
    instance = Instance(place, ini)
    with Server(how(ini, port), folder=place, port=port, workers=4) as server:
        everything(server, instance, git, hg)


def test_make_app_reads_the_file_itself(place: Path) -> None:
    ini = from_example(place, "gunicorn-paste/kallithea.ini", {"use = egg:kallithea": "use = egg:kallithea-rs"})
    (place / "dispatch.py").write_text(f"from kallithea_rs import make_app\napplication = make_app({str(ini)!r})\n")
    port = free_port()
    with Server([BIN / "gunicorn", "--bind", f"127.0.0.1:{port}", "dispatch:application"], folder=place, port=port):
        assert (place / "kallithea.db").exists()


LOOK_AROUND = """
import os
import kallithea_rs
threads = len(os.listdir("/proc/self/task"))
opened = [os.readlink(f"/proc/self/fd/{fd}") for fd in range(3, 10) if os.path.exists(f"/proc/self/fd/{fd}")]
print(threads, opened)
"""


def test_importing_opens_nothing_and_starts_nothing(place: Path) -> None:
    argv = [sys.executable, "-c", LOOK_AROUND]
    done = subprocess.run(argv, cwd=place, env=environment(place), capture_output=True, text=True, timeout=120)
    assert done.stdout == "1 []\n", done
    assert list(place.iterdir()) == []


def make_run(place: Path, seconds: float) -> Server:
    """`make run`, ended by Ctrl-C."""
    port = free_port()
    argv = ["make", "-C", PROJECT, "run", f"LISTEN=127.0.0.1:{port}", f"FOLDER={place}"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    return Server(argv, folder=place, port=port, env=env, stop_signal=signal.SIGINT, terminal=True, seconds=seconds)


def test_make_run_first_shows_a_demo_and_then_starts_within_five_seconds(place: Path) -> None:
    with make_run(place, seconds=120) as server:
        (password,) = re.findall(r"^ +password +(\S+)$", server.log(), re.MULTILINE)
        browser = Browser(server.url)
        browser.log_in(Person("admin", password))
        home = browser.get("/").text
        for name in ("demo-git", "demo-hg"):
            assert name in home
            changelog = browser.get(f"/{name}/changelog")
            assert "Merge" in changelog.text, changelog

    with make_run(place, seconds=5) as server:
        assert password not in server.log()
        Browser(server.url).log_in(Person("admin", password))
