"""The pin: the last published checkpoint, in a file outside the database.

Whoever puts an old copy of the database back meets it at the next opening, or append. The file
has two slots that are written in turn, so that a torn write leaves the other one whole, and a
publication costs one fdatasync.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sealwright.errors import (
    CannotLook,
    EvidenceError,
    ForkError,
    InputMissing,
    LimitReached,
    MalformedError,
)
from sealwright.ledger.checkpoint import SignedCheckpoint, open_checkpoint
from sealwright.ledger.interface import TreeState
from sealwright.ledger.note import VerifierKey

SLOT = 4096
"""Bytes per slot: one page. A checkpoint takes about 200; the rest is newlines."""

RootAt = Callable[[int], bytes]
"""The root that our tree had at an earlier size."""

_ADVICE = (
    "the database may be an old copy put back: restore the newest one. "
    "Appending to this one would give the log two histories"
)


def sync_folder(folder: Path) -> None:
    """Makes new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(slots=True)
class Pin:
    """The pin of one log. One thread at a time uses it; processes take turns by a file lock."""

    path: Path
    key: VerifierKey
    _seen: bytes = b""
    """The file as it was when last found in order."""

    def read(self) -> SignedCheckpoint | None:
        """The last published checkpoint; None if there is no pin. ForkError if none of its slots
        holds a checkpoint of this log."""
        try:
            with self._opened() as descriptor:
                return self._newest(_content(descriptor))
        except InputMissing:
            return None

    def check(self, state: TreeState, root_at: RootAt) -> None:
        """ForkError unless our tree begins with the published one. Cheap if nothing changed."""
        with self._opened() as descriptor:
            self._check(_content(descriptor), state, root_at)

    def publish(self, checkpoint: SignedCheckpoint, root_at: RootAt) -> None:
        """Puts the checkpoint in the older slot, durable on return. A greater one that another
        process published meanwhile stays; one that is not ours raises ForkError."""
        with self._opened() as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            content = _content(descriptor)
            published = self._newest(content)
            if published is not None and published.size >= checkpoint.size:
                if published.size == checkpoint.size and published.root != checkpoint.root:
                    raise ForkError(f"{self.path}: size {checkpoint.size} has two roots")
                return
            self._check(content, TreeState(checkpoint.size, checkpoint.root), root_at)
            turn = 1 if published is not None and content[:SLOT] == _slot(published.note) else 0
            os.pwrite(descriptor, _slot(checkpoint.note), turn * SLOT)
            os.fdatasync(descriptor)
            slots = [content[:SLOT], content[SLOT:]]
            slots[turn] = _slot(checkpoint.note)
            self._seen = b"".join(slots)

    def create(self, checkpoint: SignedCheckpoint) -> None:
        """Makes the pin of a log that has none; appears whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.new")
        with draft.open("wb") as file:
            file.write(_slot(checkpoint.note) + _slot(b""))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self.path)
        except FileExistsError:
            pass  # another process was faster, and made the same
        finally:
            draft.unlink()
        sync_folder(self.path.parent)

    def _check(self, content: bytes, state: TreeState, root_at: RootAt) -> None:
        if content == self._seen:
            return
        published = self._newest(content)
        if published is None:
            raise ForkError(f"{self.path}: the pin holds no checkpoint", advice=_ADVICE)
        if published.size > state.size:
            raise ForkError(
                f"the ledger has {state.size} entries, but {published.size} were published "
                f"(pin {self.path}): entries {state.size} to {published.size - 1} are missing",
                advice=_ADVICE,
            )
        ours = state.root if published.size == state.size else root_at(published.size)
        if ours != published.root:
            raise ForkError(
                f"the ledger's first {published.size} entries are not those that were published "
                f"(pin {self.path})",
                advice=_ADVICE,
            )
        self._seen = content

    def _newest(self, content: bytes) -> SignedCheckpoint | None:
        found: list[SignedCheckpoint] = []
        for slot in (content[:SLOT], content[SLOT:]):
            try:
                found.append(open_checkpoint(slot.rstrip(b"\n") + b"\n", self.key))
            except (MalformedError, EvidenceError, LimitReached):
                continue  # empty, or torn by a power cut while it was written
        return max(found, key=lambda item: item.size, default=None)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            raise InputMissing(f"{self.path}: the ledger's pin is gone") from error
        except OSError as error:
            raise CannotLook(f"{self.path}: {error.strerror}") from error
        try:
            yield descriptor
        except OSError as error:
            raise CannotLook(f"{self.path}: {error.strerror}") from error
        finally:
            os.close(descriptor)


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, 2 * SLOT, 0)


def _slot(note: bytes) -> bytes:
    if len(note) > SLOT:
        raise MalformedError(f"a checkpoint of {len(note)} bytes; the pin takes {SLOT}")
    return note.ljust(SLOT, b"\n")
