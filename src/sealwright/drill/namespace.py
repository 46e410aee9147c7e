"""Proof of clean-up: the drill's surroundings before and after, compared.

Looked at are the run's folder, the processes below this one or with the run's mark, the ports that
they listen on, and the user's installation, which a drill must not touch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sealwright.drill import processes
from sealwright.drill.journal import FOLDER
from sealwright.drill.processes import Process

if TYPE_CHECKING:
    from sealwright.project.core import Project

_CHANGING: Final = ("serving", "work", FOLDER)
"""Folders in the state folder that a serving installation, another run or we ourselves write."""
_MAX_FILES: Final = 100_000

Stamp = tuple[int, int, int]
"""Inode, size and time of the last change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The surroundings at one moment."""

    files: frozenset[str]
    """Names at the top of the run's folder."""
    processes: frozenset[Process]
    ports: frozenset[str]
    installation: dict[str, Stamp]
    """The user's own files, by path."""
    ledger: tuple[int, bytes]
    """Size and root of the user's ledger."""


def snapshot(project: Project, folder: Path, run: str) -> Snapshot:
    """The surroundings now. `folder` is the run's, `project` the user's."""
    found = processes.marked(run) | processes.below(os.getpid())
    head = project.ledger.head()
    return Snapshot(
        files=frozenset(path.name for path in folder.iterdir()) if folder.exists() else frozenset(),
        processes=frozenset(found),
        ports=processes.listening({os.getpid(), *(known.pid for known in found)}),
        installation=dict(_stamps(project.layout.state)),
        ledger=(head.size, head.root),
    )


def differences(before: Snapshot, after: Snapshot, *, project: Project, run: str) -> list[str]:
    """What is there now and was not, or has changed, in words; nothing is the proof."""
    found = [f"file {name} is left" for name in sorted(after.files - before.files)]
    found += [f"process {known.pid} is left" for known in after.processes - before.processes]
    found += [f"port {port} is still open" for port in sorted(after.ports - before.ports)]
    both = before.installation.keys() | after.installation.keys()
    found += [
        f"{path} of your installation has changed"
        for path in sorted(both)
        if before.installation.get(path) != after.installation.get(path)
    ]
    return found + _ledger(before, after, project=project, run=run)


def _ledger(before: Snapshot, after: Snapshot, *, project: Project, run: str) -> list[str]:
    if before.ledger == after.ledger:
        return []
    size = before.ledger[0]
    if after.ledger[0] <= size:
        return ["your ledger is not what it was"]
    return [
        f"entry {item.index} of your ledger is the drill's"
        for item in project.evidence()[size:]
        if run in item.principal.id or run.encode() in item.envelope.payload
    ]


def _stamps(state: Path) -> Iterator[tuple[str, Stamp]]:
    """Every file of the state folder that only its owner changes, the ledger left out."""
    waiting, count = [state], 0
    while waiting and count < _MAX_FILES:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                count += 1
                at_top = Path(entry.path).parent == state
                if at_top and (entry.name in _CHANGING or entry.name.startswith("ledger.db")):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                    continue
                seen = entry.stat(follow_symlinks=False)
                yield entry.path, (seen.st_ino, seen.st_size, seen.st_mtime_ns)
