"""Which pages are measured, and how."""

from __future__ import annotations

import json
import shutil
import sqlite3
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench import accounting, client
from bench.repositories import Facts
from bench.server import LOGIN, MeasuredServer, database_of
from harness.instance import ADMIN, Instance


@dataclass(frozen=True)
class Effort:
    """How much is asked of the server. Medians need requests, rates need seconds."""

    colds: int
    requests: int
    load_seconds: float
    mixed_requests: int
    starts: int
    clones: int
    pushes: int
    clients: int = 8


THOROUGH = Effort(colds=3, requests=200, load_seconds=5, mixed_requests=10_000, starts=5, clones=3, pushes=7)
QUICK = Effort(colds=1, requests=30, load_seconds=1, mixed_requests=400, starts=1, clones=1, pushes=2)

WARM_UP = 40
"""Requests before anything is counted; eight clients at once, four workers."""
PATIENCE, ENOUGH = 20.0, 20
"""After so many seconds and so many requests a slow page is known well enough."""


@dataclass(frozen=True)
class Page:
    """One row of the table: an address, and words that must stand in its answer."""

    row: str
    path: str
    expects: str
    signed_in: bool = True
    script: bool = False
    """Whether the address answers to scripts only."""
    body: bytes = b""
    """What is posted; nothing is asked for with GET."""
    fresh: bool = False
    """Whether everything that was worked out and kept on disk is deleted before each request."""

    def request(self, cookie: str) -> bytes:
        headers = {"Cookie": cookie} if self.signed_in else {}
        return client.request(self.path, headers | ({"X-Requested-With": "XMLHttpRequest"} if self.script else {}), self.body)


def site() -> list[Page]:
    return [
        Page("robots.txt", "/robots.txt", "User-agent", signed_in=False),
        Page("login page (anonymous)", "/_admin/login", "password", signed_in=False),
        Page("home, repository list (admin)", "/", "/bench-hg"),
    ]


def call(row: str, instance: Instance, method: str, expects: str, **arguments: object) -> Page:
    """A call of the JSON-RPC API by the administrator."""
    ((key,),) = instance.rows("SELECT api_key FROM users WHERE username = ?", ADMIN.name)
    body = json.dumps({"id": 1, "api_key": key, "method": method, "args": arguments}).encode()
    return Page(row, "/_admin/api", expects, signed_in=False, body=body)


def of_repository(name: str, facts: Facts) -> list[Page]:
    tip, file = facts.tip, facts.large_file

    def page(row: str, path: str, expects: str, **more: bool) -> Page:
        return Page(f"{facts.kind}: {row}", f"/{name}{path}", expects, **more)

    def first(row: str, path: str, expects: str) -> Page:
        return page(f"{row}, first visit", path, expects, fresh=True)

    compared = f"/compare/tag@{facts.older_tag}...tag@{facts.newer_tag}"
    return [
        page("summary", "", tip[:12]),
        page("changelog page 1", "/changelog", tip[:12]),
        page("changelog, deep page", f"/changelog?page={facts.deep_page}", "/changeset/"),
        page("changeset of several files", f"/changeset/{facts.changeset}", facts.changeset[:12]),
        page("files root at tip", f"/files/{tip}/", file.split("/")[0]),
        page("files, deep folder", f"/files/{tip}/{facts.deep_folder}", facts.deep_folder.split("/")[-1]),
        page("file view", f"/files/{tip}/{file}", file.split("/")[-1]),
        page("file annotated", f"/annotate/{tip}/{file}", "/changeset/"),
        page("history of a file", f"/changelog/{tip}/{file}", "/changeset/"),
        page("raw file", f"/raw/{tip}/{file}", ""),
        page("compare of two tags", compared, "/changeset/"),
        page("long changeset", f"/changeset/{facts.root}", facts.root[:12]),
        page("statistics", "/statistics", "<svg"),
        page("Atom feed", "/feed/atom", "<entry"),
        page("refs-data", "/refs-data", "results", script=True),
        first("changeset of several files", f"/changeset/{facts.changeset}", facts.changeset[:12]),
        first("long changeset", f"/changeset/{facts.root}", facts.root[:12]),
        first("compare of two tags", compared, "/changeset/"),
        first("file view", f"/files/{tip}/{file}", file.split("/")[-1]),
        first("file annotated", f"/annotate/{tip}/{file}", "/changeset/"),
    ]


def rare(name: str, facts: Facts) -> list[Page]:
    """What has no row of its own, but is asked for in the long run."""
    tip, file, changeset = facts.tip, facts.large_file, facts.changeset

    def page(path: str) -> Page:
        return Page(f"{facts.kind}: {path.split('/')[1]}", f"/{name}{path}", "")

    return [
        page(f"/archive/{tip}.zip"),
        page(f"/archive/{tip}.tar.gz"),
        page(f"/changeset-diff/{changeset}"),
        page(f"/changeset-patch/{changeset}"),
        page(f"/changeset/{changeset}?view=split"),
        page(f"/diff/{file}?diff1={facts.older_tag}&diff2={facts.newer_tag}"),
        page(f"/diff-2way/{file}?diff1={facts.older_tag}&diff2={facts.newer_tag}"),
        page(f"/compare/tag@{facts.older_tag}...tag@{facts.newer_tag}?merge=1"),
        page("/feed/rss"),
        page("/forks"),
        page("/followers"),
        page("/changelog?page=3"),
        page(f"/files/{facts.older_tag}/{file}"),
        page(f"/annotate/{facts.older_tag}/{file}"),
    ]


MANY = 10_000


def of_many_repositories(instance: Instance) -> list[Page]:
    """Rows of an instance of its own, which holds `MANY` repositories."""
    return [
        call(f"API: get_repos of {MANY}", instance, "get_repos", "many-99"),
        Page(f"home of {MANY} repositories", "/", "/many-"),
        Page(f"home of {MANY} repositories, filtered", "/?filter=many-99", "/many-99"),
        Page(f"repository switcher of {MANY}", "/_repos?query=many-99", "many-99", script=True),
    ]


def fill(instance: Instance) -> None:
    """`MANY` repositories that are rows alone: their pages are not asked for, only lists of them."""
    instance.create_repository(ADMIN, "many-0", "git", "One of many")
    database = sqlite3.connect(database_of(instance))
    with database:
        for table, key in (("repositories", "repo_id"), ("repo_to_perm", "repo_to_perm_id")):
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != key]
            values = {
                "repo_name": "'many-' || n",
                "repository_id": "repository_id + n",
                "updated_on": "datetime(updated_on, '-' || n || ' minutes')",
            }
            chosen = ", ".join(values.get(column, column) for column in columns)
            only = "" if table == "repositories" else "WHERE repository_id = (SELECT repo_id FROM repositories WHERE repo_name = 'many-0')"
            database.execute(
                f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY - 1}) "
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table}, numbers {only}"
            )
    database.close()


def measure(instance: Instance, page: Page, cookie: str, effort: Effort) -> dict:
    """One row, on servers of its own: nothing that another page has left in memory helps or harms it."""
    sent = page.request(cookie)
    cold = [_cold(instance, page, sent) for _ in range(effort.colds)]
    with MeasuredServer(instance) as server:
        workers = server.workers()
        server.warm_up([LOGIN], WARM_UP)
        before = accounting.rss(workers)
        if page.fresh:
            return _anew(instance, server, page, sent) | {"cold_ms": _ms(statistics.median(cold)), "rss_before": max(before)}
        server.warm_up([sent], WARM_UP)

        alone = accounting.Meter(workers)
        firsts, times, size = _one_after_the_other(server, page, sent, effort.requests)
        single = alone.read()

        crowd = accounting.Meter(workers)
        load = client.crowd(server.port, [sent], effort.clients, effort.load_seconds)
        together = crowd.read()
        return {
            "row": page.row,
            "path": page.path,
            "bytes": size,
            "cold_ms": _ms(statistics.median(cold)),
            "first_ms": _ms(statistics.median(firsts)),
            "median_ms": _ms(statistics.median(times)),
            "min_ms": _ms(min(times)),
            "p90_ms": _ms(statistics.quantiles(times, n=10)[-1]),
            "requests": len(times),
            "cpu_ms": _ms(single.cpu / len(times)),
            "load_rps": round(load.rate, 1),
            "load_median_ms": _ms(statistics.median(load.latencies)),
            "load_cpu_ms": _ms(together.cpu / load.requests),
            "rss_before": max(before),
            "rss_after": max(accounting.rss(workers)),
            "foreign": max(single.foreign, together.foreign),
        }


def _forget(instance: Instance) -> None:
    """Deletes what was worked out about changesets and files; a server must not mind."""
    for answers in instance.data.glob("**/answers"):
        shutil.rmtree(answers)


def _anew(instance: Instance, server: MeasuredServer, page: Page, sent: bytes) -> dict:
    """Each time as if nobody had been there before, though in a worker that has answered other pages."""
    workers = server.workers()
    # What a worker reads once is not what is measured: how the changesets follow each other, for example.
    server.warm_up([sent], WARM_UP)
    firsts, times, cpu, foreign = [], [], [], []
    for _ in range(ENOUGH):
        _forget(instance)
        meter = accounting.Meter(workers)
        first, whole, received = client.watched(server.port, sent)
        _must_be(page, sent, received)
        span = meter.read()
        firsts.append(first)
        times.append(whole)
        cpu.append(span.cpu)
        foreign.append(span.foreign)
    return {
        "row": page.row,
        "path": page.path,
        "bytes": len(received.partition(b"\r\n\r\n")[2]),
        "first_ms": _ms(statistics.median(firsts)),
        "median_ms": _ms(statistics.median(times)),
        "min_ms": _ms(min(times)),
        "p90_ms": _ms(statistics.quantiles(times, n=10)[-1]),
        "requests": len(times),
        # A tick of the kernel is ten milliseconds: only the sum says something.
        "cpu_ms": _ms(sum(cpu) / len(cpu)),
        "rss_after": max(accounting.rss(workers)),
        "foreign": max(foreign),
    }


def _cold(instance: Instance, page: Page, sent: bytes) -> float:
    if page.fresh:
        _forget(instance)
    with MeasuredServer(instance, workers=1) as server:
        seconds, received = client.once(server.port, sent)
        _must_be(page, sent, received)
        return seconds


def _one_after_the_other(server: MeasuredServer, page: Page, sent: bytes, requests: int) -> tuple[list[float], list[float], int]:
    """Seconds until the first byte, until the last, and the length of the page."""
    firsts, times, received = [], [], b""
    begin = time.perf_counter()
    while len(times) < requests and (len(times) < ENOUGH or time.perf_counter() - begin < PATIENCE):
        first, seconds, received = client.watched(server.port, sent)
        client.check(sent, received)
        firsts.append(first)
        times.append(seconds)
    _must_be(page, sent, received)
    return firsts, times, len(received.partition(b"\r\n\r\n")[2])


def _must_be(page: Page, sent: bytes, received: bytes) -> None:
    client.check(sent, received)
    if page.expects.encode() not in received.partition(b"\r\n\r\n")[2]:
        raise client.WrongAnswer(f"{page.path} does not say {page.expects!r}: {received[:400].decode(errors='replace')}")


def starts(instance: Instance, effort: Effort) -> dict:
    """A whole server with one worker, from nothing to the end of its first page."""
    seconds, cpu, memory = [], [], []
    for _ in range(effort.starts):
        with MeasuredServer(instance, workers=1) as server:
            seconds.append(server.first_answer)
            cpu.append(accounting.cpu_of([server.process.pid, *server.workers()]))
            memory += accounting.rss(server.workers())
    return {
        "row": "start of a server with one worker",
        "median_s": round(statistics.median(seconds), 3),
        "min_s": round(min(seconds), 3),
        "cpu_s": round(statistics.median(cpu), 3),
        "rss": max(memory),
    }


def mixed(instance: Instance, pages: list[Page], cookie: str, requests: int, clients: int) -> dict:
    """All pages in turn on one server: what the workers hold in the end and held at most, and whether they still grow."""
    sent = [page.request(cookie) for page in pages]
    with MeasuredServer(instance) as server:
        workers = server.workers()
        server.warm_up([LOGIN], WARM_UP)
        accounting.forget_peak(workers)
        rss, pss = [accounting.rss(workers)], [accounting.pss(workers)]
        meter = accounting.Meter(workers)
        done = 0
        for quarter in _quarters(requests):
            done += client.crowd(server.port, sent, clients, 24 * 3600, at_most=quarter).requests
            rss.append(accounting.rss(workers))
            pss.append(accounting.pss(workers))
            print(f"  {done} requests, RSS {rss[-1]} MiB", flush=True)
        span = meter.read()
        return {
            "row": "all pages in turn",
            "requests": done,
            "pages": len(pages),
            "load_rps": round(done / span.wall, 1),
            "cpu_ms": _ms(span.cpu / done),
            "rss": rss,
            "pss": pss,
            "peak": accounting.peak(workers),
            "foreign": span.foreign,
        }


def _quarters(requests: int) -> Iterator[int]:
    for quarter in range(4):
        yield requests * (quarter + 1) // 4 - requests * quarter // 4


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
