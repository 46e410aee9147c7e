"""Processes that stay told apart: a process id with the time that the process began.

An id is used again after its process has ended; together with the start time it is not. Reads
`/proc`, so Linux only.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

MARK: Final = "SEALWRIGHT_DRILL"
"""Environment variable that every process of a drill inherits; its value is the run's id."""
_PROC: Final = Path("/proc")
_START: Final = 19
"""Place of the start time among the fields of /proc/PID/stat behind the command's name."""
_STATE: Final = 0
_LISTENING: Final = "0A"


class Process(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One process for ever. `started`: clock ticks since the machine's boot."""

    pid: int
    started: int


def process(pid: int) -> Process | None:
    """The process that has this id now; None if none has, or if it is dead and not yet reaped."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    if len(fields) <= _START or fields[_STATE] in "ZX":
        return None
    return Process(pid, int(fields[_START]))


def lives(known: Process) -> bool:
    """Whether exactly this process is still there."""
    return process(known.pid) == known


def marked(run: str) -> set[Process]:
    """The processes that inherited the mark of this run."""
    mark = f"{MARK}={run}".encode()
    found: set[Process] = set()
    for pid in _pids():
        with suppress(OSError):
            if mark in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                known = process(pid)
                if known is not None:
                    found.add(known)
    return found - {_me()}


def below(pid: int) -> set[Process]:
    """The living processes below `pid`, itself left out."""
    children: dict[int, list[int]] = {}
    for other in _pids():
        with suppress(OSError, ValueError, IndexError):
            text = (_PROC / str(other) / "stat").read_text(encoding="utf-8", errors="replace")
            children.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(other)
    found: set[Process] = set()
    waiting = list(children.get(pid, ()))
    while waiting:
        child = waiting.pop()
        waiting += children.get(child, ())
        known = process(child)
        if known is not None:
            found.add(known)
    return found


def kill(known: Process, *, seconds: float = 10.0) -> bool:
    """Kills exactly this process, never another that was given its id; True once it is gone."""
    try:
        handle = os.pidfd_open(known.pid)
    except OSError:
        return not lives(known)
    try:
        if lives(known):  # the handle is open, so that id cannot change hands any more
            with suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        deadline = time.monotonic() + seconds
        while lives(known) and time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(known.pid, os.WNOHANG)
            time.sleep(0.01)
    finally:
        os.close(handle)
    return not lives(known)


def listening(pids: set[int]) -> frozenset[str]:
    """Where these processes listen for TCP: `hexadecimal address:port`, as the kernel writes it."""
    wanted: set[str] = set()
    for pid in pids:
        with suppress(OSError):
            for link in (_PROC / str(pid) / "fd").iterdir():
                with suppress(OSError):
                    target = str(link.readlink())
                    if target.startswith("socket:["):
                        wanted.add(target[8:-1])
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and fields[9] in wanted:
                    found.add(fields[1])
    return frozenset(found)


def _me() -> Process:
    known = process(os.getpid())
    assert known is not None
    return known


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
