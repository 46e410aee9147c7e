"""Reads what an entry of a zip file holds, and holds it against the entry's size and checksum."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sealwright.vetting.archives import inflate, zip_rules
from sealwright.vetting.archives.inflate import Stream
from sealwright.vetting.archives.zip_records import FLAG_ENCRYPTED, FLAG_PATCHED, FLAG_STRONG
from sealwright.vetting.interface import Buffer, quoted

if TYPE_CHECKING:
    from sealwright.vetting.archives.zip_archive import Archive, Entry

STORED, DEFLATED, BZIP2, LZMA, ZSTD_OLD, ZSTD, XZ = 0, 8, 12, 14, 20, 93, 95
METHODS = {
    STORED: "stored",
    DEFLATED: "deflate",
    BZIP2: "bzip2",
    LZMA: "lzma",
    ZSTD_OLD: "zstd",
    ZSTD: "zstd",
    XZ: "xz",
}
_CLOSED = FLAG_ENCRYPTED | FLAG_STRONG


def read_entry(archive: Archive, entry: Entry) -> Buffer | None:
    """The content of an entry, or None with the reason in the archive's problems. Raises Spent."""
    if entry.method not in METHODS:
        if entry.flags & _CLOSED:
            archive.problem(zip_rules.ENCRYPTED, f"{quoted(entry.name)} is encrypted", entry.header)
        message = f"{quoted(entry.name)} is compressed by method {entry.method}"
        archive.problem(zip_rules.METHOD, message, entry.header)
        return None
    if entry.flags & FLAG_PATCHED:
        message = f"{quoted(entry.name)} is a patch of data that is elsewhere"
        archive.problem(zip_rules.METHOD, message, entry.header)
    if entry.flags & _CLOSED:
        return _pretended(archive, entry)
    if entry.method == STORED:
        return _stored(archive, entry)
    stream = Stream(archive.view(entry))
    content = _spooled(archive, entry, stream)
    _judge(archive, entry, stream)
    return content


def _stored(archive: Archive, entry: Entry) -> Buffer:
    view = archive.view(entry)
    if entry.view != "unlisted" and zlib.crc32(view) != entry.crc:
        exact = view[: entry.size]
        if zlib.crc32(exact) != entry.crc and not archive.unchecked:
            message = f"{quoted(entry.name)} does not have the checksum {entry.crc:#010x}"
            archive.problem(zip_rules.CONTENT, message, entry.header)
    return view


def _pretended(archive: Archive, entry: Entry) -> Buffer | None:
    """An encrypted entry; its plain bytes have the right checksum only where the flag lies."""
    name = quoted(entry.name)
    content: Buffer
    if entry.method == STORED:
        content = archive.view(entry)
        right = zlib.crc32(content) == entry.crc
    else:
        stream = Stream(archive.view(entry))
        content = _spooled(archive, entry, stream)
        right = stream.finished and stream.crc == entry.crc
        if not stream.finished:
            content = b""
    if not right or not content:
        archive.problem(zip_rules.ENCRYPTED, f"{name} is encrypted", entry.header)
        # Shown all the same: a reader that ignores the flag does not look at checksums either.
        return content or None
    message = f"{name} has the flag for encryption, and plain bytes"
    archive.problem(zip_rules.PRETENCE, message, entry.header)
    return content


def _spooled(archive: Archive, entry: Entry, stream: Stream) -> Buffer:
    factor = inflate.FACTORS.get(METHODS[entry.method], 1)
    size = factor * max(entry.end - entry.start, 1)
    return archive.session.spool(_inflating(entry, stream), compressed=size)


def _judge(archive: Archive, entry: Entry, stream: Stream) -> None:
    """Notes what became of an inflated entry."""
    name = quoted(entry.name)
    if stream.costly:
        archive.problem(zip_rules.METHOD, f"{name}: {stream.costly}", entry.header)
        return
    wrong = ""
    if stream.broken:
        wrong = f"its compressed data are broken ({stream.broken})"
    elif not stream.finished:
        wrong = "its compressed data are cut off"
    elif entry.view == "unlisted":
        return
    elif stream.given != entry.size:
        wrong = f"it inflates to {stream.given} bytes, its header says {entry.size}"
    elif stream.crc != entry.crc and not archive.unchecked:
        wrong = f"it does not have the checksum {entry.crc:#010x}"
    elif stream.used < entry.end - entry.start and entry.view != "local":
        wrong = f"{entry.end - entry.start - stream.used} bytes follow its compressed data"
    if wrong:
        archive.problem(zip_rules.CONTENT, f"{name}: {wrong}", entry.header)


def peek_entry(archive: Archive, entry: Entry, size: int) -> bytes:
    """Up to `size` first bytes of the content."""
    if entry.method == STORED:
        return bytes(archive.view(entry)[:size])
    if entry.method not in METHODS:
        return b""
    held = b""
    for piece in _inflating(entry, Stream(archive.view(entry))):
        held += piece
        if len(held) >= size:
            break
    return held[:size]


def _inflating(entry: Entry, stream: Stream) -> Iterator[bytes]:
    """The pieces of an entry that is compressed by one of `METHODS`."""
    codec = METHODS[entry.method]
    if codec == "deflate":
        return inflate.deflate(stream)
    if codec == "bzip2":
        return inflate.bzip2(stream)
    if codec == "xz":
        return inflate.xz(stream)
    if codec == "zstd":
        return inflate.zstandard(stream)
    return _zip_lzma(entry, stream)


def _zip_lzma(entry: Entry, stream: Stream) -> Iterator[bytes]:
    """Method 14: version, size of the properties, properties, raw LZMA (APPNOTE 5.8.8)."""
    head = bytes(stream.data[:9])
    if len(head) < 9 or head[2:4] != b"\x05\x00":
        stream.broken = "no LZMA properties"
        return iter(())
    filters, problem = inflate.lzma1_filter(head[4:9])
    if problem:
        stream.broken = "" if filters else problem
        stream.costly = problem if filters else ""
        return iter(())
    stream.data = memoryview(stream.data)[9:]
    pieces = inflate.raw_lzma(stream, [filters], size=None if entry.flags & 2 else entry.size)
    return _after_head(stream, pieces, head=9)


def _after_head(stream: Stream, pieces: Iterator[bytes], *, head: int) -> Iterator[bytes]:
    yield from pieces
    stream.used += head
