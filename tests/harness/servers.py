"""Start and stop real servers: on a free port, ready when they answer, and nothing left when they end."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from harness import processes
from harness.instance import Instance, Person, environment

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.prefix) / "bin"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server program and what it wrote. Used with `with`; leaving it stops the server and looks for leftovers."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        folder: Path,
        port: int,
        env: dict[str, str] | None = None,
        stop_signal: int = signal.SIGTERM,
        seconds: float = 30,
        workers: int = 0,
        terminal: bool = False,
    ):
        self.argv = [str(word) for word in argv]
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.env = env or environment(folder)
        self.stop_signal = stop_signal
        self.terminal = terminal
        """Whether the signal goes to the whole process group, as Ctrl-C in a terminal does."""
        self.seconds = seconds
        self.expected_workers = workers
        self.log_file = folder / f"server-{port}.log"
        self.process = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *exception) -> None:
        self.stop()

    def start(self) -> None:
        with self.log_file.open("ab") as log:
            self.process = processes.start(self.argv, cwd=self.folder, env=self.env, stdout=log, stderr=log)
        try:
            self._wait_for_answer()
            all_there = processes.wait_until(lambda: len(self.workers()) >= self.expected_workers, self.seconds)
            assert all_there, f"{self.argv[0]} has {len(self.workers())} of {self.expected_workers} workers:\n{self.log()}"
        except BaseException:
            self._kill()
            raise

    def _wait_for_answer(self) -> None:
        deadline = time.monotonic() + self.seconds
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.argv[0]} ended with {self.process.returncode} before it answered:\n{self.log()}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=max(1.0, deadline - time.monotonic()))
                connection.request("GET", "/robots.txt")
                connection.getresponse().read()
                connection.close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{self.argv[0]} did not answer in {self.seconds} s:\n{self.log()}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """End the server as its manager would, and fail when any process stays."""
        if self.terminal:
            os.killpg(self.process.pid, self.stop_signal)
        else:
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(60)
        except Exception:
            left = "\n".join(map(str, processes.descendants(self.process.pid)))
            self._kill()
            raise AssertionError(f"{self.argv[0]} did not end in a minute. Still there:\n{left}\n{self.log()}") from None
        processes.ended(self.process)
        if not processes.wait_until(lambda: not processes.orphans()):
            left = processes.orphans()
            processes.end(left)
            raise AssertionError(f"{self.argv[0]} left processes behind: " + "; ".join(map(str, left)))

    def _kill(self) -> None:
        family = [*processes.descendants(self.process.pid)]
        self.process.kill()
        self.process.wait()
        processes.ended(self.process)
        processes.end(family)

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def workers(self) -> list[int]:
        """The pids of the worker processes."""
        return sorted(process.pid for process in processes.children(self.process.pid))

    def helpers(self) -> list[processes.Process]:
        """The processes below the workers: `git`, `hg` and what those started."""
        return [helper for pid in self.workers() for helper in processes.descendants(pid)]

    def url_for(self, person: Person | None, path: str) -> str:
        """A clone URL, with the person's name and password in it."""
        if person is None:
            return f"{self.url}/{path}"
        return f"http://{person.name}:{person.password}@127.0.0.1:{self.port}/{path}"


def gunicorn(instance: Instance, *options: str, workers: int = 4, env: dict[str, str] | None = None) -> Server:
    """`gunicorn --workers 4 kallithea_rs:app` in the instance's folder."""
    port = free_port()
    more = {"KALLITHEA_CONFIG": str(instance.config)} if instance.config else {}
    argv = [BIN / "gunicorn", "--workers", str(workers), "--bind", f"127.0.0.1:{port}", "--timeout", "600", *options]
    env = (env or environment(instance.folder)) | more
    return Server([*argv, "kallithea_rs:app"], folder=instance.folder, port=port, env=env, workers=workers)


def from_example(folder: Path, source: str, changes: dict[str, str]) -> Path:
    """Copy a file of `examples/` to `folder`, with the places in it that every admin changes changed.

    Each of them must stand in the file: an example and its test cannot drift apart.
    """
    text = (PROJECT / "examples" / source).read_text()
    for old, new in changes.items():
        assert old in text, f"examples/{source} does not say {old}"
        text = text.replace(old, new)
    copy = folder / os.path.basename(source)
    copy.write_text(text)
    return copy
