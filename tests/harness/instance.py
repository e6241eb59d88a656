"""One instance: its folder, and what its admin sees and does from outside."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    name: str
    password: str

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"


@dataclass(frozen=True)
class People:
    """Three who have no right but what a repository gives them."""

    writer: Person
    reader: Person
    stranger: Person


ADMIN = Person("admin", "admin-secret-1")


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a service manager gives a server: next to nothing, and the virtual environment not activated."""
    return {"PATH": SYSTEM_PATH, "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC"} | more


class Instance:
    """A folder from which servers are started; without an ini file the data lies in `kallithea-data` below it."""

    def __init__(self, folder: Path, config: Path | None = None):
        self.folder = folder
        self.config = config
        self._prepared: dict | None = None

    def _native(self, function: str, *arguments: object) -> object:
        program = (
            "import json, sys; from kallithea_rs import _native;"
            "print(json.dumps(getattr(_native, sys.argv[1])(*json.loads(sys.argv[2])), default=str))"
        )
        config = str(self.config) if self.config else None
        done = subprocess.run(
            [sys.executable, "-c", program, function, json.dumps([config, *arguments])],
            cwd=self.folder,
            env=environment(self.folder),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"_native.{function}{arguments} failed:\n{done.stderr}"
        return json.loads(done.stdout.splitlines()[-1])

    def prepare(self) -> dict:
        if self._prepared is None:
            self._prepared = self._native("prepare")
        return self._prepared

    def create_user(self, person: Person, admin: bool = False) -> Person:
        self._native("create_user", person.name, person.email, person.password, admin)
        return person

    def create_repository(self, owner: Person, name: str, kind: str, description: str = "") -> Path:
        self._native("create_repository", owner.name, name, kind, description)
        return self.repositories / name

    @property
    def repositories(self) -> Path:
        return Path(self.prepare()["repositories"])

    @property
    def data(self) -> Path:
        return Path(self.prepare()["data"])

    @property
    def setup_code(self) -> Path:
        return self.data / "setup-code"

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """Read the database the way any other program would."""
        path = self.prepare()["database"].removeprefix("sqlite:///").split("?")[0]
        connection = sqlite3.connect(f"file:{os.path.join(self.folder, path)}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def journal(self, repository: str) -> list[tuple[str, str]]:
        """The journal of a repository, oldest first: (who, what)."""
        return self.rows("SELECT username, action FROM user_logs WHERE repository_name = ? ORDER BY user_log_id", repository)

    def last_changeset(self, repository: str) -> dict:
        """The cached last changeset, empty where there is none."""
        ((cache,),) = self.rows("SELECT changeset_cache FROM repositories WHERE repo_name = ?", repository)
        return json.loads(cache) if cache else {}
