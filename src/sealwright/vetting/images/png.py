"""PNG images, animated ones too: every chunk to the end, and what stands behind it.

Layout: W3C Portable Network Graphics specification, third edition, sections 5 and 11.
"""

from __future__ import annotations

import zlib

from sealwright.errors import MalformedError
from sealwright.vetting.after_end import examine_rest
from sealwright.vetting.images.rules import END, MALFORMED, RULES
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member, quoted

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = (b"IDAT", b"fdAT")
_CRITICAL = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND"))
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Colour type → bits per sample."""
_WINDOW = 1 << 20


def recognise(member: Member) -> Fit:
    """By the signature."""
    return "strong" if bytes(member.data[:8]) == _SIGNATURE else "no"


def examine(work: Examining) -> None:
    """Walks the chunks: lengths, checksums of all but the pixels, order."""
    data = work.data
    position, pixels, first = len(_SIGNATURE), 0, True
    while True:
        work.session.spend(2)
        kind, start, end = _chunk(data, position)
        if first != (kind == b"IHDR"):
            raise MalformedError(f"the chunk IHDR is not the first, or not alone (byte {position})")
        if first:
            _header(data, start, end)
        first = False
        if kind in _PIXELS:
            pixels += end - start
        else:
            _checksum(data, start, end, work)
        if kind[0] < 0x61 and kind not in _CRITICAL:
            raise MalformedError(f"unknown critical chunk {quoted(kind.decode())} at {position}")
        position = end + 4
        if kind == b"IEND":
            break
    if not pixels:
        raise MalformedError("the image has no pixels")
    work.numbers = pixels
    work.parsed = position - pixels
    examine_rest(work, position, rules=END)


def _chunk(data: Buffer, position: int) -> tuple[bytes, int, int]:
    """Type of the chunk at `position`, and where its data start and end."""
    head = bytes(data[position : position + 8])
    length, kind = int.from_bytes(head[:4], "big"), head[4:]
    if len(kind) < 4 or position + 12 + length > len(data):
        raise MalformedError(f"the chunk at byte {position} reaches beyond the file")
    if not kind.isalpha():
        raise MalformedError(f"no chunk at byte {position}")
    return kind, position + 8, position + 8 + length


def _header(data: Buffer, start: int, end: int) -> None:
    """Size, depth and colour type."""
    head = bytes(data[start:end])
    sizes = (int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big"))
    if len(head) != 13 or not all(0 < each < 1 << 31 for each in sizes):
        raise MalformedError("the chunk IHDR gives no size of an image")
    if head[8] not in _DEPTHS.get(head[9], ()) or head[10] or head[11] or head[12] > 1:
        raise MalformedError("the chunk IHDR names no known kind of image")


def _checksum(data: Buffer, start: int, end: int, work: Examining) -> None:
    """Of type and data."""
    found = 0
    for at in range(start - 4, end, _WINDOW):
        work.session.spend(16)
        found = zlib.crc32(data[at : min(at + _WINDOW, end)], found)
    if found != int.from_bytes(bytes(data[end : end + 4]), "big"):
        raise MalformedError(f"the checksum of the chunk at byte {start - 8} is wrong")


FORMAT = Format(
    id="png",
    title="PNG image",
    examines=(
        "Every chunk: its length, its order, its checksum (not that of the pixels), critical ones "
        "by their type; the header; what follows the end. Pixels are not decoded, texts and other "
        "additions are not judged."
    ),
    extensions=(".png", ".apng"),
    recognise=recognise,
    examine=examine,
    malformed=MALFORMED,
    rules=RULES,
)
