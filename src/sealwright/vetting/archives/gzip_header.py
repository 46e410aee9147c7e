"""The header and trailer of a gzip member (RFC 1952), read as leniently as Python's gzip does."""

from __future__ import annotations

import msgspec

from sealwright.vetting.interface import Buffer

MAGIC = b"\x1f\x8b"
_HCRC, _EXTRA, _NAME, _COMMENT, _RESERVED = 2, 4, 8, 16, 0xE0
_LONGEST = 64 * 1024


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Where the deflate stream starts, and what is odd about the header."""

    size: int
    odd: str = ""


def header(data: Buffer, at: int) -> Header | None:
    """The header at `at`, or None where there is none in full."""
    head = bytes(data[at : at + 10])
    if len(head) < 10 or head[:2] != MAGIC or head[2] != 8:
        return None
    flags = head[3]
    position = at + 10
    if flags & _EXTRA:
        position += 2 + int.from_bytes(bytes(data[position : position + 2]), "little")
    for bit in (_NAME, _COMMENT):
        if flags & bit:
            text = bytes(data[position : position + _LONGEST])
            end = text.find(b"\0")
            if end < 0:
                return None
            position += end + 1
    if flags & _HCRC:
        position += 2
    if position > len(data):
        return None
    odd = "reserved flags are set: zlib refuses it, Python reads it" if flags & _RESERVED else ""
    return Header(size=position - at, odd=odd)


def trailer_problem(data: Buffer, at: int, *, crc: int, size: int) -> str:
    """What the 8 bytes after the stream say wrongly, or nothing."""
    raw = bytes(data[at : at + 8])
    if len(raw) < 8:
        return "its checksum is cut off"
    if int.from_bytes(raw[:4], "little") != crc:
        return "its checksum is wrong"
    if int.from_bytes(raw[4:], "little") != size & 0xFFFFFFFF:
        return "its size is wrong"
    return ""
