"""B-trees: version 1 under old groups and chunked data, version 2 under dense storage."""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.errors import MalformedError
from sealwright.vetting.hdf5.bytes import Cursor, Source, encoded_size

_GROUP, _CHUNKS = 0, 1
_MAX_DEPTH = 32


def group_leaves(source: Source, address: int) -> Iterator[int]:
    """Addresses of the symbol table nodes of an old group."""
    for _, child in _walk(source, address, kind=_GROUP, key=source.length_size):
        yield child


def chunks(source: Source, address: int, *, rank: int) -> Iterator[tuple[int, int, int]]:
    """Chunks as (stored bytes, filter mask, address). `rank` counts the element's size, too."""
    for key, child in _walk(source, address, kind=_CHUNKS, key=8 + 8 * rank):
        cursor = Cursor(source, key)
        yield cursor.number(4), cursor.number(4), child


def _walk(source: Source, root: int, *, kind: int, key: int) -> Iterator[tuple[bytes, int]]:
    """Keys and children of all leaves, whatever order they are in."""
    pending = [(root, -1)]
    seen: set[int] = set()
    while pending:
        address, expected = pending.pop()
        if address in seen:
            raise MalformedError(f"a B-tree reaches its node at {address} twice")
        seen.add(address)
        head = source.marked(address, b"TREE", 8 + 2 * source.offset_size)
        found, level, used = head.number(1), head.number(1), head.number(2)
        if found != kind or level > _MAX_DEPTH or (expected >= 0 and level != expected):
            raise MalformedError(f"a B-tree node of another kind or level at {address}")
        size = used * (key + source.offset_size) + key
        body = source.block(address + 8 + 2 * source.offset_size, size)
        for _ in range(used):
            source.spend(1)
            entry, child = body.take(key), body.offset()
            if level:
                pending.append((child, level - 1))
            else:
                yield entry, child


def records(source: Source, address: int) -> tuple[int, Iterator[bytes]]:
    """The type of a version 2 tree, and all of its records one after the other."""
    offset = source.offset_size
    head = source.marked(address, b"BTHD", 18 + offset + source.length_size)
    head.take(1)
    kind, node, size, depth = (head.number(width) for width in (1, 4, 2, 2))
    head.take(2)
    root, count = head.offset(), head.number(2)
    if size == 0 or depth > _MAX_DEPTH or node < 16:
        raise MalformedError(f"the B-tree at {address} has an impossible shape")
    if source.missing(root) or count == 0:
        return kind, iter(())
    widths = _widths(node, size, depth, offset)
    return kind, _records(source, (root, count, depth), size, widths)


def _records(
    source: Source, root: tuple[int, int, int], size: int, widths: list[tuple[int, int]]
) -> Iterator[bytes]:
    """Of the nodes below `root`: address, number of records and level."""
    offset = source.offset_size
    pending = [root]
    seen: set[int] = set()
    while pending:
        at, used, level = pending.pop()
        if at in seen:
            raise MalformedError(f"a B-tree reaches its node at {at} twice")
        seen.add(at)
        counted, total = widths[level]
        pointers = (used + 1) * (offset + counted + total) if level else 0
        mark = b"BTIN" if level else b"BTLF"
        body = source.marked(at, mark, 6 + used * size + pointers)
        body.take(2)
        for _ in range(used):
            source.spend(1)
            yield body.take(size)
        for _ in range(used + 1 if level else 0):
            child, inner = body.offset(), body.number(counted)
            body.take(total)
            pending.append((child, inner, level - 1))


def _widths(node: int, size: int, depth: int, offset: int) -> list[tuple[int, int]]:
    """For nodes of each level: bytes of a child's record count, and of its total below."""
    most = max((node - 10) // size, 1)
    counted = encoded_size(most)
    total, total_bytes = most, 0
    widths = [(counted, 0)]
    for _ in range(depth):
        widths.append((counted, total_bytes))
        pointer = offset + counted + total_bytes
        inner = max((node - 10 - pointer) // (size + pointer), 1)
        total = (inner + 1) * total + inner
        total_bytes = encoded_size(total)
    return widths
