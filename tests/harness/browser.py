"""A browser as far as the tests need one: cookies, pages, forms."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
from bs4 import BeautifulSoup

from harness.instance import Person

TOKEN = "_session_csrf_secret_token"


class Page:
    """One answer: its status and headers, and what stands on it."""

    def __init__(self, response: requests.Response):
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        self.url = response.url

    @cached_property
    def html(self) -> BeautifulSoup | None:
        """The tree of the page, made when somebody first looks at it: that takes longer than to serve it."""
        return BeautifulSoup(self.response.text, "html.parser") if "html" in self.headers.get("Content-Type", "") else None

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def location(self) -> str:
        """Where a redirect goes, without scheme and host."""
        parts = urlsplit(self.headers["Location"])
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def text(self) -> str:
        """What a reader sees, in one line."""
        source = self.html.get_text(" ") if self.html else self.response.text
        return " ".join(source.split())

    @property
    def title(self) -> str:
        return " ".join(self.html.title.get_text().split())

    @property
    def links(self) -> list[str]:
        return [link["href"] for link in self.html.find_all("a", href=True)]

    @property
    def in_frame(self) -> bool:
        """Whether the site's frame is around the page: header, content, footer."""
        return all(self.html.find(name) for name in ("header", "main", "footer"))

    def form(self, action: str) -> tuple[str, dict[str, str]]:
        """The POST form that goes to the path `action`: its full address, and the fields as the page fills them."""
        for form in self.html.find_all("form"):
            goes_to = urljoin(self.url, form.get("action") or self.url)
            if form.get("method", "get").lower() == "post" and urlsplit(goes_to).path == action:
                return goes_to, dict(_fields(form))
        raise AssertionError(f"{self.url} ({self.status}) has no form to {action}: {self.text[:400]}")

    def __repr__(self) -> str:
        return f"<{self.status} {self.url}: {self.text[:300]}>"


def _fields(form):
    for field in form.find_all(["input", "select", "textarea"]):
        name, kind = field.get("name"), field.get("type", "text")
        if not name or kind in ("submit", "button", "file"):
            continue
        if field.name == "select":
            chosen = field.find("option", selected=True) or field.find("option")
            if chosen:
                yield name, chosen.get("value", chosen.get_text())
        elif field.name == "textarea":
            yield name, field.get_text()
        elif kind not in ("checkbox", "radio") or field.has_attr("checked"):
            yield name, field.get("value", "on")


class Browser:
    """Somebody's browser, signed in or not. Redirects are followed only where a test says so."""

    def __init__(self, url: str):
        self.base = url
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, follow: bool = False, **options) -> Page:
        return Page(self.session.get(self.base + path, allow_redirects=follow, timeout=60, **options))

    def head(self, path: str) -> Page:
        return Page(self.session.head(self.base + path, allow_redirects=False, timeout=60))

    def post(self, path: str, fields: dict[str, str] | None = None, follow: bool = False, token: str | None = None) -> Page:
        """Post fields that no page need offer; the CSRF token comes along unless another one is given."""
        fields = {TOKEN: self.token() if token is None else token} | (fields or {})
        return Page(self.session.post(self.base + path, data=fields, allow_redirects=follow, timeout=60))

    def token(self) -> str:
        return self.get("/_admin/session_csrf_secret_token").response.text.strip()

    def fill(self, page: str, fields: dict[str, str], action: str | None = None, follow: bool = True) -> Page:
        """Open a page, fill its form that goes to `action` (the page itself by default), and send it."""
        opened = self.get(page, follow=True)
        assert opened.status == 200, opened
        address, offered = opened.form(action or opened.path)
        return Page(self.session.post(address, data=offered | fields, allow_redirects=follow, timeout=60))

    def set_up(self, code_file: Path, person: Person) -> Page:
        """Make the first admin on the set-up page."""
        fields = {
            "code": code_file.read_text().strip(),
            "username": person.name,
            "email": person.email,
            "password": person.password,
            "password_confirmation": person.password,
        }
        return self.fill("/_admin/setup", fields)

    def log_in(self, person: Person, came_from: str = "/") -> Page:
        page = self.fill(
            f"/_admin/login?came_from={came_from}",
            {"username": person.name, "password": person.password},
            "/_admin/login",
            follow=False,
        )
        assert page.status == 302, f"{person.name} could not log in: {page}"
        return page

    def create_repository(self, name: str, kind: str, group: str = "-1", **fields: str) -> Page:
        wanted = {"repo_name": name, "repo_type": kind, "repo_group": group, "repo_description": f"{name} for a test"} | fields
        return self.fill("/_admin/create_repository", wanted, "/_admin/repos")

    def create_group(self, name: str, parent: str = "-1", **fields: str) -> Page:
        wanted = {"group_name": name, "parent_group_id": parent, "group_description": f"{name} for a test"} | fields
        return self.fill("/_admin/repo_groups/new", wanted, "/_admin/repo_groups")

    def anonymous_access(self, allowed: bool) -> Page:
        page = self.post("/_admin/permissions", {"anonymous": "True"} if allowed else {})
        assert page.status in (200, 302), page
        return page

    def permit(self, repository: str, level: str, person: str = "default") -> Page:
        """Set a person's level on a repository: none, read, write or admin."""
        fields = {f"u_perm_{person}": f"repository.{level}"}
        if person != "default":
            fields = {
                "perm_new_member_1": f"repository.{level}",
                "perm_new_member_name_1": person,
                "perm_new_member_type_1": "user",
            }
        page = self.post(f"/{repository}/settings/permissions", fields)
        assert page.status in (200, 302), page
        return page
