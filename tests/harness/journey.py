"""What every way of running the program must bring about: from nothing to a push that shows on the page."""

from __future__ import annotations

import re
import stat

from harness.browser import Browser
from harness.clients import Git, Hg
from harness.instance import ADMIN, Instance
from harness.servers import Server


def first_admin(server: Server, instance: Instance) -> Browser:
    """An empty instance sends everybody to the set-up page, which lets in who can read the code."""
    browser = Browser(server.url)
    welcome = browser.get("/")
    assert (welcome.status, welcome.location) == (302, "/_admin/setup"), welcome
    assert browser.get("/_admin/setup").status == 200

    assert stat.S_IMODE(instance.setup_code.stat().st_mode) == 0o600
    code = instance.setup_code.read_text().strip()
    assert code in server.log(), "the set-up code stands in the log"

    fields = {"username": ADMIN.name, "email": ADMIN.email, "password": ADMIN.password, "password_confirmation": ADMIN.password}
    refused = browser.fill("/_admin/setup", fields | {"code": "0" * len(code)})
    assert instance.rows("SELECT count(*) FROM users WHERE admin") == [(0,)], refused

    browser.set_up(instance.setup_code, ADMIN)
    assert instance.rows("SELECT username, admin FROM users WHERE admin") == [(ADMIN.name, 1)]
    assert not instance.setup_code.exists(), "the code opens the door once"
    assert Browser(server.url).get("/_admin/setup").status in (302, 404)

    browser = Browser(server.url)
    browser.log_in(ADMIN)
    return browser


def clone_and_push(server: Server, instance: Instance, browser: Browser, client: Git | Hg) -> None:
    """Make a repository by web form, push to it, and find the push on its page, in the journal and in a second clone."""
    name = f"journey-{client.kind}"
    browser.create_repository(name, client.kind)
    url = server.url_for(ADMIN, name)

    work = client.clone(url)
    first = client.commit(work, "First words", {"README.md": "# Journey\n\nHere we are.\n"})
    client.push(work, url)
    big = client.commit(work, "A file that is sent in chunks", {"big.bin": b"".join(bytes([i % 251]) * 997 for i in range(4000))})
    client.push(work, url)

    summary = browser.get(f"/{name}")
    assert summary.status == 200 and "Here we are." in summary.text, summary
    changelog = browser.get(f"/{name}/changelog")
    assert "First words" in changelog.text and first[:12] in str(changelog.html), changelog
    assert browser.get(f"/{name}/raw/{first}/README.md").response.content == b"# Journey\n\nHere we are.\n"

    assert client.messages(client.clone(url)) == ["A file that is sent in chunks", "First words"]
    journal = instance.journal(name)
    assert (ADMIN.name, f"push:{first}") in journal and (ADMIN.name, f"push:{big}") in journal, journal
    # A new instance is open to visitors, so a client that has a password does not need to show it for a clone.
    assert ("default", "pull") in journal, journal
    assert instance.last_changeset(name)["raw_id"] == big

    stranger = Browser(server.url)
    assert stranger.get(f"/{name}/settings").status in (302, 403)
    client.commit(work, "By nobody", {"refused": ""})
    denied = client.fails(
        "push", f"http://{ADMIN.name}:wrong@127.0.0.1:{server.port}/{name}", *(["HEAD"] if client.kind == "git" else []), cwd=work
    )
    assert re.search("authentication failed|authorization failed|401", denied, re.IGNORECASE), denied


def everything(server: Server, instance: Instance, git: Git, hg: Hg) -> None:
    browser = first_admin(server, instance)
    clone_and_push(server, instance, browser, git)
    clone_and_push(server, instance, browser, hg)
    assert "Traceback" not in server.log() and "panicked" not in server.log(), server.log()
