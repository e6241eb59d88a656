"""gunicorn over a PostgreSQL: from an empty database server to pushes on pages, and what becomes of us while it is away."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from harness import Browser, Client, Git, Hg, Server, gunicorn
from harness.commands import program
from harness.instance import ADMIN, environment
from harness.journey import clone_and_push
from harness.postgresql import PASSWORD, OnPostgreSql, PostgreSql

WORKERS = 2


@pytest.fixture(scope="module")
def database(folder: Path) -> Iterator[PostgreSql]:
    with PostgreSql(folder / "postgresql") as running:
        yield running


@pytest.fixture(scope="module")
def instance(folder: Path, database: PostgreSql) -> OnPostgreSql:
    """Made by the command line, as the README says."""
    place = folder / "instance"
    (place / "repos").mkdir(parents=True)
    ini = place / "my.ini"

    def run(command: str, *words: object) -> str:
        argv = [program("kallithea-cli"), command, *map(str, words)]
        done = subprocess.run(
            argv, cwd=place, env=environment(place), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done
        return done.stdout

    # In the ini file a percent sign is written twice.
    run("config-create", ini, f"sqlalchemy.url={database.url('kallithea').replace('%', '%%')}")
    account = ["--user", ADMIN.name, "--email", ADMIN.email, "--password", ADMIN.password]
    said = run("db-create", "-c", ini, *account, "--repos", place / "repos")
    assert said.endswith("Database set up successfully.\n"), said
    return OnPostgreSql(place, ini, database, "kallithea")


@pytest.fixture(scope="module")
def server(instance: OnPostgreSql) -> Iterator[Server]:
    with gunicorn(instance, workers=WORKERS) as running:
        yield running
        log = running.log()
        assert "Traceback" not in log and "panicked" not in log, log
        assert PASSWORD not in log and "p%40ss" not in log, log


@pytest.fixture(scope="module")
def admin(server: Server) -> Browser:
    browser = Browser(server.url)
    browser.log_in(ADMIN)
    return browser


def test_a_repository_is_made_filled_and_read(client: Client, server: Server, instance: OnPostgreSql, admin: Browser) -> None:
    clone_and_push(server, instance, admin, client)
    name = f"journey-{client.kind}"
    for page in ("", "/files/tip/", "/changelog", "/changeset/tip", "/feed/atom", "/statistics"):
        answer = admin.get(f"/{name}{page}", follow=True)
        assert answer.status == 200, answer
    for page in ("/", "/_admin/journal"):
        assert name in admin.get(page, follow=True).text, page


def all_workers(server: Server, path: str) -> set[int]:
    """What the workers answer; each request is a connection of its own, which any of them may take."""
    return {requests.get(server.url + path, timeout=120).status_code for _ in range(10 * WORKERS)}


@pytest.mark.parametrize("gently", [True, False], ids=["stopped", "crashed"])
def test_without_the_database_we_say_when_to_ask_again_and_recover(
    gently: bool, server: Server, database: PostgreSql, instance: OnPostgreSql, admin: Browser, git: Git, hg: Hg
) -> None:
    clients = {f"outage-{client.kind}-{gently}": client for client in (git, hg)}
    work = {}
    for name, client in clients.items():
        admin.create_repository(name, client.kind)
        work[name] = client.init()
        client.commit(work[name], "Before", {"a": "1"})
        client.push(work[name], server.url_for(ADMIN, name))
    assert all_workers(server, "/") == {200}
    workers = server.workers()
    with database.away(gently):
        paths = ["/", "/_admin/login", "/_admin/my_account", "/no/such/page"]
        paths += [f"/{name}{page}" for name in clients for page in ("", "/changelog", "/files/tip/", "/raw/tip/a", "/feed/atom")]
        for path in paths:
            page = admin.get(path)
            assert page.status == 503, page
            assert int(page.headers["Retry-After"]) > 0 and "503 Service Unavailable" in page.title, page
            assert PASSWORD not in page.response.text
        call = {"id": 1, "api_key": "0" * 40, "method": "get_user", "args": {}}
        answer = requests.post(server.url + "/_admin/api", json=call, timeout=120)
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0, answer.text
        reply = answer.json()
        assert reply["id"] == 1 and "try again" in reply["error"] and reply["result"] is None, reply
        for name, client in clients.items():
            client.commit(work[name], "Meanwhile", {"a": "2"})
            assert "503" in client.fails("clone", server.url_for(ADMIN, name), client.new_folder("clone"))
            words = ["HEAD"] if client.kind == "git" else []
            assert "503" in client.fails("push", server.url_for(ADMIN, name), *words, cwd=work[name])
        assert all_workers(server, "/") == {503}

    assert all_workers(server, "/") == {200}, "the first request finds it again"
    assert server.workers() == workers, "nothing was restarted"
    assert admin.get("/_admin/my_account", follow=True).path == "/_admin/my_account", "whoever was signed in still is"
    for name, client in clients.items():
        client.push(work[name], server.url_for(ADMIN, name))
        assert "Meanwhile" in admin.get(f"/{name}/changelog").text
        assert instance.last_changeset(name)["raw_id"] == client.tip(work[name])


def test_a_restart_that_nobody_notices(server: Server, database: PostgreSql) -> None:
    """Connections that were kept are dead; the first request on each makes another one."""
    assert all_workers(server, "/") == {200}
    with database.away():
        pass
    assert all_workers(server, "/") == {200}
