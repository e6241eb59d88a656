"""Fixtures that every folder of whole-program tests shares."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Client, Git, Hg, Instance, Server, gunicorn, processes
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
