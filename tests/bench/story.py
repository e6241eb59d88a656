"""The history that the benchmark measures on: thousands of changesets, told the same way every time.

Nothing here knows Git or Mercurial: `git_history` and `hg_history` write what `tell` yields. The shape is that of a web
application of some age: many small changes, some wide ones, side lines that are merged, a stable branch, releases, files
that come, move and go, and one large module that everybody touches.

The file is read by the interpreter of the installed Mercurial too, which may be older than ours.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

MAIN, STABLE, NEXT = "main", "stable", "next"

README = "README.md"
LARGE_FILE = "core/model/schema.py"
LARGE_START, LARGE_END = 200, 2_300
"""Lines of the large file in the first and in the last changeset."""

WIDE_EVERY, WIDE_FILES, WIDE_LINES = 37, 9, 20
"""One changeset in so many replaces so many lines in each of so many files."""

START = 1_262_304_000
"""The first changeset's time. The others follow about hourly."""

FOLDERS = [
    *("core", "core/model", "core/model/base", "core/lib", "core/lib/auth", "core/lib/auth/modules", "core/lib/storage"),
    *("core/lib/storage/formats", "core/lib/storage/formats/legacy", "core/lib/storage/formats/legacy/tables"),
    *("core/controllers", "core/controllers/admin", "core/controllers/api", "core/templates", "core/templates/admin"),
    *("core/templates/admin/users", "core/templates/files", "core/templates/email", "core/public", "core/public/js"),
    *("core/public/js/editor", "core/public/js/editor/mode", "core/public/css", "core/i18n", "core/bin", "core/tests"),
    *("core/tests/functional", "core/tests/models", "core/tests/fixtures", "core/alembic/versions", "docs", "docs/setup"),
    *("docs/usage", "docs/theme", "docs/theme/static", "scripts", "scripts/release", "init.d", "conda", "contrib/emacs"),
]

PEOPLE = [
    *("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj", "olivia"),
    *("peggy", "rupert", "sybil", "trent", "victor", "walter", "wendy"),
]
WORDS = (
    "account action archive author backend branch buffer cache changeset column comment commit config content controller "
    "cursor default diff display email entry error event field filter folder form group handler header history index input "
    "label limit line link list lookup message method model name node notification object option owner page parameter parent "
    "path permission query range record reference repository request response result revision route rule schema search "
    "section server session setting state status string table tag template text thread title token tree user value vcs view"
).split()
VERBS = "add change check clean document drop escape explain extract fix handle inline make merge move rename show sort".split()


@dataclass(frozen=True)
class Commit:
    """One changeset. `files` holds what differs from the first parent; None stands for a removed file."""

    number: int
    parents: tuple[int, ...]
    branch: str
    author: str
    seconds: int
    message: str
    files: dict[str, bytes | None]
    renamed: dict[str, str] = field(default_factory=dict)
    """New path to old path."""
    tag: str | None = None


Lines = list
"""The lines of a file. Never changed in place: a lane that was forked shares them."""


class Lane:
    """A line of development: what its files hold now, and what it changed since it was forked off."""

    def __init__(self, tip: int, files: dict[str, Lines], commits: int = 0):
        self.tip = tip
        self.files = files
        self.at_fork = dict(files)
        self.commits_left = commits

    def fork(self, commits: int = 0) -> Lane:
        return Lane(self.tip, dict(self.files), commits)

    def merged_into(self, other: Lane) -> dict[str, Lines | None]:
        """What `other` takes over: where both changed a file, its own version stays."""
        taken: dict[str, Lines | None] = {}
        for path in sorted(self.files.keys() | self.at_fork.keys()):
            mine, before = self.files.get(path), self.at_fork.get(path)
            if mine is not before and other.files.get(path) is before:
                taken[path] = mine
        self.at_fork = dict(self.files)
        return taken


class Teller:
    """Draws everything from one seeded source. Only `random()` is used: its sequence is the same in every Python."""

    def __init__(self, commits: int):
        self.commits = commits
        self.draw = random.Random(20_100_101).random
        self.file_count = min(570, 40 + commits // 8)
        self.large_changes = min(235, max(1, commits // 8))
        self.tags = min(77, commits // 100 + 1)
        self.serial = 0

    def number(self, below: int) -> int:
        return int(self.draw() * below)

    def pick(self, words):
        return words[self.number(len(words))]

    # Text.
    def prose(self) -> str:
        return " ".join(self.pick(WORDS) for _ in range(3 + self.number(5))).capitalize() + "."

    def line(self, path: str) -> bytes:
        """One line in the language of the file."""
        a, b, c = self.pick(WORDS), self.pick(WORDS), self.pick(WORDS)
        kind = path.rpartition(".")[2]
        if kind == "py":
            forms = (
                f"    {a}_{b} = self.{c}.get('{b}', {self.number(1000)})",
                f"    if {a} is not None and {b}.{c}({a}):",
                f"        return [{a} for {a} in self.{b} if {a}.{c}_id == {self.number(99)}]",
                f"    # {self.prose()}",
                f"def {a}_{b}({c}, {a}=None, *args, **kwargs):",
                f'    """{self.prose()}"""',
                "",
            )
        elif kind in ("html", "xml"):
            forms = (f'  <div class="{a} {b}">${{c.{c}}}</div>', f"  <p>{self.prose()}</p>", f"  % for {a} in c.{b}:", "")
        elif kind == "js":
            forms = (f"  var {a} = ${b}('#{c}').data('{a}');", f"  if ({a}.{b} > {self.number(99)}) {{ {c}(); }}", f"// {a}", "")
        elif kind == "css":
            forms = (f".{a} .{b} {{ margin: {self.number(20)}px; }}", f"#{a}-{b} > .{c} {{ color: #{self.number(4096):03x}; }}")
        elif kind == "po":
            forms = (f'msgid "{a} {b}"', f'msgstr "{self.prose()}"', "")
        else:
            forms = (self.prose(), f"* {self.prose()}", "")
        return self.pick(forms).encode() + b"\n"

    def text(self, path: str, lines: int) -> Lines:
        return [self.line(path) for _ in range(lines)]

    def edited(self, path: str, old: Lines, replaced: int, added: int = 0) -> Lines:
        """The file with a few places changed; an added block stands in one place."""
        lines = list(old)
        while replaced > 0 and lines:
            at, size = self.number(len(lines)), 1 + self.number(min(replaced, 5))
            lines[at : at + size] = self.text(path, size)
            replaced -= size
        at = self.number(len(lines) + 1)
        lines[at:at] = self.text(path, added)
        return lines

    def slightly_edited(self, path: str, old: Lines) -> Lines:
        growth = self.number(4)
        lines = self.edited(path, old, 1 + self.number(6), growth)
        return lines if len(lines) < 500 else lines[: 480 + growth]

    def message(self, path: str) -> str:
        area = path.split("/")[-1].partition(".")[0]
        subject = f"{area}: {self.pick(VERBS)} {self.pick(WORDS)} of {self.pick(WORDS)} in {self.pick(WORDS)} {self.pick(WORDS)}"
        if self.draw() < 0.4:
            subject += "\n\n" + "\n".join(self.prose() for _ in range(1 + self.number(4)))
        return subject + "\n"

    # Files.
    def new_path(self) -> str:
        self.serial += 1
        if self.serial <= 14:
            return f"{WORDS[self.serial].upper()}.{'rst' if self.serial % 3 else 'txt'}"
        folder = FOLDERS[self.serial] if self.serial < len(FOLDERS) else self.pick(FOLDERS)
        kinds = {"templates": "html", "js": "js", "css": "css", "docs": "rst", "i18n": "po"}
        kind = next((kind for part, kind in kinds.items() if part in folder.split("/")), "py")
        return f"{folder}/{self.pick(WORDS)}_{self.serial}.{kind}"

    def some_path(self, lane: Lane) -> str:
        paths = self.paths(lane)
        # A few files see most of the changes, as in life.
        return paths[int(self.draw() ** 2 * len(paths))]

    def paths(self, lane: Lane) -> list:
        return [path for path in lane.files if path not in (LARGE_FILE, README)]

    # Changes: each returns what a changeset writes.
    def additions(self, count: int) -> dict[str, Lines | None]:
        added = {}
        for _ in range(count):
            path = self.new_path()
            added[path] = self.text(path, 10 + int(self.draw() ** 2 * 260))
        return added

    def edits(self, lane: Lane) -> dict[str, Lines | None]:
        chosen = {self.some_path(lane) for _ in range(1 + int(self.draw() ** 2 * 4))}
        return {path: self.slightly_edited(path, lane.files[path]) for path in sorted(chosen)}

    def wide_edit(self, lane: Lane) -> dict[str, Lines | None]:
        chosen: dict[str, Lines | None] = {}
        while len(chosen) < min(WIDE_FILES, len(self.paths(lane))):
            path = self.some_path(lane)
            chosen[path] = self.edited(path, lane.files[path], WIDE_LINES)
        return chosen

    def large_edit(self, lane: Lane, done: int) -> dict[str, Lines | None]:
        """The n-th change of the large file: it grows evenly to its last length."""
        old = lane.files[LARGE_FILE]
        wanted = LARGE_START + (LARGE_END - LARGE_START) * (done + 1) // self.large_changes
        return {LARGE_FILE: self.edited(LARGE_FILE, old, 3, wanted - len(old))}


def tell(commits: int) -> Iterator[Commit]:
    """The whole history, parents before children. The last changeset of each branch is its head."""
    teller = Teller(commits)
    main = Lane(0, {})
    stable: Lane | None = None
    following: Lane | None = None
    sides: list[Lane] = []
    large_done = tags_done = 0

    def commit(number, lane, branch, changes, merged=(), renamed=None, message=None) -> Commit:
        parents = tuple(parent for parent in (lane.tip, *merged) if parent)
        for path, lines in changes.items():
            if lines is None:
                lane.files.pop(path, None)
            else:
                lane.files[path] = lines
        lane.tip = number
        author = PEOPLE[int(teller.draw() ** 2 * len(PEOPLE))]
        return Commit(
            number=number,
            parents=parents,
            branch=branch,
            author=f"{author} <{author}@example.com>",
            seconds=START + number * 3_600 + teller.number(3_000),
            message=message or teller.message(next(iter(changes), "core")),
            files={path: None if lines is None else b"".join(lines) for path, lines in changes.items()},
            renamed=renamed or {},
            tag=tag if branch == MAIN and lane is main else None,
        )

    for number in range(1, commits + 1):
        last = number == commits
        tag = None
        # The main line alone carries tags, so a due one waits for its next changeset.
        if number * teller.tags >= (tags_done + 1) * commits or last:
            tag = f"0.{tags_done // 10}.{tags_done % 10}"
        ready = [side for side in sides if side.commits_left == 0]
        missing = min(teller.file_count, 60 + (teller.file_count - 60) * number * 10 // (commits * 9)) - len(main.files)

        if number == 1:
            first = teller.additions(min(60, teller.file_count) - 2)
            first[README] = teller.text(README, 60)
            first[LARGE_FILE] = teller.text(LARGE_FILE, LARGE_START)
            made = commit(number, main, MAIN, first, message="Start\n")
        elif not last and sides and not ready and number % 3:
            side = sides[number % len(sides)]
            side.commits_left -= 1
            made = commit(number, side, MAIN, teller.edits(side))
        elif not last and stable and number % 60 == 0:
            made = commit(number, stable, STABLE, teller.edits(stable))
        elif not last and following and number % 20 == 0:
            made = commit(number, following, NEXT, teller.edits(following))
        elif stable and number % 181 == 0:
            made = commit(number, main, MAIN, stable.merged_into(main), [stable.tip], message="Merge stable\n")
        elif ready:
            side = ready[0]
            sides.remove(side)
            made = commit(number, main, MAIN, side.merged_into(main), [side.tip], message="Merge a line of work\n")
        elif number * teller.large_changes >= (large_done + 1) * commits:
            made = commit(number, main, MAIN, teller.large_edit(main, large_done))
            large_done += 1
        elif missing > 0:
            made = commit(number, main, MAIN, teller.additions(min(missing, 3)))
        elif number % WIDE_EVERY == 0:
            made = commit(number, main, MAIN, teller.wide_edit(main))
        elif number % 97 == 0:
            made = commit(number, main, MAIN, {teller.some_path(main): None}, message="Remove what nobody uses\n")
        elif number % 151 == 0:
            old, new = teller.some_path(main), teller.new_path()
            moved = {old: None, new: teller.slightly_edited(new, main.files[old])}
            made = commit(number, main, MAIN, moved, renamed={new: old}, message=f"Move {old}\n")
        else:
            made = commit(number, main, MAIN, teller.edits(main))
        if made.tag:
            tags_done += 1
        yield made

        if stable is None and number * 10 > commits:
            stable = main.fork()
        if following is None and number * 10 > commits * 9:
            following = main.fork()
        if len(sides) < 2 and number % 40 == 0 and number + 60 < commits:
            sides.append(main.fork(commits=2 + teller.number(7)))
