"""Running the installed commands as cron or a deployment recipe does."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.commands import program
from harness.instance import environment

Done = subprocess.CompletedProcess


@pytest.fixture(scope="module")
def run(folder: Path) -> Callable[..., Done]:
    """Run a command to its end, without a terminal and, unless a text is given, with nothing on standard input."""

    def run(*words: object, text: str | bytes | None = None, cwd: Path = folder, **env: str) -> Done:
        name, *rest = map(str, words)
        given = text.encode() if isinstance(text, str) else text
        source = {"input": given} if given is not None else {"stdin": subprocess.DEVNULL}
        done = subprocess.run([program(name), *rest], cwd=cwd, env=environment(folder, **env), capture_output=True, timeout=60, **source)
        return Done(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
