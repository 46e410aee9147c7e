"""BMP images: headers and sizes, and what stands behind the pixels.

Layout: the bitmap file and info headers of Windows, versions 2 to 5.
"""

from __future__ import annotations

import struct

import msgspec

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.after_end import examine_rest
from sealwright.vetting.images.rules import END, MALFORMED, RULES, TRAILING
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member

_HEADERS = frozenset((12, 16, 40, 52, 56, 64, 108, 124))
_BITS = frozenset((1, 2, 4, 8, 16, 24, 32))
_PLAIN = (0, 3, 6)
"""Compressions that are none: pixels as they are, with masks, with masks and alpha."""
_RUNS = (1, 2)
_MASKS = {3: 12, 6: 16}
_LARGEST = 1 << 30
_ZEROS = regex(rb"\0*+")


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the headers say."""

    start: int
    """Byte at which the pixels start."""
    size: int
    """Bytes of the second header."""
    width: int
    height: int
    planes: int
    bits: int
    compression: int = 0
    image: int = 0
    """Bytes of the pixels, or 0."""
    colours: int = 0


def _read(data: Buffer) -> _Header | None:
    head = bytes(data[:54])
    if head[:2] != b"BM" or len(head) < 26:
        return None
    start, size = struct.unpack_from("<II", head, 10)
    if size == 12:
        width, height, planes, bits = struct.unpack_from("<HHHH", head, 18)
        return _Header(start=start, size=size, width=width, height=height, planes=planes, bits=bits)
    if size not in _HEADERS or len(head) < 34:
        return None
    width, height, planes, bits, compression = struct.unpack_from("<iiHHI", head, 18)
    image, _, _, colours = (0, 0, 0, 0)
    if size >= 40 and len(head) == 54:
        image, _, _, colours = struct.unpack_from("<IiiI", head, 34)
    return _Header(
        start=start,
        size=size,
        width=width,
        height=abs(height),
        planes=planes,
        bits=bits,
        compression=compression if size >= 40 else 0,
        image=image,
        colours=colours,
    )


def recognise(member: Member) -> Fit:
    """Two letters are no mark: the headers after them must describe an image."""
    head = _read(member.data)
    if head is None or head.planes != 1 or head.bits not in _BITS:
        return "no"
    sized = 0 < head.width < _LARGEST and 0 < head.height < _LARGEST
    known = head.compression in _PLAIN or head.compression in _RUNS
    return "strong" if sized and known and 14 + head.size <= head.start else "no"


def examine(work: Examining) -> None:
    """The sizes against each other."""
    head = _read(work.data)
    if head is None or not head.width or not head.height:
        raise MalformedError("the headers describe no image")
    length = head.image
    if head.compression in _PLAIN:
        length = (head.width * head.bits + 31) // 32 * 4 * head.height
    end = max(head.start + length, _profile_end(work.data, head))
    if not length or end > len(work.data):
        raise MalformedError(f"the image needs {end} bytes, the file has {len(work.data)}")
    owned = 14 + head.size + _tables(head)
    if head.start > owned:
        message = f"{head.start - owned} bytes between the headers and the pixels"
        zeros = _ZEROS.match(work.data, owned, head.start)
        if zeros is None or zeros.end() < head.start:
            work.find(TRAILING, message, offset=owned)
    work.numbers = length
    work.parsed = end - length
    examine_rest(work, end, rules=END)


def _tables(head: _Header) -> int:
    """Bytes of colour masks and of the palette."""
    colours = head.colours if 0 < head.colours <= 256 else (1 << head.bits if head.bits <= 8 else 0)
    masks = _MASKS.get(head.compression, 0) if head.size == 40 else 0
    return masks + colours * (3 if head.size == 12 else 4)


def _profile_end(data: Buffer, head: _Header) -> int:
    """Where an embedded colour profile ends (version 5); it stands behind the pixels."""
    fields = bytes(data[14:138])
    if head.size != 124 or len(fields) < 124 or fields[56:60] != b"DEBM":
        return 0
    start, size = struct.unpack_from("<II", fields, 112)
    return 14 + int(start) + int(size)


FORMAT = Format(
    id="bmp",
    title="BMP image",
    examines=(
        "The headers, and the size of palette and pixels that they give; what follows the end. "
        "Pixels and colour profiles are not judged."
    ),
    extensions=(".bmp", ".dib"),
    recognise=recognise,
    examine=examine,
    malformed=MALFORMED,
    rules=RULES,
)
