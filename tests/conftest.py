"""Fixtures that every folder of whole-program tests shares."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import Browser, Client, Git, Hg, Instance, People, Person, Server, gunicorn, processes
from harness.instance import ADMIN


def pytest_configure() -> None:
    processes.adopt_orphans()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that other users may enter: a server started as root gives up its rights."""
    made = Path(tempfile.mkdtemp(prefix="kallithea-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def git(folder: Path) -> Git:
    return Git(folder / "git-home")


@pytest.fixture(scope="module")
def hg(folder: Path) -> Hg:
    return Hg(folder / "hg-home")


@pytest.fixture(scope="module", params=["git", "hg"])
def client(request: pytest.FixtureRequest) -> Client:
    """Each test that takes this runs twice: with Git and with Mercurial."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def instance(folder: Path) -> Instance:
    """A fresh instance with an admin."""
    made = Instance(folder)
    made.prepare()
    made.create_user(ADMIN, admin=True)
    return made


@pytest.fixture(scope="module")
def server(instance: Instance) -> Iterator[Server]:
    """Four workers over `instance`, one server for all tests of a module."""
    with gunicorn(instance) as running:
        yield running


@pytest.fixture(scope="module")
def people(instance: Instance) -> People:
    made = People(Person("alice", "alice-secret"), Person("bob", "bob-secret"), Person("carol", "carol-secret"))
    for person in (made.writer, made.reader, made.stranger):
        instance.create_user(person)
    return made


@pytest.fixture(scope="module")
def admin(server: Server) -> Browser:
    """The admin's browser; nobody is let in without a name."""
    browser = Browser(server.url)
    browser.log_in(ADMIN)
    browser.anonymous_access(False)
    return browser


@pytest.fixture(scope="module")
def new_repository(instance: Instance, people: People, admin: Browser) -> Callable[[str], str]:
    """Make an empty repository that alice may write, bob may read, and carol may not see."""
    numbers = itertools.count(1)

    def make(kind: str) -> str:
        name = f"{kind}-{next(numbers)}"
        instance.create_repository(ADMIN, name, kind)
        admin.permit(name, "none")
        admin.permit(name, "write", people.writer.name)
        admin.permit(name, "read", people.reader.name)
        return name

    return make


@pytest.fixture
def project(new_repository: Callable[[str], str], client: Client) -> str:
    """One such repository of the kind under test."""
    return new_repository(client.kind)


def pytest_terminal_summary(terminalreporter) -> None:
    """Keep the counts for the very last line."""
    stats = terminalreporter.stats
    failed = len(stats.get("failed", [])) + len(stats.get("error", []))
    terminalreporter.config.stash[COUNTS] = (len(stats.get("passed", [])), failed)


COUNTS = pytest.StashKey[tuple[int, int]]()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if COUNTS in config.stash:
        print("{} passed, {} failed".format(*config.stash[COUNTS]))
