"""Heaps: names of old groups (local), texts of any length (global), dense storage (fractal)."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.hdf5.bytes import Cursor, Source, encoded_size
from sealwright.vetting.hdf5.trees import records

MAX_KNOWN = 1_000_000
"""Places of objects that are remembered."""
MAX_HEAP_BLOCKS = 500_000
_HUGE_TREES = {1: "plain", 2: "filtered", 3: "plain", 4: "filtered"}


def local_heap(source: Source, address: int) -> Cursor:
    """The data segment of a local heap; names are offsets into it."""
    head = source.marked(address, b"HEAP", 8 + 2 * source.length_size + source.offset_size)
    head.take(4)
    size, _free, start = head.length(), head.length(), head.offset()
    return source.block(start, size)


class GlobalHeaps(msgspec.Struct):
    """Collections that were read, by address: index → (address, size) of an object."""

    source: Source
    known: dict[int, dict[int, tuple[int, int]]] = msgspec.field(default_factory=dict)
    count: int = 0
    """Objects in `known`."""
    given: set[tuple[int, int]] = msgspec.field(default_factory=set)
    """Large objects that were looked at once."""

    def get(self, collection: int, index: int) -> memoryview:
        """One object's bytes. Raises MalformedError where it is not there."""
        objects = self.known.get(collection)
        if objects is None:
            objects = self._read(collection)
            self.count += len(objects)
            if self.count > MAX_KNOWN:
                self.known.clear()
                self.count = len(objects)
            self.known[collection] = objects
        if index not in objects:
            raise MalformedError(f"the global heap at {collection} has no object {index}")
        return self.source.view(*objects[index])

    def _read(self, address: int) -> dict[int, tuple[int, int]]:
        source = self.source
        prefix = 8 + source.length_size
        head = source.marked(address, b"GCOL", prefix)
        head.take(4)
        end = address + head.length()
        source.view(address, end - address)
        objects: dict[int, tuple[int, int]] = {}
        at = address + prefix
        while at + prefix <= end:
            entry = source.block(at, prefix)
            index = entry.number(2)
            entry.take(6)
            size = entry.length()
            if index == 0:
                break
            if at + prefix + size > end:
                raise MalformedError(f"object {index} reaches beyond the global heap at {address}")
            objects[index] = (at + prefix, size)
            at += prefix + size + -size % 8
        return objects


class FractalHeap(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a fractal heap, and its direct blocks as (heap offset, size, address)."""

    id_size: int
    offset_bytes: int
    length_bytes: int
    huge_tree: int
    blocks: tuple[tuple[int, int, int], ...]
    filtered: bool


def fractal_heap(source: Source, address: int) -> FractalHeap:
    """Reads head and block table; objects are got by `heap_object`."""
    length, offset = source.length_size, source.offset_size
    head = source.marked(address, b"FRHP", 26 + 12 * length + 3 * offset)
    head.take(1)
    id_size, filters = head.number(2), head.number(2)
    head.take(1)
    managed = head.number(4)
    head.length()
    huge_tree = head.offset()
    head.length()
    head.offset()
    head.take(8 * length)
    width, start, direct = head.number(2), head.length(), head.length()
    bits = head.number(2)
    head.take(2)
    root, rows = head.offset(), head.number(2)
    shape = _Table(source, width, start, direct, (bits + 7) // 8, bool(filters))
    if not (width and start and direct >= start) or bits > 64 or rows > 64:
        raise MalformedError(f"the fractal heap at {address} has an impossible table")
    blocks: list[tuple[int, int, int]] = []
    if filters:
        source.gaps.append("a fractal heap is compressed")
    elif not source.missing(root):
        shape.collect(blocks, root, rows, 0, depth=0)
    return FractalHeap(
        id_size=id_size,
        offset_bytes=(bits + 7) // 8,
        length_bytes=min((direct.bit_length() + 6) // 8, encoded_size(managed)),
        huge_tree=huge_tree,
        blocks=tuple(blocks),
        filtered=bool(filters),
    )


class _Table(msgspec.Struct, frozen=True):
    """The doubling table that says how large the block of each row is."""

    source: Source
    width: int
    start: int
    direct: int
    offset_bytes: int
    filtered: bool
    seen: set[int] = msgspec.field(default_factory=set)
    """Addresses of blocks that were read."""

    def row_size(self, row: int) -> int:
        return self.start << max(row - 1, 0)

    def collect(
        self, blocks: list[tuple[int, int, int]], address: int, rows: int, at: int, *, depth: int
    ) -> None:
        """Adds the direct blocks below one block. `rows` 0: the block is a direct one."""
        if rows == 0:
            blocks.append((at, self.start, address))
            return
        if depth > 16 or rows > 64 or address in self.seen:
            raise MalformedError("a fractal heap is nested too deep or goes in a circle")
        self.seen.add(address)
        source = self.source
        size = 5 + source.offset_size * (1 + rows * self.width) + self.offset_bytes
        block = source.marked(address, b"FHIB", size)
        block.take(1 + source.offset_size + self.offset_bytes)
        for row in range(rows):
            extent = self.row_size(row)
            for _ in range(self.width):
                source.spend(1)
                child = block.offset()
                if len(blocks) > MAX_HEAP_BLOCKS:
                    raise MalformedError("a fractal heap has too many blocks")
                if not source.missing(child):
                    if extent <= self.direct:
                        blocks.append((at, extent, child))
                    else:
                        inner = (extent // (self.start * self.width)).bit_length()
                        self.collect(blocks, child, inner, at, depth=depth + 1)
                at += extent


def heap_object(source: Source, heap: FractalHeap, identity: bytes) -> bytes | None:
    """The bytes behind a heap ID; None (and a gap) where the heap is compressed."""
    cursor = Cursor(source, identity)
    mark = cursor.number(1)
    kind = mark >> 4 & 3
    if heap.filtered:
        return None
    if kind == 2:
        size = (mark & 0x0F) + 1
        if heap.id_size > 18:
            size = ((mark & 0x0F) << 8 | cursor.number(1)) + 1
        return cursor.take(size)
    if kind == 1:
        return _huge(source, heap, cursor)
    if kind != 0:
        raise MalformedError(f"heap object of kind {kind}")
    offset, size = cursor.number(heap.offset_bytes), cursor.number(heap.length_bytes)
    index = bisect_right(heap.blocks, offset, key=itemgetter(0)) - 1
    if index >= 0:
        start, extent, address = heap.blocks[index]
        if offset + size <= start + extent:
            return source.block(address + offset - start, size).data
    raise MalformedError(f"heap offset {offset} is in no block")


def _huge(source: Source, heap: FractalHeap, cursor: Cursor) -> bytes | None:
    """An object of its own outside the heap's blocks: named directly, or by a key in a B-tree."""
    if cursor.left >= source.offset_size + source.length_size:
        start, size = cursor.offset(), cursor.length()
        return source.block(start, size).data
    key = cursor.number(min(cursor.left, source.length_size))
    kind, entries = records(source, heap.huge_tree)
    if _HUGE_TREES.get(kind) != "plain":
        source.gaps.append("a large heap object is compressed")
        return None
    for entry in entries:
        found = Cursor(source, entry)
        start, size = found.offset(), found.length()
        if kind == 1 and found.length() == key:
            return source.block(start, size).data
    raise MalformedError(f"no large heap object {key}")
