"""The same pages by cgit, gitweb and hgweb, where they are installed: what they cost beside ours.

cgit and gitweb are CGI programs, one process for each request; hgweb runs under gunicorn with one worker, as Mercurial's own documentation
has it. None of them highlights, asks who is there or keeps anything, so a page of theirs is less than a page of ours.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench import accounting, client
from bench.repositories import Facts
from harness import processes
from harness.servers import BIN, free_port

CGIT = Path("/usr/lib/cgit/cgit.cgi")
GITWEB = Path("/usr/share/gitweb/gitweb.cgi")
RUNS = 10


@dataclass(frozen=True)
class Asked:
    """A page of a peer, by the name of our row."""

    row: str
    path: str
    query: str = ""


def beside(folder: Path, places: dict[str, Path], facts: dict[str, Facts]) -> list[dict]:
    """CPU milliseconds of one request for each row that a peer has, too."""
    figures = []
    folder.mkdir()
    if "git" in places:
        figures += _cgi("cgit", CGIT, _cgit_settings(folder, places["git"]), _cgit_pages(facts["git"]), "git")
        figures += _cgi("gitweb", GITWEB, _gitweb_settings(folder, places["git"]), _gitweb_pages(facts["git"]), "git")
    if "hg" in places:
        figures += _hgweb(folder, places["hg"], _hgweb_pages(facts["hg"]))
    return figures


def _cgit_settings(folder: Path, place: Path) -> dict[str, str]:
    config = folder / "cgitrc"
    lines = ["cache-size=0", "virtual-root=/", "enable-commit-graph=1", "enable-blame=1", "max-commit-count=100"]
    config.write_text("\n".join([*lines, "repo.url=r", f"repo.path={place}", ""]))
    return {"CGIT_CONFIG": str(config)}


def _cgit_pages(facts: Facts) -> list[Asked]:
    tip, file = facts.tip, facts.large_file
    return [
        Asked("summary", "/r/"),
        Asked("changelog page 1", "/r/log/"),
        Asked("changeset of several files", "/r/commit/", f"id={facts.changeset}"),
        Asked("files root at tip", "/r/tree/", f"id={tip}"),
        Asked("file view", f"/r/tree/{file}", f"id={tip}"),
        Asked("file annotated", f"/r/blame/{file}", f"id={tip}"),
        Asked("raw file", f"/r/plain/{file}", f"id={tip}"),
        Asked("compare of two tags", "/r/diff/", f"id={facts.newer_tag}&id2={facts.older_tag}"),
        Asked("Atom feed", "/r/atom/"),
    ]


def _gitweb_settings(folder: Path, place: Path) -> dict[str, str]:
    config = folder / "gitweb.conf"
    config.write_text(f'$projectroot = "{place.parent}";\n$feature{{"blame"}}{{"default"}} = [1];\n$maxload = undef;\n')
    return {"GITWEB_CONFIG": str(config), "GITWEB_PROJECT": place.name}


def _gitweb_pages(facts: Facts) -> list[Asked]:
    tip, file = facts.tip, facts.large_file
    return [
        Asked("summary", "", "a=summary"),
        Asked("changelog page 1", "", "a=shortlog"),
        Asked("changeset of several files", "", f"a=commitdiff;h={facts.changeset}"),
        Asked("files root at tip", "", f"a=tree;hb={tip}"),
        Asked("file view", "", f"a=blob;hb={tip};f={file}"),
        Asked("file annotated", "", f"a=blame;hb={tip};f={file}"),
        Asked("raw file", "", f"a=blob_plain;hb={tip};f={file}"),
        Asked("compare of two tags", "", f"a=commitdiff;h={facts.newer_tag};hp={facts.older_tag}"),
        Asked("Atom feed", "", "a=atom"),
    ]


def _hgweb_pages(facts: Facts) -> list[Asked]:
    tip, file = facts.tip, facts.large_file
    return [
        Asked("summary", "/summary"),
        Asked("changelog page 1", "/graph/tip", "revcount=100"),
        Asked("changeset of several files", f"/rev/{facts.changeset}"),
        Asked("files root at tip", f"/file/{tip}/"),
        Asked("file view", f"/file/{tip}/{file}"),
        Asked("file annotated", f"/annotate/{tip}/{file}"),
        Asked("raw file", f"/raw-file/{tip}/{file}"),
        Asked("Atom feed", "/atom-log"),
    ]


def _cgi(name: str, program: Path, settings: dict[str, str], pages: list[Asked], kind: str) -> list[dict]:
    if not program.exists():
        print(f"{name} is not installed ({program}): its column is left out", flush=True)
        return []
    figures = []
    for page in pages:
        query = page.query
        if project := settings.get("GITWEB_PROJECT"):
            query = f"p={project};{query}"
        asked = {
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REQUEST_METHOD": "GET",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SCRIPT_NAME": "",
            "PATH_INFO": page.path,
            "QUERY_STRING": query,
            "REQUEST_URI": f"{page.path}?{query}",
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            # The copies belong to whoever runs the benchmark; git asks for no more than that, but for root it does.
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        print(f"{name}: {page.row} ...", flush=True)
        before, begin = os.times(), time.perf_counter()
        sizes = []
        for _ in range(RUNS):
            done = subprocess.run([program], env=asked | settings, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
            head, _, body = done.stdout.replace(b"\r\n", b"\n").partition(b"\n\n")
            if done.returncode or b"Status: 4" in head or b"Status: 5" in head or b"<div class='error'>" in body:
                raise client.WrongAnswer(f"{name} {asked['REQUEST_URI']}: {head[:300]!r} {done.stderr[:300]!r}")
            sizes.append(len(body))
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        figures.append(_figure(name, f"{kind}: {page.row}", sizes, cpu, time.perf_counter() - begin))
    return figures


def _hgweb(folder: Path, place: Path, pages: list[Asked]) -> list[dict]:
    hg = shutil.which("hg", path=f"{BIN}:{os.environ['PATH']}")
    try:
        __import__("mercurial")
    except ImportError:
        hg = None
    if hg is None:
        print("Mercurial is not in this environment: hgweb's column is left out", flush=True)
        return []
    (folder / "served.py").write_text(
        f"from mercurial import demandimport; demandimport.enable()\n"
        f"from mercurial.hgweb import hgweb\napplication = hgweb({str(place).encode()!r})\n"
    )
    # The usual style of hgweb has no summary.
    settings = folder / "hgrc"
    settings.write_text("[web]\nstyle = gitweb\n")
    port = free_port()
    argv = [BIN / "gunicorn", "--workers", "1", "--bind", f"127.0.0.1:{port}", "--timeout", "600", "served:application"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "HGRCPATH": str(settings), "LANG": "C.UTF-8"}
    with (folder / "hgweb.log").open("wb") as log:
        server = processes.start(list(map(str, argv)), cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        figures = []
        deadline = time.monotonic() + 60
        while True:
            try:
                client.once(port, client.request("/"))
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise RuntimeError((folder / "hgweb.log").read_text()) from None
                time.sleep(0.1)
        workers = [worker.pid for worker in processes.children(server.pid)]
        for page in pages:
            print(f"hgweb: {page.row} ...", flush=True)
            sent = client.request(page.path + (f"?{page.query}" if page.query else ""))
            client.check(sent, client.once(port, sent)[1])
            meter, begin, sizes = accounting.Meter(workers), time.perf_counter(), []
            for _ in range(RUNS):
                sizes.append(len(client.once(port, sent)[1].partition(b"\r\n\r\n")[2]))
            figures.append(_figure("hgweb", f"hg: {page.row}", sizes, meter.read().cpu, time.perf_counter() - begin))
        return figures
    finally:
        server.terminate()
        server.wait(20)
        processes.ended(server)


def _figure(peer: str, row: str, sizes: list[int], cpu: float, wall: float) -> dict:
    return {
        "peer": peer,
        "row": row,
        "bytes": round(statistics.median(sizes)),
        "cpu_ms": round(cpu / len(sizes) * 1000, 1),
        "mean_ms": round(wall / len(sizes) * 1000, 1),
    }


if __name__ == "__main__":
    sys.exit("peers.py is a part of bench.py: bench.py --peers")
