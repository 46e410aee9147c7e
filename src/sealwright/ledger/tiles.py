"""C2SP tlog-tiles: which tiles a tree has, what they are called and what is in them. Pure.

Spec: C2SP tlog-tiles. A tile of level l holds up to 256 hashes, each the root of 256^l leaves; an
entry bundle holds up to 256 entries, each with a two-byte big-endian length before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sealwright.errors import MalformedError, TamperError
from sealwright.ledger import merkle

WIDTH = 256
HASH_SIZE = merkle.HASH_SIZE
MAX_ENTRY = 65_535
"""Bytes: the length prefix has two."""

_HEIGHT = merkle.TILE_HEIGHT
_GROUP = 1000
_CACHED = 64

ReadTile = Callable[[int, int], bytes]
"""(level, number) → the tile's hashes as far as it is filled; may hold more than asked for."""


@dataclass(frozen=True, slots=True)
class Tile:
    """`level` -1 stands for an entry bundle. `width` is 1 to 256 hashes or entries."""

    level: int
    number: int
    width: int


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of hashes in a tree of `size`, lowest level first; never an empty one."""
    level = 0
    while size > 0:
        yield from _row(level, size)
        size //= WIDTH
        level += 1


def bundles_of(size: int) -> Iterator[Tile]:
    """Every entry bundle of a tree of `size`."""
    return _row(-1, size)


def _row(level: int, count: int) -> Iterator[Tile]:
    for number in range(count // WIDTH):
        yield Tile(level, number, WIDTH)
    if count % WIDTH:
        yield Tile(level, count // WIDTH, count % WIDTH)


def tile_path(tile: Tile) -> PurePosixPath:
    """`tile/<level or entries>/<number>[.p/<width>]`; 1234067 is written x001/x234/067."""
    groups = [f"{tile.number % _GROUP:03d}"]
    rest = tile.number // _GROUP
    while rest:
        groups.insert(0, f"x{rest % _GROUP:03d}")
        rest //= _GROUP
    kind = "entries" if tile.level < 0 else str(tile.level)
    path = "/".join(["tile", kind, *groups])
    return PurePosixPath(path if tile.width == WIDTH else f"{path}.p/{tile.width}")


def hash_reader(read_tile: ReadTile) -> merkle.ReadHash:
    """Reads hashes of subtrees out of tiles; keeps the last few. TamperError for a tile
    that holds less than the tree needs."""
    fetched: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, _HEIGHT)
        first = index << height
        place = (tile_level, first // WIDTH)
        data = fetched.get(place)
        if data is None:
            if len(fetched) >= _CACHED:
                fetched.clear()
            data = fetched[place] = read_tile(*place)
        start, count = first % WIDTH, 1 << height
        part = data[start * HASH_SIZE : (start + count) * HASH_SIZE]
        if len(part) != count * HASH_SIZE:
            raise TamperError(
                f"tile {tile_path(Tile(*place, WIDTH))} has fewer hashes than the tree needs"
            )
        return part if count == 1 else merkle.tree_hash(split_hashes(part))

    return read


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """An entry bundle; MalformedError for an entry above 65,535 bytes."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise MalformedError(f"an entry of {len(entry)} bytes; a bundle takes {MAX_ENTRY}")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_bundle(data: bytes, *, count: int) -> list[bytes]:
    """Exactly `count` entries and nothing after them; MalformedError otherwise."""
    entries: list[bytes] = []
    at = 0
    for number in range(count):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data) or start > len(data):
            raise MalformedError(f"the bundle ends inside its entry {number}")
        entries.append(data[start:at])
    if at != len(data):
        raise MalformedError(f"{len(data) - at} bytes after the bundle's last entry")
    return entries
