"""Which processes there are below this test run, and that none stays behind.

The run adopts orphans (`PR_SET_CHILD_SUBREAPER`): what a server leaves behind becomes our child instead of vanishing to pid 1,
so a leftover can be named, reported and ended by its own id.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36

_ours: set[int] = set()
"""Processes that a fixture started and has not stopped yet."""


def adopt_orphans() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    state: str
    command: str

    def __str__(self) -> str:
        return f"{self.pid} {self.command}"


def _read(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return None
    # The program's name stands in parentheses and may itself hold spaces and parentheses.
    name, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
    return Process(pid, int(rest[1]), rest[0], command or name)


def living() -> list[Process]:
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return [found for pid in pids if (found := _read(pid)) and found.state not in "ZX"]


def children(pid: int) -> list[Process]:
    return [process for process in living() if process.parent == pid]


def descendants(pid: int) -> list[Process]:
    everything = living()
    found: list[Process] = []
    generation = {pid}
    while generation:
        below = [process for process in everything if process.parent in generation]
        found += below
        generation = {process.pid for process in below}
    return found


def start(argv: list[str], **options) -> subprocess.Popen:
    process = subprocess.Popen(argv, start_new_session=True, **options)
    _ours.add(process.pid)
    return process


def ended(process: subprocess.Popen) -> None:
    _ours.discard(process.pid)


def orphans() -> list[Process]:
    """Children of the test run that no test started: what a stopped server left behind."""
    return [process for process in children(os.getpid()) if process.pid not in _ours]


def end(processes: Iterable[Process]) -> None:
    for process in processes:
        try:
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def wait_until(condition: Callable[[], object], seconds: float = 60.0, every: float = 0.05) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def memory(pid: int, name: str = "VmRSS") -> int:
    """One size of a process in bytes: `VmRSS` is what it holds now, `VmHWM` the most it held since `forget_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"/proc/{pid}/status has no {name}")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")
