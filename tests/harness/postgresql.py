"""A PostgreSQL of Debian's packages on a free port, and an instance whose database is in it."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from harness import processes
from harness.instance import Instance, environment
from harness.servers import free_port

USER = "kallithea"
PASSWORD = "p@ss/wörd:%"
"""With the letters that a URL has to code."""


def program(name: str) -> Path:
    """PostgreSQL's programs are not in the path, and there may be several versions."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    assert found, f"the tests need PostgreSQL's {name}: `make test` installs it"
    return found[-1]


def lent_user() -> dict:
    """PostgreSQL refuses to be run by root, so root lends it another user."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        account = pwd.getpwnam("nobody")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


class PostgreSql:
    """The database server. Used with `with`; it keeps its data and its port when it is stopped and started in between."""

    def __init__(self, folder: Path):
        folder.mkdir()
        self.folder = folder
        self.port = free_port()
        self.env = environment(folder)
        self.process: subprocess.Popen | None = None
        password = folder / "password"
        password.write_text(PASSWORD)
        identity = lent_user()
        if identity:
            for path in (folder, password):
                os.chown(path, identity["user"], identity["group"])
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        argv = [program("initdb"), f"--username={USER}", f"--pwfile={password}", f"--pgdata={folder / 'data'}", *options]
        done = subprocess.run(argv, cwd=folder, env=self.env, capture_output=True, text=True, timeout=60, **identity)
        assert done.returncode == 0, done.stdout + done.stderr

    def __enter__(self) -> PostgreSql:
        self.start()
        return self

    def __exit__(self, *exception) -> None:
        self.stop()

    def start(self) -> None:
        argv = [program("postgres"), "-D", self.folder / "data", "-p", str(self.port), "-k", self.folder]
        for setting in ("listen_addresses=127.0.0.1", "fsync=off", "autovacuum=off", "shared_buffers=32MB"):
            argv += ["-c", setting]
        # It ends with the test run, whatever becomes of that.
        argv = ["setpriv", "--pdeathsig", "INT", "--", *map(str, argv)]
        with (self.folder / "log").open("ab") as log:
            self.process = processes.start(argv, cwd=self.folder, env=self.env, stdout=log, stderr=log, **lent_user())
        asks = [program("pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        is_ready = processes.wait_until(
            lambda: subprocess.run(asks, env=self.env).returncode == 0 or self.process.poll() is not None, 60
        )
        assert is_ready and self.process.poll() is None, (self.folder / "log").read_text()

    def stop(self, gently: bool = True) -> None:
        """Stop it as an administrator would, without waiting for clients; or as if it had crashed. Nothing, if it is stopped."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT if gently else signal.SIGQUIT)
        self.process.wait(60)
        processes.ended(self.process)
        self.process = None

    @contextmanager
    def away(self, gently: bool = True) -> Iterator[None]:
        """Stopped, until the block is left."""
        self.stop(gently)
        try:
            yield
        finally:
            self.start()

    def url(self, database: str) -> str:
        """The URL of one of its databases, which need not exist."""
        return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"

    def rows(self, database: str, sql: str, *values: object) -> list[tuple]:
        """What its own client is told."""
        names = [f"value_{number}" for number in range(len(values))]
        for name in names:
            sql = sql.replace("?", f":'{name}'", 1)
        argv = [program("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        argv += ["--host=127.0.0.1", f"--port={self.port}", f"--username={USER}", f"--dbname={database}"]
        argv += [f"--set={name}={value}" for name, value in zip(names, values)]
        text = f"SELECT coalesce(json_agg(row_to_json(found)), '[]') FROM ({sql}) AS found"
        env = self.env | {"PGPASSWORD": PASSWORD}
        done = subprocess.run(argv, input=text, cwd=self.folder, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{sql}:\n{done.stderr}"
        return [tuple(map(_value, row.values())) for row in json.loads(done.stdout)]


def _value(value: object) -> object:
    """Bytes come as a text of hexadecimal digits."""
    return bytes.fromhex(value[2:]) if isinstance(value, str) and value.startswith("\\x") else value


class OnPostgreSql(Instance):
    """An instance with an ini file that names a database of this server."""

    def __init__(self, folder: Path, config: Path, server: PostgreSql, database: str):
        super().__init__(folder, config)
        self.server = server
        self.database = database

    def rows(self, sql: str, *values: object) -> list[tuple]:
        return self.server.rows(self.database, sql, *values)
