"""Attacks in TFRecord files and event files, put together byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from sealwright.vetting.formats.tfrecord import masked_crc
from tests.attacks.documents.case import Case

PICKLE = b"cos\nsystem\n(S'echo hidden'\ntR."
NEW_PICKLE = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0becho hidden\x85R."
TIME = b"\x09" + struct.pack("<d", 1.7e9)


def field(number: int, value: bytes | str) -> bytes:
    """One field in the wire format."""
    data = value.encode() if isinstance(value, str) else value
    size = bytes([len(data)]) if len(data) < 128 else bytes([len(data) & 127 | 128, len(data) >> 7])
    return bytes([number << 3 | 2]) + size + data


def record(content: bytes) -> bytes:
    """One record."""
    size = struct.pack("<Q", len(content))
    return size + masked_crc(size) + content + masked_crc(content)


def records(contents: Iterable[bytes]) -> bytes:
    """A file of some records."""
    return b"".join(record(one) for one in contents)


def event(number: int, value: bytes | str) -> bytes:
    """An event that holds one thing."""
    return TIME + field(number, value)


VERSION = event(3, "brain.Event:2")


def events(*more: bytes) -> bytes:
    """An event file."""
    return records((VERSION, *more))


def node(operation: str, *inputs: str) -> bytes:
    """A node of a graph."""
    named = field(1, f"{operation}_1") + field(2, operation)
    return field(1, named + b"".join(field(3, one) for one in inputs))


def summary(part: int, value: bytes) -> bytes:
    """An event with one value of a summary."""
    return event(5, field(1, field(1, "tag") + field(part, value)))


def meta_graph(graph: bytes) -> bytes:
    """A meta graph as TensorFlow writes it."""
    return field(1, field(4, "serve") + field(5, "2.21.0")) + field(2, graph)


LIBRARY = field(2, field(1, field(1, field(1, "f")) + field(3, node("WriteFile", "x")[2:])))
_DRAWN = node("aten::addmm") + node("IO Node")
_NAME = "events.out.tfevents.1700000000.host.1.0"
_WHOLE = records([b"one", b"two"])
CASES = (
    Case(name="graph-reads-file", data=events(event(4, node("ReadFile"))), rule="SW-TF-005"),
    Case(name="graph-calls-python", data=events(event(4, node("PyFunc"))), rule="SW-TF-004"),
    Case(
        name="graph-writes-events",
        data=events(event(4, node("CreateSummaryFileWriter", "writer", "a"))),
        rule="SW-TF-005",
    ),
    Case(name="function-writes-file", data=events(event(4, LIBRARY)), rule="SW-TF-005"),
    Case(
        name="graph-behind-drawing",
        data=events(event(4, _DRAWN + node("WriteFile", "a", "b"))),
        rule="SW-TF-005",
    ),
    Case(
        name="meta-graph-calls-python",
        data=events(event(9, meta_graph(node("EagerPyFunc")))),
        rule="SW-TF-004",
    ),
    Case(
        name="meta-graph-is-something-else",
        data=events(event(9, b"\x01\x02\x03 nothing known")),
        rule="SW-FMT-006",
        ends="inconclusive",
    ),
    Case(
        name="graph-without-version-first",
        data=records([event(4, node("ReadFile"))]),
        rule="SW-TF-005",
    ),
    Case(
        name="graph-without-time-by-name",
        data=records([field(4, node("ReadFile"))]),
        rule="SW-TF-005",
    ),
    Case(
        name="two-things-in-one-event",
        data=events(event(5, b"") + field(4, node("ReadFile"))),
        rule="SW-TF-002",
    ),
    Case(
        name="graph-given-twice",
        data=events(event(4, node("ReadFile")) + field(4, node("Add"))),
        rule="SW-TF-005",
    ),
    Case(
        name="field-of-a-newer-version",
        data=events(event(12, b"new")),
        rule="SW-TF-003",
        ends="inconclusive",
    ),
    Case(
        name="pickle-as-picture", data=events(summary(4, field(4, NEW_PICKLE))), rule="SW-PKL-001"
    ),
    Case(
        name="pickle-in-text-tensor",
        data=events(summary(8, b"\x08\x07" + field(8, PICKLE))),
        rule="SW-PKL-001",
    ),
    Case(
        name="pickle-for-a-plugin",
        data=events(summary(9, field(1, field(1, "x") + field(2, NEW_PICKLE)))),
        rule="SW-PKL-001",
    ),
    Case(
        name="pickle-as-run-metadata",
        data=events(event(8, field(1, "step") + field(2, NEW_PICKLE))),
        rule="SW-PKL-001",
    ),
    Case(
        name="event-is-none",
        data=events(b"\x0a\x03abc"),
        rule="SW-TF-002",
    ),
    Case(name="event-is-no-protobuf", data=events(b"\xff" * 20), rule="SW-TFREC-001"),
    Case(
        name="pickle-in-half-an-event",
        data=events(event(5, b"")) + record(NEW_PICKLE * 2)[:-20],
        rule="SW-PKL-001",
    ),
    Case(
        name="half-an-event-of-a-terabyte",
        data=events() + struct.pack("<Q", 1 << 39) + masked_crc(struct.pack("<Q", 1 << 39)),
        rule="SW-TFREC-001",
    ),
    *(
        Case(name=name, data=data, rule=rule, path="train.tfrecord")
        for name, data, rule in (
            ("pickle-in-record", records([b"one", NEW_PICKLE]), "SW-PKL-001"),
            ("old-pickle-in-record", records([PICKLE]), "SW-PKL-001"),
            ("pickle-and-more-in-record", records([NEW_PICKLE + b"rest"]), "SW-PKL-001"),
            ("checksum-of-length", _WHOLE[:-9] + b"\0" + _WHOLE[-8:], "SW-TFREC-001"),
            ("checksum-of-content", _WHOLE[:-1] + b"\0", "SW-TFREC-001"),
            ("record-cut-off", _WHOLE[:-5], "SW-TFREC-001"),
            ("length-beyond-the-end", record(b"x" * 99)[:50], "SW-TFREC-001"),
            ("half-a-length", _WHOLE + b"\1\0\0", "SW-TFREC-001"),
            ("pickle-behind-the-records", _WHOLE + NEW_PICKLE, "SW-TFREC-001"),
        )
    ),
)
NAMED = tuple((case, _NAME if case.path == "config.json" else case.path) for case in CASES)
"""Each with the name of its file."""
