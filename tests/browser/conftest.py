"""A site with everything on it that pages have to show, and real browsers that look at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, sync_playwright

from harness import Browser, Git, Hg, Instance, Person, Server, gunicorn
from harness.garden import GARDENS, story
from harness.instance import ADMIN

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
"""What browsers ask for: some addresses have fragments and JSON for others."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running site: two gardens, empty repositories, one with a single changeset, groups, a fork, people."""
    folder = tmp_path_factory.mktemp("world")
    folder.chmod(0o755)
    instance = Instance(folder)
    instance.prepare()
    instance.create_user(ADMIN, admin=True)
    instance.create_user(Person("gertrude", "gertrude-secret"))
    with gunicorn(instance) as server:
        admin = Browser(server.url)
        admin.log_in(ADMIN)
        admin.anonymous_access(True)
        admin.create_group("team", group_description="People & <plants>")
        admin.create_group("inner", parent=_group_id(instance, "team"))
        for kind, client in (("git", Git(folder / "git-home")), ("hg", Hg(folder / "hg-home"))):
            garden = GARDENS[kind]
            instance.create_repository(ADMIN, garden, kind, "A garden for *everybody*, see https://example.com/<b>")
            # Off in a new repository; what they show is walked and looked at, too.
            switched_on = {"repo_enable_statistics": "True", "repo_enable_downloads": "True"}
            assert admin.fill(f"/{garden}/settings", switched_on, f"/_admin/repos/{garden}").status == 200
            for name in ("empty", "single"):
                instance.create_repository(ADMIN, f"{name}-{kind}", kind, f"The {name} one")
            work = story(client)
            if kind == "git":
                client("push", "-q", "--all", server.url_for(ADMIN, garden), cwd=work)
                client("push", "-q", "--tags", server.url_for(ADMIN, garden), cwd=work)
            else:
                client("push", "-q", "--new-branch", "-B", "harvest", server.url_for(ADMIN, garden), cwd=work)
            alone = client.init()
            client.commit(alone, "The only one", {"only.txt": "one\n"})
            client.push(alone, server.url_for(ADMIN, f"single-{kind}"))
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def _group_id(instance: Instance, name: str) -> str:
    ((found,),) = instance.rows("SELECT group_id FROM groups WHERE group_name = ?", name)
    return str(found)


@pytest.fixture(scope="module")
def admin(world: Server) -> Browser:
    browser = Browser(world.url)
    browser.session.headers["Accept"] = ACCEPT
    browser.log_in(ADMIN)
    return browser


@pytest.fixture(scope="module")
def visitor(world: Server) -> Browser:
    browser = Browser(world.url)
    browser.session.headers["Accept"] = ACCEPT
    return browser


@pytest.fixture(scope="module")
def chromium(world: Server) -> Iterator[Chromium]:
    """Ends before the server, which looks for processes that were left."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            # In a container without user namespaces the sandbox cannot start; what is looked at is our own.
            args=["--no-sandbox", "--disable-gpu", "--disable-breakpad"],
        )
        yield browser
        browser.close()


def ready(page: Page) -> None:
    """Waits until the scripts of a page listen."""
    page.wait_for_selector("html[data-scripts=ready]", state="attached")


class Complaints(list):
    """What the browser's console held against the pages."""


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    heard = Complaints()
    yield heard
    assert not heard, heard


@pytest.fixture(scope="module")
def signed_in(chromium: Chromium, world: Server) -> dict:
    """The cookies of the admin."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{world.url}/_admin/login")
    page.fill("[name=username]", ADMIN.name)
    page.fill("[name=password]", ADMIN.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{world.url}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_page(chromium: Chromium, world: Server, signed_in: dict, complaints: Complaints):
    """Opens a path in a window of its own, as the admin; options are those of a browser context."""
    contexts: list[BrowserContext] = []

    def open_it(path: str, **options) -> Page:
        context = chromium.new_context(**{"base_url": world.url, "storage_state": signed_in} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and complaints.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.goto(path)
        if options.get("java_script_enabled", True):
            ready(page)
        return page

    yield open_it
    for context in contexts:
        context.close()
