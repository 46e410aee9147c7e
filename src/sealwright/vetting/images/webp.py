"""WebP images, animated ones too: every chunk of the RIFF container, and what stands behind it.

Layout: RFC 9649, section 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.errors import MalformedError
from sealwright.vetting.after_end import examine_rest
from sealwright.vetting.images.rules import END, MALFORMED, RULES
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member

_FIRST = (b"VP8 ", b"VP8L", b"VP8X")
_FRAME_HEAD = 16
"""Bytes of a frame's place and duration, before its chunks."""


def recognise(member: Member) -> Fit:
    """By the container's mark and type."""
    head = bytes(member.data[:12])
    return "strong" if head[:4] == b"RIFF" and head[8:] == b"WEBP" else "no"


def examine(work: Examining) -> None:
    """Walks the chunks, and those of an animation's frames."""
    data = work.data
    end = 8 + int.from_bytes(bytes(data[4:8]), "little")
    if end > len(data) or end < 20:
        raise MalformedError(f"the container says {end} bytes, the file has {len(data)}")
    images = 0
    for index, (kind, start, stop) in enumerate(_chunks(work, 12, end)):
        if index == 0 and kind not in _FIRST:
            raise MalformedError("the first chunk is not that of an image")
        if kind == b"ANMF":
            for inner, begin, behind in _chunks(work, start + _FRAME_HEAD, stop):
                images += _image(work, inner, begin, behind)
        elif kind == b"VP8X" and (index or stop - start < 10):
            raise MalformedError("the description of the image is not where it must be")
        else:
            images += _image(work, kind, start, stop)
    if not images:
        raise MalformedError("the file has no image")
    end += end & 1 if end < len(data) and not data[end] else 0
    work.parsed = end - work.numbers
    examine_rest(work, end, rules=END)


def _chunks(work: Examining, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the data of each chunk."""
    while position < end:
        work.session.spend(2)
        head = bytes(work.data[position : position + 8])
        size = int.from_bytes(head[4:], "little")
        start = position + 8
        if start + size > end:
            raise MalformedError(f"the chunk at byte {position} reaches beyond what holds it")
        if not head[:4].isascii() or not head[:4].decode("ascii").isprintable():
            raise MalformedError(f"no chunk at byte {position}")
        yield head[:4], start, start + size
        position = start + size + (size & 1)


def _image(work: Examining, kind: bytes, start: int, end: int) -> int:
    """1 if the chunk holds an image, whose mark is checked; 0 if it holds something else."""
    if kind not in (b"VP8 ", b"VP8L", b"ALPH"):
        return 0
    work.numbers += end - start
    if kind == b"ALPH":
        return 0
    if not _marked(work.data, kind, start, end):
        raise MalformedError(f"the image at byte {start} does not begin as one")
    return 1


def _marked(data: Buffer, kind: bytes, start: int, end: int) -> bool:
    """A start code of a lossy key frame, or the signature of a lossless image."""
    head = bytes(data[start : min(end, start + 10)])
    return head[:1] == b"\x2f" if kind == b"VP8L" else head[3:6] == b"\x9d\x01\x2a"


FORMAT = Format(
    id="webp",
    title="WebP image",
    examines=(
        "Every chunk, and those of an animation's frames: lengths, order, the marks of images; "
        "what follows the end. Pixels are not decoded, Exif data, colour profiles and XMP are "
        "not judged."
    ),
    extensions=(".webp",),
    recognise=recognise,
    examine=examine,
    malformed=MALFORMED,
    rules=RULES,
)
