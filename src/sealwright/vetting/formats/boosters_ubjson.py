"""Reads Universal Binary JSON as XGBoost writes it: bounded, and typed arrays stay compact."""

from __future__ import annotations

import sys
from array import array
from typing import Any

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Buffer
from sealwright.vetting.session import Session, Spent
from sealwright.vetting.texts import MAX_DEPTH, Notice

MAX_UBJSON = 1 << 30
MAX_TEXT = 16 * 1024 * 1024
MAX_VALUES = 4_000_000
"""Values that do not stand in typed arrays."""
_INTEGERS = {"i": (1, True), "U": (1, False), "I": (2, True), "l": (4, True), "L": (8, True)}
"""Marker → bytes and sign; big-endian."""
_ARRAYS = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}
_FLOATS = {"d": "f", "D": "d"}


class _Reader(msgspec.Struct):
    data: Buffer
    session: Session
    noticed: list[Notice]
    position: int = 0
    values: int = 0

    def take(self, size: int) -> bytes:
        """The next bytes; never more than there are."""
        end = self.position + size
        if size < 0 or end > len(self.data):
            raise MalformedError(f"a value at byte {self.position} needs {size} bytes")
        taken = bytes(self.data[self.position : end])
        self.position = end
        return taken

    def marker(self) -> str:
        """The next type marker; padding is skipped."""
        while (mark := self.take(1)) == b"N":
            self.session.spend(1)
        return mark.decode("latin-1")

    def whole(self, marker: str) -> int:
        """A number of one of the integer types."""
        if marker not in _INTEGERS:
            raise MalformedError(f"{marker!a} at byte {self.position - 1} is no whole number")
        size, signed = _INTEGERS[marker]
        return int.from_bytes(self.take(size), "big", signed=signed)

    def length(self) -> int:
        """A length: a whole number that is not negative."""
        size = self.whole(self.marker())
        if size < 0:
            raise MalformedError(f"a negative length at byte {self.position}")
        return size

    def text(self) -> str:
        """A text after its marker."""
        size = self.length()
        if size > MAX_TEXT:
            raise Spent(f"a text of {size} bytes; at most {MAX_TEXT} are read")
        try:
            return self.take(size).decode("utf-8", errors="surrogateescape")
        except UnicodeDecodeError:
            raise MalformedError(f"a text before byte {self.position} is not UTF-8") from None


def parse_ubjson(data: Buffer, session: Session, *, noticed: list[Notice] | None = None) -> Any:
    """The one value that `data` is, to its last byte; arrays of numbers as `array.array`.

    Format: ubjson.org, draft 12, with the typed arrays that XGBoost writes. Raises
    MalformedError, and Spent beyond the limits. Repeated keys go to `noticed`.
    """
    if len(data) > MAX_UBJSON:
        raise Spent(f"{len(data)} bytes of UBJSON; at most {MAX_UBJSON} are read")
    reader = _Reader(data, session, [] if noticed is None else noticed)
    value = _value(reader, reader.marker(), 0)
    if reader.position != len(data):
        raise MalformedError(f"{len(data) - reader.position} bytes after the document")
    return value


def _value(reader: _Reader, marker: str, depth: int) -> Any:
    reader.values += 1
    reader.session.spend(2)
    if reader.values > MAX_VALUES:
        raise Spent(f"UBJSON of more than {MAX_VALUES} values")
    if depth > MAX_DEPTH:
        raise Spent(f"UBJSON nested more than {MAX_DEPTH} deep")
    if marker in _INTEGERS:
        return reader.whole(marker)
    match marker:
        case "{":
            return _object(reader, depth)
        case "[":
            return _array(reader, depth)
        case "S" | "H":
            return reader.text()
        case "C":
            return reader.take(1).decode("latin-1")
        case "T" | "F":
            return marker == "T"
        case "Z":
            return None
        case "d" | "D":
            return _numbers(reader, marker, 1)[0]
        case _:
            place = reader.position - 1
            raise MalformedError(f"the byte {marker!a} at {place} begins no value")


def _numbers(reader: _Reader, marker: str, count: int) -> array[Any]:
    made = array(_ARRAYS[marker])
    if count > (len(reader.data) - reader.position) // made.itemsize:
        raise MalformedError(f"an array of {count} numbers at byte {reader.position} is cut off")
    reader.session.spend(1 + count // 64)
    made.frombytes(reader.take(count * made.itemsize))
    if sys.byteorder == "little":
        made.byteswap()
    return made


def _container(reader: _Reader) -> tuple[str, int | None]:
    """The type and the count that may stand at the beginning of an array or object."""
    kind, count = "", None
    mark = _peek(reader)
    if mark == "$":
        reader.take(1)
        kind = reader.take(1).decode("latin-1")
        if _peek(reader) != "#":
            raise MalformedError(f"a type without a count at byte {reader.position}")
        mark = "#"
    if mark == "#":
        reader.take(1)
        count = reader.length()
        if count > len(reader.data) - reader.position and kind not in ("Z", "T", "F"):
            raise MalformedError(f"{count} values at byte {reader.position} are cut off")
        if count > MAX_VALUES and kind not in _ARRAYS:
            raise Spent(f"UBJSON of more than {MAX_VALUES} values")
    return kind, count


def _peek(reader: _Reader) -> str:
    """The next marker, which is not taken; padding before it is."""
    while reader.position < len(reader.data) and reader.data[reader.position] == ord("N"):
        reader.take(1)
        reader.session.spend(1)
    if reader.position >= len(reader.data):
        raise MalformedError("the document breaks off")
    return chr(reader.data[reader.position])


def _array(reader: _Reader, depth: int) -> Any:
    kind, count = _container(reader)
    if kind in _ARRAYS and count is not None:
        return _numbers(reader, kind, count)
    made: list[Any] = []
    while count is None or len(made) < count:
        if count is None and _peek(reader) == "]":
            reader.take(1)
            break
        made.append(_value(reader, kind or reader.marker(), depth + 1))
    return made


def _object(reader: _Reader, depth: int) -> dict[str, Any]:
    kind, count = _container(reader)
    made: dict[str, Any] = {}
    seen = 0
    while count is None or seen < count:
        if count is None and _peek(reader) == "}":
            reader.take(1)
            break
        key = reader.text()
        if key in made:
            reader.noticed.append(Notice("duplicate", key, reader.position))
        made[key] = _value(reader, kind or reader.marker(), depth + 1)
        seen += 1
    return made
