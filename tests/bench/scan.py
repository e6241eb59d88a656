"""How long `kallithea-cli repo-scan` takes over many repositories: `python tests/bench/scan.py [COUNT]` (10,000 without it).

Makes as many copies of one small Git repository in a hundred groups, takes them up, and looks again. Prints seconds of the clock and of
processor time.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLI = [sys.executable, "-m", "kallithea_rs.cli"]
GIT = ["git", "-c", "user.name=Scan", "-c", "user.email=scan@example.com", "-c", "init.defaultBranch=main"]


def timed(what: str, argv: list[str]) -> None:
    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before, start = used(), time.monotonic()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    print(f"{what}: {time.monotonic() - start:.2f} s, {used() - before:.2f} s CPU", flush=True)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="kallithea-scan-") as temporary:
        place = Path(temporary)
        ini, repos, one = place / "my.ini", place / "repos", place / "one"
        repos.mkdir()
        subprocess.run([*GIT, "init", "--quiet", "--bare", "--template=", one], check=True)
        tree = subprocess.run([*GIT, "-C", one, "mktree"], input=b"", capture_output=True, check=True).stdout.strip()
        commit = subprocess.run([*GIT, "-C", one, "commit-tree", "-m", "First", tree], capture_output=True, check=True).stdout.strip()
        subprocess.run([*GIT, "-C", one, "update-ref", "refs/heads/main", commit], check=True)
        ini.write_text("[app:main]\nuse = egg:kallithea-rs\n")
        words = ["--user=admin", "--password=secret", "--email=admin@example.com", f"--repos={repos}"]
        subprocess.run([*CLI, "db-create", "-c", ini, *words], check=True, stdout=subprocess.DEVNULL)
        for number in range(count):
            shutil.copytree(one, repos / f"group-{number % 100}" / f"repository-{number}")
        os.sync()
        timed(f"taking up {count} repositories", [*CLI, "repo-scan", "-c", str(ini)])
        timed("looking again", [*CLI, "repo-scan", "-c", str(ini)])
        timed("reading the newest changeset of all", [*CLI, "repo-update-metadata", "-c", str(ini)])
        shutil.rmtree(repos / "group-7")
        timed("forgetting one in a hundred", [*CLI, "repo-scan", "-c", str(ini), "--remove-missing"])


if __name__ == "__main__":
    main()
