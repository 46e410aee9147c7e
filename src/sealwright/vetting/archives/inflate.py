"""Decompression in pieces: no step gives more than was asked for, no stream sets its own memory.

Every function gives a generator of pieces and raises nothing: how the stream ended is put into the
`Stream` that it is given, so that what came before a break can still be examined.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from sealwright.vetting.interface import Buffer

READ = 256 * 1024
"""Compressed bytes that are handed over at once."""
PIECE = 1024 * 1024
"""Inflated bytes that one step may give."""
MEMORY = 256 * 1024 * 1024
"""What an LZMA dictionary may take."""
WINDOW_LOG = 27
"""Zstandard windows up to 128 MiB, as its own tools read without being asked."""
FACTORS = {"bzip2": 25, "lzma": 8, "zstd": 32}
"""How much further than deflate ordinary data (all zeros) shrinks in a codec."""


class Stream(msgspec.Struct):
    """One compressed stream: where it lies, and what became of it."""

    data: Buffer
    """The compressed bytes and whatever follows them."""
    used: int = 0
    """Bytes of `data` up to the end of the stream."""
    given: int = 0
    """Bytes inflated."""
    crc: int = 0
    """CRC-32 of what was inflated."""
    finished: bool = False
    """The stream came to its own end."""
    broken: str = ""
    """What the decompressor said."""
    odd: str = ""
    """It inflates, but its header or checksum is wrong."""
    costly: str = ""
    """It would take more memory than is allowed: nobody can tell what it holds."""


class Decompressor(Protocol):
    """What the decompressors of bz2, lzma and zstd have in common."""

    @property
    def eof(self) -> bool:
        """The stream has ended."""
        ...

    @property
    def needs_input(self) -> bool:
        """Nothing more comes without more input."""
        ...

    @property
    def unused_data(self) -> bytes:
        """Input after the end of the stream."""
        ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Takes input, gives at most `max_length` bytes."""
        ...


Open = Callable[[], Decompressor]


def deflate(stream: Stream, *, wbits: int = -15) -> Iterator[bytes]:
    """Raw deflate (`wbits` -15), zlib (15) or one gzip member (31)."""
    decompressor = zlib.decompressobj(wbits)
    data, at = stream.data, 0
    pending = b""
    try:
        while not decompressor.eof:
            if not pending:
                pending = bytes(data[at : at + READ])
                at += len(pending)
                if not pending:
                    break
            piece = decompressor.decompress(pending, PIECE)
            pending = decompressor.unconsumed_tail
            if piece:
                yield _given(stream, piece)
        while not decompressor.eof:
            # What the window still holds, without new input.
            piece = decompressor.decompress(pending, PIECE)
            if not piece:
                break
            yield _given(stream, piece)
    except zlib.error as error:
        stream.broken = str(error)
    stream.finished = decompressor.eof
    # At the end of a stream zlib may leave the same bytes in `unconsumed_tail` as well.
    stream.used = at - len(decompressor.unused_data if decompressor.eof else pending)


def bzip2(stream: Stream) -> Iterator[bytes]:
    """One bzip2 stream."""
    return _pieces(stream, bz2.BZ2Decompressor)


def xz(stream: Stream) -> Iterator[bytes]:
    """One .xz stream."""
    return _pieces(stream, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY))


def lzma_alone(stream: Stream) -> Iterator[bytes]:
    """One .lzma stream."""
    return _pieces(stream, lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MEMORY))


def raw_lzma(
    stream: Stream, filters: Sequence[Mapping[str, int]], *, size: int | None = None
) -> Iterator[bytes]:
    """LZMA filters without a container (zip method 14, 7z), up to `size` bytes where the stream has
    no end mark. The caller has bounded the dictionary."""

    def start() -> Decompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=list(filters))

    return _pieces(stream, start, size=size)


def lzma1_filter(properties: bytes) -> tuple[dict[str, int], str]:
    """The filter for 5 bytes of LZMA properties, and why it is not to be used. Without a filter the
    properties are wrong; with one, its dictionary is too large."""
    mixed = properties[0]
    dictionary = int.from_bytes(properties[1:5], "little")
    if mixed >= 9 * 5 * 5 or mixed % 9 + mixed // 9 % 5 > 4:
        return {}, "impossible LZMA properties"
    filters = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": max(dictionary, 4096),
        "lc": mixed % 9,
        "lp": mixed // 9 % 5,
        "pb": mixed // 45,
    }
    too_large = dictionary > MEMORY
    return filters, f"its dictionary takes {dictionary} bytes" if too_large else ""


def zstandard(stream: Stream) -> Iterator[bytes]:
    """One Zstandard frame, skippable or not."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: WINDOW_LOG}
    return _pieces(stream, lambda: zstd.ZstdDecompressor(options=options), error=zstd.ZstdError)


def _pieces(
    stream: Stream,
    start: Open,
    *,
    size: int | None = None,
    error: type[Exception] = lzma.LZMAError,
) -> Iterator[bytes]:
    data, at = stream.data, 0
    try:
        decompressor = start()
    except (error, ValueError, MemoryError) as failure:
        _stopped(stream, failure)
        return
    try:
        while not decompressor.eof:
            if size is not None and stream.given >= size:
                stream.finished = True
                stream.used = at
                return
            fresh = b""
            if decompressor.needs_input:
                fresh = bytes(data[at : at + READ])
                at += len(fresh)
                if not fresh:
                    break
            most = PIECE if size is None else min(PIECE, size - stream.given)
            piece = decompressor.decompress(fresh, most)
            if piece:
                yield _given(stream, piece)
            elif not fresh and not decompressor.eof:
                break
    except (error, OSError, EOFError, ValueError, MemoryError) as failure:
        _stopped(stream, failure)
    stream.finished = stream.finished or decompressor.eof
    stream.used = at - (len(decompressor.unused_data) if decompressor.eof else 0)


def _stopped(stream: Stream, error: Exception) -> None:
    text = str(error) or type(error).__name__
    if "emory" in text or isinstance(error, MemoryError):
        stream.costly = f"it asks for more than {MEMORY >> 20} MiB of memory"
    elif "ictionary" in text:
        stream.costly = "it needs a dictionary that is not in the file"
    else:
        stream.broken = text


def _given(stream: Stream, piece: bytes) -> bytes:
    stream.given += len(piece)
    stream.crc = zlib.crc32(piece, stream.crc)
    return piece
