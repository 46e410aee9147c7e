"""Reads the footer of Parquet files: column chunks as they come, and the metadata."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.interface import Examining, quoted
from sealwright.vetting.protobuf import Span
from sealwright.vetting.session import Spent
from sealwright.vetting.tables import rules
from sealwright.vetting.tables.messages import examine_stream
from sealwright.vetting.tables.schema import Metadata
from sealwright.vetting.thrift import Schema, Struct, read_struct

_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_MAX_FOOTER = 256 * 1024 * 1024
_MAX_SCHEMA = 32 * 1024 * 1024
_MAX_TOLD = 20
_SIGNATURE = 28
"""Bytes of nonce and tag after a footer that is signed."""
_SCHEMA: Schema = {
    "File": {4: "RowGroup*", 5: "KeyValue*", 8: "Algorithm"},
    "RowGroup": {1: "Chunk*"},
    "Chunk": {1: "", 3: "Column", 4: "", 5: "", 6: "", 7: "", 8: "Crypto"},
    "Column": {7: "", 8: "KeyValue*", 9: "", 11: "", 14: "", 15: ""},
    "KeyValue": {1: "", 2: ""},
    "Algorithm": {},
    "Crypto": {},
}
"""The fields that are looked at; all others are only checked to be there to their end."""
_OUTSIDE = regex(r"[/\\]|[A-Za-z][\w+.-]*:|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)
"""Absolute, with a drive or a scheme, or leading up."""


def examine_footer(work: Examining) -> None:
    """Reads the footer and follows its offsets."""
    data = work.data
    size = len(data)
    tail = bytes(data[size - 8 :])
    if tail[4:] == _ENCRYPTED:
        work.gap("the footer is encrypted; scan a copy that is not")
        return
    length = int.from_bytes(tail[:4], "little")
    start = size - 8 - length
    if tail[4:] != _MAGIC or bytes(data[:4]) != _MAGIC or start < 4:
        raise MalformedError(f"no footer of {length} bytes at the end of the file")
    if length > _MAX_FOOTER:
        raise Spent(f"a footer of {length} bytes; at most {_MAX_FOOTER} are read")
    columns = _Columns(work, start, Metadata(work))
    span = Span(start, start + length)
    file, end = read_struct(
        data,
        span,
        kind="File",
        schema=_SCHEMA,
        spend=work.session.spend,
        taken={"Chunk": columns.chunk},
    )
    left = span.end - end
    if left != (_SIGNATURE if file.each(8) else 0):
        raise MalformedError(f"{left} bytes of the footer are left over")
    work.parsed = 12 + length
    work.numbers = start - 4
    pairs = columns.pairs(file, 5, where="the file")
    for key, value in pairs:
        if key == b"ARROW:schema":
            _arrow(work, value, columns.metadata)


class _Columns:
    """Looks at each column chunk as it is read: there may be millions."""

    def __init__(self, work: Examining, end: int, metadata: Metadata) -> None:
        self.work = work
        self.end = end
        self.metadata = metadata
        self.outside = 0

    def chunk(self, chunk: Struct) -> None:
        """Its data, indexes and filters must lie between the mark and the footer."""
        self.work.session.spend(8)
        if chunk.each(8) and not self.work.gaps:
            self.work.gap("columns are encrypted; scan a copy that is not")
        span = chunk.spans.get(1, Span(0, 0))
        path = bytes(self.work.data[span.start : span.end]).decode("utf-8", "backslashreplace")
        if path and _OUTSIDE.match(path):
            self.outside += 1
            if self.outside <= _MAX_TOLD:
                self.work.find(rules.EXTERNAL, f"column data in {quoted(path)}")
        if not path:
            _within(chunk.numbers, 4, 5, self.end)
            _within(chunk.numbers, 6, 7, self.end)
        for column in chunk.each(3):
            if not path:
                _pages(column, self.end)
            if column.each(8):
                self.pairs(column, 8, where="a column chunk")

    def pairs(self, holder: Struct, number: int, *, where: str) -> list[tuple[bytes, bytes]]:
        """Judges the pairs of one field, and gives them back."""
        return self.metadata.pairs(self._read(holder, number), where=where)

    def _read(self, holder: Struct, number: int) -> Iterator[tuple[bytes, bytes]]:
        data = self.work.data
        for pair in holder.each(number):
            key, value = (pair.spans.get(field, Span(0, 0)) for field in (1, 2))
            self.work.session.spend(1 + (key.size + value.size) // 256)
            yield bytes(data[key.start : key.end]), bytes(data[value.start : value.end])


def _within(numbers: dict[int, int], offset: int, length: int, end: int) -> None:
    """An offset with a length, both of which may be missing."""
    start, size = numbers.get(offset, 0), numbers.get(length, 0)
    if start < 0 or size < 0 or start + size > end:
        raise MalformedError(f"{size} bytes at {start} are not in the file")


def _pages(column: Struct, end: int) -> None:
    """The pages of a column: from the dictionary, if there is one, over its compressed size. Older
    writers say 0 where they have no dictionary."""
    numbers = column.numbers
    start = numbers.get(9, 0)
    if 0 < numbers.get(11, 0) < start:
        start = numbers[11]
    size = numbers.get(7, 0)
    if start < 0 or size < 0 or start + size > end:
        raise MalformedError(f"a column chunk of {size} bytes at {start} is not in the file")
    _within(numbers, 14, 15, end)


def _arrow(work: Examining, value: bytes, metadata: Metadata) -> None:
    """A schema as an Arrow stream in base64, from which pyarrow restores the types."""
    if len(value) > _MAX_SCHEMA:
        raise Spent(f"an Arrow schema of {len(value)} bytes; at most {_MAX_SCHEMA} are read")
    work.session.spend(1 + len(value) // 256)
    try:
        stream = binascii.a2b_base64(value, strict_mode=True)
    except binascii.Error as error:
        raise MalformedError("the Arrow schema is not base64") from error
    examine_stream(work, stream, metadata)
