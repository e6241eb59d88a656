"""Database and disk do not agree, or Mercurial has moved on."""

from __future__ import annotations

import shutil

import pytest

from harness import Browser, Client, Hg, Instance, Server
from harness.instance import ADMIN

pytestmark = pytest.mark.usefixtures("healthy")


@pytest.fixture
def browser(server: Server) -> Browser:
    made = Browser(server.url)
    made.log_in(ADMIN)
    return made


def protocol_status(browser: Browser, kind: str, name: str) -> int:
    auth = (ADMIN.name, ADMIN.password)
    if kind == "git":
        return browser.get(f"/{name}/info/refs?service=git-upload-pack", auth=auth).status
    return browser.get(f"/{name}?cmd=heads", auth=auth, headers={"Accept": "application/mercurial-0.1"}).status


def test_a_row_without_a_folder(client: Client, browser: Browser, instance: Instance, server: Server) -> None:
    name = f"vanished-{client.kind}"
    folder = instance.create_repository(ADMIN, name, client.kind)
    shutil.rmtree(folder)

    page = browser.get(f"/{name}")
    assert page.status == 404 and page.in_frame and "file system" in page.text.lower().replace("filesystem", "file system"), page
    assert page.headers["X-Request-Id"] in server.log()
    assert protocol_status(browser, client.kind, name) == 404
    home = browser.get("/")
    assert home.status == 200 and name in home.text, "the list does not suffer"


def test_a_folder_without_a_row(client: Client, browser: Browser, instance: Instance) -> None:
    name = f"stray-{client.kind}"
    client("init", instance.repositories / name)
    assert browser.get(f"/{name}").status == 404
    assert protocol_status(browser, client.kind, name) == 404
    assert name not in browser.get("/").text


def test_creating_a_repository_where_a_folder_stands(client: Client, browser: Browser, instance: Instance) -> None:
    name = f"occupied-{client.kind}"
    folder = instance.repositories / name
    folder.mkdir()
    (folder / "precious").write_text("keep me")
    page = browser.create_repository(name, client.kind)
    assert page.status == 200 and "exist" in page.text, page
    assert (folder / "precious").read_text() == "keep me"
    assert instance.rows("SELECT 1 FROM repositories WHERE repo_name = ?", name) == []


def test_a_file_in_place_of_the_folder(client: Client, browser: Browser, instance: Instance) -> None:
    name = f"file-{client.kind}"
    folder = instance.create_repository(ADMIN, name, client.kind)
    shutil.rmtree(folder)
    folder.write_text("not a repository")
    page = browser.get(f"/{name}")
    assert page.status in (404, 503) and page.in_frame, page
    assert protocol_status(browser, client.kind, name) == page.status


def test_a_requirement_nobody_knows(browser: Browser, instance: Instance, server: Server, hg: Hg) -> None:
    folder = instance.create_repository(ADMIN, "future", "hg")
    work = hg.init()
    hg.commit(work, "Before", {"a": ""})
    hg.push(work, server.url_for(ADMIN, "future"))
    with (folder / ".hg" / "requires").open("a") as requires:
        requires.write("exp-from-the-future\n")

    for path in ("/future", "/future/changelog", "/future/files/tip/"):
        page = browser.get(path)
        assert page.status == 503 and page.in_frame and "exp-from-the-future" in page.text, page
        assert page.headers["X-Request-Id"] in server.log()
    assert browser.get("/").status == 200


@pytest.mark.parametrize("damage", ["truncate", "garbage", "remove"])
def test_a_damaged_repository(damage: str, client: Client, browser: Browser, instance: Instance, server: Server) -> None:
    name = f"{damage}-{client.kind}"
    folder = instance.create_repository(ADMIN, name, client.kind)
    work = client.init()
    client.commit(work, "Good", {"a": "good\n"})
    client.push(work, server.url_for(ADMIN, name))
    victims = (
        [folder / ".hg/store/00changelog.i"]
        if client.kind == "hg"
        else [path for path in (folder / "objects").rglob("*") if path.is_file()]
    )
    for victim in victims:
        victim.chmod(0o644)
        if damage == "remove":
            victim.unlink()
        else:
            victim.write_bytes(victim.read_bytes()[:20] if damage == "truncate" else b"\xff" * 500)

    for path in (f"/{name}", f"/{name}/changelog", f"/{name}/files/tip/"):
        # Where nothing is left to be read it is a repository without changesets, whose log leads to the summary.
        page = browser.get(path)
        if page.status == 302:
            assert page.location == f"/{name}", page
        else:
            assert page.status in (200, 404, 503) and page.in_frame, page
