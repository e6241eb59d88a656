"""Clones and pushes over HTTP and SSH, by the real clients."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from bench import accounting
from bench.pages import WARM_UP, Effort
from bench.server import LOGIN, MeasuredServer
from bench.ssh import SshFront
from harness import processes
from harness.clients import Client
from harness.instance import ADMIN, Instance

AT_ONCE = 4
LONG = 1800
"""Seconds that a client may take."""


@dataclass(frozen=True)
class Operation:
    """Something that a client does `runs` times, with something before each run that is not counted."""

    row: str
    runs: int
    run: Callable[[str], object]
    """Gets the URL of the repository."""
    before: Callable[[str], object] = lambda url: None
    times: int = 1
    """How often one run does it."""


def operations(client: Client, effort: Effort) -> list[Operation]:
    """Reading first: a push changes what the others would read."""
    git = client.kind == "git"
    look = ["ls-remote"] if git else ["identify", "--id"]
    clone = ["clone", "--quiet", "--bare"] if git else ["clone", "--quiet", "--noupdate"]
    spoken = "git clone --bare" if git else "hg clone -U"
    pusher = Pusher(client)

    def copy(url: str) -> None:
        client(*clone, url, client.new_folder("copy"), seconds=LONG)

    def copies(url: str) -> None:
        places = [client.new_folder("copy") for _ in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(lambda place: client(*clone, url, place, seconds=LONG), places))

    return [
        Operation(f"{client.kind} {' '.join(look[:1])}", effort.clones + 2, lambda url: client(*look, url, seconds=LONG)),
        Operation(spoken, effort.clones, copy),
        Operation(f"{spoken}, {AT_ONCE} at a time", effort.clones, copies, times=AT_ONCE),
        Operation(f"{client.kind} push of 1 commit", effort.pushes, pusher.push, before=pusher.commit),
    ]


class Pusher:
    """A working copy that gets one more changeset before each push."""

    def __init__(self, client: Client):
        self.client = client
        self.work: Path | None = None
        self.count = 0

    def commit(self, url: str) -> None:
        if self.work is None:
            self.work = self.client.new_folder("work")
            self.client("clone", "--quiet", url, self.work, seconds=LONG)
        self.count += 1
        # The address makes it another text than what came in by the other door.
        text = f"{url} {self.count}\n" * 20
        self.client.commit(self.work, f"Push number {self.count}", {f"pushed/{self.count % 3}.txt": text})

    def push(self, url: str) -> None:
        what = ["HEAD"] if self.client.kind == "git" else []
        self.client("push", "--quiet", *(["--rev", "."] if not what else []), url, *what, cwd=self.work, seconds=LONG)


def over_ssh(client: Client, effort: Effort) -> list[Operation]:
    """The same by the other door: what a client starts there is a program that ends with it."""
    return [replace(one, row=f"{one.row}, ssh") for one in operations(client, effort)]


def measure(instance: Instance, name: str, operation: Operation) -> dict:
    """One row, on a server of its own."""
    with MeasuredServer(instance) as server:
        workers = server.workers()
        server.warm_up([LOGIN], WARM_UP)
        before = accounting.rss(workers)
        accounting.forget_peak(workers)
        figures = _run(operation, server.url_for(ADMIN, name), workers, server.helpers)
        memory = {"rss_before": max(before), "rss_after": max(accounting.rss(workers)), "rss_peak": max(accounting.peak(workers))}
        return figures | memory


def measure_ssh(front: SshFront, name: str, operation: Operation) -> dict:
    """One row through sshd. A worker has no part in it."""
    return _run(operation, front.url(name), front.pids, lambda: processes.children(front.pids[0]))


def _run(operation: Operation, url: str, pids: list[int], helpers: Callable[[], list]) -> dict:
    seconds, cpu, foreign = [], [], []
    for _ in range(operation.runs):
        operation.before(url)
        _settle(helpers)
        meter = accounting.Meter(pids)
        begin = time.perf_counter()
        operation.run(url)
        seconds.append(time.perf_counter() - begin)
        # A child counts once its parent has waited for it, which may be after the client has gone.
        _settle(helpers)
        span = meter.read()
        cpu.append(span.cpu / operation.times)
        foreign.append(span.foreign)
    return {
        "row": operation.row,
        "runs": operation.runs,
        "median_s": round(statistics.median(seconds), 3),
        "min_s": round(min(seconds), 3),
        "cpu_s": round(statistics.median(cpu), 3),
        "foreign": max(foreign),
    }


def _settle(helpers: Callable[[], list]) -> None:
    if not processes.wait_until(lambda: not helpers(), seconds=30, every=0.01):
        left = "; ".join(map(str, helpers()))
        raise RuntimeError(f"the server still has children half a minute after its client has gone: {left}")
