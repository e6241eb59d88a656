"""A real Kallithea 0.7 instance, as its admin finds it on the day of the move."""

from __future__ import annotations

import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Instance
from harness.servers import PROJECT

FIXTURE = PROJECT / "tests" / "fixtures" / "kallithea-0.7"


def restore(folder: Path) -> Path:
    """Put the instance into a folder; the ini file is returned."""
    with tarfile.open(FIXTURE / "repos.tar.gz") as archive:
        archive.extractall(folder)
    database = sqlite3.connect(folder / "kallithea.db")
    database.executescript((FIXTURE / "db.sql").read_text().replace("@ROOT@", str(folder)))
    database.close()
    ini = folder / "my.ini"
    ini.write_text((FIXTURE / "kallithea.ini").read_text().replace("@ROOT@", str(folder)))
    return ini


@pytest.fixture(scope="module")
def instance(folder: Path) -> Instance:
    return Instance(folder, restore(folder))


@pytest.fixture
def restored(folder: Path) -> Callable[[str], Path]:
    """Further copies, each in a folder of its own."""

    def make(name: str) -> Path:
        place = folder / name
        place.mkdir()
        return restore(place)

    return make
