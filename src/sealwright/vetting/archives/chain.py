"""Inflates streams that follow each other in one file, as their readers join them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from sealwright.vetting.archives import gzip_header, inflate, lz4
from sealwright.vetting.archives.inflate import Stream
from sealwright.vetting.archives.stream_rules import BROKEN, CHECKSUM, CLOSED, TRAILING
from sealwright.vetting.interface import Buffer, Examining, Rule

ZSTD = b"\x28\xb5\x2f\xfd"
_STREAM_COST = 400
_STEP = 1 << 20


class Codec(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of stream is inflated, and how the next one is told from bytes that follow."""

    name: str
    inflate: Callable[[Stream, Examining], Iterator[bytes]]
    begins: Callable[[Buffer, int], bool]
    """Whether another stream begins at an offset."""
    extensions: tuple[str, ...] = ()
    factor: int = 1
    """How much further than deflate ordinary data shrinks."""


class _Chain(msgspec.Struct):
    at: int = 0
    streams: int = 0
    notes: list[tuple[Rule, str, int]] = msgspec.field(default_factory=list)


def unfold(work: Examining, codec: Codec, *, start: int = 0) -> Buffer:
    """The joined content of the streams from `start` on. Problems are observed; raises Spent."""
    chain = _Chain(start)
    room = codec.factor * len(work.data)
    try:
        return work.session.spool(_joined(work, codec, chain), compressed=room)
    finally:
        for rule, message, offset in chain.notes:
            work.find(rule, message, offset=offset)


def _joined(work: Examining, codec: Codec, chain: _Chain) -> Iterator[bytes]:
    data = memoryview(work.data)
    while True:
        work.session.spend(_STREAM_COST)
        stream = Stream(data[chain.at :])
        yield from codec.inflate(stream, work)
        chain.streams += 1
        place = chain.at
        if stream.costly:
            chain.notes.append((CLOSED, stream.costly, place))
            return
        if stream.broken or not stream.finished:
            why = stream.broken or "it is cut off"
            chain.notes.append((BROKEN, f"the {codec.name} stream is broken: {why}", place))
            return
        if stream.odd:
            chain.notes.append((CHECKSUM, stream.odd, place))
        chain.at += max(stream.used, 1)
        rest = _skip_zeros(work, data, chain.at)
        if rest >= len(data):
            return
        if not codec.begins(work.data, rest):
            left = len(data) - rest
            chain.notes.append((TRAILING, f"{left} bytes follow the {codec.name} stream", rest))
            return
        chain.at = rest


def _skip_zeros(work: Examining, data: memoryview, at: int) -> int:
    """Readers skip zero padding between streams and at the end."""
    while at < len(data):
        work.session.spend(1)
        piece = bytes(data[at : at + _STEP])
        left = piece.lstrip(b"\0")
        at += len(piece) - len(left)
        if left:
            return at
    return at


def _gzip(stream: Stream, work: Examining) -> Iterator[bytes]:
    head = gzip_header.header(stream.data, 0)
    if head is None:
        stream.broken = "its header is cut off"
        return
    whole = stream.data
    stream.data = memoryview(whole)[head.size :]
    yield from inflate.deflate(stream)
    stream.used += head.size
    if stream.finished:
        wrong = gzip_header.trailer_problem(whole, stream.used, crc=stream.crc, size=stream.given)
        stream.used = min(stream.used + 8, len(whole))
        stream.odd = head.odd or (f"the gzip stream is wrong: {wrong}" if wrong else "")


def _zstd_begins(data: Buffer, at: int) -> bool:
    """A frame, or skippable frames (RFC 8878, 3.1.2) and then a frame."""
    for _ in range(64):
        head = bytes(data[at : at + 8])
        if head[:4] == ZSTD:
            return True
        if len(head) < 8 or head[1:4] != b"\x2a\x4d\x18" or head[0] >> 4 != 5:
            return False
        at += 8 + int.from_bytes(head[4:], "little")
    return True


def _starts(mark: bytes) -> Callable[[Buffer, int], bool]:
    return lambda data, at: bytes(data[at : at + len(mark)]) == mark


GZIP = Codec(
    name="gzip",
    inflate=_gzip,
    begins=_starts(gzip_header.MAGIC),
    extensions=(".gz", ".gzip", ".tgz"),
)
BZIP2 = Codec(
    name="bzip2",
    inflate=lambda stream, _: inflate.bzip2(stream),
    begins=_starts(b"BZh"),
    extensions=(".bz2", ".tbz", ".tbz2"),
    factor=inflate.FACTORS["bzip2"],
)
XZ = Codec(
    name="xz",
    inflate=lambda stream, _: inflate.xz(stream),
    begins=_starts(b"\xfd7zXZ\x00"),
    extensions=(".xz", ".txz"),
    factor=inflate.FACTORS["lzma"],
)
LZMA = Codec(
    name="lzma",
    inflate=lambda stream, _: inflate.lzma_alone(stream),
    begins=lambda data, at: False,
    extensions=(".lzma",),
    factor=inflate.FACTORS["lzma"],
)
ZSTANDARD = Codec(
    name="zstd",
    inflate=lambda stream, _: inflate.zstandard(stream),
    begins=_zstd_begins,
    extensions=(".zst", ".zstd", ".tzst"),
    factor=inflate.FACTORS["zstd"],
)
LZ4 = Codec(
    name="lz4",
    inflate=lambda stream, work: lz4.frame(stream, spend=work.session.spend),
    begins=_starts(lz4.MAGIC),
    extensions=(".lz4",),
)
ZLIB = Codec(
    name="zlib",
    inflate=lambda stream, _: inflate.deflate(stream, wbits=15),
    begins=lambda data, at: False,
    extensions=(".z", ".zlib"),
)
