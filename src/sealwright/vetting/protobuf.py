"""A small, bounded and strict reader of protobuf bytes, driven by a table of message types.

The usual readers are lenient where an attacker likes them to be: unknown fields are kept in
silence, the last of two values wins, a padded number is a number. This one takes only what a plain
writer writes, and reports the rest. Encoding: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from mmap import mmap
from typing import Literal

import msgspec

from sealwright.errors import LimitReached, MalformedError

Buffer = bytes | bytearray | memoryview | mmap
Kind = Literal["varint", "fixed32", "fixed64", "text", "bytes", "message"]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WIRE: dict[Kind, int] = {
    "varint": VARINT,
    "fixed32": FIXED32,
    "fixed64": FIXED64,
    "text": BYTES,
    "bytes": BYTES,
    "message": BYTES,
}
_NUMBER = rb"(?:[\x80-\xff]{0,8}+[\x00-\x7f]|[\x80-\xff]{9}[\x00\x01])"
_NUMBERS = re.compile(rb"(?:" + _NUMBER + rb")*+", re.DOTALL)
_SIZES: dict[Kind, int] = {"fixed32": 4, "fixed64": 8}
_HIGH = bytes(range(0x80, 0x100))
_MAX_FIELD_NUMBER = (1 << 29) - 1


class FieldType(msgspec.Struct, frozen=True):
    """One declared field. `message` names the type of an embedded message."""

    name: str
    kind: Kind
    repeated: bool = False
    message: str = ""


Schema = Mapping[str, Mapping[int, FieldType]]
"""Message type → field number → field."""


class Budget(msgspec.Struct):
    """What reading may cost. It counts down; at zero reading stops with LimitReached."""

    fields: int = 4_000_000
    """A run of equal numbers counts as one. A million take one to two seconds."""
    messages: int = 250_000
    depth: int = 96
    """Levels of embedded messages; protobuf's own readers stop at 100."""
    text: int = 16 * 1024
    """Bytes in one text field."""


class Span(msgspec.Struct, frozen=True):
    """Bytes `start` to `end` of the buffer, not copied.

    For repeated scalars: `packed`, or a run in which all but the first have their tag before them.
    """

    start: int
    end: int
    packed: bool = False

    @property
    def size(self) -> int:
        """Bytes in it."""
        return self.end - self.start


class Message(msgspec.Struct):
    """A message as it was read.

    `numbers`, `texts`, `spans` and `messages` hold the values by field name, in order.
    """

    type: str
    start: int
    end: int
    numbers: dict[str, int] = msgspec.field(default_factory=dict)
    texts: dict[str, list[str]] = msgspec.field(default_factory=dict)
    spans: dict[str, list[Span]] = msgspec.field(default_factory=dict)
    messages: dict[str, list[Message]] = msgspec.field(default_factory=dict)
    strange: list[str] = msgspec.field(default_factory=list)
    """What no plain writer writes: unknown fields, wrong wire types, a second value."""

    def text(self, name: str) -> str:
        """The value of a text field; empty if it is not there, as protobuf has it."""
        return self.texts.get(name, [""])[-1]

    def number(self, name: str, default: int = 0) -> int:
        """The value of a number field."""
        return self.numbers.get(name, default)

    def each(self, name: str) -> list[Message]:
        """The embedded messages of one field."""
        return self.messages.get(name, [])

    def has(self, name: str) -> bool:
        """Whether the field occurs at all."""
        return any(name in kind for kind in (self.numbers, self.texts, self.spans, self.messages))


def read_message(
    data: Buffer, *, kind: str, schema: Schema, budget: Budget, span: Span | None = None
) -> Message:
    """Reads all of `data`, or what `span` says, as one message of type `kind`.

    Raises MalformedError where the bytes are not protobuf (truncated, padded numbers, groups, field
    number 0, text that is not UTF-8), and LimitReached when `budget` is spent.
    """
    span = span or Span(0, len(data))
    return _Reader(data, schema, budget).message(kind, span.start, span.end, 0)


def outline(data: Buffer, *, kind: str, schema: Schema, budget: Budget) -> frozenset[int]:
    """The field numbers of the outermost message, without reading what is embedded.

    Raises MalformedError and LimitReached as `read_message` does, and MalformedError for a field
    that `kind` does not declare or declares otherwise.
    """
    reader, fields = _Reader(data, schema, budget), schema[kind]
    numbers: set[int] = set()
    position, end = 0, len(data)
    while position < end:
        budget.fields -= 1
        if budget.fields < 0:
            raise LimitReached("more fields than are read")
        tag, position = _varint(data, position, end)
        declared = fields.get(tag >> 3)
        if declared is None or _WIRE[declared.kind] != tag & 7:
            raise MalformedError(f"field {tag >> 3} does not belong to {kind}")
        numbers.add(tag >> 3)
        position = reader.skip(tag & 7, position, end)
    return frozenset(numbers)


def varints(data: Buffer, span: Span, *, limit: int | None = None) -> list[int]:
    """The unsigned values of a repeated varint field, the first `limit` of them."""
    values: list[int] = []
    position = span.start
    while position < span.end and (limit is None or len(values) < limit):
        if values and not span.packed:
            _, position = _varint(data, position, span.end)
        value, position = _varint(data, position, span.end)
        values.append(value)
    return values


def count_varints(data: Buffer, span: Span) -> int:
    """How many values `varints` would give, without making them."""
    last_bytes = len(bytes(data[span.start : span.end]).translate(None, _HIGH))
    return last_bytes if span.packed else (last_bytes + 1) // 2


def count_fixed(span: Span, *, width: int) -> int:
    """How many values of `width` bytes a repeated fixed field holds (tags of one byte)."""
    return span.size // width if span.packed else (span.size + 1) // (width + 1)


def signed(value: int) -> int:
    """A 64-bit two's complement number."""
    return value - (1 << 64) if value >> 63 else value


class _Reader:
    def __init__(self, data: Buffer, schema: Schema, budget: Budget) -> None:
        self.data = data
        self.schema = schema
        self.budget = budget

    def message(self, kind: str, start: int, end: int, depth: int) -> Message:
        if depth > self.budget.depth:
            raise LimitReached(f"messages nested deeper than {self.budget.depth} (byte {start})")
        self.budget.messages -= 1
        if self.budget.messages < 0:
            raise LimitReached("more embedded messages than are read")
        message = Message(kind, start, end)
        fields = self.schema[kind]
        position = start
        while position < end:
            self.budget.fields -= 1
            if self.budget.fields < 0:
                raise LimitReached("more fields than are read")
            at = position
            tag, position = _varint(self.data, position, end)
            number, wire = tag >> 3, tag & 7
            if not 1 <= number <= _MAX_FIELD_NUMBER:
                raise MalformedError(f"field number {number} at byte {at}")
            declared = fields.get(number)
            if declared is None:
                position = self.skip(wire, position, end)
                message.strange.append(f"unknown field {number} at byte {at}")
            elif wire == _WIRE[declared.kind]:
                position = self._value(message, declared, at, position, depth)
            elif wire == BYTES and declared.repeated and declared.kind not in ("text", "bytes"):
                position = self._packed(message, declared, position)
            else:
                position = self.skip(wire, position, end)
                message.strange.append(f"field {declared.name} has wire type {wire} at byte {at}")
        return message

    def _value(
        self, message: Message, declared: FieldType, tag_at: int, position: int, depth: int
    ) -> int:
        """Reads one value (of scalars: the whole run) that starts at `position`."""
        name, end = declared.name, message.end
        if declared.kind in ("varint", "fixed32", "fixed64"):
            if not declared.repeated:
                self._once(message, name, tag_at)
                return self._scalar(message, declared, position)
            return self._run(message, declared, tag_at, position)
        size, start = _varint(self.data, position, end)
        stop = start + size
        if stop > end:
            raise MalformedError(f"field {name} at byte {tag_at} reaches beyond its message")
        if not declared.repeated:
            self._once(message, name, tag_at)
        if declared.kind == "message":
            inner = self.message(declared.message, start, stop, depth + 1)
            message.messages.setdefault(name, []).append(inner)
        elif declared.kind == "text":
            message.texts.setdefault(name, []).append(self._text(name, start, stop))
        else:
            message.spans.setdefault(name, []).append(Span(start, stop))
        return stop

    def _once(self, message: Message, name: str, at: int) -> None:
        if message.has(name):
            message.strange.append(f"field {name} occurs again at byte {at}")

    def _scalar(self, message: Message, declared: FieldType, position: int) -> int:
        if declared.kind == "varint":
            value, stop = _varint(self.data, position, message.end)
        else:
            stop = position + _SIZES[declared.kind]
            if stop > message.end:
                raise MalformedError(f"field {declared.name} at byte {position} is cut off")
            value = int.from_bytes(self.data[position:stop], "little")
        message.numbers[declared.name] = value
        return stop

    def _run(self, message: Message, declared: FieldType, tag_at: int, position: int) -> int:
        """A run of equal tags is matched as a whole: forests hold millions of these numbers."""
        tag = bytes(self.data[tag_at:position])
        match = _run_pattern(tag, declared.kind).match(self.data, tag_at, message.end)
        if match is None:
            raise MalformedError(f"field {declared.name} at byte {tag_at} is cut off")
        message.spans.setdefault(declared.name, []).append(Span(position, match.end()))
        return match.end()

    def _packed(self, message: Message, declared: FieldType, position: int) -> int:
        size, start = _varint(self.data, position, message.end)
        stop = start + size
        if stop > message.end:
            raise MalformedError(f"field {declared.name} reaches beyond its message")
        width = _SIZES.get(declared.kind)
        if width:
            whole = size % width == 0
        else:
            match = _NUMBERS.match(self.data, start, stop)
            whole = match is not None and match.end() == stop
        if not whole:
            raise MalformedError(f"packed field {declared.name} at byte {start} is cut off")
        message.spans.setdefault(declared.name, []).append(Span(start, stop, packed=True))
        return stop

    def _text(self, name: str, start: int, stop: int) -> str:
        if stop - start > self.budget.text:
            raise LimitReached(f"text field {name} at byte {start} has {stop - start} bytes")
        try:
            return bytes(self.data[start:stop]).decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedError(f"text field {name} at byte {start} is not UTF-8") from error

    def skip(self, wire: int, position: int, end: int) -> int:
        if wire == VARINT:
            return _varint(self.data, position, end)[1]
        if wire == FIXED32:
            position += 4
        elif wire == FIXED64:
            position += 8
        elif wire == BYTES:
            size, position = _varint(self.data, position, end)
            position += size
        else:
            raise MalformedError(f"wire type {wire} before byte {position}")
        if position > end:
            raise MalformedError(f"a field ends beyond its message, which ends at byte {end}")
        return position


def _varint(data: Buffer, position: int, end: int) -> tuple[int, int]:
    """An unsigned number in its shortest form, and the position after it."""
    if position < end and data[position] < 0x80:
        return data[position], position + 1
    value = shift = 0
    for at in range(position, min(end, position + 10)):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64 or (byte == 0 and shift):
                raise MalformedError(f"a number at byte {position} is not in its shortest form")
            return value, at + 1
        shift += 7
    raise MalformedError(f"a number at byte {position} is cut off or too long")


@cache
def _run_pattern(tag: bytes, kind: Kind) -> re.Pattern[bytes]:
    """Tags come from declared fields in their shortest form: the cache stays small."""
    value = _NUMBER if kind == "varint" else b".{%d}" % _SIZES[kind]
    return re.compile(rb"(?:" + re.escape(tag) + value + rb")++", re.DOTALL)
