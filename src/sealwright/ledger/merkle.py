"""The Merkle tree of RFC 6962, section 2: hashes, compact frontier, proofs and their checks. Pure.

A subtree is named by (level, index): the 2^level leaves from index * 2^level on. Whoever stores
hashes hands in a `ReadHash`; nothing here knows where they lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sealwright.errors import TamperError, UsageError

HASH_SIZE = 32
TILE_HEIGHT = 8
"""Levels per tile: `extend` reports the subtrees at multiples of this, which tiles store."""

EMPTY_ROOT = sha256(b"").digest()
MAX_SIZE = 1 << 48
"""No tree is larger; keeps every number here small."""

ReadHash = Callable[[int, int], bytes]
"""(level, index) → hash of that complete subtree."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: the roots of its complete subtrees, largest (leftmost) first."""

    size: int
    peaks: tuple[bytes, ...]


EMPTY = Frontier(0, ())


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf: sha256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: sha256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def extend(frontier: Frontier, hashes: Iterable[bytes]) -> tuple[Frontier, list[tuple[int, bytes]]]:
    """Adds leaf hashes. Also returns what was completed for tiles above the lowest, in order:
    (tile level, hash of a full subtree of 256^level leaves)."""
    size, peaks = frontier.size, list(frontier.peaks)
    completed: list[tuple[int, bytes]] = []
    for leaf in hashes:
        carry, rest, level = leaf, size, 0
        while rest & 1:
            carry = sha256(b"\x01" + peaks.pop() + carry).digest()
            rest >>= 1
            level += 1
            if level % TILE_HEIGHT == 0:
                completed.append((level // TILE_HEIGHT, carry))
        peaks.append(carry)
        size += 1
    return Frontier(size, tuple(peaks)), completed


def root(frontier: Frontier) -> bytes:
    """The tree's root; for the empty tree sha256 of nothing."""
    if not frontier.peaks:
        return EMPTY_ROOT
    result = frontier.peaks[-1]
    for peak in reversed(frontier.peaks[:-1]):
        result = sha256(b"\x01" + peak + result).digest()
    return result


def tree_hash(hashes: Iterable[bytes]) -> bytes:
    """Root over leaf hashes (or over the hashes of equal complete subtrees)."""
    return root(extend(EMPTY, hashes)[0])


def frontier_at(size: int, read: ReadHash) -> Frontier:
    """The frontier of the first `size` leaves, from stored hashes: O(log size) reads."""
    return Frontier(size, tuple(read(level, index) for level, index in _peaks(0, size)))


def root_at(size: int, read: ReadHash) -> bytes:
    """The root that the tree had when it held `size` leaves."""
    return root(frontier_at(size, read))


def prove_inclusion(index: int, size: int, read: ReadHash) -> tuple[bytes, ...]:
    """RFC 6962 section 2.1.1: hashes from the leaf's sibling to the root's child."""
    if not 0 <= index < size:
        raise UsageError(f"entry {index} is not in a tree of {size}")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(_range_hash(middle, stop, read))
            stop = middle
        else:
            path.append(_range_hash(start, middle, read))
            start = middle
    return tuple(reversed(path))


def prove_consistency(old: int, new: int, read: ReadHash) -> tuple[bytes, ...]:
    """RFC 6962 section 2.1.2: that the tree of `new` leaves begins with the tree of `old`."""
    if not 0 <= old <= new:
        raise UsageError(f"a tree of {new} cannot have grown from one of {old}")
    if old in (0, new):
        return ()
    path: list[bytes] = []
    start, stop, whole = 0, new, True
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(_range_hash(middle, stop, read))
            stop = middle
        else:
            path.append(_range_hash(start, middle, read))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(start, stop, read))
    return tuple(reversed(path))


def check_inclusion(
    leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """TamperError unless `proof` shows that the leaf hash stands at `index` under `root`."""
    if not 0 <= index < size <= MAX_SIZE:
        raise TamperError(f"entry {index} is not in a tree of {size}")
    inner = (index ^ (size - 1)).bit_length()
    _check_shape(proof, inner + (index >> inner).bit_count())
    result, place = leaf, index
    for height, sibling in enumerate(proof):
        left = height >= inner or place & 1
        result = node_hash(sibling, result) if left else node_hash(result, sibling)
        place >>= 1
    if result != root:
        raise TamperError(f"the inclusion proof of entry {index} does not lead to the root")


def check_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """TamperError unless `proof` shows that the new tree begins with the old one."""
    if not 0 <= old <= new <= MAX_SIZE:
        raise TamperError(f"a tree of {new} cannot have grown from one of {old}")
    if old in (0, new):
        _check_shape(proof, 0)
        if old_root != (EMPTY_ROOT if old == 0 else new_root):
            raise TamperError(f"two different trees of size {old}")
        return
    shift = (old & -old).bit_length() - 1
    inner = ((old - 1) ^ (new - 1)).bit_length() - shift
    border = ((old - 1) >> (inner + shift)).bit_count()
    power_of_two = old == 1 << shift
    _check_shape(proof, inner + border + (0 if power_of_two else 1))
    seed, path = (old_root, proof) if power_of_two else (proof[0], proof[1:])
    before = after = seed
    place = (old - 1) >> shift
    for height, sibling in enumerate(path):
        if height >= inner or place & 1:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
        else:
            after = node_hash(after, sibling)
        place >>= 1
    if before != old_root or after != new_root:
        raise TamperError(f"the tree of size {new} does not begin with the tree of size {old}")


def _check_shape(proof: Sequence[bytes], length: int) -> None:
    if len(proof) != length or any(len(item) != HASH_SIZE for item in proof):
        raise TamperError(f"a proof of {len(proof)} hashes where {length} of 32 bytes are due")


def _split(width: int) -> int:
    """The largest power of two below `width` (at least 2)."""
    return 1 << ((width - 1).bit_length() - 1)


def _peaks(start: int, stop: int) -> list[tuple[int, int]]:
    """[start, stop) as complete subtrees, largest first; `start` is a multiple of the first."""
    found: list[tuple[int, int]] = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def _range_hash(start: int, stop: int, read: ReadHash) -> bytes:
    hashes = tuple(read(level, index) for level, index in _peaks(start, stop))
    return root(Frontier(stop - start, hashes))
