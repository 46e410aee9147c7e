"""The audit of a live ledger: finds every edit, gap, exchange and second history, and names it."""

from __future__ import annotations

from collections.abc import Sequence

from sealwright.errors import CannotLook, EvidenceError, SealwrightError
from sealwright.evidence.trust import Trust, load_trust
from sealwright.ledger.checkpoint import SignedCheckpoint, open_checkpoint
from sealwright.ledger.examine import (
    Findings,
    Report,
    Walk,
    compare_roots,
    conclude,
    walk_tree,
)
from sealwright.ledger.interface import Store, StoredEntry
from sealwright.ledger.ledger import Ledger
from sealwright.ledger.note import encode_vkey
from sealwright.ledger.tiles import HASH_SIZE, WIDTH, Tile, tile_path, tiles_of

Checkpoints = dict[int, tuple[str, bytes]]
"""Size → where it was found, and its root."""


def audit(ledger: Ledger, *, trust: bytes, published: Sequence[bytes] = ()) -> Report:
    """Examines everything in a ledger: the store, tiles, leaves, envelopes, all checkpoints, the
    pin, and each signature under `trust` (the bytes of a trust file).

    `published` are checkpoints that somebody kept: the ledger must have grown from each. Entries
    appended while the audit runs are left to the next one. Raises only if `trust` itself is bad;
    `Report.require()` raises what was found.
    """
    anchor, findings = load_trust(trust), Findings()
    _check_trust(ledger, anchor, findings)
    try:
        head = ledger.head()
    except SealwrightError as error:
        findings.add("head", error.message)
        return Report(None, findings.all())
    try:
        for flaw in ledger.store.flaws():
            findings.add("store", flaw)
        checkpoints = _checkpoints(ledger, head, published, findings)
        source = _StoreSource(ledger.store, findings)
        walk = walk_tree(source, size=head.size, sizes=checkpoints, findings=findings)
        compare_roots(walk, checkpoints)
        _check_extent(ledger.store, head, walk)
    except EvidenceError as error:
        findings.add("store", error.message)
        return Report(head, findings.all())
    return conclude(walk, checkpoint=head, anchor=anchor)


class _StoreSource:
    """Leaves, tiles and envelopes out of a store; the rows of one bundle at a time."""

    def __init__(self, store: Store, findings: Findings) -> None:
        self._store = store
        self._findings = findings
        self._rows: dict[int, StoredEntry] = {}

    def leaves(self, bundle: Tile) -> Sequence[bytes | None]:
        start = bundle.number * WIDTH
        stop = start + bundle.width
        self._rows = {row.index: row for row in self._store.entries(start, stop)}
        for index in range(start, stop):
            if index not in self._rows:
                self._findings.add(f"entry {index}", "is missing", entry=index)
        return [
            self._rows[index].leaf if index in self._rows else None for index in range(start, stop)
        ]

    def hashes(self, tile: Tile) -> bytes | None:
        content = self._store.tile(tile.level, tile.number)[: tile.width * HASH_SIZE]
        if not content:
            self._findings.add(str(tile_path(tile)), "is missing")
        return content or None

    def envelope(self, index: int, leaf_hash: bytes) -> bytes | None:
        row = self._rows[index]
        if row.envelope is None:
            self._findings.add(f"entry {index}", "its envelope is gone", entry=index)
        elif row.leaf_hash != leaf_hash:
            self._findings.add(
                f"entry {index}", "another entry's envelope stands in its place", entry=index
            )
        return row.envelope

    def envelope_name(self, index: int, leaf_hash: bytes) -> str:
        return f"envelope {leaf_hash.hex()}"


def _check_trust(ledger: Ledger, anchor: Trust, findings: Findings) -> None:
    if encode_vkey(ledger.vkey) != anchor.log_vkey:
        findings.add("trust root", "it names another log's key")


def _checkpoints(
    ledger: Ledger, head: SignedCheckpoint, published: Sequence[bytes], findings: Findings
) -> Checkpoints:
    """Every checkpoint that the tree must agree with. Those above the head name what is missing."""
    notes: list[tuple[str, int | None, bytes]] = [
        (f"checkpoint {size}", size, note) for size, note in ledger.store.checkpoints()
    ]
    notes += [("published checkpoint", None, note) for note in published]
    found: Checkpoints = {head.size: (f"checkpoint {head.size}", head.root)}
    for name, size, note in notes:
        try:
            signed = open_checkpoint(note, ledger.vkey)
        except (EvidenceError, CannotLook) as error:
            findings.add(name, error.message)
            continue
        if size not in (None, signed.size):
            findings.add(name, f"the checkpoint of size {signed.size} stands in its place")
        elif size is None or signed.size <= head.size:
            _note(found, name, signed, head, findings)
    try:
        pinned = ledger.pin.read()
    except SealwrightError as error:
        findings.add("pin", error.message)
    else:
        if pinned is None:
            findings.add("pin", f"{ledger.pin.path} is gone")
        else:
            # Read after the head: an append since then may have moved it, and only that.
            _note(found, "pin", pinned, ledger.head(), findings)
    return found


def _note(
    found: Checkpoints,
    name: str,
    signed: SignedCheckpoint,
    head: SignedCheckpoint,
    findings: Findings,
) -> None:
    if signed.size > head.size:
        findings.add(
            name,
            f"{signed.size} entries were published, and {head.size} are here: "
            f"entries {head.size} to {signed.size - 1} are missing",
            entry=head.size,
        )
    elif signed.size in found and found[signed.size][1] != signed.root:
        findings.add(name, f"there are two signed roots for the size {signed.size}: a fork")
    else:
        found.setdefault(signed.size, (name, signed.root))


def _check_extent(store: Store, head: SignedCheckpoint, walk: Walk) -> None:
    """Nothing but what the head covers, and what another process appends meanwhile."""
    state, counts = store.state(), store.counts()
    if state.size < head.size or (state.size == head.size and state.root != head.root):
        walk.findings.add("size", f"the store says {state.size}, the checkpoint {head.size}")
    if counts.entries < state.size or counts.envelopes < state.size:
        walk.findings.add("store", f"fewer rows than the {state.size} entries it should have")
    again = store.state()
    if again.size == state.size:
        tiles = sum(1 for _ in tiles_of(state.size))
        for name, count, due in (
            ("entries", counts.entries, state.size),
            ("envelopes", counts.envelopes, state.size),
            ("tiles", counts.tiles, tiles),
        ):
            if count > due:
                walk.findings.add("store", f"{count - due} {name} too many: nobody appended them")
