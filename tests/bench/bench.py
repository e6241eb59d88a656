"""The benchmark of kallithea-rs: every page and the wire, with four workers, on repositories of thousands of changesets.

    python tests/bench/bench.py                          the whole run, some ten minutes
    python tests/bench/bench.py --quick                  a smaller repository and fewer requests, about a minute
    python tests/bench/bench.py --soak 100000            so many requests for every kind of page, and what the workers hold then
    python tests/bench/bench.py --json new.json          keep the figures
    python tests/bench/bench.py --compare old.json new.json

README.md beside this file tells what the figures mean.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

if __name__ == "__main__":
    # Started as a program, this folder is first in the path and would hide the package of the same name.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench import pages, peers, repositories, report, server, wire
from bench.ssh import SshFront
from harness import processes, sshd
from harness.clients import Client, Git, Hg
from harness.instance import ADMIN, Instance, environment


def main(argv: list[str] | None = None) -> int:
    options = _options(argv)
    if options.compare:
        first, second = (json.loads(path.read_text()) for path in options.compare)
        print(report.comparison(first, second))
        return 0
    # An end by `kill` tidies up like Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    processes.adopt_orphans()
    folder = Path(tempfile.mkdtemp(prefix="kallithea-bench-"))
    try:
        result = run(options, folder)
    except KeyboardInterrupt:
        print("\nInterrupted; nothing is left behind.", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n" + report.everything(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return 1 if any("error" in row for row in result["pages"] + result["wire"]) else 0


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer requests, and 800 changesets")
    parser.add_argument("--commits", type=int, metavar="N", help="how many changesets the made repositories have (8000)")
    parser.add_argument("--git", type=Path, metavar="PATH", help="measure on a copy of this Git repository")
    parser.add_argument("--hg", type=Path, metavar="PATH", help="measure on a copy of this Mercurial repository")
    parser.add_argument("--only", type=re.compile, metavar="PATTERN", help="rows whose name matches this regular expression")
    parser.add_argument("--soak", type=int, metavar="N", help="nothing but N requests for pages of every kind, API, archives and all")
    parser.add_argument("--peers", action="store_true", help="the same pages by cgit, gitweb and hgweb, too, where they are installed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file as well")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("A", "B"), help="print the figures of B as multiples of A's")
    return parser.parse_args(argv)


def run(options: argparse.Namespace, folder: Path) -> dict:
    folder.chmod(0o755)
    effort = pages.QUICK if options.quick else pages.THOROUGH
    commits = options.commits or (800 if options.quick else 8000)
    clients: list[Client] = [Git(folder / "git-home"), Hg(folder / "hg-home")]
    sources = {client.kind: getattr(options, client.kind) or repositories.made(client, commits) for client in clients}

    instance = server.new_instance(folder)
    facts = {client.kind: _take_in(instance, client, sources[client.kind].resolve()) for client in clients}
    cookie = server.log_in(instance)
    load_before = os.getloadavg()

    wanted: Callable[[str], object] = options.only.search if options.only else bool
    rows = pages.site() + [pages.call("API: get_repos", instance, "get_repos", "bench-hg")]
    rows += [page for kind in facts for page in pages.of_repository(f"bench-{kind}", facts[kind])]
    if options.soak:
        wanted = lambda row: False  # noqa: E731
    result = {
        "program": _program(instance),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "quick": options.quick,
        "repositories": [found.as_dict() for found in facts.values()],
        "pages": [_row(page.row, lambda: pages.measure(instance, page, cookie, effort)) for page in rows if wanted(page.row)],
    }
    (folder / "many").mkdir(mode=0o755)
    many = server.new_instance(folder / "many")
    crowded = [page for page in pages.of_many_repositories(many) if wanted(page.row)]
    if crowded:
        pages.fill(many)
        many_cookie = server.log_in(many)
        result["pages"] += [_row(page.row, lambda: pages.measure(many, page, many_cookie, effort)) for page in crowded]
    if options.soak:
        every = [page for page in rows if not page.fresh]
        every += [page for kind in facts for page in pages.rare(f"bench-{kind}", facts[kind])]
        every += [pages.Page("journal", "/_admin/journal", "")]
        result["mixed"] = pages.mixed(instance, every, cookie, options.soak, effort.clients)
    elif not options.only:
        print("starts ...", flush=True)
        result["start"] = pages.starts(instance, effort)
        print("all pages in turn ...", flush=True)
        failed = {row["row"] for row in result["pages"] if "error" in row}
        result["mixed"] = pages.mixed(instance, [page for page in rows if page.row not in failed and not page.fresh], cookie, effort.mixed_requests, effort.clients)
    result["wire"] = [
        _row(operation.row, lambda: wire.measure(instance, f"bench-{client.kind}", operation))
        for client in clients
        for operation in wire.operations(client, effort)
        if wanted(operation.row)
    ]
    ssh = [(client, operation) for client in clients for operation in wire.over_ssh(client, effort) if wanted(operation.row)]
    if ssh and Path(sshd.SSHD).exists():
        with SshFront(instance, folder / "ssh") as front:
            for client, operation in ssh:
                front.teach(client)
                name = f"bench-{client.kind}"
                result["wire"].append(_row(operation.row, lambda: wire.measure_ssh(front, name, operation)))
    elif ssh:
        print(f"There is no {sshd.SSHD}: the rows over SSH are left out", flush=True)
    if options.peers:
        places = {client.kind: instance.repositories / f"bench-{client.kind}" for client in clients}
        theirs = peers.beside(folder / "peers", places, facts)
        result["peers"] = [figure for figure in theirs if wanted(figure["row"])]
    result["machine"] = _machine(load_before)
    return result


def _row(name: str, measure: Callable[[], dict]) -> dict:
    """One row; what fails is told in its place, and the others are measured all the same."""
    print(f"{name} ...", flush=True)
    try:
        return measure()
    except (AssertionError, OSError, RuntimeError, ValueError) as error:
        print(f"  FAILED: {error}", flush=True)
        return {"row": name, "error": str(error)}


def _take_in(instance: Instance, client: Client, source: Path) -> repositories.Facts:
    place = instance.create_repository(ADMIN, f"bench-{client.kind}", client.kind)
    repositories.put(client, source, place)
    # A new repository gives no archives away.
    database = sqlite3.connect(server.database_of(instance))
    with database:
        database.execute("UPDATE repositories SET downloads = 1")
    database.close()
    return repositories.facts(client, place)


def _program(instance: Instance) -> str:
    """Version and size of the library: a development build is several times as large."""
    asked = "from kallithea_rs import _native as n; import os; print(n.version, os.path.getsize(n.__file__) >> 20)"
    options = dict(cwd=instance.folder, env=environment(instance.folder), capture_output=True, text=True, check=True)
    version, size = subprocess.run([sys.executable, "-c", asked], **options).stdout.split()
    return f"kallithea-rs {version} (library of {size} MiB)"


def _machine(load_before: tuple[float, float, float]) -> dict:
    model = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processors": os.cpu_count(),
        "model": model[1] if model else platform.machine(),
        "memory_gib": round(memory / 2**30),
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "load_before": round(load_before[0], 1),
        "load_after": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    sys.exit(main())
