"""Running the installed commands as somebody at a terminal, cron, or a deployment recipe does."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.instance import environment
from harness.servers import BIN

Done = subprocess.CompletedProcess


def program(name: str) -> str:
    return str(BIN / name)


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


def at_terminal(words: Sequence[object], answers: Sequence[tuple[str, str]], folder: Path) -> tuple[int, str]:
    """Run a command at a terminal of its own: wait for each question and type its answer. Exit code and screen."""
    name, *rest = map(str, words)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(program(name), [name, *rest], environment(folder))
    screen, left, deadline = "", list(answers), time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                block = os.read(terminal, 4096)
            except OSError:  # the other side has closed it
                break
            if not block:
                break
            screen += block.decode()
            if left and left[0][0] in screen.rsplit("\x00", 1)[-1]:
                os.write(terminal, left.pop(0)[1].encode())
                screen += "\x00"  # What was asked before is no question any more.
    finally:
        os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert not left, (left, screen)
    return os.waitstatus_to_exitcode(status), screen.replace("\x00", "").replace("\r\n", "\n")
