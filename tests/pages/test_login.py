"""Logging in and out, the session cookie, the CSRF token, flash messages."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie

import pytest

from harness import Browser, Instance, People, Server
from harness.instance import ADMIN


def cookie(page) -> SimpleCookie:
    return SimpleCookie(page.headers["Set-Cookie"])


def test_a_visitor_is_sent_to_the_login_page_and_back(visitor: Browser, people: People) -> None:
    away = visitor.get("/?q=some+thing")
    assert away.status == 302 and away.location.startswith("/_admin/login?came_from="), away
    login = visitor.get(away.location)
    assert login.status == 200 and login.in_frame
    sent = visitor.fill(
        away.location, {"username": people.reader.name, "password": people.reader.password}, "/_admin/login", follow=False
    )
    assert (sent.status, sent.location) == (302, "/?q=some+thing")
    assert visitor.get("/").status == 200


def test_an_email_address_serves_as_name(visitor: Browser, people: People, instance: Instance) -> None:
    visitor.fill("/_admin/login", {"username": people.reader.email.upper(), "password": people.reader.password})
    assert visitor.get("/").status == 200
    ((last,),) = instance.rows("SELECT last_login FROM users WHERE username = ?", people.reader.name)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", last)


@pytest.mark.parametrize(
    "name, password, message",
    [
        ("", "whatever", "Please enter a login"),
        ("bob", "", "Please enter a password"),
        ("bob", "ab", "Enter 3 characters or more"),
        ("bob", "wrong-password", "Invalid username or password"),
        ("nobody", "wrong-password", "Invalid username or password"),
        ("default", "wrong-password", "Invalid username or password"),
    ],
)
def test_refused(name: str, password: str, message: str, visitor: Browser, people: People) -> None:
    page = visitor.fill("/_admin/login", {"username": name, "password": password})
    assert page.status == 200 and message in page.text, page
    assert page.html.find("input", {"name": "password"}).get("value", "") == ""
    assert visitor.get("/").status == 302


@pytest.mark.parametrize(
    "target", ["https://example.com/", "//example.com/", "/\\example.com", "javascript:alert(1)", "/ok\r\nX: y"]
)
def test_nobody_is_sent_elsewhere_after_the_login(target: str, visitor: Browser) -> None:
    assert visitor.get("/_admin/login", params={"came_from": target}).status == 400


def test_logging_out_ends_the_session(visitor: Browser, people: People) -> None:
    visitor.log_in(people.reader)
    stolen = visitor.session.cookies.copy()
    out = visitor.get("/_admin/logout")
    assert (out.status, out.location) == (302, "/")
    assert visitor.get("/").status == 302
    visitor.session.cookies = stolen
    assert visitor.get("/").status == 302, "the session is gone on the server, too"


def test_the_cookie(visitor: Browser, people: People, instance: Instance) -> None:
    before = visitor.get("/_admin/login")
    anonymous = cookie(before)["kallithea"].value if "Set-Cookie" in before.headers else None
    page = visitor.log_in(people.reader)
    made = cookie(page)["kallithea"]
    assert made["httponly"] and made["samesite"].lower() == "lax" and made["path"] == "/" and not made["secure"]
    assert not made["max-age"] and not made["expires"], "it ends with the browser"
    assert made.value != anonymous, "a session that was there before the login is worth nothing after it"
    assert len(made.value) >= 43, "256 bits"
    tokens = [token for (token,) in instance.rows("SELECT token_hash FROM rs_sessions")]
    assert made.value not in tokens and all(re.fullmatch("[0-9a-f]{64}", token) for token in tokens)


def test_remember_me(visitor: Browser, people: People) -> None:
    fields = {"username": people.reader.name, "password": people.reader.password, "remember": "True"}
    page = visitor.fill("/_admin/login", fields, follow=False)
    assert int(cookie(page)["kallithea"]["max-age"]) == 365 * 86400


def test_a_made_up_cookie_is_a_visitors(visitor: Browser) -> None:
    visitor.session.cookies.set("kallithea", "A" * 43)
    assert visitor.get("/").status == 302


def test_every_post_needs_the_token(server: Server, people: People, instance: Instance) -> None:
    browser = Browser(server.url)
    browser.log_in(people.writer)
    fields = {"repo_name": "forged", "repo_type": "git", "repo_group": "-1", "repo_description": "x"}
    other = Browser(server.url)
    other.log_in(people.reader)
    for token in ("", "0", other.token()):
        page = browser.post("/_admin/repos", fields, token=token)
        assert page.status == 403 and page.in_frame, (token, page)
    bare = browser.session.post(browser.base + "/_admin/repos", data=fields, timeout=30, allow_redirects=False)
    in_query = browser.session.post(
        browser.base + "/_admin/repos?_session_csrf_secret_token=" + browser.token(),
        data=fields,
        timeout=30,
        allow_redirects=False,
    )
    assert (bare.status_code, in_query.status_code) == (403, 403)
    login = Browser(server.url).post("/_admin/login", {"username": ADMIN.name, "password": ADMIN.password}, token="")
    assert login.status == 403
    assert instance.rows("SELECT 1 FROM repositories WHERE repo_name = 'forged'") == []


def test_a_message_is_shown_once_after_the_redirect(server: Server, people: People) -> None:
    browser = Browser(server.url)
    browser.log_in(people.writer)
    browser.create_repository("flashing", "git")
    browser.fill("/flashing/settings/advanced", {"confirm_name": "flashing"}, "/_admin/repos/flashing/delete", follow=False)
    first, second = browser.get("/"), browser.get("/")
    assert "flashing" in first.text and "flashing" not in second.text, (first, second)
