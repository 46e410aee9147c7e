"""Groups, datasets and attributes as records, from the messages of their headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.hdf5.bytes import Cursor, Source
from sealwright.vetting.hdf5.datatypes import Datatype, read_dataspace, read_datatype
from sealwright.vetting.hdf5.headers import Message, messages
from sealwright.vetting.hdf5.heaps import fractal_heap, heap_object, local_heap
from sealwright.vetting.hdf5.storage import (
    Filter,
    Storage,
    external_heap,
    read_external,
    read_filters,
    read_layout,
)
from sealwright.vetting.hdf5.trees import group_leaves, records

SPACE, LINK_INFO, TYPE, LINK, EXTERNAL, LAYOUT = 0x01, 0x02, 0x03, 0x06, 0x07, 0x08
FILTERS, ATTRIBUTE, SHARED_TABLE, SYMBOLS, DRIVER, ATTRIBUTE_INFO = (
    0x0B,
    0x0C,
    0x0F,
    0x11,
    0x14,
    0x15,
)
_KNOWN = frozenset((*range(0x0D), 0x0D, 0x0E, *range(0x0F, 0x19)))
_HARD, _SOFT, _OUTSIDE = 0, 1, 64
MAX_ATTRIBUTES = 64 * 1024 * 1024
"""Bytes of one object's attributes."""

LinkKind = Literal["hard", "soft", "external", "user"]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a group."""

    name: str
    kind: LinkKind
    address: int = 0
    """Of a hard link's object."""
    target: str = ""
    """Of another link: the path, or the other file and the path in it."""


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute with its stored bytes; texts of variable length are references in them."""

    name: str
    type: Datatype
    dims: tuple[int, ...] | None
    data: bytes


class Object(msgspec.Struct):
    """What one object header says."""

    links: list[Link] = msgspec.field(default_factory=list)
    attributes: list[Attribute] = msgspec.field(default_factory=list)
    type: Datatype | None = None
    dims: tuple[int, ...] | None = None
    storage: Storage | None = None
    filters: tuple[Filter, ...] = ()
    external: tuple[str, ...] = ()
    held: int = 0
    """Bytes of the attributes."""
    unknown: list[int] = msgspec.field(default_factory=list)
    """Message types that the format does not define, and others that no model has."""


def read_object(source: Source, address: int) -> Object:
    """The object at an address. Raises MalformedError where there is none."""
    made = Object()
    for message in messages(source, address):
        source.spend(1)
        body = _resolved(source, message)
        if body is not None:
            _add(source, made, message.kind, Cursor(source, body))
    return made


def _add(source: Source, made: Object, kind: int, cursor: Cursor) -> None:
    if kind in (LINK, SYMBOLS, LINK_INFO):
        made.links.extend(_links(source, kind, cursor))
    elif kind == ATTRIBUTE:
        _keep(source, made, cursor)
    elif kind == ATTRIBUTE_INFO:
        for entry in _dense(source, cursor, order=2, skip=0):
            _keep(source, made, entry)
    elif kind in (SPACE, TYPE, LAYOUT, FILTERS, EXTERNAL):
        _describe(source, made, kind, cursor)
    elif kind not in _KNOWN or kind in (SHARED_TABLE, DRIVER):
        made.unknown.append(kind)


def _describe(source: Source, made: Object, kind: int, cursor: Cursor) -> None:
    """What a dataset is, and where its data stands."""
    if kind == SPACE:
        made.dims = read_dataspace(cursor)
    elif kind == TYPE:
        made.type = read_datatype(cursor)
    elif kind == LAYOUT:
        made.storage = read_layout(cursor)
    elif kind == FILTERS:
        made.filters = read_filters(cursor)
    else:
        heap = local_heap(source, external_heap(source, cursor.data))
        made.external = read_external(cursor, heap)


def _links(source: Source, kind: int, cursor: Cursor) -> Iterator[Link]:
    if kind == LINK:
        yield _link(cursor)
    elif kind == SYMBOLS:
        yield from _old_links(source, cursor.offset(), cursor.offset())
    else:
        for entry in _dense(source, cursor, order=8, skip=4):
            yield _link(entry)


def _keep(source: Source, made: Object, cursor: Cursor) -> None:
    """Adds an attribute, as long as there is room."""
    attribute = _attribute(source, cursor)
    made.held += len(attribute.data)
    if made.held > MAX_ATTRIBUTES:
        source.gaps.append("more bytes of attributes than are read")
    else:
        made.attributes.append(attribute)


def _resolved(source: Source, message: Message) -> bytes | None:
    """The message itself where it is kept elsewhere; None where that is not read."""
    if not message.shared:
        return message.body
    cursor = Cursor(source, message.body)
    version, kind = cursor.number(1), cursor.number(1)
    if version == 1:
        cursor.take(6)
    elif version not in (2, 3):
        raise MalformedError(f"shared message version {version}")
    if kind == 1 and version == 3:
        source.gaps.append("a header message is kept in the file's shared message heap")
        return None
    address = cursor.offset()
    for other in messages(source, address):
        if other.kind == message.kind and not other.shared:
            return other.body
    raise MalformedError(f"no message of type {message.kind} in the object at {address}")


def _link(cursor: Cursor) -> Link:
    version, flags = cursor.number(1), cursor.number(1)
    if version != 1:
        raise MalformedError(f"link version {version}")
    kind = cursor.number(1) if flags & 0x08 else _HARD
    cursor.take((8 if flags & 0x04 else 0) + (1 if flags & 0x10 else 0))
    name = cursor.take(cursor.number(1 << (flags & 3))).decode("utf-8", "replace")
    if kind == _HARD:
        return Link(name=name, kind="hard", address=cursor.offset())
    value = cursor.take(cursor.number(2))
    if kind == _SOFT:
        return Link(name=name, kind="soft", target=value.decode("utf-8", "replace"))
    if kind == _OUTSIDE:
        file, _, path = value[1:].rstrip(b"\0").partition(b"\0")
        target = b":".join((file, path)).decode("utf-8", "replace")
        return Link(name=name, kind="external", target=target)
    return Link(name=name, kind="user", target=f"link class {kind}")


def _old_links(source: Source, tree: int, heap: int) -> Iterator[Link]:
    names = local_heap(source, heap)

    def name(at: int) -> str:
        names.position = 0
        names.take(at)
        return names.text().decode("utf-8", "replace")

    entry_size = 2 * source.offset_size + 24
    for leaf in group_leaves(source, tree):
        head = source.marked(leaf, b"SNOD", 8)
        head.take(2)
        used = head.number(2)
        body = source.block(leaf + 8, used * entry_size)
        for _ in range(used):
            source.spend(1)
            start = body.position
            label, address, cached = name(body.offset()), body.offset(), body.number(4)
            body.take(4)
            if cached == 2:
                yield Link(name=label, kind="soft", target=name(body.number(4)))
            else:
                yield Link(name=label, kind="hard", address=address)
            body.position = start + entry_size


def _dense(source: Source, cursor: Cursor, *, order: int, skip: int) -> Iterator[Cursor]:
    """Links or attributes in a fractal heap, by their name index. `skip`: bytes of a record before
    its heap ID; `order`: bytes of the largest creation order."""
    cursor.take(1)
    if cursor.number(1) & 1:
        cursor.take(order)
    heap_address, tree = cursor.offset(), cursor.offset()
    if source.missing(heap_address):
        return
    heap = fractal_heap(source, heap_address)
    if source.missing(tree):
        source.gaps.append("dense storage without an index of names")
        return
    kind, entries = records(source, tree)
    if kind not in (5, 8):
        raise MalformedError(f"dense storage is indexed by a B-tree of type {kind}")
    for entry in entries:
        identity = entry[skip : skip + heap.id_size]
        if skip == 0 and entry[heap.id_size : heap.id_size + 1] not in (b"", b"\0"):
            flags = entry[heap.id_size]
            if flags & 2:
                source.gaps.append("an attribute is kept in the file's shared message heap")
                continue
        body = heap_object(source, heap, identity)
        if body is not None:
            yield Cursor(source, body)


def _attribute(source: Source, cursor: Cursor) -> Attribute:
    version = cursor.number(1)
    flags = cursor.number(1)
    if version not in (1, 2, 3):
        raise MalformedError(f"attribute version {version}")
    sizes = [cursor.number(2) for _ in range(3)]
    if version == 3:
        cursor.take(1)
    parts: list[bytes] = []
    for size in sizes:
        parts.append(cursor.take(size))
        if version == 1:
            cursor.take(min(-size % 8, cursor.left))
    shared = flags if version > 1 else 0
    kind = _resolved(source, Message(TYPE, parts[1], bool(shared & 1)))
    space = _resolved(source, Message(SPACE, parts[2], bool(shared & 2)))
    if kind is None or space is None:
        number = Datatype(kind="number", size=0, strange="shared")
        return Attribute(name="", type=number, dims=None, data=b"")
    return Attribute(
        name=parts[0].split(b"\0")[0].decode("utf-8", "replace"),
        type=read_datatype(Cursor(source, kind)),
        dims=read_dataspace(Cursor(source, space)),
        data=cursor.take(cursor.left),
    )
