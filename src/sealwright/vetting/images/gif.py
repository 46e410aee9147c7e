"""GIF images: every block to the trailer, and what stands behind it.

Layout: Graphics Interchange Format, version 89a.
"""

from __future__ import annotations

from sealwright.errors import MalformedError
from sealwright.vetting.after_end import examine_rest
from sealwright.vetting.images.rules import END, MALFORMED, RULES
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B


def recognise(member: Member) -> Fit:
    """By the signature with a version."""
    return "strong" if bytes(member.data[:6]) in (b"GIF87a", b"GIF89a") else "no"


def examine(work: Examining) -> None:
    """Walks the blocks."""
    data = work.data
    position = 13 + _colours(data, 10)
    images = 0
    while True:
        work.session.spend(1)
        if images and position == len(data):
            break  # old writers leave the trailer out, and every decoder accepts that
        kind = _byte(data, position)
        if kind == _TRAILER:
            position += 1
            break
        if kind == _EXTENSION:
            position = _sub_blocks(work, position + 2)
        elif kind == _IMAGE:
            images += 1
            start = position + 11 + _colours(data, position + 9)
            position = _sub_blocks(work, start)
            work.numbers += position - start
        else:
            raise MalformedError(f"no block at byte {position}")
    if not images:
        raise MalformedError("the file has no image")
    work.parsed = position - work.numbers
    examine_rest(work, position, rules=END)


def _byte(data: Buffer, position: int) -> int:
    if position >= len(data):
        raise MalformedError("the file ends within a block")
    return data[position]


def _colours(data: Buffer, position: int) -> int:
    """Bytes of the colour table that flags announce."""
    flags = _byte(data, position)
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _sub_blocks(work: Examining, position: int) -> int:
    """Where a chain of blocks of up to 255 bytes ends."""
    data = work.data
    count = 0
    while size := _byte(data, position):
        position += 1 + size
        count += 1
        if not count & 4095:
            work.session.spend(1024)
    work.session.spend(1)
    return position + 1


FORMAT = Format(
    id="gif",
    title="GIF image",
    examines=(
        "Every block to the trailer; what follows it. Pixels are not decoded, comments and "
        "extensions of applications are not judged."
    ),
    extensions=(".gif",),
    recognise=recognise,
    examine=examine,
    malformed=MALFORMED,
    rules=RULES,
)
