"""Datatypes and dataspaces: what an element is, how large, and where in it texts and blobs are."""

from __future__ import annotations

from typing import Literal

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.hdf5.bytes import Cursor

Kind = Literal["number", "string", "opaque", "compound", "reference", "vlen", "text", "array"]
"""`text`: a string of variable length; `vlen`: a sequence of variable length."""
_KINDS: dict[int, Kind] = {
    **dict.fromkeys((0, 1, 2, 4, 8, 11), "number"),
    3: "string",
    5: "opaque",
    6: "compound",
    7: "reference",
    9: "vlen",
    10: "array",
}
_PROPERTIES = {0: 4, 1: 12, 2: 2, 3: 0, 4: 4, 7: 0}
MAX_RANK = 32
_MAX_DEPTH = 32


class Datatype(msgspec.Struct, frozen=True, kw_only=True):
    """One type. `parts`: byte offset within the element and type of what it is made of."""

    kind: Kind
    size: int
    """Bytes of one element as it is stored."""
    code: int = 0
    """The class number of the format."""
    flavour: int = 0
    """The low class bits: kind of a reference, for example."""
    parts: tuple[tuple[int, Datatype], ...] = ()
    count: int = 1
    """Elements of an array type."""
    strange: str = ""
    """Why it could not be understood; empty if it was."""

    @property
    def plain(self) -> bool:
        """Whether its elements hold numbers and nothing else."""
        if self.kind in ("compound", "array"):
            return all(part.plain for _, part in self.parts)
        return self.kind == "number" and not self.strange


def read_datatype(cursor: Cursor, *, depth: int = 0) -> Datatype:
    """The type at the cursor. Raises MalformedError where it is not one."""
    if depth > _MAX_DEPTH:
        raise MalformedError("a datatype is nested too deep")
    cursor.source.spend(1)
    head = cursor.number(1)
    code, version = head & 0x0F, head >> 4
    bits, size = cursor.number(3), cursor.number(4)
    kind = _KINDS.get(code)
    if kind is None or not 1 <= version <= 5:
        raise MalformedError(f"datatype class {code}, version {version}")
    if code in _PROPERTIES:
        cursor.take(_PROPERTIES[code])
        return Datatype(kind=kind, size=size, code=code, flavour=bits & 0x0F)
    if code == 5:
        cursor.take(bits & 0xFF)
        return Datatype(kind=kind, size=size, code=code)
    if code == 6:
        return _compound(cursor, size, bits & 0xFFFF, version, depth)
    if code == 8:
        return _enumeration(cursor, size, bits & 0xFFFF, version, depth)
    if code == 9:
        base = read_datatype(cursor, depth=depth + 1)
        text = bits & 0x0F == 1
        return Datatype(kind="text" if text else "vlen", size=size, code=code, parts=((0, base),))
    if code == 10:
        return _array(cursor, size, version, depth)
    base = read_datatype(cursor, depth=depth + 1)
    return Datatype(kind=kind, size=size, code=code, parts=((0, base),))


def _compound(cursor: Cursor, size: int, members: int, version: int, depth: int) -> Datatype:
    parts: list[tuple[int, Datatype]] = []
    width = 4 if version < 3 else max((size.bit_length() + 7) // 8, 1)
    for _ in range(members):
        start = cursor.position
        cursor.text()
        if version < 3:
            cursor.align(start)
        at = cursor.number(width)
        dims: list[int] = []
        if version == 1:
            rank = cursor.number(1)
            cursor.take(11)
            dims = [cursor.number(4) for _ in range(4)][:rank]
        part = read_datatype(cursor, depth=depth + 1)
        count = 1
        for extent in dims:
            count *= extent
        if dims:
            part = Datatype(kind="array", size=part.size * count, parts=((0, part),), count=count)
        if at + part.size > size:
            raise MalformedError("a member reaches beyond its compound type")
        parts.append((at, part))
    return Datatype(kind="compound", size=size, code=6, parts=tuple(parts))


def _enumeration(cursor: Cursor, size: int, members: int, version: int, depth: int) -> Datatype:
    base = read_datatype(cursor, depth=depth + 1)
    for _ in range(members):
        start = cursor.position
        cursor.text()
        if version < 3:
            cursor.align(start)
    cursor.take(members * base.size)
    return Datatype(kind="number", size=size, code=8)


def _array(cursor: Cursor, size: int, version: int, depth: int) -> Datatype:
    rank = cursor.number(1)
    if rank > MAX_RANK:
        raise MalformedError(f"an array type of rank {rank}")
    if version < 3:
        cursor.take(3)
    count = 1
    for _ in range(rank):
        count *= cursor.number(4)
    if version < 3:
        cursor.take(4 * rank)
    base = read_datatype(cursor, depth=depth + 1)
    if base.size * count != size:
        raise MalformedError(f"an array type of {count} x {base.size} bytes says {size}")
    return Datatype(kind="array", size=size, code=10, parts=((0, base),), count=count)


def read_dataspace(cursor: Cursor) -> tuple[int, ...] | None:
    """The extents: none for one scalar; None for a space without elements."""
    version, rank, flags = cursor.number(1), cursor.number(1), cursor.number(1)
    if version not in (1, 2) or rank > MAX_RANK:
        raise MalformedError(f"dataspace version {version}, rank {rank}")
    kind = cursor.number(1)
    if version == 1:
        cursor.take(4)
        kind = 1
    dims = tuple(cursor.length() for _ in range(rank))
    if flags & 1:
        cursor.take(rank * cursor.source.length_size)
    return None if kind == 2 else dims


def elements(dims: tuple[int, ...] | None) -> int:
    """How many elements a dataspace has."""
    if dims is None:
        return 0
    count = 1
    for extent in dims:
        count *= extent
    return count
