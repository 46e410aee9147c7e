"""Texts, blobs and references within stored elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from sealwright.vetting.hdf5.bytes import Cursor, Source
from sealwright.vetting.hdf5.datatypes import Datatype
from sealwright.vetting.hdf5.heaps import GlobalHeaps

_LARGE = 4096
"""Bytes from which on an object of a heap is looked at once, however often it is used."""
ValueKind = Literal["text", "blob", "object"]


class Held(msgspec.Struct, frozen=True):
    """Something in an element that is no number."""

    kind: ValueKind
    data: bytes = b""
    address: int = 0
    """Of the object that a reference names."""


def held(
    source: Source, heaps: GlobalHeaps, kind: Datatype, data: bytes, *, count: int
) -> Iterator[Held]:
    """What the first `count` elements of `data` hold, in order, without numbers."""
    if kind.plain or kind.size == 0:
        if kind.size == 1 and kind.code == 0 and len(data) > 2:
            yield Held("blob", data)
        return
    for number in range(min(count, len(data) // kind.size)):
        source.spend(1)
        yield from _element(
            source, heaps, kind, data[number * kind.size : (number + 1) * kind.size]
        )


def _element(source: Source, heaps: GlobalHeaps, kind: Datatype, raw: bytes) -> Iterator[Held]:
    if kind.kind == "string":
        yield Held("text", raw.rstrip(b"\0"))
    elif kind.kind == "opaque":
        yield Held("blob", raw)
    elif kind.kind in ("text", "vlen"):
        yield from _variable(source, heaps, kind, raw)
    elif kind.kind == "compound":
        for at, part in kind.parts:
            if not part.plain:
                yield from _element(source, heaps, part, raw[at : at + part.size])
    elif kind.kind == "array":
        ((_, base),) = kind.parts
        yield from held(source, heaps, base, raw, count=kind.count)
    elif kind.kind == "reference" and kind.flavour == 0:
        address = int.from_bytes(raw[: source.offset_size], "little")
        if address and not source.missing(address):
            yield Held("object", address=address)


def _variable(source: Source, heaps: GlobalHeaps, kind: Datatype, raw: bytes) -> Iterator[Held]:
    cursor = Cursor(source, raw)
    length, collection, index = cursor.number(4), cursor.offset(), cursor.number(4)
    if not length or not collection or source.missing(collection):
        return
    body = heaps.get(collection, index)
    if len(body) > _LARGE:
        if (collection, index) in heaps.given:
            return
        heaps.given.add((collection, index))
    ((_, base),) = kind.parts
    source.spend(1 + (len(body) >> 8))
    if kind.kind == "text":
        yield Held("text", bytes(body[:length]))
    elif base.plain:
        if base.size == 1:
            yield Held("blob", bytes(body[:length]))
    else:
        yield from held(source, heaps, base, bytes(body), count=length)
