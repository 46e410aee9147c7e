"""The ledger as everybody uses it: append signed envelopes, read them, prove things about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sealwright.clock import Clock, system_clock
from sealwright.errors import CannotLook, InputMissing, MalformedError, TamperError, UsageError
from sealwright.evidence.dsse import Envelope, decode_envelope
from sealwright.evidence.keys import LogKey, PublicKey
from sealwright.evidence.verify import Verified
from sealwright.ledger import merkle
from sealwright.ledger.checkpoint import SignedCheckpoint, Signer, open_checkpoint
from sealwright.ledger.commit import MAX_BATCH, Committer
from sealwright.ledger.draft import Draft
from sealwright.ledger.interface import Store, StoredEntry
from sealwright.ledger.leaf import check_leaf
from sealwright.ledger.note import decode_vkey, encode_vkey
from sealwright.ledger.pin import Pin
from sealwright.ledger.proof import ConsistencyProof, InclusionProof
from sealwright.ledger.sequencer import Sequencer
from sealwright.ledger.sqlite import SqliteStore, can_write
from sealwright.ledger.tiles import HASH_SIZE, WIDTH, hash_reader, split_hashes, tiles_of


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry is durable, and `checkpoint` (of `size` entries) covers it. `at` is our clock's
    word, signed by nobody."""

    index: int
    leaf_hash: bytes
    size: int
    checkpoint: SignedCheckpoint
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its leaf's bytes and hash, and the envelope that the leaf was made from."""

    index: int
    leaf: bytes
    leaf_hash: bytes
    envelope: Envelope


class Ledger:
    """An append-only log of envelopes. Threads may share one; processes open one each."""

    def __init__(self, store: Store, *, pin: Pin, signer: Signer | None, clock: Clock) -> None:
        self.store = store
        self.pin = pin
        self.clock = clock
        self.vkey = pin.key
        """The log's verifier key."""
        self.sealed = False
        """Whether there is a key, but nothing can be written where the ledger lies."""
        self._committer: Committer[Draft] | None = None
        if signer is not None:
            sequencer = Sequencer(store, signer=signer, pin=pin)
            sequencer.recover()
            self._committer = Committer(
                lambda drafts: sequencer.append([draft.entry() for draft in drafts])
            )

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        origin: str,
        log_key: LogKey,
        clock: Clock = system_clock,
        pin: Path | None = None,
    ) -> Ledger:
        """Makes a new, empty ledger named `origin` (like example.org/log); UsageError if `path`
        is taken. `pin` is the pin file (default: beside it, with the ending .pin)."""
        signer = Signer(origin, log_key)
        place = pin or pin_path(path)
        if place.exists():
            raise UsageError(
                f"{place}: a pin of an earlier ledger is here",
                advice="restore that ledger, or choose another name for the new one",
            )
        store = SqliteStore.create(path, origin=origin, vkey=encode_vkey(signer.vkey))
        return cls._opened(store, Pin(place, signer.vkey), signer, clock)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        origin: str | None = None,
        log_key: LogKey | None = None,
        clock: Clock = system_clock,
        pin: Path | None = None,
    ) -> Ledger:
        """Opens a ledger: with the log key for appending, without it, or where nothing can be
        written, for reading only.

        Raises InputMissing if there is none, UsageError for another log's name or key. For
        appending also ForkError if its tree does not begin with the one that was last published,
        and InputMissing if the pin that says so is gone. Reads no entries.
        """
        place = pin or pin_path(path)
        sealed = log_key is not None and not (can_write(path) and can_write(place))
        store = SqliteStore(path, writable=log_key is not None and not sealed)
        try:
            vkey = decode_vkey(store.vkey)
            if vkey.name != store.origin or origin not in (None, store.origin):
                raise UsageError(f"{path}: this is the log {store.origin}, not {origin}")
            if log_key is not None and log_key.public.raw != vkey.public.raw:
                raise UsageError(f"{path}: the key given is not that of the log {store.origin}")
            signer = Signer(store.origin, log_key) if log_key is not None and not sealed else None
        except BaseException:
            store.close()
            raise
        ledger = cls._opened(store, Pin(place, vkey), signer, clock)
        ledger.sealed = sealed
        return ledger

    @classmethod
    def _opened(cls, store: Store, pin: Pin, signer: Signer | None, clock: Clock) -> Ledger:
        try:
            return cls(store, pin=pin, signer=signer, clock=clock)
        except BaseException:
            store.close()
            raise

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.store.origin

    @property
    def why_reading(self) -> str:
        """Why nothing can be appended; empty where it can."""
        if self._committer is not None:
            return ""
        return "the folder cannot be written" if self.sealed else "the log's key is not here"

    def append(self, evidence: Envelope | Verified, *, public_key: PublicKey) -> Receipt:
        """Appends an envelope signed by `public_key`; durable, checkpointed and published on
        return.

        An `Envelope`'s signature is checked first; a `Verified` was checked when it was made.
        Raises SignatureError, TamperError for another key's envelope, UsageError if opened for
        reading, ForkError, CannotLook if the disk refuses.
        """
        committer = self._appending()
        draft = Draft(evidence, public_key)
        index, checkpoint = committer.submit((draft,))
        size, leaf_hash = checkpoint.tree.size, draft.entry().leaf_hash
        return Receipt(index, leaf_hash, size, checkpoint, self.clock())

    def append_many(
        self, evidence: Iterable[Envelope | Verified], *, public_key: PublicKey
    ) -> tuple[Receipt, ...]:
        """Appends envelopes of one signer in order, as `append`. Each 1,024 go in together or not
        at all."""
        committer = self._appending()
        drafts = [Draft(item, public_key) for item in evidence]
        receipts: list[Receipt] = []
        for at in range(0, len(drafts), MAX_BATCH):
            part = drafts[at : at + MAX_BATCH]
            first, checkpoint = committer.submit(part)
            now = self.clock()
            receipts += [
                Receipt(index, draft.entry().leaf_hash, checkpoint.size, checkpoint, now)
                for index, draft in enumerate(part, first)
            ]
        return tuple(receipts)

    def head(self) -> SignedCheckpoint:
        """The newest signed checkpoint, its signature checked."""
        note = self.store.latest_checkpoint()
        if note is None:
            raise TamperError(f"the ledger {self.origin} has no checkpoint")
        return open_checkpoint(note, self.vkey)

    def find(self, leaf_hash: bytes) -> int | None:
        """The index of the first entry with this leaf hash. Reads 32 bytes per entry."""
        size = self.head().size
        for tile in tiles_of(size):
            if tile.level:
                break
            data = self.store.tile(0, tile.number)[: tile.width * HASH_SIZE]
            if leaf_hash in data and leaf_hash in (hashes := split_hashes(data)):
                return tile.number * WIDTH + hashes.index(leaf_hash)
        return None

    def entry(self, index: int) -> Entry:
        """One entry; InputMissing above the head, TamperError as `entries`."""
        if not 0 <= index < self.head().size:
            raise InputMissing(f"the ledger has no entry {index}")
        return next(self.entries(index, index + 1))

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """The entries in [start, stop), `stop` being the head's size if it is None or greater.

        TamperError, naming the entry, if one is missing, its envelope is gone or is not the one
        its leaf was made from, or its tile has another hash. `audit` checks the tree as a whole.
        """
        size = self.head().size
        stop = size if stop is None else min(stop, size)
        read = hash_reader(self.store.tile)
        expected = max(start, 0)
        for stored in self.store.entries(expected, stop):
            if stored.index != expected:
                break
            yield checked_entry(stored, tree_hash=read(0, stored.index))
            expected += 1
        if expected < stop:
            raise TamperError(f"entry {expected} is missing from the ledger")

    def prove_inclusion(self, index: int, *, size: int | None = None) -> InclusionProof:
        """That entry `index` is in the tree of `size` entries (default: the head's)."""
        size = self._size(size)
        hashes = merkle.prove_inclusion(index, size, hash_reader(self.store.tile))
        return InclusionProof(index, size, hashes)

    def prove_consistency(self, old: int, *, new: int | None = None) -> ConsistencyProof:
        """That the tree of `new` entries (default: the head's) begins with that of `old`."""
        new = self._size(new)
        hashes = merkle.prove_consistency(old, new, hash_reader(self.store.tile))
        return ConsistencyProof(old, new, hashes)

    def close(self) -> None:
        """Finishes what waits and closes the store. May be called twice."""
        committer, self._committer = self._committer, None
        if committer is not None:
            committer.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _appending(self) -> Committer[Draft]:
        if self.sealed:
            raise CannotLook(
                "the ledger lies where nothing can be written, and was opened for reading only",
                advice="record where the project can be written, not in a copy to be looked at",
            )
        if self._committer is None:
            raise UsageError("the ledger is opened for reading only, or closed")
        return self._committer

    def _size(self, size: int | None) -> int:
        newest = self.head().size
        if size is not None and not 0 <= size <= newest:
            raise UsageError(f"the ledger has {newest} entries, not {size}")
        return newest if size is None else size


def pin_path(path: Path) -> Path:
    """Where a ledger's pin lies unless another place is given: beside it."""
    return path.with_name(path.name + ".pin")


def checked_entry(stored: StoredEntry, *, tree_hash: bytes) -> Entry:
    """A stored entry whose leaf is the one in the tree and whose envelope is the leaf's;
    TamperError or MalformedError naming the entry otherwise."""
    place = f"entry {stored.index}"
    if merkle.leaf_hash(stored.leaf) != tree_hash:
        raise TamperError(f"{place}: its leaf is not the one in the tree")
    if stored.envelope is None:
        raise TamperError(f"{place}: its envelope is gone")
    if stored.leaf_hash != tree_hash:
        raise TamperError(f"{place}: another entry's envelope stands in its place")
    try:
        envelope = decode_envelope(stored.envelope)
        check_leaf(stored.leaf, envelope)
    except (TamperError, MalformedError) as error:
        raise type(error)(f"{place}: {error.message}", advice=error.advice) from error
    return Entry(stored.index, stored.leaf, tree_hash, envelope)
