"""Locks that end with their holder: whose turn it is, and which unfinished work is still alive.

Both are locks on a folder. The kernel lets go of them when the process dies, however it dies, so a
killed process blocks nobody, and a living one is never taken for dead.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sealwright.errors import CannotLook, Refused

Discard = Callable[[Path], None]
"""Deletes a folder and whatever is in it."""


@contextmanager
def turn(folder: Path, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Lets one holder in at a time, among all threads and processes that name this folder.

    `waiting` is called once if somebody else is in. Raises CannotLook where the folder is not
    there or its file system has no locks.
    """
    try:
        descriptor = _opened(folder)
    except OSError as error:
        raise CannotLook(f"{folder}: cannot be locked: {error.strerror}") from error
    try:
        try:
            if not _lock(descriptor, wait=False):
                if waiting is not None:
                    waiting()
                _lock(descriptor, wait=True)
        except OSError as error:
            raise CannotLook(f"{folder}: cannot be locked: {error.strerror}") from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def claim(folder: Path, *, taken: str, advice: str = "") -> Iterator[None]:
    """Holds `folder` against every other claim and turn; Refused with `taken`, at once, if somebody
    is in. CannotLook where the folder is not there or its file system has no locks."""
    try:
        descriptor = _opened(folder)
    except OSError as error:
        raise CannotLook(f"{folder}: cannot be locked: {error.strerror}") from error
    try:
        try:
            held = _lock(descriptor, wait=False)
        except OSError as error:
            raise CannotLook(f"{folder}: cannot be locked: {error.strerror}") from error
        if not held:
            raise Refused(taken, advice=advice)
        yield
    finally:
        os.close(descriptor)


def _delete(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def work_folder(parent: Path, *, prefix: str, discard: Discard = _delete) -> Iterator[Path]:
    """An empty folder of ours in `parent`, named `prefix` and some letters, gone at the end.

    What killed processes left under the same prefix goes first. `discard` is used on both. Where
    the file system has no locks, nothing that was left is touched.
    """
    sweep(parent, prefix=prefix, discard=discard)
    folder, descriptor = _claim(parent, prefix)
    try:
        yield folder
    finally:
        try:
            discard(folder)
        finally:
            os.close(descriptor)


def sweep(parent: Path, *, prefix: str, discard: Discard = _delete) -> None:
    """Discards the work folders of this prefix whose makers are dead."""
    for folder in parent.glob(f"{prefix}*"):
        with suppress(OSError):  # gone meanwhile, or not ours to look at: the next one may try
            descriptor = _opened(folder)
            try:
                if _lock(descriptor, wait=False) and _is_still(folder, descriptor):
                    discard(folder)
            finally:
                os.close(descriptor)


def _claim(parent: Path, prefix: str) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        descriptor = -1
        with suppress(FileNotFoundError):
            descriptor = _opened(folder)
            with suppress(OSError):  # no locks here: then nobody sweeps, either
                _lock(descriptor, wait=True)
            if _is_still(folder, descriptor):
                return folder, descriptor
        # Somebody swept it before it was locked.
        if descriptor >= 0:
            os.close(descriptor)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Whether the lock is ours now; it is let go when the descriptor is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _is_still(folder: Path, descriptor: int) -> bool:
    """Whether the name still means the folder that was opened."""
    return os.path.samestat(os.fstat(descriptor), os.lstat(folder))
