"""Whether the files on disk are those that were admitted: before loading, and while served.

A look costs one `stat` per file; only what looks different, or was not read for a while, is hashed
again. The runtime never reads the files twice, so this protects the next start, and tells at once
that somebody is at work on this machine.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sealwright.errors import InputMissing, LimitReached, TamperError, Unsupported
from sealwright.evidence.manifest import manifest_digest
from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.tree import MAX_DEPTH, identify

REHASH_SECONDS: Final = 60.0
"""However quiet the folder is: everything is read again this often."""
MAX_ENTRIES: Final = 100_000
_SHOWN = 5

Fingerprint = tuple[tuple[str, int, int, int, int, int, int], ...]
"""Sorted: path, mode, device, inode, size, mtime_ns, ctime_ns of every file, and of the folder
itself without size and times; a folder that cannot be read stands there with zeros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A model's folder that was found whole. `hashed` is when, in the caller's seconds."""

    folder: Path
    files: tuple[FileEntry, ...]
    digest: str
    fingerprint: Fingerprint
    hashed: float


def verify(folder: Path, files: Iterable[FileEntry], digest: str) -> None:
    """Reads every file: the folder holds exactly `files`, and their manifest digest is `digest`.

    Raises TamperError naming what differs (links and special files included), InputMissing if the
    folder is not there or a file cannot be read.
    """
    listed = tuple(files)
    if manifest_digest(listed) != digest:
        raise TamperError(
            f"the list of files is not that of model {digest[:12]}",
            advice="the settings were not made from the ledger; start it with `sealwright serve`",
        )
    if stat.S_ISREG(_mode(folder)):
        raise TamperError(f"{folder}: is a file; the folder of model {digest[:12]} was there")
    try:
        found = identify(folder, workers=1)
    except (Unsupported, LimitReached) as error:  # an admitted model has no such files
        raise TamperError(
            f"not the model that was admitted: {error.message}", advice=_RESTORE
        ) from error
    except OSError as error:
        raise InputMissing(
            f"{folder}: the model's files cannot be listed: {error.strerror}", advice=_RESTORE
        ) from error
    if found.digest != digest:
        raise TamperError(
            f"{folder}: not the model that was admitted: {_difference(listed, found.files)}",
            advice=_RESTORE,
        )


_RESTORE = "the version is not served; release it again from its training output"


def watch(folder: Path, files: Iterable[FileEntry], digest: str, *, now: float) -> Watched:
    """Begins to watch a folder that is whole now; errors as `verify`. `now`: any steady seconds."""
    before, listed = fingerprint(folder), tuple(files)
    verify(folder, listed, digest)
    return Watched(folder=folder, files=listed, digest=digest, fingerprint=before, hashed=now)


def look(watched: Watched, *, now: float) -> Watched:
    """One look, to be had twice a second; errors as `verify`.

    Reads everything again where the fingerprint changed or the last reading is a minute old. That
    takes as long as hashing does: give it a thread where models are large.
    """
    seen = fingerprint(watched.folder)
    if seen == watched.fingerprint and now - watched.hashed < REHASH_SECONDS:
        return watched
    # The fingerprint is older than the reading: what changes meanwhile shows in the next look.
    verify(watched.folder, watched.files, watched.digest)
    return replace(watched, fingerprint=seen, hashed=now)


def fingerprint(folder: Path) -> Fingerprint:
    """What `stat` tells of every file; never fails, and is never the same for other content
    unless somebody set the clock back and wrote in place."""
    found: list[tuple[str, int, int, int, int, int, int]] = []
    with suppress(OSError):
        own = folder.lstat()
        found.append((".", own.st_mode, own.st_dev, own.st_ino, 0, 0, 0))
    pending = [("", 0)]
    while pending and len(found) <= MAX_ENTRIES:
        prefix, depth = pending.pop()
        try:
            entries = list(os.scandir(folder / prefix))
        except OSError:
            found.append((prefix, 0, 0, 0, 0, 0, 0))
            continue
        for entry in entries:
            path = prefix + entry.name
            try:
                told = entry.stat(follow_symlinks=False)
            except OSError:
                found.append((path, 0, 0, 0, 0, 0, 0))  # gone between two calls
                continue
            if stat.S_ISDIR(told.st_mode) and depth < MAX_DEPTH:
                pending.append((path + "/", depth + 1))
            else:
                times = (told.st_mtime_ns, told.st_ctime_ns)
                place = (told.st_mode, told.st_dev, told.st_ino, told.st_size)
                found.append((path, *place, *times))
    return tuple(sorted(found))


def _mode(folder: Path) -> int:
    try:
        return folder.lstat().st_mode
    except OSError as error:
        raise InputMissing(
            f"{folder}: the model's folder cannot be read: {error.strerror}", advice=_RESTORE
        ) from error


def _difference(listed: Iterable[FileEntry], found: Iterable[FileEntry]) -> str:
    wanted, there = ({entry.path: entry for entry in files} for files in (listed, found))
    lines = [f"{path} is missing" for path in sorted(wanted.keys() - there.keys())]
    lines += [f"{path} was added" for path in sorted(there.keys() - wanted.keys())]
    both = sorted(wanted.keys() & there.keys())
    lines += [f"{path} was changed" for path in both if wanted[path] != there[path]]
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "; ".join(lines[:_SHOWN]) + more
