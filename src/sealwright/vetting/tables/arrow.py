"""Arrow files (Feather version 2) and streams: every message, and what the schema says.

Layout: the Arrow columnar format, "Serialization and Interprocess Communication", and
apache/arrow, format/Message.fbs and File.fbs.
"""

from __future__ import annotations

from sealwright.errors import MalformedError
from sealwright.vetting.after_end import examine_rest
from sealwright.vetting.interface import Examining, Fit, Format, Member
from sealwright.vetting.tables import rules

_MAGIC = b"ARROW1"
_MARK = b"\xff\xff\xff\xff"
_MAX_PROBED = 1 << 26


def recognise(member: Member) -> Fit:
    """By the file's mark, or by a stream's first message, which is its schema."""
    data = member.data
    if bytes(data[:6]) == _MAGIC:
        return "strong"
    length = int.from_bytes(bytes(data[4:8]), "little")
    if bytes(data[:4]) != _MARK or not 8 <= length <= min(len(data) - 8, _MAX_PROBED):
        return "no"
    from sealwright.vetting.flatbuffer import root_table
    from sealwright.vetting.tables.schema import SCHEMA, message_of

    try:
        with memoryview(data) as view, view[8 : 8 + length] as part:
            kind, _ = message_of(root_table(part, spend=_nothing))
    except MalformedError:
        return "no"
    return "strong" if kind == SCHEMA else "no"


def _nothing(steps: int) -> None:
    """Recognising reads a few numbers only."""


def examine(work: Examining) -> None:
    """A file or a stream."""
    from sealwright.vetting.tables.messages import examine_file, examine_stream
    from sealwright.vetting.tables.schema import Metadata

    if bytes(work.data[:6]) == _MAGIC:
        examine_file(work)
    else:
        end = examine_stream(work, work.data, Metadata(work))
        work.parsed = end - work.numbers
        examine_rest(work, end, rules=rules.END)


FORMAT = Format(
    id="arrow",
    title="Arrow data (Feather)",
    examines=(
        "Every message of a file or stream, the footer against them, the buffers of every batch "
        "by their place; metadata of the schema and of all columns: extension types, pickles in "
        "it, the JSON of pandas and Hugging Face. Values of columns are not judged."
    ),
    extensions=(".arrow", ".feather", ".arrows", ".ipc"),
    recognise=recognise,
    examine=examine,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
)
