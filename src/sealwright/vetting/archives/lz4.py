"""Decodes LZ4 frames (lz4_Frame_format.md 1.6.3, lz4_Block_format.md), as joblib writes them.

Checksums are not verified: a wrong one only stops readers after they have delivered the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sealwright.vetting.archives.inflate import Stream

MAGIC = b"\x04\x22\x4d\x18"
LEGACY = b"\x02\x21\x4c\x18"
_BLOCK_SIZES = {4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22}
_WINDOW = 1 << 16
_PLAIN = 1 << 31


class _Broken(Exception):
    """The frame is not what the format asks for."""


def frame(stream: Stream, *, spend: Callable[[int], None]) -> Iterator[bytes]:
    """One frame. `spend` counts steps, and may raise."""
    try:
        yield from _blocks(stream, spend)
    except _Broken as error:
        stream.broken = str(error)


def _blocks(stream: Stream, spend: Callable[[int], None]) -> Iterator[bytes]:
    data = stream.data
    flags, sizes = bytes(data[4:6]).ljust(2, b"\0")
    if flags >> 6 != 1 or flags & 0x02 or sizes & 0x8F:
        raise _Broken("unknown version or reserved bits of the LZ4 frame")
    most = _BLOCK_SIZES.get(sizes >> 4)
    if most is None:
        raise _Broken("impossible block size of the LZ4 frame")
    if flags & 0x01:
        stream.costly = "it needs a dictionary that is not in the file"
        return
    at = 7 + (8 if flags & 0x08 else 0)
    linked = not flags & 0x20
    window = b""
    while True:
        head = bytes(data[at : at + 4])
        if len(head) < 4:
            return
        at += 4
        word = int.from_bytes(head, "little")
        if not word:
            break
        size = word & ~_PLAIN
        block = bytes(data[at : at + min(size, most)])
        if size > most or len(block) < size:
            raise _Broken("a block runs past its room")
        at += size + (4 if flags & 0x10 else 0)
        given = block if word & _PLAIN else _block(block, window, most, spend)
        if linked:
            window = (window + given)[-_WINDOW:]
        stream.given += len(given)
        yield given
    stream.used = min(at + (4 if flags & 0x04 else 0), len(data))
    stream.finished = True


def _block(raw: bytes, window: bytes, most: int, spend: Callable[[int], None]) -> bytes:
    """One compressed block, after `window` bytes that it may copy from."""
    out = bytearray(window)
    limit = len(window) + most
    at, end = 0, len(raw)
    while at < end:
        spend(1)
        token = raw[at]
        literal, at = _length(raw, at + 1, token >> 4)
        if at + literal > end or len(out) + literal > limit:
            raise _Broken("literals run past the block")
        out += raw[at : at + literal]
        at += literal
        if at == end:
            break
        if at + 2 > end:
            raise _Broken("a match is cut off")
        distance = raw[at] | raw[at + 1] << 8
        match, at = _length(raw, at + 2, token & 15)
        match += 4
        start = len(out) - distance
        if not distance or start < 0 or len(out) + match > limit:
            raise _Broken("a match lies outside the window")
        if distance >= match:
            out += out[start : start + match]
        else:
            pattern = bytes(out[start:])
            out += (pattern * (match // distance + 1))[:match]
    return bytes(out[len(window) :])


def _length(raw: bytes, at: int, nibble: int) -> tuple[int, int]:
    """A length that goes on in further bytes while they are 255, and the offset behind it."""
    total = nibble
    if nibble < 15:
        return total, at
    while True:
        if at >= len(raw):
            raise _Broken("a length is cut off")
        byte = raw[at]
        at += 1
        total += byte
        if byte != 255:
            return total, at
