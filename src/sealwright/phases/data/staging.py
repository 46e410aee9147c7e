"""Takes a file's bytes into sealed memory while hashing them.

A file that is hashed and then opened again may have changed in between. Here the bytes that were
hashed are the only bytes that the engine can reach: they lie in a sealed memory file (memfd).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sealwright.errors import CannotLook, InputMissing, LimitReached, TamperError, Unsupported
from sealwright.evidence.predicates.common import FileEntry

CHUNK = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A file's verified bytes in sealed memory. Whoever holds it closes it."""

    name: str
    """Path of the file inside its data set, as errors should name it."""
    descriptor: int
    size: int

    @property
    def path(self) -> str:
        """Path under which this process can open the sealed bytes."""
        return f"/proc/self/fd/{self.descriptor}"

    def chunks(self, *, size: int = CHUNK) -> Iterator[bytes]:
        """The bytes from the beginning, `size` at a time."""
        offset = 0
        while data := os.pread(self.descriptor, size, offset):
            offset += len(data)
            yield data

    def head(self, count: int) -> bytes:
        """The first `count` bytes."""
        return os.pread(self.descriptor, count, 0)

    def close(self) -> None:
        """Gives the memory back."""
        os.close(self.descriptor)


def stage(path: Path, *, expected: FileEntry, max_bytes: int) -> Staged:
    """Reads `path` once into sealed memory; its size and sha256 must be the `expected` ones.

    Raises InputMissing if it cannot be opened, Unsupported for anything but a regular file or
    where sealed memory does not exist, LimitReached above `max_bytes`, TamperError if the content
    differs from `expected`.
    """
    if not hasattr(os, "memfd_create") or not hasattr(fcntl, "F_ADD_SEALS"):
        raise Unsupported(
            "this platform has no sealed memory files",
            advice="examine data on Linux 3.17 or newer",
        )
    if expected.size > max_bytes:
        raise LimitReached(
            f"{expected.path}: {expected.size} bytes; at most {max_bytes} are read",
            advice="split the data set, or raise the limit",
        )
    source = _open(path)
    try:
        memory = os.memfd_create("sealwright-data", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError as error:
        os.close(source)
        raise CannotLook(f"{expected.path}: no memory file: {error.strerror}") from error
    try:
        digest, size = _copy(source, memory, limit=expected.size)
        if (digest, size) != (expected.sha256, expected.size):
            raise TamperError(
                f"{expected.path}: content is not what its digest says",
                advice="it changed since it was recorded; record a new version, or restore it",
            )
        fcntl.fcntl(
            memory,
            fcntl.F_ADD_SEALS,
            fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL,
        )
    except BaseException:
        os.close(memory)
        raise
    finally:
        os.close(source)
    return Staged(name=expected.path, descriptor=memory, size=size)


def _open(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Unsupported(f"{path}: is a symbolic link", advice="use a copy") from error
        raise InputMissing(
            f"{path}: {error.strerror}", advice="check that it is there and readable"
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unsupported(f"{path}: not a regular file")
    return descriptor


def _copy(source: int, target: int, *, limit: int) -> tuple[str, int]:
    """Copies at most one byte more than `limit`; returns sha256 and count of what was written."""
    digest, size = hashlib.sha256(), 0
    while data := os.read(source, min(CHUNK, limit + 1 - size)):
        digest.update(data)
        view = memoryview(data)
        while view:
            view = view[os.write(target, view) :]
        size += len(data)
        if size > limit:
            break
    return digest.hexdigest(), size
