"""A copy of a scanned file that nobody else can change: the bytes that were scanned, or none."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from sealwright.errors import InputMissing, LimitReached, Refused
from sealwright.vetting.sources import opened, sha256_of

_PIECE = 64 * 1024 * 1024


def copied(path: Path, folder: Path, *, sha256: str) -> Path:
    """Copies the file at `path` into `folder`, with its holes, and no byte more than it has now.

    LimitReached where the disk has no room for it, Refused where the copy has another digest than
    `sha256` (hex), InputMissing where it cannot be read.
    """
    copy = folder / path.name
    try:
        with opened(path) as (_, source):
            status = os.fstat(source)
            free = shutil.disk_usage(folder).free
            if status.st_blocks * 512 > free:
                raise LimitReached(
                    f"{path}: a copy takes {status.st_blocks * 512} bytes, and {folder.parent} has "
                    f"{free} left",
                    advice="make room there, or set TMPDIR to a folder with room",
                )
            _copy(source, copy, size=status.st_size)
        with opened(copy) as (data, _):
            same = sha256_of(data) == sha256
    except OSError as error:
        raise InputMissing(
            f"{path}: cannot be copied to {folder.parent}: {error.strerror}",
            advice="is the file readable, and is there room?",
        ) from error
    if not same:
        raise Refused(
            f"{path}: not loaded, since it changed after it was scanned",
            advice="stop whoever writes it, and load it again",
        )
    return copy


def _copy(source: int, to: Path, *, size: int) -> None:
    """The parts of a file that hold data, each at its place."""
    target = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.truncate(target, size)
        for start, end in _data(source, size):
            os.lseek(source, start, os.SEEK_SET)
            os.lseek(target, start, os.SEEK_SET)
            left = end - start
            while left:
                moved = os.sendfile(target, source, None, min(_PIECE, left))
                if not moved:
                    return  # it has become shorter; the digest says so
                left -= moved
    finally:
        os.close(target)


def _data(file: int, size: int) -> Iterator[tuple[int, int]]:
    """Where a file holds data, not holes."""
    at = 0
    while at < size:
        try:
            start = os.lseek(file, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole from here on
                return
            raise
        at = min(os.lseek(file, start, os.SEEK_HOLE), size)
        yield start, at
