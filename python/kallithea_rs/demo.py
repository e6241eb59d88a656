"""A first look: one Git and one Mercurial repository with some history, and an admin to log in as.

``python -m kallithea_rs.demo`` fills the empty instance of the current folder. The histories are made by the real ``git`` and
``hg`` and pushed over HTTP, so that the demo is what any user's push would have left.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from kallithea_rs import _native, make_app

ADMIN = "admin"
AUTHORS = ["Ada Example <ada@example.com>", "Grace Example <grace@example.com>", "Linus Example <linus@example.com>"]
STEP = 17_000
START = int(time.time()) - 32 * STEP
"""The first changeset's time, some days ago; the others follow by some hours each."""

GIT_IDENTITY = "[user]\n\tname = Ada Example\n\temail = ada@example.com\n"

RECIPES = ["bread", "pancakes", "lentil soup", "apple cake", "risotto", "tomato salad", "onion tart", "porridge", "dumplings"]


class Work:
    """A working copy that tells the same story in either system."""

    def __init__(self, kind: str, folder: Path):
        self.kind = kind
        self.folder = folder
        self.count = 0
        home = folder.parent
        self.env = os.environ | {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "HGRCPATH": str(home / "hgrc"),
            "HGPLAIN": "1",
            "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        if kind == "git":
            self.run("init", "--quiet", "--initial-branch=main", folder, cwd=home)
        else:
            self.run("init", folder, cwd=home)

    def run(self, *words: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
        argv = [self.kind, *map(str, words)]
        done = subprocess.run(argv, cwd=cwd or self.folder, env=self.env | (env or {}), capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, message: str) -> None:
        author = AUTHORS[self.count % len(AUTHORS)]
        seconds = START + self.count * STEP
        self.count += 1
        if self.kind == "git":
            name, email = author[:-1].split(" <")
            who = {
                f"GIT_{role}_{field}": value
                for role in ("AUTHOR", "COMMITTER")
                for field, value in (("NAME", name), ("EMAIL", email))
            }
            self.run("add", "--all")
            when = {"GIT_AUTHOR_DATE": f"{seconds} +0000", "GIT_COMMITTER_DATE": f"{seconds} +0000"}
            self.run("commit", "--quiet", "--message", message, env=who | when)
        else:
            self.run("commit", "--addremove", "--quiet", "--user", author, "--date", f"{seconds} 0", "--message", message)

    def rename(self, old: str, new: str) -> None:
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        self.run("mv", old, new)

    def new_branch(self, name: str) -> None:
        self.run(*(("switch", "--quiet", "--create") if self.kind == "git" else ("branch", "--quiet")), name)

    def go_to(self, branch: str) -> None:
        self.run(*(("switch", "--quiet") if self.kind == "git" else ("update", "--quiet")), branch)

    def merge(self, branch: str) -> None:
        if self.kind == "git":
            self.run("merge", "--quiet", "--no-ff", "--no-commit", branch)
        else:
            self.run("merge", "--quiet", branch)
        self.commit(f"Merge {branch}")

    def tag(self, name: str) -> None:
        if self.kind == "git":
            self.run("tag", "--annotate", "--message", f"Release {name}", name)
        else:
            self.run("tag", "--user", AUTHORS[0], "--date", f"{START + self.count * STEP} 0", name)
            self.count += 1

    def push(self, url: str) -> None:
        if self.kind == "git":
            self.run("push", "--quiet", "--all", url)
            self.run("push", "--quiet", "--tags", url)
        else:
            self.run("push", "--quiet", "--new-branch", url)


def tell(work: Work) -> None:
    """A cookbook: some thirty changesets on three branches, two tags, a merge and a rename."""
    main = "main" if work.kind == "git" else "default"
    work.write("README.md", "# Cookbook\n\nRecipes that work, one file each. See [the list](recipes).\n")
    work.write(
        ".gitignore" if work.kind == "git" else ".hgignore", "*.orig\n" if work.kind == "git" else "syntax: glob\n*.orig\n"
    )
    work.commit("Start the cookbook")
    for number, recipe in enumerate(RECIPES):
        path = f"recipes/{recipe.replace(' ', '-')}.md"
        work.write(path, f"# {recipe.capitalize()}\n\nFor {number % 4 + 2} people.\n\n* flour\n* water\n* salt\n")
        work.commit(f"Add {recipe}")
        amounts = "* 500 g flour\n* 300 ml water\n* 10 g salt\n"
        minutes = number * 10 + 20
        work.write(path, f"# {recipe.capitalize()}\n\nFor {number % 4 + 2} people.\n\n{amounts}\nTakes {minutes} minutes.\n")
        work.commit(f"Say how much of everything goes into {recipe}\n\nGuessing was half of the fun, but only half.")
    work.tag("1.0")

    work.new_branch("scaling")
    work.write("scale.py", SCALE)
    work.commit("Add a script that scales a recipe to any number of people")
    work.write("scale.py", SCALE.replace("def scale", "# Rounds to whole grams: nobody weighs less.\ndef scale"))
    work.commit("Tell why the script rounds")
    work.write(
        "README.md",
        "# Cookbook\n\nRecipes that work, one file each. See [the list](recipes).\n\n    python scale.py recipes/bread.md 6\n",
    )
    work.commit("Show how to scale")

    work.go_to(main)
    work.rename("recipes/porridge.md", "recipes/breakfast/porridge.md")
    work.commit("Move porridge to breakfast")
    work.merge("scaling")
    work.write("recipes/breakfast/müsli.md", "# Müsli\n\n* 200 g oats\n* 1 apple\n* milk\n")
    work.commit("Add müsli")
    work.tag("1.1")

    work.new_branch("translations")
    work.write("recipes/de/brot.md", "# Brot\n\nFür 2 Personen.\n\n* 500 g Mehl\n* 300 ml Wasser\n* 10 g Salz\n")
    work.commit("Translate bread to German")
    work.go_to(main)
    work.write("CONTRIBUTING.rst", "Contributing\n============\n\n* Cook it twice.\n* Write it down.\n")
    work.commit("Tell how to contribute")


SCALE = '''\
"""Scale a recipe: python scale.py <file> <people>"""

import re
import sys


def scale(text, people):
    (before,) = map(int, re.findall(r"For (\\d+) people", text))
    grams = lambda found: f"{round(int(found[1]) * people / before)} {found[2]}"
    return re.sub(r"(\\d+) (g|ml)\\b", grams, text).replace(f"For {before} people", f"For {people} people")


print(scale(open(sys.argv[1]).read(), int(sys.argv[2])))
'''


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[int]:
    """Serve the instance of this folder on a free port for a moment."""
    server = make_server("127.0.0.1", 0, make_app(), handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fill() -> str:
    """Create the admin and the two repositories, and return the admin's password."""
    password = secrets.token_urlsafe(12)
    with tempfile.TemporaryDirectory(prefix="kallithea-demo-") as temporary:
        home = Path(temporary)
        (home / "hgrc").touch(mode=0o600)
        (home / "gitconfig").touch(mode=0o600)
        (home / "gitconfig").write_text(GIT_IDENTITY)
        works = []
        for kind in ("git", "hg"):
            print(f"Making the history of demo-{kind} ...", flush=True)
            works.append(Work(kind, home / kind))
            tell(works[-1])

        _native.prepare(None)
        _native.create_user(None, ADMIN, "admin@example.com", password, True)
        with serving() as port:
            # In a file that only we can read: the arguments of a program can be read by everybody.
            (home / "hgrc").write_text(
                f"[auth]\ndemo.prefix = http://127.0.0.1:{port}\ndemo.username = {ADMIN}\ndemo.password = {password}\n"
            )
            (home / "gitconfig").write_text(
                GIT_IDENTITY + f'[url "http://{ADMIN}:{password}@127.0.0.1:{port}/"]\n\tinsteadOf = http://127.0.0.1:{port}/\n'
            )
            for work in works:
                name = f"demo-{work.kind}"
                print(f"Pushing {name} ...", flush=True)
                _native.create_repository(
                    None, ADMIN, name, work.kind, f"A cookbook kept in {'Git' if work.kind == 'git' else 'Mercurial'}"
                )
                work.push(f"http://127.0.0.1:{port}/{name}")
    return password


def main() -> None:
    password = fill()
    print("\nA demo is ready. Log in as\n")
    print(f"    user name  {ADMIN}\n    password   {password}\n")
    print("The password is not shown again.\n", flush=True)


if __name__ == "__main__":
    main()
