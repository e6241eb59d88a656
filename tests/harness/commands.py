"""Installed commands, and a terminal to run them at."""

from __future__ import annotations

import os
import pty
import select
import time
from collections.abc import Sequence
from pathlib import Path

from harness.instance import environment
from harness.servers import BIN


def program(name: str) -> str:
    """A command as pip installed it."""
    return str(BIN / name)


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
