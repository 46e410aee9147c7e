"""JPEG images: every segment to the end marker, and what stands behind it.

Layout: ITU-T T.81, annex B. Files of several pictures (CIPA DC-007, Multi-Picture Format) have one
after another, and all of them are walked.
"""

from __future__ import annotations

import re

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.after_end import examine_rest
from sealwright.vetting.images.rules import END, MALFORMED, RULES
from sealwright.vetting.interface import Examining, Fit, Format, Member

_MARKER = regex(rb"\xff++([^\xff])", re.DOTALL)
"""Any number of fill bytes may stand before the code."""
_SCAN_END = regex(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""The first marker that is neither a stuffed byte nor a restart."""
_NEXT = regex(rb"\0*+(?=\xff\xd8\xff)")
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def recognise(member: Member) -> Fit:
    """By the start marker and the first byte of another marker."""
    return "strong" if bytes(member.data[:3]) == b"\xff\xd8\xff" else "no"


def examine(work: Examining) -> None:
    """Walks one picture after another."""
    position = 0
    while True:
        position = _picture(work, position)
        more = _NEXT.match(work.data, position)
        if more is None:
            break
        position = more.end()
    work.parsed = position - work.numbers
    examine_rest(work, position, rules=END)


def _picture(work: Examining, position: int) -> int:
    """Where the picture that starts at `position` ends."""
    data = work.data
    position += 2
    frames = scans = 0
    while True:
        work.session.spend(1)
        found = _MARKER.match(data, position)
        if found is None:
            raise MalformedError(f"no marker at byte {position}")
        at, position, code = position, found.end(), found[1][0]
        if code == _END:
            break
        if code in _ALONE:
            continue
        length = int.from_bytes(bytes(data[position : position + 2]), "big")
        if code < 0xC0 or code == _START:
            raise MalformedError(f"marker {code:#x} at byte {at} does not belong there")
        if length < 2 or position + length > len(data):
            raise MalformedError(f"the segment at byte {at} reaches beyond the file")
        if code in _FRAMES:
            _frame(bytes(data[position : position + length]))
            frames += 1
        position += length
        if code == _SCAN:
            scans += 1
            work.session.spend(1 + (len(data) - position >> 24))
            end = _SCAN_END.search(data, position)
            if end is None:
                raise MalformedError("the image has no end")
            work.numbers += end.start() - position
            position = end.start()
    if not frames or not scans:
        raise MalformedError("the image has no pixels")
    return position


def _frame(segment: bytes) -> None:
    """Width and components; the height may come later."""
    components = segment[7] if len(segment) >= 8 else 0
    if not components or len(segment) != 8 + 3 * components or not any(segment[5:7]):
        raise MalformedError("the frame header describes no image")


FORMAT = Format(
    id="jpeg",
    title="JPEG image",
    examines=(
        "Every segment and scan: its length, its marker, frame headers; all pictures of a "
        "multi-picture file; what follows the end. Pixels are not decoded, Exif data, colour "
        "profiles and comments are not judged."
    ),
    extensions=(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    recognise=recognise,
    examine=examine,
    malformed=MALFORMED,
    rules=RULES,
)
