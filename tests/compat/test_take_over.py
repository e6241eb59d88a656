"""Everybody logs in with their old password and sees exactly what they saw."""

from __future__ import annotations

import pytest

from harness import Browser, Instance, Person, Server

ALLOWED = {
    "admin": "admin123",
    "alice": "alicepass1",
    "bob": "bobpass12",
    "carol": "carolpass1",
    "dave": "davepass13",
    "zoe": "zoepass123",
}
REFUSED = {
    "erin": "erinpass12",  # inactive
    "frank": "frankpass1",  # only from 10.9.8.0/24
    "grace": "gracepass1",  # registered and never activated
    "dave": "davepass12",  # changed since
    "default": "",
}
EVERYBODY = [
    "tools/hgtool",
    "web/gitsite",
    "sandbox-hg",
    "sandbox-git",
    "tools/backend/deep/empty",
    "empty-git",
    "made-by-ui",
    "bob-hgtool",
    "web/gitsite-dave",
    "alice-sandbox-git",
]
HIDDEN = "secret/hidden"
MAY_SEE_IT = {"admin", "carol", "alice"}
HIDDEN_GROUP = "secret"
MAY_SEE_THE_GROUP = {"admin", "carol"}


@pytest.mark.parametrize("name", ALLOWED)
def test_an_account_and_what_it_sees(name: str, server: Server) -> None:
    browser = Browser(server.url)
    browser.log_in(Person(name, ALLOWED[name]))
    for repository in EVERYBODY:
        assert browser.get(f"/{repository}").status == 200, repository
    expected = 200 if name in MAY_SEE_IT else 404
    assert browser.get(f"/{HIDDEN}").status == expected
    assert browser.get("/_11").status == 200 and browser.get("/_5").status == expected
    assert browser.get(f"/{HIDDEN_GROUP}").status == (200 if name in MAY_SEE_THE_GROUP else 404)
    assert (HIDDEN_GROUP in browser.get("/").text) == (name in MAY_SEE_THE_GROUP)


@pytest.mark.parametrize("name", REFUSED)
def test_who_was_refused_is_refused(name: str, server: Server) -> None:
    browser = Browser(server.url)
    page = browser.post("/_admin/login", {"username": name, "password": REFUSED[name] or "anything"})
    said = "Authentication failed." if name == "frank" else "Invalid username or password"
    assert page.status == 200 and said in page.text


def test_login_by_any_address_of_an_account(server: Server, instance: Instance) -> None:
    addresses = [address for (address,) in instance.rows("SELECT email FROM user_email_map WHERE user_id = 3")]
    assert len(addresses) == 2
    for address in addresses:
        browser = Browser(server.url)
        page = browser.post("/_admin/login", {"username": address.upper(), "password": ALLOWED["alice"]})
        assert page.status == 302, address


def test_visitors_see_what_is_public(server: Server) -> None:
    browser = Browser(server.url)
    for repository in EVERYBODY:
        assert browser.get(f"/{repository}").status == 200, repository
    assert browser.get(f"/{HIDDEN}").status == 404 and browser.get(f"/{HIDDEN_GROUP}").status == 404
    assert HIDDEN_GROUP not in browser.get("/").text


def test_nothing_of_the_old_tables_has_changed_but_last_logins(instance: Instance) -> None:
    for table, count in {"users": 10, "repositories": 11, "settings": 22, "ui": 7, "user_logs": 82, "pull_requests": 5}.items():
        ((found,),) = instance.rows(f"SELECT COUNT(*) FROM {table} WHERE 1 = 1" + (" AND action NOT LIKE '%login%'" if table == "user_logs" else ""))
        assert found == count, table
    assert instance.rows("SELECT version_num FROM alembic_version") == [("7ba0d2cad930",)]
