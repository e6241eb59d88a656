"""People with each level of permission, and repositories to act on."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from harness import Browser, Client, Instance, People, Person, Server
from harness.instance import ADMIN


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
