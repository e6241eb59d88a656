"""The server under test: `gunicorn --workers N kallithea_rs:app` over a folder with an admin and the two repositories."""

from __future__ import annotations

import time
from pathlib import Path

from bench import client
from harness.browser import Browser
from harness.instance import ADMIN, Instance
from harness.servers import BIN, Server, free_port

WORKERS = 4
LOGIN = client.request("/_admin/login")


class MeasuredServer(Server):
    """A server whose first answer is waited for closely. When it is up, one worker has answered one login page."""

    def __init__(self, instance: Instance, workers: int = WORKERS):
        port = free_port()
        argv = [
            BIN / "gunicorn",
            "--workers",
            str(workers),
            "--bind",
            f"127.0.0.1:{port}",
            "--timeout",
            "3600",
            "kallithea_rs:app",
        ]
        super().__init__(argv, folder=instance.folder, port=port, workers=workers)
        self.first_answer = 0.0
        """Seconds from the start of the program to the end of its first page."""

    def start(self) -> None:
        self.begin = time.perf_counter()
        super().start()

    def _wait_for_answer(self) -> None:
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"gunicorn ended with {self.process.returncode} before it answered:\n{self.log()}")
            try:
                _, answer = client.once(self.port, LOGIN)
                break
            except ConnectionRefusedError:
                if time.perf_counter() - self.begin > self.seconds:
                    raise RuntimeError(f"gunicorn did not answer in {self.seconds} s:\n{self.log()}") from None
                time.sleep(0.002)
        client.check(LOGIN, answer)
        self.first_answer = time.perf_counter() - self.begin

    def warm_up(self, requests: list[bytes], count: int) -> None:
        """Let every worker answer something: eight clients at once keep all of them busy."""
        client.crowd(self.port, requests, clients=8, seconds=60, at_most=count)


def new_instance(folder: Path) -> Instance:
    """An instance with an admin; everything lies in `kallithea-data` below the folder."""
    instance = Instance(folder)
    instance.prepare()
    instance.create_user(ADMIN, admin=True)
    return instance


def database_of(instance: Instance) -> Path:
    """The file of the instance's database."""
    return Path(instance.folder, instance.prepare()["database"].removeprefix("sqlite:///").split("?")[0]).resolve()


def log_in(instance: Instance) -> str:
    """The admin's cookie. Sessions live in the database, so it serves for every server over this instance."""
    with MeasuredServer(instance, workers=1) as server:
        browser = Browser(server.url)
        browser.log_in(ADMIN)
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.session.cookies)
