"""Copies of released models by digest: what is served is read from here, not from where training
writes next.

A copy is there whole or not at all, read-only, and is proved by its digest whenever it is used.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from sealwright import locks
from sealwright.errors import (
    CannotLook,
    InputMissing,
    LimitReached,
    TamperError,
    Unsupported,
    UsageError,
)
from sealwright.evidence.manifest import Artifact, manifest_digest
from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.tree import identify
from sealwright.files import sync_folder
from sealwright.project.core import Project
from sealwright.project.layout import Layout
from sealwright.project.named import Named
from sealwright.sandbox.plan import remove

MAX_BYTES: Final = 4 * 1024**3
"""Largest model that is kept; the engine itself takes one file of at most 1 GiB."""
MAX_FILES: Final = 10_000
_DRAFT, _WASTE = "model-", "unserved-"
_CHUNK: Final = 1 << 20
_FILE, _FOLDER = 0o444, 0o555
_OPEN_FOLDER: Final = 0o755
_SPOILED: Final = "keep the folder for whoever investigates: move it away, and release again"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def keep(project: Project, named: Named) -> Path:
    """Copies a model's files from where they lie into the store; the folder of the copy.

    The files are hashed while they are copied, and only those that were identified are taken. Does
    nothing if the model is kept already, and whole. Durable when it returns. Raises TamperError for
    other bytes, at the source or in the store, InputMissing where only the digest is known or a
    file is gone, LimitReached above 4 GiB or 10,000 files.
    """
    artifact = named.files
    if manifest_digest(artifact.files) != named.digest:
        raise TamperError(f"{named.name}: its files are not those of {named.digest[:12]}")
    if artifact.size > MAX_BYTES or len(artifact.files) > MAX_FILES:
        raise LimitReached(
            f"{named.name}: larger than what is served ({MAX_BYTES} bytes, {MAX_FILES} files)",
            advice="leave checkpoints and logs out of the training output",
        )
    layout = project.layout
    place = _place(layout, named.digest)
    _make_folders(layout)
    with locks.turn(layout.models):
        if not place.exists():
            with locks.work_folder(layout.work, prefix=_DRAFT, discard=remove) as nursery:
                copy = nursery / named.digest
                _copy(artifact, copy)
                _move(copy, place)
        # Also after a crash between the renaming and this: modes are no part of a name.
        place.chmod(_FOLDER)
    return verify_kept(project, named.digest)


def kept(project: Project, digest: str) -> Path | None:
    """The folder of a kept model, unread; None if it is not kept."""
    place = _place(project.layout, digest)
    return place if place.is_dir() and not place.is_symlink() else None


def verify_kept(project: Project, digest: str) -> Path:
    """The folder of a kept model, every file of which was read and found right.

    InputMissing if it is not kept, TamperError if its files are not those of the model.
    """
    _proved(project, digest)
    return _place(project.layout, digest)


def _proved(project: Project, digest: str) -> Artifact:
    place = kept(project, digest)
    if place is None:
        raise InputMissing(
            f"the model {digest[:12]} is not in the store",
            advice="release it again while its training output is there",
        )
    try:
        found = identify(place, workers=1)
    except (Unsupported, LimitReached) as error:  # links and the like were never copied
        raise TamperError(
            f"this copy is not the model it was: {error.message}", advice=_SPOILED
        ) from error
    if found.digest != digest:
        raise TamperError(f"{place}: this copy is not the model it was", advice=_SPOILED)
    return found


def listed(project: Project) -> tuple[str, ...]:
    """Digests of all models that are kept, sorted."""
    folder = project.layout.models
    if not folder.is_dir():
        return ()
    return tuple(sorted(x.name for x in folder.iterdir() if _DIGEST.fullmatch(x.name)))


def remove_others(project: Project, needed: Collection[str]) -> tuple[str, ...]:
    """Removes every kept model that is not `needed`; their digests, sorted.

    A copy disappears at once: whoever has its files open goes on reading them.
    """
    layout = project.layout
    if not layout.models.is_dir():
        return ()
    _make_folders(layout)
    with locks.turn(layout.models):
        doomed = [digest for digest in listed(project) if digest not in needed]
        with locks.work_folder(layout.work, prefix=_WASTE, discard=remove) as waste:
            for digest in doomed:
                place = _place(layout, digest)
                if not place.is_symlink():
                    place.chmod(_OPEN_FOLDER)  # a read-only folder cannot be moved elsewhere
                place.rename(waste / digest)
            sync_folder(layout.models)
    return tuple(doomed)


def clear_away(project: Project) -> None:
    """Removes what was left half done by somebody who was killed."""
    if project.layout.work.is_dir():
        for prefix in (_DRAFT, _WASTE):
            locks.sweep(project.layout.work, prefix=prefix, discard=remove)


def _place(layout: Layout, digest: str) -> Path:
    if not _DIGEST.fullmatch(digest):
        raise UsageError(f"{digest!r:.80} is not the digest of a model")
    return layout.models / digest


def _make_folders(layout: Layout) -> None:
    try:
        for folder in (layout.models, layout.work):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotLook(f"{layout.models}: cannot be made: {error.strerror}") from error


def _copy(artifact: Artifact, copy: Path) -> None:
    root = artifact.root
    if root is None:
        raise InputMissing("only the list of the model's files is known, not where they are")
    folders = {copy}
    copy.mkdir()
    for entry in artifact.files:
        target = copy / entry.path
        if not target.resolve().is_relative_to(copy.resolve()):
            raise TamperError(f"{entry.path!r:.200}: leads out of the model's folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        folders.update(x for x in target.parents if x.is_relative_to(copy))
        source = root / entry.path if root.is_dir() else root
        try:
            _copy_file(source, target, entry)
        except OSError as error:
            raise CannotLook(
                f"{source}: cannot be copied: {error.strerror}",
                advice="is the file still there, and the disk not full?",
            ) from error
    for folder in sorted(folders, reverse=True):
        sync_folder(folder)
        if folder != copy:
            folder.chmod(_FOLDER)


def _copy_file(source: Path, target: Path, entry: FileEntry) -> None:
    """Copies and hashes in one pass; no link is followed and nothing but `entry`'s bytes taken."""
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as reading:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise TamperError(f"{source}: is no regular file any more")
        with target.open("xb") as writing:
            digest = _pour(reading, writing, at_most=entry.size)
            writing.flush()
            os.fchmod(writing.fileno(), _FILE)
            os.fsync(writing.fileno())
    if digest != entry.sha256:
        raise TamperError(
            f"{source}: not the bytes that were identified",
            advice="the model changed while it was released; look at who writes there",
        )


def _pour(reading: BinaryIO, writing: BinaryIO, *, at_most: int) -> str:
    digest, left = hashlib.sha256(), at_most
    while data := reading.read(min(_CHUNK, left + 1)):
        digest.update(data)
        writing.write(data)
        left -= len(data)
        if left < 0:
            break  # it has grown: the digest cannot be right, and the disk is not to be filled
    return digest.hexdigest()


def _move(copy: Path, place: Path) -> None:
    try:
        copy.rename(place)
    except OSError as error:
        raise CannotLook(f"{place}: cannot be written: {error.strerror}") from error
    sync_folder(place.parent)
    with suppress(OSError):
        sync_folder(place.parent.parent)
