"""What a run left in its output folder: looked at, made durable, moved into place in one step."""

from __future__ import annotations

import ctypes
import os
import stat
from contextlib import AbstractContextManager
from pathlib import Path

from sealwright.locks import sweep, work_folder
from sealwright.sandbox.interface import Violation
from sealwright.sandbox.limits import MAX_OUTPUT_FILES
from sealwright.sandbox.plan import remove

_STAGE = ".sealwright-train-"
PREVIOUS = "previous"
"""In a stage: the folder for the model that is being replaced, under its own name."""
_MAX_TOLD = 16
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # <fcntl.h>, <linux/fs.h>


def examine(folder: Path, *, bound: int) -> tuple[Violation, ...]:
    """Links, special files, folders that cannot be read, and more than `bound` bytes."""
    found: list[Violation] = []
    size = files = 0

    def unreadable(error: OSError) -> None:
        name = os.path.relpath(error.filename, folder)
        found.append(Violation(kind="output", detail=f"leave the unreadable folder {name}"))

    for place, folders, names in os.walk(folder, onerror=unreadable):
        for name in [*folders, *names]:
            path = Path(place, name)
            status = path.lstat()
            files += 1
            size += status.st_size if stat.S_ISREG(status.st_mode) else 0
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                kind = "symbolic link" if stat.S_ISLNK(status.st_mode) else "special file"
                words = f"leave the {kind} {path.relative_to(folder).as_posix()!r}"
                found.append(Violation(kind="output", detail=words))
        if files > MAX_OUTPUT_FILES:
            words = f"leave more than {MAX_OUTPUT_FILES} files"
            found.append(Violation(kind="output", detail=words))
            break
    if size > bound:
        found.append(Violation(kind="output", detail=f"leave more than {bound >> 20} MiB"))
    return tuple(found[:_MAX_TOLD])


def unusable(folder: Path) -> str:
    """Why this is no model, in words; empty if there is at least one file with content."""
    for place, _, names in os.walk(folder):
        if any(Path(place, name).lstat().st_size > 0 for name in names):
            return ""
    return "the command wrote no model: its output folder is empty"


def settle(folder: Path) -> None:
    """Plain permissions for every file (no set-user-id bit survives), and all of it on disk."""
    for place, folders, names in os.walk(folder):
        for name in folders:
            Path(place, name).chmod(0o755)
        for name in names:
            path = Path(place, name)
            path.chmod(0o644)
            _sync(path)
        _sync(Path(place))
    folder.chmod(0o755)


def move_into_place(folder: Path, target: Path, *, aside: Path) -> None:
    """Renames `folder` to `target`; what was there is exchanged for it in one step.

    Where the file system cannot do that, it goes to `aside` for a moment, and comes back on
    failure: at once, or by `clear` if we are killed in that moment.
    """
    if target.exists() and _exchange(folder, target):
        _sync(target.parent)
        return
    replaced = target.exists()
    if replaced:
        aside.parent.mkdir(parents=True, exist_ok=True)
        target.rename(aside)
    try:
        folder.rename(target)
    except OSError:
        if replaced:
            aside.rename(target)
        raise
    _sync(target.parent)


def stage(parent: Path) -> AbstractContextManager[Path]:
    """A folder beside the model to be, gone at the end; `clear_stages` comes first."""
    return work_folder(parent, prefix=_STAGE, discard=clear)


def clear_stages(parent: Path) -> None:
    """Clears the stages of runs that were killed; those that are running are left alone."""
    sweep(parent, prefix=_STAGE, discard=clear)


def clear(folder: Path) -> None:
    """Deletes a stage, after a run or after the death of one. A model that lies in PREVIOUS and has
    nothing in its place goes back there, beside the stage."""
    for previous in (folder / PREVIOUS).glob("*"):
        if not (folder.parent / previous.name).exists():
            previous.rename(folder.parent / previous.name)
    remove(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Swaps two names in one step; False where the system or the file system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    swapped: int = libc.renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
    )
    return swapped == 0


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
