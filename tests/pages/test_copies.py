"""Copies from another server and forks: made in the background, with a page that waits for them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness import Browser, Client, Instance, Server
from harness.instance import ADMIN


@pytest.fixture(scope="module")
def instance(folder: Path) -> Instance:
    """An instance that may fetch from this machine, and so from itself."""
    ini = folder / "kallithea.ini"
    ini.write_text("[app:main]\nsqlalchemy.url = sqlite:///%(here)s/kallithea.db\nremote_networks = 127.0.0.0/8\n")
    made = Instance(folder)
    made.prepare()
    made.create_user(ADMIN, admin=True)
    return made


def wait(browser: Browser, name: str) -> dict:
    """Ask until it is there or has failed."""
    end = time.monotonic() + 90
    while True:
        answer = browser.get(f"/{name}/repo_check_creating?repo={name}").response.json()
        if answer["result"] or answer["failed"]:
            return answer
        assert time.monotonic() < end, answer
        time.sleep(0.2)


def test_a_copy_and_a_fork_have_all_changesets(
    client: Client, admin: Browser, instance: Instance, server: Server
) -> None:
    source = f"source-{client.kind}"
    instance.create_repository(ADMIN, source, client.kind)
    work = client.init()
    ids = [client.commit(work, f"Change {n}", {"file": f"{n}\n"}) for n in range(3)]
    client.push(work, server.url_for(ADMIN, source))

    copy = f"copy-{client.kind}"
    page = admin.post("/_admin/repos", {
        "repo_name": copy,
        "repo_type": client.kind,
        "repo_group": "-1",
        "clone_uri": server.url_for(ADMIN, source),
    })
    assert page.location == f"/{copy}/repo_creating", page
    assert wait(admin, copy)["result"], admin.get(f"/{copy}/repo_creating").text
    told = admin.get(f"/{copy}").text
    assert f"Created repository {copy} from" in told
    assert ADMIN.password not in told
    fork = f"fork-{client.kind}"
    page = admin.fill(f"/{source}/fork", {"repo_name": fork}, follow=False)
    assert page.location == f"/{fork}/repo_creating", page
    assert wait(admin, fork)["result"], admin.get(f"/{fork}/repo_creating").text

    for name in (copy, fork):
        assert instance.last_changeset(name)["raw_id"] == ids[-1]
        clone = client.clone(server.url_for(ADMIN, name))
        assert len(client.messages(clone)) == 3


def test_what_is_not_there_is_told(client: Client, admin: Browser, instance: Instance, server: Server) -> None:
    name = f"none-{client.kind}"
    address = server.url_for(ADMIN, "nowhere")
    fields = {"repo_name": name, "repo_type": client.kind, "repo_group": "-1", "clone_uri": address}
    assert admin.post("/_admin/repos", fields).location == f"/{name}/repo_creating"
    assert wait(admin, name)["failed"]
    page = admin.get(f"/{name}/repo_creating")
    assert page.status == 200 and "could not be made" in page.text
    assert ADMIN.password not in page.text
    gone = admin.fill(f"/{name}/repo_creating", {}, f"/_admin/repos/{name}/delete")
    assert gone.status == 200 and admin.get(f"/{name}").status == 404
    assert not (instance.repositories / name).exists()
