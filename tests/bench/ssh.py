"""A real sshd in front of the instance that is measured: the same repositories, other doors."""

from __future__ import annotations

import json
from pathlib import Path

from bench import client
from bench.server import MeasuredServer, database_of
from harness.clients import Client
from harness.instance import ADMIN, Instance
from harness.sshd import Key, Sshd, write_cli

INI = """
[app:main]
use = egg:kallithea-rs
sqlalchemy.url = sqlite:///{database}
cache_dir = {data}
ssh_enabled = true
ssh_authorized_keys = %(here)s/authorized_keys
kallithea_cli_path = {cli}
"""


class SshFront:
    """`with` starts it. Clients get the administrator's key."""

    def __init__(self, instance: Instance, folder: Path):
        folder.mkdir(mode=0o755)
        self.folder = folder
        config = folder / "kallithea.ini"
        config.write_text(INI.format(database=database_of(instance), data=instance.data.resolve(), cli=write_cli(folder)))
        self.instance = Instance(folder, config)

    def __enter__(self) -> SshFront:
        self.key = Key(self.folder, "bench")
        ((api_key,),) = self.instance.rows("SELECT api_key FROM users WHERE username = ?", ADMIN.name)
        arguments = {"userid": ADMIN.name, "public_key": self.key.public, "description": "bench"}
        body = json.dumps({"id": 1, "api_key": api_key, "method": "create_ssh_key", "args": arguments}).encode()
        with MeasuredServer(self.instance, workers=1) as server:
            answer = client.once(server.port, client.request("/_admin/api", body=body))[1]
        keys = self.folder / "authorized_keys"
        if not keys.exists():
            raise RuntimeError(f"{keys} was not written: {answer.decode(errors='replace')}")
        self.sshd = Sshd(self.folder, [f'AuthorizedKeysFile "{keys}"'])
        self.sshd.__enter__()
        return self

    def __exit__(self, *exception) -> None:
        self.sshd.__exit__(*exception)

    def url(self, name: str) -> str:
        return self.sshd.url(name)

    def teach(self, peer: Client) -> None:
        """The client uses the key from now on."""
        words = self.sshd.ssh(self.key)
        if peer.kind == "git":
            peer.env["GIT_SSH_COMMAND"] = words
        else:
            config = peer.home / "hgrc-ssh"
            config.write_text((peer.home / "hgrc").read_text() + f"ssh = {words}\n")
            peer.env["HGRCPATH"] = str(config)

    @property
    def pids(self) -> list[int]:
        """sshd waits for what it starts, and so on down to `git` or `hg`: their time is in its own."""
        return [self.sshd.process.pid]
