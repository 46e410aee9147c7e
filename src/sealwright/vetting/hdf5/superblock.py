"""The superblock: where it stands, the sizes that it sets and the root group that it names."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.hdf5.bytes import SIGNATURE, Cursor, Source
from sealwright.vetting.interface import Buffer

_SIZES = (2, 4, 8, 16)


class Superblock(msgspec.Struct, frozen=True, kw_only=True):
    """What it says. Addresses count from the superblock itself."""

    version: int
    root: int
    """Address of the root group's object header."""
    extension: int
    """Address of an object header with more about the file, or the undefined address."""
    end: int
    """Bytes from the superblock to the end of the file as the writer knew it."""
    driver: int
    """Address of a driver's block (a file in several parts), or the undefined address."""


def place(data: Buffer) -> int | None:
    """Where the library finds the first superblock: at byte 0, 512, 1,024 and so on doubled."""
    start = 0
    while start + len(SIGNATURE) <= len(data):
        if data[start : start + len(SIGNATURE)] == SIGNATURE:
            return start
        start = start * 2 or 512
    return None


def open_file(data: Buffer, *, spend: Callable[[int], None]) -> tuple[Source, Superblock]:
    """The file behind its superblock. Raises MalformedError where there is none or it is broken."""
    start = place(data)
    if start is None:
        raise MalformedError("no superblock")
    source = Source(data=data, base=start, offset_size=8, length_size=8, spend=spend)
    cursor = Cursor(source, bytes(data[start + 8 : start + 160]))
    version = cursor.number(1)
    if version > 3:
        raise MalformedError(f"superblock version {version}")
    return source, (_old if version < 2 else _new)(source, cursor, version)


def _sizes(source: Source, cursor: Cursor) -> None:
    source.offset_size, source.length_size = cursor.number(1), cursor.number(1)
    if source.offset_size not in _SIZES or source.length_size not in _SIZES:
        raise MalformedError(
            f"addresses of {source.offset_size} and lengths of {source.length_size} bytes"
        )


def _old(source: Source, cursor: Cursor, version: int) -> Superblock:
    cursor.take(4)
    _sizes(source, cursor)
    cursor.take(1 + 2 + 2 + 4 + (4 if version == 1 else 0))
    base, _free, end, driver = (cursor.offset() for _ in range(4))
    cursor.offset()
    root = cursor.offset()
    source.parsed += 8 + cursor.position
    return Superblock(
        version=version, root=root, extension=source.undefined, end=end - base, driver=driver
    )


def _new(source: Source, cursor: Cursor, version: int) -> Superblock:
    _sizes(source, cursor)
    cursor.take(1)
    base, extension, end, root = (cursor.offset() for _ in range(4))
    cursor.take(4)
    source.parsed += 8 + cursor.position
    return Superblock(
        version=version, root=root, extension=extension, end=end - base, driver=source.undefined
    )
