"""Reads the messages of Arrow files and streams, and the footers of files."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.flatbuffer import Table, root_table
from sealwright.vetting.interface import Buffer, Examining
from sealwright.vetting.tables import rules
from sealwright.vetting.tables.schema import SCHEMA, Metadata, examine_schema, message_of

_MAGIC = b"ARROW1"
_MARK = b"\xff\xff\xff\xff"
_DICTIONARY, _BATCH = 2, 3
_PADDING = regex(rb"(?:\0|\xff{4}\0{4})*+")
"""Zeros and marks of the end."""


class _Message(msgspec.Struct, frozen=True):
    """A message, where its body starts, and how many bytes that has."""

    at: int
    kind: int
    header: Table
    body: int
    size: int


def examine_stream(work: Examining, data: Buffer, metadata: Metadata) -> int:
    """Looks at the messages of a stream; where it ends.

    Raises MalformedError where a message is broken or the first one is no schema.
    """
    position, end = 0, len(data)
    for message in _messages(work, data, 0, end):
        if not position and message.kind != SCHEMA:
            break
        position = message.body + message.size
        if message.kind == SCHEMA:
            examine_schema(message.header, metadata)
        _message(work, message)
    if not position:
        raise MalformedError("the first message is not a schema")
    head = bytes(data[position : min(position + 8, end)])
    return position + (8 if head[:4] == _MARK else min(4, len(head)))


def _messages(work: Examining, data: Buffer, position: int, end: int) -> Iterator[_Message]:
    """Each message before the mark of the end, or the end itself. Streams of before version 0.15
    have lengths without a mark before them."""
    while position < end:
        work.session.spend(4)
        head = bytes(data[position : min(position + 8, end)])
        marked = head[:4] == _MARK
        start = position + (8 if marked else 4)
        length = int.from_bytes(head[4:8] if marked else head[:4], "little")
        if start > end or start + length > end:
            raise MalformedError(f"the message at byte {position} reaches beyond the file")
        if not length:
            return
        root = root_table(memoryview(data)[start : start + length], spend=work.session.spend)
        kind, header = message_of(root)
        size = root.number(3, 8)
        if start + length + size > end:
            raise MalformedError(f"the body of the message at byte {position} is cut off")
        yield _Message(position, kind, header, start + length, size)
        position = start + length + size


def _message(work: Examining, message: _Message) -> None:
    """Every buffer of a batch must lie in the body."""
    work.numbers += message.size
    batch: Table | None = None
    if message.kind in (_DICTIONARY, _BATCH):
        batch = message.header.table(1) if message.kind == _DICTIONARY else message.header
    if batch is None:
        return
    for start, size in batch.structs(2, "<qq"):
        if start < 0 or size < 0 or start + size > message.size:
            raise MalformedError(f"a buffer of the message at byte {message.at} is not in its body")


def examine_file(work: Examining) -> None:
    """The footer, which readers go by, the messages that it names, and what lies between them."""
    data = work.data
    if len(data) < 24 or bytes(data[-6:]) != _MAGIC:
        raise MalformedError("the file does not end as an Arrow file does")
    length = int.from_bytes(bytes(data[-10:-6]), "little")
    start = len(data) - 10 - length
    if start < 8:
        raise MalformedError(f"a footer of {length} bytes is not in the file")
    metadata = Metadata(work)
    footer = root_table(memoryview(data)[start : start + length], spend=work.session.spend)
    schema = footer.table(1)
    if schema is None:
        raise MalformedError("the footer has no schema")
    examine_schema(schema, metadata)
    metadata.pairs(((each.raw(0), each.raw(1)) for each in footer.tables(4)), where="the footer")
    position, first = 8, True
    for message in sorted(_blocks(work, footer, start), key=lambda each: each.at):
        if message.at < position:
            raise MalformedError(f"batches overlap at byte {message.at}")
        _between(work, position, message.at, metadata, first=first)
        _message(work, message)
        position, first = message.body + message.size, False
    _between(work, position, start, metadata, first=first)
    work.parsed = len(data) - work.numbers


def _blocks(work: Examining, footer: Table, end: int) -> Iterator[_Message]:
    """The messages that the footer names: dictionaries, then batches."""
    for number, kind in ((2, _DICTIONARY), (3, _BATCH)):
        for offset, size, body in footer.structs(number, "<qi4xq"):
            if offset < 8 or size < 8 or body < 0 or offset + size + body > end:
                raise MalformedError(f"the batch at byte {offset} is not in the file")
            message = next(_messages(work, work.data, offset, offset + size + body), None)
            found = message and (message.kind, message.body - offset, message.size)
            if message is None or found != (kind, size, body):
                raise MalformedError(f"the footer names a batch at byte {offset} that is not there")
            yield message


def _between(work: Examining, position: int, end: int, metadata: Metadata, *, first: bool) -> None:
    """Bytes that the footer does not name: the schema once more, then padding and the end mark."""
    data = work.data
    if first:
        position = _schema_again(work, position, end, metadata)
    padding = _PADDING.match(data, position, end)
    if padding is None or padding.end() < end:
        work.find(rules.TRAILING, f"{end - position} bytes belong to no message", offset=position)


def _schema_again(work: Examining, position: int, end: int, metadata: Metadata) -> int:
    """Where the schema that writers put before the batches ends; readers skip it.

    Polars writes it without the mark and length before it: then it takes all of the bytes.
    """
    for ahead in (8, 4, 0):
        start = position + ahead
        try:
            part = memoryview(work.data)[start:end]
            kind, header = message_of(root_table(part, spend=work.session.spend))
        except MalformedError:
            continue
        if kind == SCHEMA:
            examine_schema(header, metadata)
            length = int.from_bytes(bytes(work.data[start - 4 : start]), "little")
            return min(start + length, end) if ahead else end
    return position
