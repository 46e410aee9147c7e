"""Tar headers (POSIX.1-2017 pax and ustar, GNU tar), one block at a time, none believed."""

from __future__ import annotations

import msgspec

from sealwright.vetting.interface import Buffer

BLOCK = 512
FILE_TYPES = frozenset((b"0", b"\0", b"7"))
HARD, SYMBOLIC, FOLDER, SPARSE = b"1", b"2", b"5", b"S"
DEVICES = {b"3": "a character device", b"4": "a block device", b"6": "a pipe"}
LONG_NAME, LONG_LINK = b"L", b"K"
PAX, PAX_OLD, PAX_GLOBAL = b"x", b"X", b"g"
VOLUME, MULTI, DUMP = b"V", b"M", b"D"
_PAX_LARGEST = 1 << 20
_PAX_RECORDS = 1000


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """One header block."""

    at: int
    name: str
    mode: int
    size: int
    type: bytes
    link: str

    @property
    def data(self) -> int:
        """Where the data start."""
        return self.at + BLOCK


def looks_like_header(data: Buffer, at: int) -> bool:
    """Whether a block has a right checksum, and a name."""
    raw = bytes(data[at : at + BLOCK])
    return len(raw) == BLOCK and raw[0] != 0 and _summed(raw)


def header_at(data: Buffer, at: int) -> Header | str:
    """The header at `at`, or why there is none."""
    raw = bytes(data[at : at + BLOCK])
    if len(raw) < BLOCK:
        return "it is cut off"
    if not _summed(raw):
        return "its checksum is wrong"
    size, mode = number(raw[124:136]), number(raw[100:108])
    if size is None or size < 0:
        return "its size is no number"
    name = _text(raw[:100])
    kind = raw[156:157]
    prefix = _text(raw[345:500])
    if prefix and raw[257:263] == b"ustar\0" and kind not in (LONG_NAME, LONG_LINK, SPARSE):
        name = f"{prefix}/{name}"
    return Header(at=at, name=name, mode=mode or 0, size=size, type=kind, link=_text(raw[157:257]))


def _summed(raw: bytes) -> bool:
    """The checksum of a block; old writers summed signed bytes, and readers take both."""
    told = number(raw[148:156])
    if told is None:
        return False
    rest = raw[:148] + b" " * 8 + raw[156:]
    unsigned = sum(rest)
    return told in (unsigned, unsigned - 256 * sum(byte > 127 for byte in rest))


def number(field: bytes) -> int | None:
    """A number in octal digits, or in base 256 with its top bit set (GNU)."""
    if field[0] in (0x80, 0xFF):
        value = int.from_bytes(field[1:], "big")
        return value - (1 << 8 * (len(field) - 1)) if field[0] == 0xFF else value
    text = field.partition(b"\0")[0].strip()
    if not text:
        return 0
    if any(byte not in b"01234567" for byte in text):
        return None
    return int(text, 8)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def pax_records(raw: bytes) -> dict[str, str] | None:
    """The records `length keyword=value\\n` of an extended header; None if they are malformed."""
    records: dict[str, str] = {}
    at = 0
    while at < len(raw) and raw[at] != 0:
        space = raw.find(b" ", at, at + 20)
        digits = raw[at:space] if space > 0 else b""
        if not digits.isdigit():
            return None
        end = at + int(digits)
        record = raw[space + 1 : end]
        keyword, equals, value = record.partition(b"=")
        if end <= space or end > len(raw) or not equals or record[-1:] != b"\n":
            return None
        if len(records) >= _PAX_RECORDS:
            return None
        key = keyword.decode("utf-8", "surrogateescape")
        records[key] = value[:-1].decode("utf-8", "surrogateescape")
        at = end
    return records


def extended(data: Buffer, header: Header) -> bytes | None:
    """The data of an extended header or long name; None where they are cut off or too large."""
    if header.size > _PAX_LARGEST or header.data + header.size > len(data):
        return None
    return bytes(data[header.data : header.data + header.size])


def padded(size: int) -> int:
    """Bytes up to the end of the last block."""
    return -(-size // BLOCK) * BLOCK
