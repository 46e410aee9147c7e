"""Goes through everything that a file's root reaches, each object once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.hdf5.bytes import Source
from sealwright.vetting.hdf5.datatypes import elements
from sealwright.vetting.hdf5.heaps import GlobalHeaps
from sealwright.vetting.hdf5.objects import Attribute, Link, Object, read_object
from sealwright.vetting.hdf5.storage import Filter, pieces, stored_size
from sealwright.vetting.hdf5.superblock import open_file
from sealwright.vetting.hdf5.values import Held, held
from sealwright.vetting.interface import Buffer

MAX_TEXTS = 64 * 1024 * 1024
"""Bytes of one dataset of texts or blobs that are read."""
_BY_REFERENCE = "(reference)"
_MAX_NAME, _MAX_PATH = 200, 2_000


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A text or blob at `path` (`/model@model_config` for an attribute)."""

    path: str
    held: Held


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset, its data apart."""

    path: str
    filters: tuple[Filter, ...]
    external: tuple[str, ...]
    virtual: bool
    numbers: int
    """Bytes of numbers."""


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """A link that leaves the file, or that a program must resolve."""

    path: str
    link: Link


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the format does not define, or that points to other files."""

    path: str
    what: str


Item = Value | Dataset | Outside | Unknown


def walk(
    data: Buffer, *, spend: Callable[[int], None], opened: Callable[[Source], None]
) -> Iterator[Item]:
    """Everything in the file that is not a number. `opened` gets the source with its counters.

    Raises MalformedError where the file breaks off or contradicts itself, `Spent` from `spend`.
    """
    source, superblock = open_file(data, spend=spend)
    opened(source)
    heaps = GlobalHeaps(source)
    pending = [("", superblock.root)]
    if not source.missing(superblock.extension):
        pending.append(("(superblock extension)", superblock.extension))
    if not source.missing(superblock.driver):
        yield Unknown(path="/", what="a driver that spreads the file over several")
    # Looked at last, so that the way by links is the one that is shown.
    referred: list[tuple[str, int]] = []
    seen: set[int] = set()
    while pending or referred:
        path, address = pending.pop() if pending else referred.pop()
        if address in seen:
            continue
        seen.add(address)
        made = _read(source, path, address)
        for what in made.unknown:
            yield Unknown(path=path or "/", what=f"a header message of type {what}")
        for link in made.links:
            if link.kind == "hard":
                if link.address not in seen:
                    pending.append((_below(path, link.name), link.address))
            elif link.kind != "soft":
                yield Outside(path=f"{path}/{link.name}", link=link)
        for item in _contents(source, heaps, path, made):
            if isinstance(item, Value) and item.held.kind == "object":
                referred.append((f"{path}{_BY_REFERENCE}", item.held.address))
            else:
                yield item


def _below(path: str, name: str) -> str:
    """A path for reports: what is too long is cut, so that nesting cannot fill the memory."""
    shown = name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}…"
    start = path if len(path) <= _MAX_PATH else f"…{path[-_MAX_PATH // 2 :]}"
    return f"{start}/{shown}"


def _read(source: Source, path: str, address: int) -> Object:
    """An object; an empty one where a reference leads to nothing."""
    try:
        return read_object(source, address)
    except MalformedError as error:
        if not path.endswith(_BY_REFERENCE):
            raise
        # References to what was deleted stay behind; the library fails on them, too.
        source.gaps.append(f"a reference leads to no object ({error.message})")
        return Object()


def _contents(source: Source, heaps: GlobalHeaps, path: str, made: Object) -> Iterator[Item]:
    for attribute in made.attributes:
        yield from _attribute_values(source, heaps, path, attribute)
    if made.storage is None or made.type is None:
        return
    virtual = made.storage.layout == "virtual"
    size = 0 if made.external else stored_size(source, made.storage)
    readable = not (made.external or virtual) and elements(made.dims) > 0
    plain = made.type.plain
    yield Dataset(
        path=path,
        filters=made.filters,
        external=made.external,
        virtual=virtual,
        numbers=size if plain else 0,
    )
    single = plain and made.type.size == 1 and made.type.code == 0 and size <= MAX_TEXTS
    if readable and (single or not plain):
        found = pieces(source, made.storage, made.filters, limit=MAX_TEXTS)
        if single:
            found = [b"".join(found)]
        for piece in found:
            count = len(piece) // max(made.type.size, 1)
            for one in held(source, heaps, made.type, piece, count=count):
                yield Value(path=path or "/", held=one)


def _attribute_values(
    source: Source, heaps: GlobalHeaps, path: str, attribute: Attribute
) -> Iterator[Item]:
    count = elements(attribute.dims)
    for one in held(source, heaps, attribute.type, attribute.data, count=count):
        yield Value(path=f"{path or '/'}@{attribute.name}", held=one)
