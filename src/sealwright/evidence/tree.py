"""Reads a file or a folder from disk, once, into an artifact.

This file and `keyfile.py` are the kernel's only contact with a disk. What could mean two things on
two machines is refused: symbolic links, devices, and names that differ only in case or in Unicode
form. Files are opened without following links and must not change while they are read.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sealwright.errors import InputMissing, LimitReached, TamperError, Unsupported
from sealwright.evidence.manifest import Artifact, manifest_digest
from sealwright.evidence.predicates.common import FileEntry

MAX_FILES = 1_000_000
MAX_DEPTH = 64
_CHUNK = 1 << 20


def identify(path: Path, *, workers: int | None = None) -> Artifact:
    """The artifact at `path`: a folder with everything below it, or one file as a tree of one.

    Raises InputMissing if nothing is there, Unsupported for links, special files and ambiguous
    names, LimitReached for more than a million files or 64 levels, TamperError for a file that
    changes while it is read. Folders are hashed by `workers` threads (default: one per core).
    """
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise InputMissing(f"{path}: {error.strerror}", advice="check the path") from error
    if stat.S_ISREG(mode):
        relative = [path.name]
        root = path.parent
    elif stat.S_ISDIR(mode):
        relative = sorted(_walk(path))
        root = path
    else:
        raise _unsupported(path, mode)
    _refuse_ambiguous(relative, root=root)
    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        files = tuple(pool.map(lambda name: _read(root, name), relative))
    return Artifact(digest=manifest_digest(files), files=files, root=path)


def hash_file(path: Path) -> FileEntry:
    """Size and sha256 of one file, under its own name."""
    return _read(path.parent, path.name)


def _walk(root: Path) -> list[str]:
    found: list[str] = []
    pending: list[tuple[str, int]] = [("", 0)]
    while pending:
        prefix, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise LimitReached(f"{root / prefix}: folders nested deeper than {MAX_DEPTH}")
        with os.scandir(root / prefix) as items:
            for item in items:
                name = prefix + item.name
                mode = item.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    pending.append((name + "/", depth + 1))
                elif stat.S_ISREG(mode):
                    found.append(name)
                else:
                    raise _unsupported(root / name, mode)
                if len(found) > MAX_FILES:
                    raise LimitReached(f"{root}: more than {MAX_FILES} files")
    return found


def _unsupported(path: Path, mode: int) -> Unsupported:
    kind = "a symbolic link" if stat.S_ISLNK(mode) else "a special file"
    return Unsupported(
        f"{path}: is {kind}; an artifact holds regular files and folders only",
        advice="replace it with a copy of what it points to, or leave it out",
    )


def _refuse_ambiguous(names: list[str], *, root: Path) -> None:
    seen: dict[str, str] = {}
    for name in names:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError as error:
            raise Unsupported(
                f"{root}: a file name is not valid UTF-8: {name!r}", advice="rename the file"
            ) from error
        if "\\" in name or any(ord(char) < 0x20 or ord(char) == 0x7F for char in name):
            raise Unsupported(
                f"{root}: a file name holds a backslash or control character: {name!r}",
                advice="rename the file",
            )
        # A folded folder name collides as its files do: each prefix is checked.
        parts = name.split("/")
        for end in range(1, len(parts) + 1):
            prefix = "/".join(parts[:end])
            folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", prefix).casefold())
            other = seen.setdefault(folded, prefix)
            if other != prefix:
                raise Unsupported(
                    f"{root}: {other!r} and {prefix!r} are one name on other systems",
                    advice="rename one of them",
                )


def _read(root: Path, name: str) -> FileEntry:
    path = root / name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise InputMissing(
            f"{path}: {error.strerror}", advice="check that it is readable"
        ) from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise _unsupported(path, before.st_mode)
        digest, size, buffer = hashlib.sha256(), 0, bytearray(_CHUNK)
        view = memoryview(buffer)
        while count := file.readinto(buffer):
            digest.update(view[:count])
            size += count
        after = os.fstat(descriptor)
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, size):
        raise TamperError(f"{path}: changed while it was read", advice="stop the writer, try again")
    return FileEntry(path=name, size=size, sha256=digest.hexdigest())
