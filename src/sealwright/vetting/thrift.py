"""A bounded reader of Thrift's compact protocol: keeps the declared fields, checks the rest.

Encoding: apache/thrift, doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Buffer
from sealwright.vetting.protobuf import Span
from sealwright.vetting.session import Spent

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = (
    *(1, 2, 3, 7, 8),
    *(9, 10, 11, 12, 13),
)
_NUMBERS = frozenset((4, 5, 6))
"""i16, i32 and i64: zigzag varints."""
_FIXED = {_BYTE: 1, _DOUBLE: 8, _UUID: 16}
_MAX_DEPTH = 32

MAX_LIST = 100_000
"""Structs that one list may keep."""

Schema = Mapping[str, Mapping[int, str]]
"""Struct name → field number → name of the struct that it holds, with `*` for a list of such, or
nothing for a number or bytes. Fields that are not named are checked and not kept."""
Taken = Mapping[str, Callable[["Struct"], None]]
"""Struct name → who gets each such struct of a list, which is not kept then."""


class Struct(msgspec.Struct):
    """The declared fields of one struct, by their numbers."""

    numbers: dict[int, int] = msgspec.field(default_factory=dict)
    spans: dict[int, Span] = msgspec.field(default_factory=dict)
    structs: dict[int, list[Struct]] = msgspec.field(default_factory=dict)

    def each(self, number: int) -> list[Struct]:
        """The structs of one field; none if it is not there."""
        return self.structs.get(number, [])


def read_struct(
    data: Buffer,
    span: Span,
    *,
    kind: str,
    schema: Schema,
    spend: Callable[[int], None],
    taken: Taken | None = None,
) -> tuple[Struct, int]:
    """Reads one struct of type `kind` that starts where `span` does; also where it ends.

    Raises MalformedError where the bytes are no struct within `span`, a declared field has another
    type or occurs twice; Spent below 32 levels and beyond `MAX_LIST`, and what `spend` and `taken`
    raise.
    """
    return _Reader(data, span.end, schema, spend, taken or {}).struct(kind, span.start, 0)


class _Reader:
    def __init__(
        self,
        data: Buffer,
        end: int,
        schema: Schema,
        spend: Callable[[int], None],
        taken: Taken,
    ) -> None:
        self.data = data
        self.end = end
        self.schema = schema
        self.spend = spend
        self.taken = taken

    def struct(self, kind: str, position: int, depth: int) -> tuple[Struct, int]:
        if depth > _MAX_DEPTH:
            raise Spent(f"structs are nested more than {_MAX_DEPTH} deep")
        made, number = Struct(), 0
        fields = self.schema.get(kind, {})
        seen: set[int] = set()
        count = 0
        while True:
            count += 1
            head = self.byte(position)
            position += 1
            if not head:
                self.spend(count & 4095)
                return made, position
            if head >> 4:
                number += head >> 4
            else:
                number, position = self.number(position)
            if number not in fields:
                position = self.skip(head & 15, position, depth, boolean=False)
                if not count & 4095:
                    self.spend(4096)
                continue
            if number in seen:
                raise MalformedError(f"field {number} of {kind} occurs again at byte {position}")
            seen.add(number)
            position = self.keep(made, number, head & 15, fields[number], position, depth)

    def keep(
        self, made: Struct, number: int, wire: int, inner: str, position: int, depth: int
    ) -> int:
        several = inner.endswith("*")
        if inner and not several and wire == _STRUCT:
            one, position = self.struct(inner, position, depth + 1)
            made.structs[number] = [one]
        elif several and wire == _LIST:
            made.structs[number], position = self.several(inner[:-1], position, depth)
        elif not inner and wire in _NUMBERS:
            made.numbers[number], position = self.number(position)
        elif not inner and wire == _BINARY:
            span = self.binary(position)
            made.spans[number], position = span, span.end
        else:
            raise MalformedError(f"field {number} has type {wire} (byte {position})")
        return position

    def several(self, kind: str, position: int, depth: int) -> tuple[list[Struct], int]:
        """The structs of a list that are kept, and the position behind all."""
        element, count, position = self.list_head(position)
        if element != _STRUCT and count:
            raise MalformedError(f"a list of {kind} holds something else (byte {position})")
        take = self.taken.get(kind)
        if take is None and count > MAX_LIST:
            raise Spent(f"a list of {count} {kind}; at most {MAX_LIST} are read")
        kept: list[Struct] = []
        for _ in range(count):
            one, position = self.struct(kind, position, depth + 1)
            (take or kept.append)(one)
        return kept, position

    def skip(self, wire: int, position: int, depth: int, *, boolean: bool) -> int:
        """The position behind a value. `boolean`: in a list, where truth takes a byte."""
        if wire in (_TRUE, _FALSE):
            position += 1 if boolean else 0
        elif wire in _NUMBERS:
            _, position = self.varint(position)
        elif wire in _FIXED:
            position += _FIXED[wire]
        elif wire == _BINARY:
            position = self.binary(position).end
        elif wire == _STRUCT:
            _, position = self.struct("", position, depth + 1)
        elif wire in (_LIST, _SET):
            element, count, position = self.list_head(position)
            position = self.skip_many((element,), count, position, depth)
        elif wire == _MAP:
            count, position = self.varint(position)
            if count:
                kinds = self.byte(position)
                position = self.skip_many((kinds >> 4, kinds & 15), count, position + 1, depth)
        else:
            raise MalformedError(f"type {wire} at byte {position}")
        if position > self.end:
            raise MalformedError(f"a value ends beyond byte {self.end}")
        return position

    def skip_many(self, wires: tuple[int, ...], count: int, position: int, depth: int) -> int:
        if depth > _MAX_DEPTH:
            raise Spent(f"lists are nested more than {_MAX_DEPTH} deep")
        if count > self.end - position:
            raise MalformedError(f"{count} values at byte {position} are not in the file")
        if len(wires) == 1 and wires[0] in (_TRUE, _FALSE, *_FIXED):
            return position + count * _FIXED.get(wires[0], 1)
        self.spend(count)
        for _ in range(count):
            for wire in wires:
                position = self.skip(wire, position, depth + 1, boolean=True)
        return position

    def list_head(self, position: int) -> tuple[int, int, int]:
        """Type and count of a list's elements, and where they start."""
        head = self.byte(position)
        position += 1
        count = head >> 4
        if count == 15:
            count, position = self.varint(position)
        if count > self.end - position:
            raise MalformedError(f"a list of {count} elements at byte {position} is cut off")
        return head & 15, count, position

    def binary(self, position: int) -> Span:
        size, start = self.varint(position)
        if start + size > self.end:
            raise MalformedError(f"{size} bytes at {start} are not in the file")
        return Span(start, start + size)

    def byte(self, position: int) -> int:
        if not 0 <= position < self.end:
            raise MalformedError(f"cut off at byte {position}")
        return self.data[position]

    def number(self, position: int) -> tuple[int, int]:
        """A signed number, and the position behind it."""
        value, position = self.varint(position)
        return (value >> 1) ^ -(value & 1), position

    def varint(self, position: int) -> tuple[int, int]:
        if position < self.end and self.data[position] < 0x80:
            return self.data[position], position + 1
        value = 0
        for shift in range(0, 70, 7):
            byte = self.byte(position)
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, position
        raise MalformedError(f"a number before byte {position} is too long")
