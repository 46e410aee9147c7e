"""Reads MessagePack: Flax checkpoints, spaCy's and thinc's parts, arrays of msgpack-numpy.

Extension types of Flax: flax/serialization.py; arrays as maps: msgpack-numpy 0.4.8, which unpickles
those of objects.
"""

from __future__ import annotations

import math

from sealwright.errors import MalformedError
from sealwright.vetting.formats.msgpack_values import (
    BYTES,
    EXTENSION,
    MAP,
    TEXT,
    Frame,
    Item,
    item_at,
    short_value,
    walk,
)
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule
from sealwright.vetting.pickle.probe import headed, would_act
from sealwright.vetting.session import Spent, Steps

MALFORMED = Rule(
    id="SW-MSG-001",
    effect="fail",
    severity="medium",
    title="The file is not well-formed MessagePack",
    why=(
        "Lengths and counts must fit the bytes that are there, and the file must end where its "
        "value ends. What does not is damage, or made for a reader that does not look."
    ),
    example="flax_model.msgpack whose last array is longer than the file",
    remediation="get the file again from its source",
    atlas=("AML.T0076",),
    cwe=(20,),
)
OBJECTS = Rule(
    id="SW-MSG-002",
    effect="fail",
    severity="high",
    title="An array of Python objects is unpickled by its reader",
    why=(
        "msgpack-numpy gives the data of an array of kind O to pickle.loads: whatever that pickle "
        "calls has run before the array is seen."
    ),
    example='{"nd": true, "kind": "O", "data": <a pickle>}',
    remediation="do not load it; ask its author for arrays of numbers",
    atlas=("AML.T0011.000",),
    cwe=(502,),
)

_PROBED = 20_000
"""Values that are walked to recognise a file."""
_EMPTY = (b"\x80", b"\x90")
"""A map and an array of nothing: whole files of spaCy."""
_TIMESTAMP = 255
"""The extension type -1 of the specification; Flax has 1 (array), 2 (complex) and 3 (scalar)."""
_WIDTHS = {
    "bool": 1,
    "int4": 1,
    "uint4": 1,
    "bfloat16": 2,
    "complex64": 8,
    "complex128": 16,
    **{f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": bits // 8 for bits in (16, 32, 64)},
    **{f"float8_{form}": 1 for form in ("e4m3fn", "e4m3b11fnuz", "e4m3fnuz", "e5m2", "e5m2fnuz")},
}
"""Names of number types → bytes of one."""


def recognise(member: Member) -> Fit:
    """One map or array that ends where the file ends; of a large one the first values, and a text
    as its first key."""
    data = member.data
    if len(data) == 1 and bytes(data) in _EMPTY:
        return "strong"
    if not len(data) or not _is_container(data[0]):
        return "no"
    steps = Steps(_PROBED)
    try:
        return "strong" if walk(data, steps.spend, _ignore) == len(data) else "no"
    except MalformedError:
        return "no"
    except Spent:
        head = item_at(data, 0)
        named = head.kind == MAP and item_at(data, head.end).kind in (TEXT, BYTES)
        return "strong" if named else "no"


def examine(examining: Examining) -> None:
    """Walks every value; follows pickles, and the arrays of Flax."""
    data = examining.data
    numbers = 0

    def take(item: Item, frame: Frame | None) -> None:
        nonlocal numbers
        if frame is not None:
            _closed(frame, examining)
        elif item.kind == EXTENSION:
            numbers += _extension(item, examining)
        elif item.kind == BYTES:
            numbers += item.end - item.start
            _payload(item, examining)

    end = walk(data, examining.session.spend, take)
    if end != len(data):
        raise MalformedError(f"the value ends at byte {end} of {len(data)}")
    examining.numbers += numbers
    examining.parsed += len(data) - numbers


def _closed(frame: Frame, examining: Examining) -> None:
    """An array of msgpack-numpy: a map that says so."""
    seen = frame.seen
    if not {b"nd", b"kind", b"data"} <= seen.keys() or not seen[b"nd"].extra:
        return
    kind, held = seen[b"kind"], seen[b"data"]
    if bytes(examining.data[kind.start : kind.end]) == b"O" and held.kind in (BYTES, TEXT):
        message = f"an array of objects: {held.end - held.start} bytes for pickle.loads"
        examining.find(OBJECTS, message, offset=held.start)
        if not (held.kind == BYTES and headed(examining.data, held.start)):
            _visit(held, examining)  # a headed one was visited when it was met


def _payload(item: Item, examining: Examining) -> None:
    """Bytes that a program may give to pickle.loads."""
    if headed(examining.data, item.start) and would_act(examining.data[item.start : item.end]):
        _visit(item, examining)


def _visit(item: Item, examining: Examining) -> None:
    name = f"bytes at {item.start}"
    examining.session.visit(name, examining.data[item.start : item.end], within=examining.member)


def _extension(item: Item, examining: Examining) -> int:
    """How many bytes of an extension are numbers; what is nobody's known type is a gap."""
    inner = examining.data[item.start : item.end]
    if item.extra == _TIMESTAMP and len(inner) in (4, 8, 12):
        return 0
    match item.extra, short_value(inner):
        case (1 | 3, [list() as shape, str() as name, Item() as held]):
            size = held.end - held.start
            counts = [each for each in shape if type(each) is int]
            if len(counts) == len(shape) and math.prod(counts) * _WIDTHS.get(name, -1) == size:
                return size
        case (2, [float(), float()]):
            return 0
    _payload(item, examining)
    code = item.extra - 256 if item.extra > 127 else item.extra
    examining.gap(
        f"extension type {code} at byte {item.start} belongs to the program that wrote it"
    )
    return 0


def _ignore(item: Item, frame: Frame | None) -> None:
    """Nothing is looked at while a file is recognised."""


def _is_container(code: int) -> bool:
    return (0x81 <= code <= 0x9F and code != 0x90) or 0xDC <= code <= 0xDF


FORMAT = Format(
    id="msgpack",
    title="MessagePack",
    examines=(
        "Every value to the end of the file, shapes and types of Flax arrays, arrays of objects "
        "(which msgpack-numpy unpickles), and pickles in bytes. Extension types of other programs "
        "are not examined (inconclusive)."
    ),
    extensions=(".msgpack", ".msgpck", ".bin"),
    recognise=recognise,
    examine=examine,
    malformed=MALFORMED,
    rules=(MALFORMED, OBJECTS),
)
