"""What macOS leaves in folders and archives: AppleDouble files (`._name`) and `.DS_Store`."""

from __future__ import annotations

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule

_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00"
_STORE = b"\x00\x00\x00\x01Bud1"
_ENTRIES, _ENTRY = 26, 12
_MAX_ENTRIES = 64

DAMAGED = Rule(
    id="SW-MAC-001",
    effect="inconclusive",
    severity="low",
    title="A file of the macOS Finder is damaged",
    remediation="delete it: no loader of models needs it",
    why="macOS writes such files beside others. One whose parts lie outside of it, or that goes on "
    "after its last part, was written by something else.",
    example="._model.bin with an entry at byte 4 GiB",
    atlas=("AML.T0076",),
)


def recognise(member: Member) -> Fit:
    """AppleDouble: magic number and version (RFC 1740, Appendix A)."""
    return "strong" if bytes(member.data[:8]) == _DOUBLE else "no"


def examine(examining: Examining) -> None:
    """Every entry lies within the file, and nothing comes after the last one."""
    data = examining.data
    count = int.from_bytes(bytes(data[24:_ENTRIES]), "big")
    end = _ENTRIES + count * _ENTRY
    if not 1 <= count <= _MAX_ENTRIES or end > len(data):
        raise MalformedError(f"{count} entries in {len(data)} bytes")
    last = end
    for at in range(_ENTRIES, end, _ENTRY):
        start = int.from_bytes(bytes(data[at + 4 : at + 8]), "big")
        size = int.from_bytes(bytes(data[at + 8 : at + 12]), "big")
        if start < end or start + size > len(data):
            raise MalformedError(f"an entry of {size} bytes at byte {start} of {len(data)}")
        last = max(last, start + size)
    if bytes(data[last:]).strip(b"\x00"):
        raise MalformedError(f"{len(data) - last} bytes after the last entry")
    examining.parsed = end
    examining.numbers = len(data) - end


def recognise_store(member: Member) -> Fit:
    """The Finder's settings of a folder: the two marks at the beginning."""
    return "strong" if bytes(member.data[:8]) == _STORE else "no"


def examine_store(examining: Examining) -> None:
    """The place of its root block, which stands twice."""
    data = examining.data
    place, size, again = (int.from_bytes(bytes(data[at : at + 4]), "big") for at in (8, 12, 16))
    if place != again or place + size > len(data):
        raise MalformedError("the root block is not where it must be")
    examining.parsed = 20
    examining.numbers = len(data) - 20


DOUBLE_FORMAT = Format(
    id="apple-double",
    title="AppleDouble file",
    examines="The places of its entries. Attributes and icons are not judged: nothing loads them.",
    recognise=recognise,
    examine=examine,
    malformed=DAMAGED,
    rules=(DAMAGED,),
)
STORE_FORMAT = Format(
    id="ds-store",
    title="Settings of the macOS Finder",
    examines="The place of its root block. What it holds is not judged: only the Finder reads it.",
    recognise=recognise_store,
    examine=examine_store,
    malformed=DAMAGED,
    rules=(DAMAGED,),
)
FORMATS = (DOUBLE_FORMAT, STORE_FORMAT)
