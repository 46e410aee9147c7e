"""Takes a file's bytes into sealed memory while hashing them.

A file that is hashed and then opened again may have changed in between. Here the bytes that were
hashed are the only bytes that the engine can reach: they lie in a sealed memory file (memfd). Where
a platform has none they lie in a private, read-only copy, which another process of the same user
could still change.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sealwright.errors import CannotLook, InputMissing, LimitReached, TamperError, Unsupported
from sealwright.evidence.predicates.common import FileEntry

CHUNK = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A file's verified bytes, out of others' reach. Whoever holds it closes it."""

    name: str
    """Path of the file inside its data set, as errors should name it."""
    descriptor: int
    size: int
    copy: Path | None = None
    """The private copy, where there is no sealed memory."""

    @property
    def path(self) -> str:
        """Path under which this process can open the bytes."""
        return str(self.copy) if self.copy else f"/proc/self/fd/{self.descriptor}"

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
        if self.copy is not None:
            shutil.rmtree(self.copy.parent, ignore_errors=True)


def stage(path: Path, *, expected: FileEntry, max_bytes: int) -> Staged:
    """Reads `path` once into sealed memory; its size and sha256 must be the `expected` ones.

    Raises InputMissing if it cannot be opened, Unsupported for anything but a regular file,
    LimitReached above `max_bytes`, TamperError if the content differs from `expected`.
    """
    if expected.size > max_bytes:
        raise LimitReached(
            f"{expected.path}: {expected.size} bytes; at most {max_bytes} are read",
            advice="split the data set, or raise the limit",
        )
    source = _open(path)
    try:
        memory, copy = _room()
    except OSError as error:
        os.close(source)
        raise CannotLook(f"{expected.path}: no room for it: {error.strerror}") from error
    staged = Staged(name=expected.path, descriptor=memory, size=expected.size, copy=copy)
    try:
        digest, size = _copy(source, memory, limit=expected.size)
        if (digest, size) != (expected.sha256, expected.size):
            raise TamperError(
                f"{expected.path}: content is not what its digest says",
                advice="it changed since it was recorded; record a new version, or restore it",
            )
        _seal(staged)
    except BaseException:
        staged.close()
        raise
    finally:
        os.close(source)
    return staged


def has_sealed_memory() -> bool:
    """Whether this platform can seal memory files (Linux 3.17 and newer)."""
    return hasattr(os, "memfd_create") and hasattr(fcntl, "F_ADD_SEALS")


def _room() -> tuple[int, Path | None]:
    """An empty place for the bytes: a memory file, or a file in a folder of our own."""
    if has_sealed_memory():
        flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
        return os.memfd_create("sealwright-data", flags), None
    folder = Path(tempfile.mkdtemp(prefix="sealwright-data-"))
    copy = folder / "bytes"
    return os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), copy


def _seal(staged: Staged) -> None:
    if staged.copy is not None:
        staged.copy.chmod(0o400)
        return
    fcntl.fcntl(
        staged.descriptor,
        fcntl.F_ADD_SEALS,
        fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL,
    )


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
