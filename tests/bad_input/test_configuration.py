"""Ini files and folders that are not as they should be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness import Browser, Instance, gunicorn
from harness.browser import Page
from harness.instance import ADMIN, environment
from harness.servers import BIN


@pytest.fixture
def place(folder: Path, request: pytest.FixtureRequest) -> Path:
    made = folder / "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    made.mkdir()
    return made


BROKEN = {
    "a line that is neither section nor setting": ("[app:main]\nuse = egg:kallithea-rs\nthis is no setting\n", 3),
    "a setting before any section": ("debug = false\n[app:main]\n", 1),
    "a section without an end": ("[app:main\nuse = egg:kallithea-rs\n", 1),
    "the same key twice": ("[app:main]\ncache_dir = a\n\ncache_dir = b\n", 4),
    "a name in %( ) that nobody defines": ("[app:main]\ncache_dir = %(nowhere)s/data\n", 2),
    "no truth value": ("[app:main]\n\nforce_https = perhaps\n", 3),
    "no number": ("[app:main]\ncut_off_limit = many\n", 2),
}


@pytest.mark.parametrize("text, line", BROKEN.values(), ids=BROKEN)
def test_a_broken_ini_file_names_file_line_and_what_was_expected(text: str, line: int, place: Path) -> None:
    ini = place / "broken.ini"
    ini.write_text(text)
    program = "import sys; from kallithea_rs import make_app; make_app(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, ini], cwd=place, env=environment(place), capture_output=True, text=True, timeout=30
    )
    assert done.returncode != 0
    said = done.stderr.splitlines()[-1]
    assert "broken.ini" in said and f"line {line}" in said and "expected" in said, done.stderr


def test_gunicorn_ends_with_that_message(place: Path) -> None:
    (place / "kallithea.ini").write_text("[app:main]\nthis is no setting\n")
    argv = [BIN / "gunicorn", "--bind", "127.0.0.1:0", "kallithea_rs:app"]
    done = subprocess.run(argv, cwd=place, env=environment(place), capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "kallithea.ini, line 2" in done.stderr, done.stderr


def test_unknown_keys_are_named_once_and_the_server_starts(place: Path) -> None:
    ini = place / "kallithea.ini"
    ini.write_text(
        "[app:main]\nuse = egg:kallithea-rs\ncolour_of_the_bike_shed = green\nnumber_of_doors = 2\nvcs_full_cache = true\n"
    )
    with gunicorn(Instance(place, ini)) as server:
        assert Browser(server.url).get("/").status == 302
        for key in ("colour_of_the_bike_shed", "number_of_doors"):
            warnings = [line for line in server.log().splitlines() if key in line]
            assert 1 <= len(warnings) <= 4 and all("WARN" in line for line in warnings), server.log()
        assert "vcs_full_cache" not in server.log(), "a key of older releases is no mistake"


def test_a_data_folder_that_cannot_be_written(place: Path) -> None:
    """As root every folder can be written, so a file stands in its place. Once that is gone, the server recovers by itself."""
    obstacle = place / "kallithea-data"
    obstacle.write_text("not a folder")
    instance = Instance(place)
    with gunicorn(instance, workers=1) as server:
        workers = server.workers()
        page = Browser(server.url).get("/")
        assert page.status in (500, 503), page
        assert page.headers["X-Request-Id"] in server.log()
        assert str(obstacle) in server.log(), server.log()
        assert "Traceback" not in page.text

        obstacle.unlink()
        assert Browser(server.url).get("/").location == "/_admin/setup"
        assert server.workers() == workers


@pytest.mark.parametrize("kind, key, hint", [("git", "git_path", "apt install git"), ("hg", "hg_path", "pip install mercurial")])
def test_git_or_hg_is_not_installed(kind: str, key: str, hint: str, place: Path) -> None:
    """Pages need neither program, nor does a pull from Mercurial; what needs one says what to install."""
    ini = place / "kallithea.ini"
    instance = Instance(place, ini)
    ini.write_text("[app:main]\nuse = egg:kallithea-rs\n")
    instance.prepare()
    instance.create_user(ADMIN, admin=True)
    instance.create_repository(ADMIN, "there", kind)
    ini.write_text(f"[app:main]\nuse = egg:kallithea-rs\n{key} = {place}/not-installed\n")
    with gunicorn(instance, workers=1) as server:
        browser = Browser(server.url)
        browser.log_in(ADMIN)
        summary = browser.get("/there")
        assert summary.status == 200, summary

        auth = (ADMIN.name, ADMIN.password)
        if kind == "git":
            answer = browser.get("/there/info/refs?service=git-receive-pack", auth=auth)
        else:
            accept = {"Accept": "application/mercurial-0.1"}
            assert browser.get("/there?cmd=capabilities", auth=auth, headers=accept).status == 200
            nothing = b"HG20\0\0\0\0\0\0\0\0"
            headers = accept | {"Content-Type": "application/mercurial-0.1"}
            push = f"{server.url}/there?cmd=unbundle&heads=666f726365"
            answer = Page(browser.session.post(push, nothing, auth=auth, headers=headers))
        assert answer.status in (500, 503), answer
        assert hint in answer.text, answer
        assert answer.headers["X-Request-Id"] in server.log()
        assert hint in server.log() or "not-installed" in server.log(), server.log()
        assert browser.get("/").status == 200
