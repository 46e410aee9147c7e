"""The pin: the last published checkpoint, in a file outside the database.

Whoever puts an old copy of the database back meets it at the next opening, or append. The file
has two slots that are written in turn, so that a torn write leaves the other one whole, and a
publication costs one fdatasync.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sealwright.errors import (
    CannotLook,
    EvidenceError,
    ForkError,
    InputMissing,
    MalformedError,
)
from sealwright.files import sync_folder
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


@dataclass(slots=True)
class Pin:
    """The pin of one log. One thread at a time uses it; processes take turns by a file lock."""

    path: Path
    key: VerifierKey
    _seen: bytes = b""
    """The file as it was when last found in order, and what it says."""
    _published: SignedCheckpoint | None = None

    def read(self) -> SignedCheckpoint | None:
        """The last published checkpoint; None if there is no pin. ForkError if none of its slots
        holds a checkpoint of this log."""
        try:
            with self._opened(os.O_RDONLY) as descriptor:
                content = _content(descriptor)
        except InputMissing:
            return None
        return self._newest(content)

    def check(self, state: TreeState, root_at: RootAt) -> None:
        """ForkError unless our tree begins with the published one, InputMissing if there is no
        pin. Cheap if nothing changed since the last call."""
        with self._opened(os.O_RDONLY) as descriptor:
            self._check(_content(descriptor), lambda: state, root_at)

    def publish(
        self, checkpoint: SignedCheckpoint, *, state: Callable[[], TreeState], root_at: RootAt
    ) -> None:
        """Puts the checkpoint in the older slot, durable on return. A greater one that another
        process published meanwhile stays. ForkError if the published one is not of our tree."""
        with self._opened(os.O_RDWR) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            content = _content(descriptor)
            published = self._check(content, state, root_at)
            if published.size >= checkpoint.size:
                return
            turn = 1 if content[:SLOT] == _slot(published.note) else 0
            slots = [content[:SLOT], content[SLOT:]]
            slots[turn] = _slot(checkpoint.note)
            os.pwrite(descriptor, slots[turn], turn * SLOT)
            os.fdatasync(descriptor)
            self._seen, self._published = b"".join(slots), checkpoint

    def forget(self) -> None:
        """Makes the next check a full one, whatever was seen before."""
        self._seen, self._published = b"", None

    def create(self, checkpoint: SignedCheckpoint) -> None:
        """Makes the pin of a log that has none; appears whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.new")
        with draft.open("wb") as file:
            file.write(_slot(checkpoint.note) + _slot(b""))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was faster, and made the same
            os.link(draft, self.path)
        draft.unlink()
        sync_folder(self.path.parent)

    def _check(
        self, content: bytes, state: Callable[[], TreeState], root_at: RootAt
    ) -> SignedCheckpoint:
        if content == self._seen and self._published is not None:
            return self._published
        published, ours = self._newest(content), state()
        if published.size > ours.size:
            raise ForkError(
                f"the ledger has {ours.size} entries, but {published.size} were published "
                f"(pin {self.path}): entries {ours.size} to {published.size - 1} are missing",
                advice=_ADVICE,
            )
        root = ours.root if published.size == ours.size else root_at(published.size)
        if root != published.root:
            raise ForkError(
                f"the ledger's first {published.size} entries are not those that were published "
                f"(pin {self.path})",
                advice=_ADVICE,
            )
        self._seen, self._published = content, published
        return published

    def _newest(self, content: bytes) -> SignedCheckpoint:
        found: list[SignedCheckpoint] = []
        for slot in (content[:SLOT], content[SLOT:]):
            try:
                found.append(open_checkpoint(slot.rstrip(b"\n") + b"\n", self.key))
            except EvidenceError:
                continue  # empty, or torn by a power cut while it was written
        if not found:
            raise ForkError(f"{self.path}: the pin holds no checkpoint of this log", advice=_ADVICE)
        return max(found, key=lambda item: item.size)

    @contextmanager
    def _opened(self, mode: int) -> Iterator[int]:
        try:
            descriptor = os.open(self.path, mode | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            raise InputMissing(
                f"{self.path}: the ledger's pin is gone", advice="put it back; " + _ADVICE
            ) from error
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
