"""How much a run uses, and the limits that the kernel holds for each of its processes.

The kernel's own limits are per process (RLIMIT_NPROC is per user and does not bind root), so they
are only the backstop: the supervisor adds up the whole tree many times a second.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from sealwright.sandbox.interface import Limits

MAX_OUTPUT_FILES = 100_000
THREADS_PER_PROCESS = 64
"""A run may have this many threads for each process that it may have."""
_SLACK_MB = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process tree uses now. `memory` is bytes."""

    processes: int
    threads: int
    memory: int


def rlimits(limits: Limits) -> list[tuple[str, int]]:
    """Name in the `resource` module → value, soft and hard.

    A little above what the supervisor allows, so that it sees the excess and can say so.
    """
    return [
        ("RLIMIT_DATA", (limits.memory_mb + _SLACK_MB) << 20),
        ("RLIMIT_FSIZE", (limits.output_mb + 1) << 20),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", 4096),
        ("RLIMIT_MEMLOCK", 8 << 20),
        ("RLIMIT_MSGQUEUE", 0),
    ]


def descendants(root: int, *, at_most: int = 1 << 20) -> list[int]:
    """Process ids below `root`, nearest first; stops looking when there are `at_most` or more."""
    found: list[int] = []
    pending = [root]
    while pending and len(found) < at_most:
        children = _children(pending.pop(0))
        found += children
        pending += children
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - many times a second
            text = Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii")
            children += [int(word) for word in text.split()]
    except OSError:
        return children  # it ended meanwhile
    return children


def has_child_lists() -> bool:
    """Whether this kernel lists children (CONFIG_PROC_CHILDREN); without it nothing is counted."""
    return Path("/proc/self/task", str(os.getpid()), "children").exists()


def measure(pids: list[int], *, exact_above: int) -> Usage:
    """Adds up `pids`. Pages shared by fork count once in the sum if it is above `exact_above`."""
    memory = threads = processes = 0
    for pid in pids:
        fields = _status(pid)
        if fields.get("State", "Z").startswith(("Z", "X")):
            continue
        processes += 1
        threads += int(fields.get("Threads", "1"))
        memory += sum(_kilobytes(fields.get(name)) for name in ("RssAnon", "RssShmem")) << 10
    if memory > exact_above and processes > 1:
        memory = min(memory, sum(_proportional(pid) for pid in pids))
    return Usage(processes=processes, threads=threads, memory=memory)


def _status(pid: int) -> dict[str, str]:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (x.partition(":") for x in text.splitlines())}


def _kilobytes(text: str | None) -> int:
    return int(text.split()[0]) if text else 0


def _proportional(pid: int) -> int:
    """Bytes of private pages plus this process's share of the shared ones."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return _kilobytes(_status(pid).get("VmRSS")) << 10
    values = {name: rest for name, _, rest in (line.partition(":") for line in text.splitlines())}
    return sum(_kilobytes(values.get(name)) for name in ("Pss_Anon", "Pss_Shmem")) << 10


def folder_size(root: Path) -> tuple[int, int]:
    """(bytes, files) below `root`; a file counts by length or blocks, whichever is more."""
    size = files = 0
    pending = [str(root)]
    while pending and files <= MAX_OUTPUT_FILES:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue  # removed meanwhile, or made unreadable: it is looked at again at the end
        for entry in entries:
            files += 1
            try:
                status = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    size += max(status.st_size, status.st_blocks * 512)
            except OSError:
                continue
    return size, files


def deleted_size(pids: list[int]) -> int:
    """Bytes on disk in files that `pids` hold open and that have no name any more."""
    sizes: dict[tuple[int, int], int] = {}
    for pid in pids:
        try:
            entries = list(os.scandir(f"/proc/{pid}/fd"))
        except OSError:
            continue  # it ended meanwhile
        for entry in entries:
            try:
                status = entry.stat()
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                sizes[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(sizes.values())
