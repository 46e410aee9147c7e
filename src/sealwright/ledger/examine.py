"""Holds leaves, tiles, roots and envelopes against each other, wherever they lie.

The live audit and the offline verification are this walk over two kinds of source. It goes on
after a finding, so that a report names every entry that was touched, up to a limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol, Self

from sealwright.errors import CannotLook, EvidenceError, TamperError
from sealwright.evidence.dsse import Envelope, decode_envelope
from sealwright.evidence.trust import Trust
from sealwright.evidence.verify import History, Verified
from sealwright.ledger import merkle
from sealwright.ledger.checkpoint import SignedCheckpoint
from sealwright.ledger.leaf import check_leaf
from sealwright.ledger.merkle import EMPTY, HASH_SIZE, Frontier
from sealwright.ledger.tiles import WIDTH, Tile, bundles_of, split_hashes, tile_path, tiles_of

MAX_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement: the file or row it is in, the entry it concerns (-1: none alone)."""

    where: str
    message: str
    entry: int = -1

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Report:
    """What an examination saw. `entries` and `trust` are there only if nothing was found."""

    checkpoint: SignedCheckpoint | None
    findings: tuple[Finding, ...]
    entries: tuple[Verified, ...] = ()
    trust: Trust | None = None

    @property
    def ok(self) -> bool:
        """Whether everything agreed."""
        return not self.findings and self.checkpoint is not None and self.trust is not None

    def require(self) -> Self:
        """Itself; TamperError naming what was found unless everything agreed."""
        if self.ok:
            return self
        more = f" (and {len(self.findings) - 1} more findings)" if len(self.findings) > 1 else ""
        first = self.findings[0] if self.findings else "the examination did not come to its end"
        raise TamperError(f"{first}{more}")


class Findings:
    """Collects findings, up to MAX_FINDINGS."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def add(self, where: str, message: str, *, entry: int = -1) -> None:
        """Notes one."""
        if not self.full:
            self._found.append(Finding(where, message, entry))

    @property
    def full(self) -> bool:
        """Whether looking on makes no difference."""
        return len(self._found) >= MAX_FINDINGS

    def __bool__(self) -> bool:
        return bool(self._found)

    def all(self) -> tuple[Finding, ...]:
        """What was found, in order."""
        return tuple(self._found)


class Source(Protocol):
    """Where the walk reads from. A part that is missing or unreadable is noted by the source
    itself, and stands as None."""

    def leaves(self, bundle: Tile) -> Sequence[bytes | None]:
        """The `bundle.width` leaves of an entry bundle."""
        ...

    def hashes(self, tile: Tile) -> bytes | None:
        """The content of a tile, all of it."""
        ...

    def envelope(self, index: int, leaf_hash: bytes) -> bytes | None:
        """The envelope's bytes."""
        ...

    def envelope_name(self, index: int, leaf_hash: bytes) -> str:
        """Where that envelope lies, for a finding."""
        ...


@dataclass(slots=True)
class Walk:
    """What the walk carries along and leaves behind."""

    source: Source
    findings: Findings
    roots: dict[int, bytes] = field(default_factory=dict)
    """Size → root, for the sizes that were asked for."""
    envelopes: list[Envelope] = field(default_factory=list)
    leaf_hashes: list[bytes] = field(default_factory=list)


def walk_tree(source: Source, *, size: int, sizes: Iterable[int], findings: Findings) -> Walk:
    """Recomputes the tree from its leaves, compares every tile and every envelope, and notes the
    roots at `sizes` and at `size`."""
    walk = Walk(source, findings)
    stops = sorted({stop for stop in sizes if 0 <= stop <= size} | {0, size})
    frontier, upper = EMPTY, dict[int, list[bytes]]()
    walk.roots[0] = merkle.EMPTY_ROOT
    for bundle in bundles_of(size):
        if findings.full:
            return walk
        hashes = _walk_bundle(walk, bundle)
        walk.leaf_hashes += hashes
        frontier = _extend(walk, frontier, hashes, stops=stops, upper=upper)
    for tile in tiles_of(size):
        if tile.level and not findings.full:
            first = tile.number * WIDTH
            _compare_tile(walk, tile, upper[tile.level][first : first + tile.width])
    return walk


def _extend(
    walk: Walk,
    frontier: Frontier,
    hashes: Sequence[bytes],
    *,
    stops: Sequence[int],
    upper: dict[int, list[bytes]],
) -> Frontier:
    start, end = frontier.size, frontier.size + len(hashes)
    cuts = [start, *(stop for stop in stops if start < stop < end), end]
    for first, last in pairwise(cuts):
        frontier, completed = merkle.extend(frontier, hashes[first - start : last - start])
        for level, value in completed:
            upper.setdefault(level, []).append(value)
        walk.roots[last] = merkle.root(frontier)
    return frontier


def _walk_bundle(walk: Walk, bundle: Tile) -> list[bytes]:
    """Leaf hashes of one bundle, as computed from its leaves (or, where one is missing, as the
    tile has it, so that one gap does not hide what comes after it)."""
    tile = Tile(0, bundle.number, bundle.width)
    leaves = walk.source.leaves(bundle)
    content = walk.source.hashes(tile)
    stored = split_hashes(content or b"\x00" * HASH_SIZE * tile.width)
    if len(stored) != tile.width or len(stored[-1]) != HASH_SIZE:
        walk.findings.add(str(tile_path(tile)), f"does not hold {tile.width} hashes")
        stored = [b"\x00" * HASH_SIZE] * tile.width
    result: list[bytes] = []
    for place, leaf in enumerate(leaves):
        index = bundle.number * WIDTH + place
        if leaf is None:
            result.append(stored[place])
            continue
        computed = merkle.leaf_hash(leaf)
        result.append(computed)
        if content is not None and computed != stored[place]:
            walk.findings.add(
                f"entry {index}",
                f"the leaf in {tile_path(bundle)} does not have the hash in {tile_path(tile)}",
                entry=index,
            )
        _check_envelope(walk, index, leaf, computed)
    return result


def _check_envelope(walk: Walk, index: int, leaf: bytes, leaf_hash: bytes) -> None:
    data = walk.source.envelope(index, leaf_hash)
    if data is None:
        return
    try:
        envelope = decode_envelope(data)
        check_leaf(leaf, envelope)
    except (EvidenceError, CannotLook) as error:
        name = walk.source.envelope_name(index, leaf_hash)
        walk.findings.add(name, f"entry {index}: {error.message}", entry=index)
    else:
        walk.envelopes.append(envelope)


def _compare_tile(walk: Walk, tile: Tile, expected: Sequence[bytes]) -> None:
    content = walk.source.hashes(tile)
    if content is None or content == b"".join(expected):
        return
    name, span = str(tile_path(tile)), WIDTH**tile.level
    if len(content) != tile.width * HASH_SIZE:
        walk.findings.add(name, f"does not hold {tile.width} hashes")
        return
    for place, (stored, computed) in enumerate(zip(split_hashes(content), expected, strict=True)):
        if stored != computed:
            first = (tile.number * WIDTH + place) * span
            walk.findings.add(
                name,
                f"hash {place} is not that of the entries {first} to {first + span - 1}",
                entry=first,
            )


def compare_roots(walk: Walk, checkpoints: Mapping[int, tuple[str, bytes]]) -> None:
    """Notes checkpoints (size → name, root) that the leaves do not lead to, and the entries
    between the last one that agrees and the first one that does not."""
    agreed = 0
    for size in sorted(checkpoints):
        name, root = checkpoints[size]
        if size in walk.roots and walk.roots[size] != root:
            what = "the empty tree" if size == 0 else f"the first {size} entries"
            walk.findings.add(
                name,
                f"{what} do not lead to the root that was signed: "
                f"something in the entries {agreed} to {max(size - 1, 0)} was changed",
                entry=agreed,
            )
            return
        agreed = size


def conclude(walk: Walk, *, checkpoint: SignedCheckpoint, anchor: Trust) -> Report:
    """Checks every signature under the trust, if the structure holds, and sums up."""
    findings = walk.findings
    if findings:
        return Report(checkpoint, findings.all())
    history = History(anchor)
    try:
        history.extend(walk.envelopes)
        entries = history.verified()
    except EvidenceError as error:
        index = _entry_of(error.message)
        findings.add("signatures", error.message, entry=index)
        return Report(checkpoint, findings.all())
    return Report(checkpoint, (), entries, history.trust)


def _entry_of(message: str) -> int:
    """The entry that `History` names: `entry 12: …`."""
    number = message.removeprefix("entry ").partition(":")[0]
    return int(number) if number.isdecimal() else -1
