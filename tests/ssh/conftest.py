"""An instance with SSH, a real `sshd` in front of it, and three people with a key each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import Browser, Client, Instance, People, Person, Server, gunicorn
from harness.instance import ADMIN
from harness.sshd import Key, Sshd, write_cli

INI = """
[app:main]
use = egg:kallithea-rs
sqlalchemy.url = sqlite:///%(here)s/kallithea.db
cache_dir = %(here)s/data
ssh_enabled = true
ssh_authorized_keys = %(here)s/dot ssh/authorized_keys
kallithea_cli_path = {cli}
"""


@pytest.fixture(scope="module")
def instance(folder: Path) -> Instance:
    home = folder / "with blank"
    home.mkdir(mode=0o755)
    config = home / "my.ini"
    config.write_text(INI.format(cli=write_cli(folder)))
    made = Instance(home, config)
    made.prepare()
    made.create_user(ADMIN, admin=True)
    return made


@pytest.fixture(scope="module")
def server(instance: Instance) -> Iterator[Server]:
    with gunicorn(instance, workers=1) as running:
        yield running


@pytest.fixture(scope="module")
def api(instance: Instance, server: Server, admin: Browser) -> Callable[..., object]:
    """Calls the API as the admin."""
    ((key,),) = instance.rows("SELECT api_key FROM users WHERE username = ?", ADMIN.name)

    def call(method: str, **args: object) -> object:
        body = {"id": 1, "api_key": key, "method": method, "args": args}
        answer = admin.session.post(server.url + "/_admin/api", json=body, timeout=60).json()
        assert answer["error"] is None, answer
        return answer["result"]

    return call


@pytest.fixture(scope="module")
def keys(folder: Path, people: People, api: Callable[..., object]) -> dict[Person, Key]:
    """The keys of the three, told to the server."""
    made = {}
    for person in (people.writer, people.reader, people.stranger):
        made[person] = Key(folder, person.name)
        api("create_ssh_key", userid=person.name, public_key=made[person].public, description="for a test")
    return made


@pytest.fixture(scope="module")
def sshd(folder: Path, keys: dict[Person, Key]) -> Iterator[Sshd]:
    with Sshd(folder, [f'AuthorizedKeysFile "{folder}/with blank/dot ssh/authorized_keys"']) as running:
        yield running


@pytest.fixture
def over_ssh(client: Client, sshd: Sshd, keys: dict[Person, Key]) -> Callable[[Person], dict[str, str]]:
    """The environment in which a client uses a person's key."""

    def environment(person: Person) -> dict[str, str]:
        if client.kind == "git":
            return {"GIT_SSH_COMMAND": sshd.ssh(keys[person])}
        config = client.home / f"hgrc-{person.name}"
        config.write_text((client.home / "hgrc").read_text() + f"ssh = {sshd.ssh(keys[person])}\n")
        return {"HGRCPATH": str(config)}

    return environment
