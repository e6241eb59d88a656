"""The two repositories that are measured, and what there is in them to ask for.

They are made once and kept in a cache folder, since telling the story takes a minute; existing ones may be named instead.
What pages ask for is looked up with the real programs, in the same way for made and for named ones.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import git_history
from harness.clients import Client

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kallithea-rs-bench"

CUT_OFF = 250_000
"""Files above about this size are not shown by the server, so they make no page to measure."""
PAGE_SIZE = 100
"""Changesets on a page of the changelog."""
WIDE = 9
"""The changeset to look at has this many files, or as near as can be found."""


@dataclass(frozen=True)
class Facts:
    """One repository: how large it is, and what its pages are asked for."""

    kind: str
    changesets: int
    files: int
    tags: int
    branches: int
    tip: str
    changeset: str
    """The newest of some hundred changesets whose number of files is nearest to `WIDE`."""
    changeset_files: int
    deep_folder: str
    large_file: str
    large_file_bytes: int
    large_file_lines: int
    large_file_changes: int
    older_tag: str
    newer_tag: str
    """Two tags a sixth of all tags apart, to be compared."""
    root: str
    """The first changeset: all the files that a repository begins with, which makes a long page."""

    @property
    def deep_page(self) -> int:
        """A page of the changelog well behind the first."""
        return max(2, min(40, self.changesets // PAGE_SIZE // 2))

    def as_dict(self) -> dict:
        return asdict(self)


def made(client: Client, commits: int) -> Path:
    """The story as a repository: from the cache, or told now."""
    stamp = hashlib.sha256()
    for source in ("story.py", f"{client.kind}_history.py"):
        stamp.update((HERE / source).read_bytes())
    kept = CACHE / f"{client.kind}-{commits}-{stamp.hexdigest()[:12]}"
    if kept.exists():
        return kept
    print(f"Telling {commits} changesets to {client.kind}; kept in {kept} ...", flush=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    # A half-told story never gets the final name.
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="unfinished-") as unfinished:
        repository = Path(unfinished) / "repository"
        if client.kind == "git":
            git_history.write(client, repository, commits)
        else:
            client("init", repository)
            extension = f"extensions.history={HERE / 'hg_history.py'}"
            client("--config", extension, "--cwd", repository, "tell-history", commits, seconds=3600)
        repository.rename(kept)
    return kept


def put(client: Client, source: Path, place: Path) -> None:
    """Replace the empty repository that the server has made at `place` by a copy of `source`; its own settings stay."""
    copy = place.with_name(place.name + ".copy")
    if client.kind == "git":
        client("clone", "--quiet", "--bare", source, copy, seconds=600)
        client("pack-refs", "--all", cwd=copy)
        settings = ["config", "hooks"]
    else:
        client("clone", "--quiet", "--noupdate", source, copy, seconds=600)
        (copy / ".hg" / "hgrc").unlink(missing_ok=True)
        settings = [".hg/hgrc"]
    for name in settings:
        if (place / name).is_dir():
            shutil.rmtree(copy / name, ignore_errors=True)
            shutil.copytree(place / name, copy / name)
        elif (place / name).exists():
            shutil.copy2(place / name, copy / name)
    shutil.rmtree(place)
    copy.rename(place)


def facts(client: Client, repository: Path) -> Facts:
    return (_git_facts if client.kind == "git" else _hg_facts)(client, repository)


def _git_facts(git: Client, repository: Path) -> Facts:
    def ask(*words: object) -> list[str]:
        return git(*words, cwd=repository, seconds=600).splitlines()

    tree = [line.split(None, 3)[3].split("\t") for line in ask("-c", "core.quotePath=off", "ls-tree", "-r", "-l", "HEAD")]
    sizes = {path: int(size) for size, path in tree if size.strip().isdigit()}
    wide: dict[str, int] = {}
    for line in ask("log", "-400", "--no-merges", "--name-only", "--format=:%H"):
        if line.startswith(":"):
            wide[line[1:]] = 0
        elif line:
            wide[next(reversed(wide))] += 1
    large = _largest(sizes)
    changeset = _nearest(wide)
    return Facts(
        kind="git",
        changesets=int(ask("rev-list", "--count", "--branches", "--tags")[0]),
        files=len(sizes),
        tags=len(ask("tag")),
        branches=len(ask("branch", "--format=%(refname)")),
        tip=ask("rev-parse", "HEAD")[0],
        changeset=changeset,
        changeset_files=wide[changeset],
        deep_folder=_deepest(sizes),
        large_file=large,
        large_file_bytes=sizes[large],
        large_file_lines=len(ask("cat-file", "blob", f"HEAD:{large}")),
        large_file_changes=int(ask("rev-list", "--count", "HEAD", "--", large)[0]),
        **_apart(ask("tag", "--sort=creatordate")),
        root=ask("rev-list", "--max-parents=0", "HEAD")[-1],
    )


def _hg_facts(hg: Client, repository: Path) -> Facts:
    def ask(*words: object) -> list[str]:
        return hg("--cwd", repository, *words, seconds=600).splitlines()

    tip = "branch(default) and head()" if ask("branches", "--template", "{branch}\n").count("default") else "tip"
    tip = ask("log", "--rev", f"last({tip})", "--template", "{node}\n")[0]
    tree = (line.split("\t") for line in ask("files", "--rev", tip, "--template", "{size}\t{path}\n"))
    sizes = {path: int(size) for size, path in tree}
    wide = dict(line.split() for line in ask("log", "--limit", "400", "--no-merges", "--template", "{node} {files|count}\n"))
    wide = {node: int(count) for node, count in wide.items()}
    large = _largest(sizes)
    changeset = _nearest(wide)
    return Facts(
        kind="hg",
        changesets=int(ask("log", "--rev", "tip", "--template", "{rev}\n")[0]) + 1,
        files=len(sizes),
        tags=len(ask("tags", "--quiet")) - 1,
        branches=len(ask("branches", "--quiet")),
        tip=tip,
        changeset=changeset,
        changeset_files=wide[changeset],
        deep_folder=_deepest(sizes),
        large_file=large,
        large_file_bytes=sizes[large],
        large_file_lines=len(ask("cat", "--rev", tip, f"path:{large}")),
        large_file_changes=len(ask("log", "--template", "x\n", "--", large)),
        **_apart(ask("log", "--rev", "tag()", "--template", "{tags % '{tag}\n'}")),
        root=ask("log", "--rev", f"first(ancestors({tip}))", "--template", "{node}\n")[0],
    )


def _largest(sizes: dict[str, int]) -> str:
    text = {path: size for path, size in sizes.items() if size < CUT_OFF and path.endswith((".py", ".rs", ".c", ".js", ".java"))}
    text = text or {path: size for path, size in sizes.items() if size < CUT_OFF}
    return max(sorted(text), key=text.__getitem__)


def _apart(tags: list[str]) -> dict[str, str]:
    """Of all tags, oldest first, two that are a sixth of them apart; in a repository without tags the tip stands for both."""
    if len(tags) < 2:
        return {"older_tag": "tip", "newer_tag": "tip"}
    newer = len(tags) * 3 // 4
    return {"older_tag": tags[newer - max(1, len(tags) // 6)], "newer_tag": tags[newer]}


def _nearest(wide: dict[str, int]) -> str:
    """`wide` is newest first, and `min` takes the first of equals."""
    return min(wide, key=lambda changeset: abs(wide[changeset] - WIDE))


def _deepest(sizes: dict[str, int]) -> str:
    folders = sorted({path.rpartition("/")[0] for path in sizes})
    return max(folders, key=lambda folder: folder.count("/") + bool(folder))
