"""Every level at every exit: page, raw file, clone, push, settings, and the lists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import Browser, Client, Instance, Person, Server
from harness.instance import ADMIN


@dataclass(frozen=True)
class Case:
    """What somebody may do. `who` is None for a visitor without a name."""

    who: Person | None
    reads: bool
    writes: bool
    administers: bool


NONE, READ, WRITE, ADMINISTERS = (Person(f"with-{level}", f"secret-{level}") for level in ("none", "read", "write", "admin"))


@pytest.fixture(scope="module")
def crowd(instance: Instance) -> None:
    for person in (NONE, READ, WRITE, ADMINISTERS):
        instance.create_user(person)


@dataclass(frozen=True)
class Target:
    """A repository, and a working copy to push from."""

    name: str
    work: Path


def filled(name: str, client: Client, server: Server) -> Target:
    work = client.init()
    client.commit(work, "Base", {"secret.txt": "the secret\n"})
    client.push(work, server.url_for(ADMIN, name))
    return Target(name, work)


@pytest.fixture(scope="module", params=["closed", "private"])
def target(request: pytest.FixtureRequest, client: Client, crowd: None, admin: Browser, server: Server) -> Target:
    """A repository whose default level is none: set so, or because it is private."""
    name = f"{request.param}-{client.kind}"
    admin.create_repository(name, client.kind, **({"repo_private": "True"} if request.param == "private" else {}))
    if request.param == "closed":
        admin.permit(name, "none")
    for person, level in ((READ, "read"), (WRITE, "write"), (ADMINISTERS, "admin")):
        admin.permit(name, level, person.name)
    return filled(name, client, server)


def exits(who: Person | None, target: Target, client: Client, server: Server) -> dict[str, bool]:
    """At which exits somebody gets something out or in."""
    name = target.name
    browser = Browser(server.url)
    if who:
        browser.log_in(who)
    url = server.url_for(who, name)
    read = {
        path: browser.get(f"/{name}{path}").status == 200
        for path in (
            "",
            "/changelog",
            "/changeset/tip",
            "/files/tip/",
            "/files/tip/secret.txt",
            "/raw/tip/secret.txt",
            "/rawfile/tip/secret.txt",
            "/refs-data",
        )
    }
    cloned = client.new_folder("exit")
    read["clone"] = client.run("clone", url, cloned)[0] == 0
    read["home"] = name in browser.get("/", follow=True).html.find("main").get_text()

    client.commit(target.work, f"Pushed by {who}", {"who": str(who)})
    write = {"push": client.run("push", url, *(["HEAD"] if client.kind == "git" else []), cwd=target.work)[0] == 0}
    administer = {path: browser.get(f"/{name}{path}").status == 200 for path in ("/settings", "/settings/permissions")}
    return (
        {"read " + k: v for k, v in read.items()}
        | {"write " + k: v for k, v in write.items()}
        | {"admin " + k: v for k, v in administer.items()}
    )


VISITOR_AND_NONE = [Case(None, False, False, False), Case(NONE, False, False, False)]
OTHERS = [
    Case(READ, True, False, False),
    Case(WRITE, True, True, False),
    Case(ADMINISTERS, True, True, True),
    Case(ADMIN, True, True, True),
]


@pytest.mark.parametrize(
    "anonymous, case",
    [(False, case) for case in VISITOR_AND_NONE + OTHERS] + [(True, case) for case in VISITOR_AND_NONE],
    ids=lambda value: (
        ("anonymous allowed" if value else "named only")
        if isinstance(value, bool)
        else value.who.name
        if value.who
        else "visitor"
    ),
)
def test_every_exit(anonymous: bool, case: Case, target: Target, client: Client, server: Server, admin: Browser) -> None:
    admin.anonymous_access(anonymous)
    found = exits(case.who, target, client, server)
    expected = {"read": case.reads, "write": case.writes, "admin": case.administers}
    wrong = {place: got for place, got in found.items() if got != expected[place.split()[0]]}
    assert wrong == {}, f"{case.who} got something else than {expected}"


@pytest.mark.parametrize("anonymous", [False, True])
def test_what_is_open_to_all(anonymous: bool, client: Client, crowd: None, admin: Browser, server: Server) -> None:
    name = f"open-{client.kind}-{anonymous}".lower()
    admin.create_repository(name, client.kind)
    target = filled(name, client, server)
    admin.anonymous_access(anonymous)
    visitor, member = exits(None, target, client, server), exits(NONE, target, client, server)
    assert {place: got for place, got in visitor.items() if place.startswith("read")} == dict.fromkeys(
        (p for p in visitor if p.startswith("read")), anonymous
    )
    assert all(got for place, got in member.items() if place.startswith("read"))
    assert not any(got for found in (visitor, member) for place, got in found.items() if not place.startswith("read"))


def test_taking_a_right_away_counts_at_once(client: Client, crowd: None, admin: Browser, server: Server) -> None:
    name = f"fickle-{client.kind}"
    admin.create_repository(name, client.kind)
    admin.permit(name, "none")
    admin.permit(name, "read", READ.name)
    browser = Browser(server.url)
    browser.log_in(READ)
    assert [browser.get(f"/{name}").status for _ in range(8)] == [200] * 8
    admin.post(f"/{name}/settings/permissions", {f"u_perm_{READ.name}": "repository.none"})
    assert [browser.get(f"/{name}").status for _ in range(8)] == [404] * 8, "in every worker"


@pytest.mark.parametrize(
    "action, fields",
    [
        (
            "/_admin/repos/{}",
            {
                "repo_name": "stolen",
                "repo_group": "-1",
                "repo_description": "x",
                "repo_landing_rev": "rev:tip",
                "owner": "with-write",
            },
        ),
        ("/_admin/repos/{}/delete", {}),
        ("/{}/settings/permissions", {"u_perm_default": "repository.admin"}),
    ],
)
def test_posting_past_the_page(action: str, fields: dict[str, str], target: Target, server: Server, instance: Instance) -> None:
    """A form that is not shown can still be sent."""
    before = instance.rows("SELECT * FROM repo_to_perm ORDER BY 1")
    for person in (NONE, READ, WRITE):
        browser = Browser(server.url)
        browser.log_in(person)
        assert browser.post(action.format(target.name), fields).status in (403, 404)
    assert instance.rows("SELECT count(*) FROM repositories WHERE repo_name = ?", target.name) == [(1,)]
    assert instance.rows("SELECT * FROM repo_to_perm ORDER BY 1") == before


def test_only_admins_open_the_house(server: Server, crowd: None, instance: Instance) -> None:
    before = instance.rows("SELECT active FROM users WHERE username = 'default'")
    browser = Browser(server.url)
    browser.log_in(WRITE)
    assert browser.post("/_admin/permissions", {"anonymous": "True"}).status == 403
    assert instance.rows("SELECT active FROM users WHERE username = 'default'") == before
