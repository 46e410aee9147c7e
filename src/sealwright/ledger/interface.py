"""What a store of a ledger must do; one file per implementation beside this one.

A store keeps bytes and knows nothing of trees. Everything it holds below a committed size never
changes again, so that readers need no snapshot. The durability rules are in `sequencer.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TreeState:
    """The committed size and its 32-byte root."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is to be written for one entry; `envelope` are the envelope's canonical bytes."""

    leaf: bytes
    leaf_hash: bytes
    envelope: bytes


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as the store has it, unchecked. `envelope` is None where it is gone, and
    `leaf_hash` is the one that the envelope is kept under."""

    index: int
    leaf: bytes
    leaf_hash: bytes | None
    envelope: bytes | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows that the store holds, for an audit."""

    entries: int
    envelopes: int
    tiles: int
    checkpoints: int


class Transaction(Protocol):
    """An exclusive turn at writing: nobody else appends meanwhile, in any process."""

    def state(self) -> TreeState:
        """The committed state."""
        ...

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a tile as far as it is filled; b"" where there is none."""
        ...

    def write(
        self,
        entries: Sequence[NewEntry],
        *,
        tiles: Mapping[tuple[int, int], bytes],
        state: TreeState,
    ) -> None:
        """Adds entries after the committed ones, replaces the tiles at the right edge, and sets
        the state. Durable, all or nothing, when the transaction ends without an error."""
        ...


class Store(Protocol):
    """Where a ledger's bytes lie."""

    @property
    def origin(self) -> str:
        """The log's name."""
        ...

    @property
    def vkey(self) -> str:
        """The log's verifier key."""
        ...

    def state(self) -> TreeState:
        """The committed state."""
        ...

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a tile as far as it is filled; b"" where there is none."""
        ...

    def entries(self, start: int, stop: int) -> Iterator[StoredEntry]:
        """The entries there are in [start, stop), by index."""
        ...

    def checkpoint(self, size: int) -> bytes | None:
        """The signed checkpoint of exactly this size."""
        ...

    def latest_checkpoint(self) -> bytes | None:
        """The signed checkpoint of the greatest size."""
        ...

    def checkpoints(self) -> Iterator[tuple[int, bytes]]:
        """All (size, signed checkpoint), by size."""
        ...

    def put_checkpoint(self, size: int, note: bytes) -> None:
        """Stores a checkpoint; ForkError if another one was stored for this size. The pin makes
        it durable: a lost one is signed again to the same bytes."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """An exclusive turn; ends with a durable commit, or with a rollback on an error."""
        ...

    def counts(self) -> Counts:
        """How many rows there are."""
        ...

    def flaws(self) -> list[str]:
        """What is wrong with the store itself (a damaged file, foreign tables), in words."""
        ...

    def close(self) -> None:
        """Lets go of it."""
        ...
