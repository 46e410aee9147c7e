"""How a dataset's bytes are stored: layout, filters, external files; and reading them if small."""

from __future__ import annotations

import zlib
from typing import Literal

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.hdf5.bytes import Cursor, Source
from sealwright.vetting.hdf5.trees import chunks

Layout = Literal["compact", "contiguous", "chunked", "virtual"]
_LAYOUTS: tuple[Layout, ...] = ("compact", "contiguous", "chunked", "virtual")
DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
_NAMED_FROM = 256


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """Where the bytes are."""

    layout: Layout
    inline: bytes = b""
    address: int = 0
    size: int = 0
    """Bytes of a contiguous dataset, or of one chunk."""
    rank: int = 0
    """Extents of a chunk with the element's size (old index only)."""
    index: str = ""
    """How chunks are found: `tree`, `single`, `implicit`, or another that is not read."""
    chunk: tuple[int, ...] = ()


class Filter(msgspec.Struct, frozen=True):
    """One step of a filter pipeline."""

    id: int
    name: str
    values: tuple[int, ...] = ()


def read_layout(cursor: Cursor) -> Storage:
    """The layout message, versions 1 to 5."""
    version = cursor.number(1)
    if version in (1, 2):
        return _old_layout(cursor)
    if version not in (3, 4, 5):
        raise MalformedError(f"layout version {version}")
    kind = cursor.number(1)
    if kind >= len(_LAYOUTS):
        raise MalformedError(f"layout class {kind}")
    layout = _LAYOUTS[kind]
    if layout == "compact":
        return Storage(layout=layout, inline=cursor.take(cursor.number(2)))
    if layout == "contiguous":
        return Storage(layout=layout, address=cursor.offset(), size=cursor.length())
    if layout == "virtual":
        return Storage(layout=layout, address=cursor.offset(), size=cursor.number(4))
    if version == 3:
        rank, address = cursor.number(1), cursor.offset()
        dims = tuple(cursor.number(4) for _ in range(rank))
        return _chunked(address, rank, dims, "tree")
    return _indexed(cursor)


def _old_layout(cursor: Cursor) -> Storage:
    rank, kind = cursor.number(1), cursor.number(1)
    cursor.take(5)
    if kind > 2:
        raise MalformedError(f"layout class {kind}")
    address = cursor.offset() if kind else 0
    dims = tuple(cursor.number(4) for _ in range(rank))
    if kind == 0:
        return Storage(layout="compact", inline=cursor.take(cursor.number(4)))
    if kind == 1:
        size = 1
        for extent in dims:
            size *= extent
        return Storage(layout="contiguous", address=address, size=size)
    return _chunked(address, rank, dims, "tree")


def _chunked(address: int, rank: int, dims: tuple[int, ...], index: str) -> Storage:
    size = 1
    for extent in dims:
        size *= extent
    return Storage(
        layout="chunked", address=address, size=size, rank=rank, index=index, chunk=dims[:-1]
    )


def _indexed(cursor: Cursor) -> Storage:
    flags, rank, width = cursor.number(1), cursor.number(1), cursor.number(1)
    dims = tuple(cursor.number(width) for _ in range(rank))
    kind = cursor.number(1)
    stored = 0
    if kind == 1 and flags & 2:
        stored = cursor.length()
        cursor.take(4)
    cursor.take({3: 1, 4: 5, 5: 6}.get(kind, 0))
    index = {1: "single", 2: "implicit", 3: "fixed array", 4: "extensible array", 5: "tree 2"}
    if kind not in index:
        raise MalformedError(f"chunk index {kind}")
    whole = _chunked(cursor.offset(), rank, dims, index[kind])
    if not stored:
        return whole
    return Storage(
        layout="chunked", address=whole.address, size=stored, index="single", chunk=whole.chunk
    )


def read_filters(cursor: Cursor) -> tuple[Filter, ...]:
    """The steps of a filter pipeline message."""
    version, count = cursor.number(1), cursor.number(1)
    if version not in (1, 2):
        raise MalformedError(f"filter pipeline version {version}")
    if version == 1:
        cursor.take(6)
    found: list[Filter] = []
    for _ in range(count):
        identity = cursor.number(2)
        named = version == 1 or identity >= _NAMED_FROM
        length = cursor.number(2) if named else 0
        cursor.take(2)
        values = cursor.number(2)
        name = cursor.take(length + (-length % 8 if version == 1 else 0))
        data = tuple(cursor.number(4) for _ in range(values))
        if version == 1 and values % 2:
            cursor.take(4)
        found.append(Filter(identity, name.split(b"\0")[0].decode("utf-8", "replace"), data))
    return tuple(found)


def read_external(cursor: Cursor, names: Cursor) -> tuple[str, ...]:
    """Names of the other files that hold a dataset; `names` is the heap with them."""
    version = cursor.number(1)
    if version != 1:
        raise MalformedError(f"external file list version {version}")
    cursor.take(3 + 2)
    used = cursor.number(2)
    cursor.offset()
    found: list[str] = []
    for _ in range(used):
        names.position = 0
        names.take(cursor.length())
        cursor.length()
        cursor.length()
        found.append(names.text().decode("utf-8", "replace"))
    return tuple(found)


def external_heap(source: Source, body: bytes) -> int:
    """The address of the heap that holds the names of an external file list."""
    cursor = Cursor(source, body)
    cursor.take(8)
    return cursor.offset()


def stored_size(source: Source, storage: Storage) -> int:
    """Bytes that the data takes in the file, as far as its index is read."""
    if storage.layout == "compact":
        return len(storage.inline)
    if source.missing(storage.address) or storage.layout == "virtual":
        return 0
    if storage.layout == "contiguous" or storage.index == "single":
        source.view(storage.address, storage.size)
        return storage.size
    if storage.index != "tree":
        return 0
    total = 0
    for size, _, address in chunks(source, storage.address, rank=storage.rank):
        source.view(address, size)
        total += size
    return total


def pieces(
    source: Source, storage: Storage, filters: tuple[Filter, ...], *, limit: int
) -> list[bytes]:
    """The stored bytes, filters undone, piece by piece in no order that matters. `limit`: bytes of
    all. What cannot be read is in `source.gaps`."""
    if storage.layout == "compact":
        return [storage.inline]
    if storage.layout == "virtual" or source.missing(storage.address):
        return []
    places: list[tuple[int, int, int]] = []
    if storage.layout == "contiguous":
        places.append((storage.size, 0, storage.address))
        filters = ()
    elif storage.index == "single":
        places.append((storage.size, 0, storage.address))
    elif storage.index == "tree":
        places.extend(chunks(source, storage.address, rank=storage.rank))
    else:
        source.gaps.append(f"texts or blobs in chunks with the index '{storage.index}'")
        return []
    found: list[bytes] = []
    for size, mask, address in places:
        source.spend(1 + (size >> 8))
        raw = bytes(source.view(address, min(size, limit + 1)))
        plain = _unfilter(source, raw, filters, mask, limit)
        limit -= len(plain or b"")
        if plain is None or limit < 0:
            source.gaps.append(
                "more texts or blobs than are read" if limit < 0 else "texts or blobs in a filter"
            )
            return found
        found.append(plain)
    return found


def _unfilter(
    source: Source, raw: bytes, filters: tuple[Filter, ...], mask: int, limit: int
) -> bytes | None:
    for number, step in reversed(tuple(enumerate(filters))):
        if mask >> number & 1:
            continue
        if step.id == DEFLATE:
            inflater = zlib.decompressobj()
            try:
                raw = inflater.decompress(raw, limit + 1)
            except zlib.error as error:
                raise MalformedError(f"a chunk is not deflated: {error}") from None
            source.spend(1 + (len(raw) >> 8))
        elif step.id == SHUFFLE:
            raw = _unshuffle(raw, step.values[0] if step.values else 1)
        elif step.id == FLETCHER32:
            raw = raw[:-4]
        else:
            return None
    return raw


def _unshuffle(raw: bytes, width: int) -> bytes:
    """Puts the bytes of each element together again."""
    if width < 2 or len(raw) < 2 * width:
        return raw
    count = len(raw) // width
    made = bytearray(count * width)
    for number in range(width):
        made[number::width] = raw[number * count : (number + 1) * count]
    return bytes(made) + raw[count * width :]
