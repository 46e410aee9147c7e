"""The records of a zip file (PKWARE APPNOTE.TXT 6.3.10): unpacked within bounds, never believed."""

from __future__ import annotations

import struct

import msgspec

from sealwright.vetting.interface import Buffer

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
END = b"PK\x05\x06"
END64 = b"PK\x06\x06"
LOCATOR64 = b"PK\x06\x07"
DESCRIPTOR = b"PK\x07\x08"

FLAG_ENCRYPTED = 0x0001
FLAG_DESCRIPTOR = 0x0008
FLAG_PATCHED = 0x0020
FLAG_STRONG = 0x0040
FLAG_UTF8 = 0x0800
FLAG_MASKED = 0x2000

MAX16 = 0xFFFF
MAX32 = 0xFFFFFFFF
_END = struct.Struct("<4s4H2IH")
_LOCATOR64 = struct.Struct("<4sIQI")
_END64 = struct.Struct("<4sQ2H2I4Q")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_EXTRA = struct.Struct("<HH")
_UNICODE_PATH = 0x7075
_ZIP64 = 0x0001
END_SIZE = _END.size
LOCATOR64_SIZE = _LOCATOR64.size
END64_SIZE = _END64.size
CENTRAL_SIZE = _CENTRAL.size
LOCAL_SIZE = _LOCAL.size


class End(msgspec.Struct, frozen=True, kw_only=True):
    """An end record, with what its zip64 record says where there is one.

    The zip64 record wins, as it does in zipfile and miniz; `disagree` tells where the two differ.
    """

    offset: int
    disks: tuple[int, int]
    """This disk, and the disk on which the directory starts."""
    entries: int
    size: int
    """Bytes of the directory."""
    start: int
    """Where the directory says it starts."""
    comment: int
    """Bytes of the comment."""
    limit: int
    """Where the directory must end: at this record, or at the zip64 record before it."""
    zip64: bool = False
    disagree: str = ""

    @property
    def after(self) -> int:
        """The offset behind the comment."""
        return self.offset + END_SIZE + self.comment


class Central(msgspec.Struct, frozen=True):
    """A record of the central directory, zip64 values put in."""

    at: int
    made_by: int
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    raw: bytes
    disk: int
    attributes: int
    header: int
    extras: Extras
    end: int


class Local(msgspec.Struct, frozen=True):
    """A local header, zip64 values put in."""

    at: int
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    raw: bytes
    extras: Extras
    start: int
    """Where the data starts."""


class Extras(msgspec.Struct, frozen=True):
    """What the extra fields of a header say that matters to a reader."""

    zip64: bytes | None = None
    unicode: tuple[int, bytes] | None = None
    """CRC-32 of the plain name, and the name that stands for it (Info-ZIP 0x7075)."""
    broken: str = ""


NO_EXTRAS = Extras()


def end_at(data: Buffer, offset: int) -> End | None:
    """The end record at `offset`, or None where there is none in full."""
    if offset < 0 or offset + END_SIZE > len(data):
        return None
    mark, disk, first, _, entries, size, start, comment = _END.unpack_from(data, offset)
    if mark != END:
        return None
    wide = _wide_end(data, offset)
    if wide is None:
        return End(
            offset=offset,
            disks=(disk, first),
            entries=entries,
            size=size,
            start=start,
            comment=comment,
            limit=offset,
        )
    at, disks, *values = wide
    told = zip(
        ("entries", "directory bytes", "directory offset"),
        ((entries, MAX16), (size, MAX32), (start, MAX32)),
        values,
        strict=True,
    )
    differ = [
        f"{what}: {narrow} and {value}"
        for what, (narrow, top), value in told
        if narrow not in (top, value)
    ]
    return End(
        offset=offset,
        disks=disks,
        entries=values[0],
        size=values[1],
        start=values[2],
        comment=comment,
        limit=at,
        zip64=True,
        disagree=", ".join(differ),
    )


def _wide_end(data: Buffer, offset: int) -> tuple[int, tuple[int, int], int, int, int] | None:
    """(offset, disks, entries, size, start) of the zip64 record that belongs to an end record."""
    locator = offset - LOCATOR64_SIZE
    if locator < END64_SIZE:
        return None
    mark, _, at, _ = _LOCATOR64.unpack_from(data, locator)
    if mark != LOCATOR64:
        return None
    # Readers differ: by the locator's offset (miniz), or just before the locator (zipfile).
    for place in dict.fromkeys((locator - END64_SIZE, at)):
        if 0 <= place <= locator - END64_SIZE:
            fields = _END64.unpack_from(data, place)
            if fields[0] == END64:
                _, _, _, _, disk, first, _, entries, size, start = fields
                return place, (disk, first), entries, size, start
    return None


def central_at(data: Buffer, at: int, *, limit: int) -> Central | None:
    """The directory record at `at`, or None where its fixed part does not stand before `limit`."""
    if at < 0 or at + CENTRAL_SIZE > limit:
        return None
    fields = _CENTRAL.unpack_from(data, at)
    mark, made_by, _, flags, method, _, _, crc, compressed, size = fields[:10]
    names, extra, comment, disk, _, attributes, header = fields[10:]
    if mark != CENTRAL:
        return None
    name_end = at + CENTRAL_SIZE + names
    end = name_end + extra + comment
    raw = bytes(data[at + CENTRAL_SIZE : min(name_end, limit)])
    extras = _extras(bytes(data[name_end : min(name_end + extra, limit)])) if extra else NO_EXTRAS
    if end > limit:
        # zipfile takes what is there of such a record.
        end = limit
        extras = Extras(extras.zip64, extras.unicode, "its record runs past the directory")
    values, problem = _widen(
        ((size, MAX32), (compressed, MAX32), (header, MAX32), (disk, MAX16)), extras.zip64
    )
    if problem:
        extras = Extras(extras.zip64, extras.unicode, extras.broken or problem)
    size, compressed, header, disk = values
    return Central(
        at,
        made_by,
        flags,
        method,
        crc,
        compressed,
        size,
        raw,
        disk,
        attributes,
        header,
        extras,
        end,
    )


def local_at(data: Buffer, at: int) -> Local | None:
    """The local header at `at`, or None where none stands in full."""
    if at < 0 or at + LOCAL_SIZE > len(data):
        return None
    fields = _LOCAL.unpack_from(data, at)
    mark, _, flags, method, _, _, crc, compressed, size, names, extra = fields
    start = at + LOCAL_SIZE + names + extra
    if mark != LOCAL or start > len(data):
        return None
    name_end = at + LOCAL_SIZE + names
    raw = bytes(data[at + LOCAL_SIZE : name_end])
    extras = _extras(bytes(data[name_end:start])) if extra else NO_EXTRAS
    values, problem = _widen(((size, MAX32), (compressed, MAX32)), extras.zip64)
    if problem:
        extras = Extras(extras.zip64, extras.unicode, extras.broken or problem)
    size, compressed = values
    return Local(at, flags, method, crc, compressed, size, raw, extras, start)


def _widen(fields: tuple[tuple[int, int], ...], zip64: bytes | None) -> tuple[list[int], str]:
    """Puts the zip64 values where the short ones are at their top (APPNOTE 4.5.3)."""
    values = [value for value, _ in fields]
    if zip64 is None:
        return values, ""
    at, problem = 0, ""
    for index, (value, top) in enumerate(fields):
        if value != top:
            continue
        width = 4 if top == MAX16 else 8
        if at + width > len(zip64):
            # A size that is exactly the top is allowed to stay as it is.
            problem = "" if width == 4 else "its zip64 field is too short"
            break
        values[index] = int.from_bytes(zip64[at : at + width], "little")
        at += width
    if not problem and at < len(zip64) and not _superfluous(zip64[at:], fields):
        problem = "its zip64 field holds values that some readers take and others do not"
    return values, problem


def _superfluous(rest: bytes, fields: tuple[tuple[int, int], ...]) -> bool:
    """Whether what no short field asked for says nothing new: zeros or the same sizes again."""
    known = {value for value, _ in fields} | {0}
    words = [int.from_bytes(rest[n : n + 8], "little") for n in range(0, len(rest), 8)]
    return all(word in known for word in words)


def _extras(raw: bytes) -> Extras:
    zip64: bytes | None = None
    unicode: tuple[int, bytes] | None = None
    broken = ""
    at = 0
    while at + 4 <= len(raw):
        kind, size = _EXTRA.unpack_from(raw, at)
        body = raw[at + 4 : at + 4 + size]
        if len(body) != size:
            broken = "" if not any(raw[at:]) else "an extra field runs past its end"
            break
        if kind == _ZIP64:
            broken = broken if zip64 is None else "it has two zip64 fields"
            zip64 = body if zip64 is None else zip64
        elif kind == _UNICODE_PATH and size > 5 and body[0] == 1:
            unicode = int.from_bytes(body[1:5], "little"), body[5:]
        at += 4 + size
    if zip64 is None and unicode is None and not broken:
        return NO_EXTRAS
    return Extras(zip64, unicode, broken)


def descriptor_sizes(data: Buffer, at: int, *, crc: int, compressed: int, size: int) -> int | None:
    """Bytes of the data descriptor at `at` that says these values; None where none does.

    Its mark is optional and its sizes have 4 or 8 bytes (APPNOTE 4.3.9).
    """
    raw = bytes(data[at : at + 24])
    for mark in (4, 0):
        if mark and raw[:4] != DESCRIPTOR:
            continue
        for width in (4, 8):
            end = mark + 4 + 2 * width
            if end <= len(raw) and (
                int.from_bytes(raw[mark : mark + 4], "little") == crc
                and int.from_bytes(raw[mark + 4 : mark + 4 + width], "little") == compressed
                and int.from_bytes(raw[mark + 4 + width : end], "little") == size
            ):
                return end
    return None
