from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import MalformedError, TamperError
from sealwright.ledger import merkle
from sealwright.ledger.tiles import (
    WIDTH,
    Tile,
    bundles_of,
    decode_bundle,
    encode_bundle,
    hash_reader,
    tile_path,
    tiles_of,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(0, 1234067, 256), "tile/0/x001/x234/067"),
        (Tile(1, 1000, 7), "tile/1/x001/000.p/7"),
        (Tile(-1, 12, 256), "tile/entries/012"),
        (Tile(-1, 0, 1), "tile/entries/000.p/1"),
    ],
)
def test_paths_are_those_of_the_spec(tile: Tile, path: str) -> None:
    assert str(tile_path(tile)) == path


@pytest.mark.parametrize(
    ("size", "tiles"),
    [
        (0, []),
        (1, [Tile(0, 0, 1)]),
        (2, [Tile(0, 0, 2)]),
        (255, [Tile(0, 0, 255)]),
        (256, [Tile(0, 0, 256), Tile(1, 0, 1)]),
        (257, [Tile(0, 0, 256), Tile(0, 1, 1), Tile(1, 0, 1)]),
    ],
)
def test_tiles_of_a_tree(size: int, tiles: list[Tile]) -> None:
    assert list(tiles_of(size)) == tiles


def test_seventy_thousand_has_three_levels() -> None:
    found = list(tiles_of(70_000))
    assert len([t for t in found if t.level == 0]) == 274
    assert found[-2:] == [Tile(1, 1, 17), Tile(2, 0, 1)]
    assert all(t.width > 0 for t in found)
    assert len(list(bundles_of(70_000))) == 274


@given(st.integers(0, 2**40))
def test_partial_widths_follow_the_formula(size: int) -> None:
    for level in range(6):
        whole, width = divmod(size // WIDTH**level, WIDTH)
        if whole < 3:
            row = [t for t in tiles_of(size) if t.level == level] if size < 70_000 else []
            if row:
                assert row[-1].width == (width or WIDTH)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 513])
def test_hashes_read_from_tiles_are_the_trees(size: int) -> None:
    hashes = [merkle.leaf_hash(b"%d" % n) for n in range(size)]
    _, completed = merkle.extend(merkle.EMPTY, hashes)
    rows = {0: hashes, 1: [value for level, value in completed if level == 1]}

    def read_tile(level: int, number: int) -> bytes:
        return b"".join(rows[level][number * WIDTH : (number + 1) * WIDTH])

    assert merkle.root_at(size, hash_reader(read_tile)) == merkle.tree_hash(hashes)


def test_a_short_tile_is_refused() -> None:
    read = hash_reader(lambda level, number: b"\x00" * 32)
    assert read(0, 0) == b"\x00" * 32
    with pytest.raises(TamperError, match="tile/0/000"):
        read(0, 1)


@given(st.lists(st.binary(max_size=40), max_size=WIDTH))
def test_bundles_come_back(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries), count=len(entries)) == entries


@given(st.binary(max_size=60), st.integers(0, 8))
def test_any_bytes_are_a_bundle_or_refused(data: bytes, count: int) -> None:
    try:
        entries = decode_bundle(data, count=count)
    except MalformedError:
        return
    assert encode_bundle(entries) == data


def test_bundle_limits() -> None:
    assert decode_bundle(encode_bundle([b"x" * 65_535]), count=1) == [b"x" * 65_535]
    with pytest.raises(MalformedError):
        encode_bundle([b"x" * 65_536])
    for data in (b"\x00", b"\x00\x01", b"\x00\x01xy", b""):
        with pytest.raises(MalformedError):
            decode_bundle(data, count=1)
