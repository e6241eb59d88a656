"""Write the story as a Git repository, through `git fast-import`."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import BinaryIO

from bench.story import MAIN, Commit, tell
from harness.clients import Git


def write(git: Git, repository: Path, commits: int) -> None:
    """A bare repository in one pack, without the extra files of `git gc` (commit graph, bitmaps): the harder case."""
    git("init", "--quiet", "--bare", f"--initial-branch={MAIN}", repository)
    argv = [git.program, "fast-import", "--quiet", "--done", "--force"]
    importer = subprocess.Popen(argv, cwd=repository, env=git.env, stdin=subprocess.PIPE)
    try:
        with importer.stdin as stream:
            for commit in tell(commits):
                _write_commit(stream, commit)
            stream.write(b"done\n")
    finally:
        if importer.wait() != 0:
            raise RuntimeError(f"git fast-import ended with {importer.returncode}")
    git("repack", "-a", "-d", "-f", "-q", "--window=20", cwd=repository, seconds=1800)
    git("pack-refs", "--all", cwd=repository)


def _write_commit(stream: BinaryIO, commit: Commit) -> None:
    who = f"{commit.author} {commit.seconds} +0000"
    lines = [f"commit refs/heads/{commit.branch}", f"mark :{commit.number}", f"author {who}", f"committer {who}"]
    stream.write("\n".join(lines).encode() + b"\n" + _data(commit.message.encode()))
    for word, parent in zip(("from", "merge"), commit.parents):
        stream.write(f"{word} :{parent}\n".encode())
    for path, content in commit.files.items():
        if content is None:
            stream.write(f"D {path}\n".encode())
        else:
            stream.write(f"M 100644 inline {path}\n".encode() + _data(content))
    if commit.tag:
        head = f"tag {commit.tag}\nfrom :{commit.number}\ntagger {who}\n"
        stream.write(head.encode() + _data(f"Release {commit.tag}\n".encode()))


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)
