"""Processor time and memory, as the kernel counts them."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from harness import processes

TICK = 1 / os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024


def cpu(pid: int) -> float:
    """Seconds that a process and the children it has waited for have used, in user and system mode."""
    stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    fields = stat[stat.rindex(")") + 2 :].split()
    # utime, stime, cutime, cstime: fields 14 to 17 of proc(5), and the first two are cut off here.
    return sum(map(int, fields[11:15])) * TICK


def cpu_of(pids: list[int]) -> float:
    return sum(map(cpu, pids))


def rss(pids: list[int]) -> list[float]:
    """What each process holds now, in MiB."""
    return [round(processes.memory(pid) / MIB, 1) for pid in pids]


def peak(pids: list[int]) -> list[float]:
    """The most that each process held since `forget_peak`, in MiB."""
    return [round(processes.memory(pid, "VmHWM") / MIB, 1) for pid in pids]


def forget_peak(pids: list[int]) -> None:
    for pid in pids:
        processes.forget_peak(pid)


def pss(pids: list[int]) -> list[float]:
    """Like `rss`, with what several processes share divided among them."""
    return [round(_pss(pid) / 1024, 1) for pid in pids]


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def _machine_busy() -> float:
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    # After "cpu": user, nice, system, idle, iowait, irq, softirq, steal of proc(5). Idle and iowait are no work.
    return sum(int(words[n]) for n in (1, 2, 3, 6, 7, 8)) * TICK


@dataclass
class Span:
    """What happened to some processes between two moments."""

    wall: float
    cpu: float
    foreign: float
    """How many processors were busy with work that was neither the server's nor ours: zero on a quiet machine."""


class Meter:
    """Reads the counters now and again at `read`."""

    def __init__(self, pids: list[int]):
        self.pids = pids
        self.begin = time.perf_counter()
        self.server = cpu_of(pids)
        self.own = self._own()
        self.machine = _machine_busy()

    def _own(self) -> float:
        """Ours and that of the clients that we started and that have ended."""
        used = os.times()
        return used.user + used.system + used.children_user + used.children_system

    def read(self) -> Span:
        wall = time.perf_counter() - self.begin
        server = cpu_of(self.pids) - self.server
        others = _machine_busy() - self.machine - server - (self._own() - self.own)
        return Span(wall, server, max(0.0, round(others / wall, 2)) if wall else 0.0)
