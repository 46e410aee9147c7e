"""TFRecord files, and the event files of TensorBoard, which are TFRecord files too.

A record is its length (64 bits), a checksum of the length, the content, and a checksum of that:
CRC-32C, rotated and shifted by a constant (tensorflow/core/lib/io/record_writer.h).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from sealwright.errors import LimitReached, MalformedError
from sealwright.vetting.formats import tensorflow_rules, tfrecord_rules
from sealwright.vetting.formats.embedded import is_file
from sealwright.vetting.formats.tensorflow_schema import SCHEMA
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member
from sealwright.vetting.protobuf import Budget, Span, outline
from sealwright.vetting.session import Spent

_HEAD, _TAIL = 12, 4
_LONGEST = 1 << 40
"""Bytes of a record; a length in letters is beyond it."""
_LONGEST_EVENT = 1 << 31
"""Protobuf takes no message of more."""
VERIFIED = 4 * 1024 * 1024
"""Bytes of a file up to which the checksums of its records are verified: half a second."""
_STEPS = 4
"""What a record costs; 32 bytes under a checksum cost one more."""
_TIME, _WHAT = 1, frozenset(range(3, 11))
_LOOKED_AT = 1024 * 1024


@cache
def _table() -> tuple[int, ...]:
    made = []
    for number in range(256):
        value = number
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        made.append(value)
    return tuple(made)


def masked_crc(data: Buffer) -> bytes:
    """The checksum of some bytes as records have it."""
    table, crc = _table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return (((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")


def _length(head: bytes) -> int:
    """The length that a record begins with; -1 where its checksum is wrong."""
    size = int.from_bytes(head[:8], "little")
    right = len(head) == _HEAD and size < _LONGEST and masked_crc(head[:8]) == head[8:]
    return size if right else -1


def _first_is_event(member: Member) -> bool:
    """By a time and what happened then. A file whose name says so has to hold events."""
    if "tfevents" in member.name:
        return True
    data = member.data
    size = min(_length(bytes(data[:_HEAD])), _LOOKED_AT)
    content = bytes(data[_HEAD : _HEAD + size])
    if content.startswith(b"\x09") and b"\x1a\rbrain.Event:" in content[:40]:
        return True
    try:
        found = outline(content, kind="Event", schema=SCHEMA, budget=Budget(fields=100))
    except (MalformedError, LimitReached):
        return False
    return _TIME in found and not found.isdisjoint(_WHAT)


def recognise_records(member: Member) -> Fit:
    """By the checksum of the first length."""
    if _length(bytes(member.data[:_HEAD])) < 0:
        return "no"
    return "no" if _first_is_event(member) else "strong"


def recognise_events(member: Member) -> Fit:
    """By the checksum of the first length, and a first record that is an event."""
    if _length(bytes(member.data[:_HEAD])) < 0:
        return "no"
    return "strong" if _first_is_event(member) else "no"


def _records(examining: Examining, *, events: bool) -> Iterator[Span]:
    """The content of every record."""
    data, position, number = examining.data, 0, 0
    left, unverified = VERIFIED, 0
    while position < len(data):
        examining.session.spend(_STEPS)
        head, start = bytes(data[position : position + _HEAD]), position + _HEAD
        size = _length(head)
        if len(head) == _HEAD and size < 0:
            raise MalformedError(f"the length of record {number} at byte {position} is wrong")
        if len(head) < _HEAD or start + size + _TAIL > len(data):
            if not (events and number and size < _LONGEST_EVENT):
                raise MalformedError(f"record {number} at byte {position} is cut off")
            rest = len(data) - position
            examining.find(
                tfrecord_rules.CUT_OFF, f"{rest} bytes of event {number}", offset=position
            )
            _visit_file(examining, Span(min(start, len(data)), len(data)), "the cut event")
            break
        stop = start + size
        if size <= left:
            left -= size
            examining.session.spend(size // 32)
            if masked_crc(bytes(data[start:stop])) != bytes(data[stop : stop + _TAIL]):
                raise MalformedError(f"the checksum of record {number} at byte {position} is wrong")
        else:
            unverified += 1
        yield Span(start, stop)
        examining.parsed += _HEAD + _TAIL
        position, number = stop + _TAIL, number + 1
    if unverified:
        examining.find(
            tfrecord_rules.UNVERIFIED,
            f"{unverified} of {number} records: more than {VERIFIED} bytes",
        )


def _visit_file(examining: Examining, span: Span, name: str) -> None:
    """Has a value examined that is itself a file."""
    value = memoryview(examining.data)[span.start : span.end]
    if span.size and is_file(value, examining.session, strong=True):
        examining.session.visit(name, value, within=examining.member)


def examine_records(examining: Examining) -> None:
    """Every record, and what it holds where that is a file."""
    for number, span in enumerate(_records(examining, events=False)):
        _visit_file(examining, span, f"record {number}")
        examining.numbers += span.size


def examine_events(examining: Examining) -> None:
    """Every event with all that it holds."""
    from sealwright.vetting.formats.tfrecord_events import examine_event, values

    for number, span in enumerate(_records(examining, events=True)):
        try:
            event = examine_event(examining, span)
        except LimitReached as error:
            raise Spent(error.message) from None
        for value, what in values(event):
            _visit_file(examining, value, f"event {number}, {what}")
        examining.parsed += span.size


RECORDS = Format(
    id="tfrecord",
    title="TFRecord file",
    examines="The place of every record and the checksum of its length; of the first "
    f"{VERIFIED // 1024**2} MiB the checksum of the content too. A record that is itself a file "
    "(a pickle, an archive) is examined as that. All other records are data: they are not read as "
    "examples, and the values in them are not judged.",
    extensions=(".tfrecord", ".tfrecords", ".tfrec"),
    recognise=recognise_records,
    examine=examine_records,
    malformed=tfrecord_rules.MALFORMED,
    rules=(tfrecord_rules.MALFORMED, tfrecord_rules.UNVERIFIED),
)
EVENTS = Format(
    id="tensorboard-events",
    title="TensorBoard event file",
    examines="Every record as above, and every field of every event. Graphs are examined as "
    "TensorFlow's, but for operations that TensorFlow does not have: nothing runs the graph of an "
    "event, and torch draws its modules as such. Pictures, sounds, texts and content of plugins "
    "are data, and examined where they are themselves a file with code.",
    recognise=recognise_events,
    examine=examine_events,
    malformed=tfrecord_rules.MALFORMED,
    rules=(
        tfrecord_rules.MALFORMED,
        tfrecord_rules.CUT_OFF,
        tfrecord_rules.UNVERIFIED,
        *tensorflow_rules.RULES,
    ),
)
FORMATS = (RECORDS, EVENTS)
