"""A bounded reader of FlatBuffers: tables, vectors and texts at offsets that are checked first.

Layout: the FlatBuffers internals document (flatbuffers.dev/internals).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Buffer


class Table(msgspec.Struct, frozen=True):
    """One table of a FlatBuffer. Fields are numbered as their schema has them, from 0.

    Every method raises MalformedError where an offset leads out of `data`.
    """

    data: Buffer
    at: int
    """Byte at which the table starts."""
    spend: Callable[[int], None]
    """Counts steps; what it raises passes through."""

    def _read(self, at: int, size: int) -> int:
        if at < 0 or at + size > len(self.data):
            raise MalformedError(f"{size} bytes at {at} are not in the file")
        return int.from_bytes(bytes(self.data[at : at + size]), "little")

    def field(self, number: int) -> int:
        """The position of a field; 0 if it is not there."""
        offset = self._read(self.at, 4)
        table = self.at - (offset - (1 << 32) if offset >> 31 else offset)
        size = self._read(table, 2)
        slot = 4 + 2 * number
        if size < 4 or slot + 2 > size:
            return 0
        relative = self._read(table + slot, 2)
        return self.at + relative if relative else 0

    def number(self, number: int, size: int) -> int:
        """An unsigned field of `size` bytes; 0 if it is not there."""
        at = self.field(number)
        return self._read(at, size) if at else 0

    def vector(self, number: int, size: int) -> tuple[int, int]:
        """Start and count of a vector's elements of `size` bytes; (0, 0) if it is not there."""
        at = self.field(number)
        if not at:
            return 0, 0
        start = at + self._read(at, 4)
        count = self._read(start, 4)
        if start + 4 + count * size > len(self.data):
            raise MalformedError(f"a vector of {count} elements at {start} is cut off")
        return start + 4, count

    def raw(self, number: int) -> bytes:
        """A string field or a vector of bytes, as it stands."""
        start, count = self.vector(number, 1)
        self.spend(1 + count // 256)
        return bytes(self.data[start : start + count])

    def text(self, number: int) -> str:
        """A string field."""
        return self.raw(number).decode("utf-8", "replace")

    def size(self, number: int) -> int:
        """Bytes of a vector of bytes."""
        return self.vector(number, 1)[1]

    def table(self, number: int) -> Table | None:
        """A table that a field refers to."""
        at = self.field(number)
        return Table(self.data, at + self._read(at, 4), self.spend) if at else None

    def tables(self, number: int) -> Iterator[Table]:
        """A vector of tables."""
        start, count = self.vector(number, 4)
        for index in range(count):
            self.spend(1)
            at = start + 4 * index
            yield Table(self.data, at + self._read(at, 4), self.spend)

    def structs(self, number: int, form: str) -> Iterator[tuple[int, ...]]:
        """A vector of structs whose layout `form` says, as `struct.unpack` takes it."""
        size = struct.calcsize(form)
        start, count = self.vector(number, size)
        for index in range(count):
            self.spend(1)
            at = start + index * size
            yield struct.unpack(form, bytes(self.data[at : at + size]))


def root_table(data: Buffer, *, spend: Callable[[int], None]) -> Table:
    """The table that a buffer begins with the offset of. Raises MalformedError on too few bytes."""
    if len(data) < 8:
        raise MalformedError(f"{len(data)} bytes are too few for a FlatBuffer")
    return Table(data, int.from_bytes(bytes(data[:4]), "little"), spend)
