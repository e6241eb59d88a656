"""What holds on every page: the frame, strict content security, HEAD, errors, static files."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from harness import Browser, Page, Server
from harness.instance import ADMIN

PAGES = [
    "/",
    "/_admin/create_repository",
    "/_admin/repo_groups/new",
    "/_admin/permissions",
    "/about",
    "/story-git",
    "/story-git/changelog",
    "/story-git/changeset/tip",
    "/story-git/files/tip/",
    "/story-git/files/tip/src/main.py",
    "/story-git/files/tip/data.bin",
    "/story-git/settings",
    "/story-git/settings/permissions",
    "/story-git/settings/advanced",
    "/story-hg",
    "/story-hg/changelog",
    "/story-hg/changeset/tip",
    "/story-hg/files/tip/",
    "/story-hg/files/tip/src/main.py",
    "/no/such/page",
    "/story-git/changeset/nonsense",
]


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, histories: dict[str, list[str]], admin: Browser) -> Page:
    return admin.get(request.param)


def directives(page: Page) -> dict[str, list[str]]:
    parts = (part.split() for part in page.headers["Content-Security-Policy"].split(";") if part.strip())
    return {name: values for name, *values in parts}


def obeys_its_policy(page: Page) -> None:
    policy = directives(page)
    for kind in ("script-src", "style-src"):
        allowed = policy.get(kind, policy["default-src"])
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "http:", "https:"} & set(allowed), policy
    assert policy["frame-ancestors"] and policy["base-uri"] and policy["form-action"]
    for script in page.html.find_all("script"):
        assert script.get("src") or script.get("type") in ("application/json", "text/plain"), f"only data stands in a page: {script}"
    assert page.html.find_all("style") == []
    for element in page.html.find_all(True):
        bad = [name for name in element.attrs if name == "style" or name.startswith("on")]
        assert bad == [], element
        for name in ("href", "src", "action"):
            assert not str(element.get(name, "")).strip().lower().startswith("javascript:"), element


def test_the_policy_is_strict_and_the_page_obeys(page: Page) -> None:
    obeys_its_policy(page)


def test_the_frame(page: Page) -> None:
    assert page.in_frame
    assert page.html.find("html")["lang"] and page.html.find("meta", {"name": "viewport"}) and page.title
    headings = [heading for heading in page.html.find_all("h1") if not heading.get("id", "").startswith("user-content-")]
    assert len(headings) == 1 and len(page.html.find_all("main")) == 1
    ids = [element["id"] for element in page.html.find_all(id=True)]
    assert len(ids) == len(set(ids)), [each for each in ids if ids.count(each) > 1]
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "no-cache" in page.headers["Cache-Control"] or "no-store" in page.headers["Cache-Control"]
    assert page.headers["X-Content-Type-Options"] == "nosniff" and page.headers["Referrer-Policy"] == "same-origin"
    assert re.fullmatch(r"[\w-]{8,64}", page.headers["X-Request-Id"])


def test_no_link_is_dead(page: Page, admin: Browser, server: Server, seen: set[str]) -> None:
    for link in page.links:
        parts = urlsplit(link)
        if parts.netloc and parts.netloc != urlsplit(server.url).netloc or parts.scheme not in ("", "http") or not parts.path:
            continue
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if target in seen or target.startswith("/_admin/logout"):
            continue
        seen.add(target)
        assert admin.get(target).status in (200, 302), f"{page.url} links to {target}"


@pytest.fixture(scope="module")
def seen() -> set[str]:
    return set()


def test_pages_for_visitors(visitor: Browser) -> None:
    for path in ("/_admin/login", "/no-such-page", "/about"):
        found = visitor.get(path, follow=True)
        obeys_its_policy(found)
        assert found.in_frame


def test_head(page: Page, admin: Browser) -> None:
    head = admin.head(urlsplit(page.url).path)
    assert head.status == page.status and head.response.content == b""
    assert head.headers["Content-Type"] == page.headers["Content-Type"]


def test_errors_are_pages(admin: Browser, server: Server) -> None:
    missing = admin.get("/no-such-page")
    assert missing.status == 404 and missing.in_frame and missing.headers["X-Request-Id"] in missing.text
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        refused = Page(admin.session.request(method, server.url + "/", timeout=120))
        assert refused.status == 405 and refused.in_frame, refused
    assert admin.get("/?_method=delete").status == 405
    forbidden = admin.post("/_admin/repos", {}, token="wrong")
    assert forbidden.status == 403 and forbidden.in_frame


def test_a_token_in_a_link_is_thrown_away(admin: Browser) -> None:
    browser = Browser(admin.base)
    browser.log_in(ADMIN)
    leaked = browser.token()
    page = browser.get(f"/?_session_csrf_secret_token={leaked}")
    assert "CSRF token leak has been detected" in page.text + browser.get("/").text
    assert browser.token() != leaked


def test_static_files_are_named_by_their_content_and_kept_for_a_year(admin: Browser, visitor: Browser) -> None:
    page = admin.get("/")
    urls = [link["href"] for link in page.html.find_all("link", href=True) if link.get("rel") != ["canonical"]]
    urls += [script["src"] for script in page.html.find_all("script", src=True)]
    assert any(".css" in url for url in urls) and any(".js" in url for url in urls), urls
    for url in urls:
        found = visitor.get(url)
        assert found.status == 200, found
        assert found.headers["Cache-Control"] == "public, max-age=31536000, immutable", (url, dict(found.headers))
        assert re.search(r"[0-9a-f]{8,}", url), url
        assert found.headers["X-Content-Type-Options"] == "nosniff"
    plain = visitor.get(urlsplit(urls[0]).path)
    assert plain.status in (200, 404) and "immutable" not in plain.headers.get("Cache-Control", "") or "?" not in urls[0]


def test_static_files_say_what_they_are(visitor: Browser) -> None:
    kinds = {
        "/css/style.css": "text/css",
        "/js/main.js": "text/javascript",
        "/images/favicon.svg": "image/svg+xml",
        "/images/favicon.ico": "image/",
    }
    for path, kind in kinds.items():
        assert visitor.get(path).headers["Content-Type"].startswith(kind)
    icon = visitor.get("/favicon.ico", follow=True)
    assert icon.status == 200 and icon.headers["Content-Type"].startswith("image/")
    again = visitor.get("/css/style.css", headers={"If-None-Match": visitor.get("/css/style.css").headers["ETag"]})
    assert again.status == 304 and again.response.content == b""


def test_robots(visitor: Browser) -> None:
    robots = visitor.get("/robots.txt")
    assert robots.status == 200 and robots.headers["Content-Type"].startswith("text/plain")
    assert "User-agent: *" in robots.text
