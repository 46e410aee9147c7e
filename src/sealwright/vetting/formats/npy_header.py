"""Reads the header of a NumPy file: a Python dict literal, by a grammar of its own and never by
eval.

Only what NumPy writes is taken (NEP 1, numpy/lib/format.py): names in quotes, whole numbers, True
and False, tuples, lists. What NumPy would also read (concatenated strings, hexadecimal, comments)
is refused.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.interface import Buffer, quoted

MAGIC = b"\x93NUMPY"
MAX_HEADER = 1 << 20
"""Bytes of a header that is read; NumPy itself stops at 10,000 unless told otherwise."""
MAX_DEPTH = 32
MAX_DIMENSIONS = 64
_LARGEST = (1 << 63) - 1
_TOKEN = regex(
    r"""\s*(?:
        (?P<text>[uU]?(?:'(?:[^'\\\n]|\\(?:[\\'"nrtabfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}))*'
                        |"(?:[^"\\\n]|\\(?:[\\'"nrtabfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}))*"))
      | (?P<number>[0-9]{1,25})L?(?![0-9A-Za-z_.])
      | (?P<word>True|False)(?![0-9A-Za-z_])
      | (?P<mark>[][(){},:])
    )""",
    re.VERBOSE,
)
_ESCAPE = regex(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")
_PLAIN_ESCAPES = dict(zip("ntrabfv", "\n\t\r\a\b\f\v", strict=True))
_DTYPE = regex(r"([<>|=]?)([?biufcSaUVOmM])([0-9]{0,12})(\[[^\]]{1,40}\])?")
_SIZES = {
    "b": (1,),
    "i": (1, 2, 4, 8, 16),
    "u": (1, 2, 4, 8, 16),
    "f": (2, 4, 8, 10, 12, 16),
    "c": (8, 16, 20, 24, 32),
    "m": (8,),
    "M": (8,),
}
"""Kind of array-interface type string → bytes of one element (numpy.dtype.str)."""
_UNIT = regex(r"\[(?:[0-9]{1,10})?(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as|generic)(?:/[0-9]{1,10})?\]")


class Element(msgspec.Struct, frozen=True):
    """What one element of an array takes: bytes, and whether it holds Python objects."""

    size: int
    objects: bool


class Header(msgspec.Struct, frozen=True):
    """One array's header. `start` is where its data begins."""

    start: int
    shape: tuple[int, ...]
    element: Element
    size: int
    """Bytes of data that type and shape ask for (for objects: of the pointers in memory)."""
    descr: Any = None
    """The type as the header spells it."""
    fortran: bool = False
    """The first index runs fastest."""


def read_header(data: Buffer, offset: int) -> Header:
    """The header at `offset`, where the magic stands. Raises `MalformedError`."""
    text, start = _text(data, offset)
    fields = _Literal(text).whole()
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise MalformedError("the header must have descr, fortran_order and shape, and only these")
    if not isinstance(fields["fortran_order"], bool):
        raise MalformedError("fortran_order must be True or False")
    shape = _shape(fields["shape"])
    element = element_of(fields["descr"])
    size = element.size
    for extent in shape:
        size *= extent
    if size > _LARGEST or _product(shape) > _LARGEST:
        raise MalformedError(f"the shape {shape} is larger than any memory")
    return Header(start, shape, element, size, fields["descr"], fields["fortran_order"])


def _text(data: Buffer, offset: int) -> tuple[str, int]:
    head = bytes(data[offset : offset + 12])
    if len(head) < 10 or head[:6] != MAGIC:
        raise MalformedError("the file ends within its header")
    version = (head[6], head[7])
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise MalformedError(f"version {version[0]}.{version[1]}; known are 1.0, 2.0 and 3.0")
    width = 2 if version == (1, 0) else 4
    length = int.from_bytes(head[8 : 8 + width], "little")
    start = offset + 8 + width
    if length > len(data) - start:
        raise MalformedError(f"the header is said to have {length} bytes; the file ends before")
    if length > MAX_HEADER:
        raise MalformedError(f"the header has {length} bytes; at most {MAX_HEADER} are read")
    raw = bytes(data[start : start + length])
    try:
        return raw.decode("utf-8" if version == (3, 0) else "latin-1"), start + length
    except UnicodeDecodeError as error:
        raise MalformedError("the header is not UTF-8") from error


class _Literal:
    """One literal, read from tokens."""

    def __init__(self, text: str) -> None:
        self.text = text.rstrip(" \n\x00")
        self.at = 0

    def whole(self) -> Any:
        value = self.value(0)
        if self.at != len(self.text):
            raise MalformedError(f"the header goes on after its dict: {self._here()}")
        return value

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise MalformedError(f"the header is nested more than {MAX_DEPTH} deep")
        kind, word = self._next()
        if kind == "text":
            return _string(word)
        if kind == "number":
            return int(word)
        if kind == "word":
            return word == "True"
        if word == "(":
            items, commas = self._items(")", depth)
            return items[0] if len(items) == 1 and not commas else tuple(items)
        if word == "[":
            return self._items("]", depth)[0]
        if word == "{":
            return self._table(depth)
        raise MalformedError(f"the header holds {quoted(word)} where a value belongs")

    def _items(self, end: str, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        commas = 0
        while not self._ended(end):
            items.append(self.value(depth + 1))
            if self._ended(end):
                break
            self._expect(",")
            commas += 1
        return items, commas

    def _table(self, depth: int) -> dict[str, Any]:
        table: dict[str, Any] = {}
        while not self._ended("}"):
            key = self.value(depth + 1)
            if not isinstance(key, str) or key in table:
                raise MalformedError(f"the header's key {quoted(str(key))} is repeated or no text")
            self._expect(":")
            table[key] = self.value(depth + 1)
            if self._ended("}"):
                break
            self._expect(",")
        return table

    def _ended(self, end: str) -> bool:
        before = self.at
        if self._next()[1] == end:
            return True
        self.at = before
        return False

    def _expect(self, mark: str) -> None:
        found = self._next()[1]
        if found != mark:
            raise MalformedError(f"the header holds {quoted(found)} where {mark!r} belongs")

    def _next(self) -> tuple[str, str]:
        match = _TOKEN.match(self.text, self.at)
        if match is None or match.lastgroup is None:
            raise MalformedError(f"the header holds what NumPy does not write: {self._here()}")
        self.at = match.end()
        return match.lastgroup, match[match.lastgroup]

    def _here(self) -> str:
        return quoted(self.text[self.at : self.at + 40], limit=40)


def _string(token: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) > 1 else _PLAIN_ESCAPES.get(code, code)

    return _ESCAPE.sub(plain, token.lstrip("uU")[1:-1])


def _shape(value: Any) -> tuple[int, ...]:
    if not isinstance(value, tuple) or len(value) > MAX_DIMENSIONS:
        raise MalformedError(f"the shape must be a tuple of at most {MAX_DIMENSIONS} numbers")
    if not all(type(extent) is int and extent <= _LARGEST for extent in value):
        raise MalformedError("the shape must be whole numbers")
    return value


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for extent in shape:
        product *= extent
    return product


def element_of(descr: Any, *, depth: int = 0) -> Element:
    """Size of one element of a `descr` (text, (type, shape), or a list of fields)."""
    if depth > MAX_DEPTH:
        raise MalformedError(f"the type is nested more than {MAX_DEPTH} deep")
    if isinstance(descr, str):
        return _scalar(descr)
    if isinstance(descr, tuple) and len(descr) == 2:
        return _repeated(element_of(descr[0], depth=depth + 1), descr[1])
    if not isinstance(descr, list):
        raise MalformedError(f"the type {quoted(str(descr))} is not what NumPy writes")
    size, objects = 0, False
    names: set[str] = set()
    for item in descr:
        if not isinstance(item, tuple) or len(item) not in (2, 3):
            raise MalformedError("a field must be a name, a type and at most a shape")
        _name(item[0], names)
        field = element_of(item[1], depth=depth + 1)
        if len(item) == 3:
            field = _repeated(field, item[2])
        size += field.size
        objects = objects or field.objects
    return Element(size, objects)


def _name(value: Any, names: set[str]) -> None:
    """A field's name, or its title and name; the empty name stands for padding."""
    parts = value if isinstance(value, tuple) and len(value) == 2 else (value,)
    if not all(isinstance(part, str) for part in parts):
        raise MalformedError("a field's name must be text")
    for part in set(parts) - {""}:
        if part in names:
            raise MalformedError(f"the field {quoted(part)} occurs twice")
        names.add(part)


def _repeated(element: Element, shape: Any) -> Element:
    extents = shape if isinstance(shape, tuple) else (shape,)
    return Element(element.size * _product(_shape(extents)), element.objects)


def _scalar(descr: str) -> Element:
    match = _DTYPE.fullmatch(descr)
    if match is None:
        raise MalformedError(f"the type {quoted(descr)} is not what NumPy writes")
    kind, width, unit = match[2], int(match[3] or 0), match[4]
    if unit and (kind not in "mM" or not _UNIT.fullmatch(unit)):
        raise MalformedError(f"the type {quoted(descr)} has a unit that is none")
    if kind == "O":
        return Element(8, objects=True)
    if kind in "SaV":
        return Element(width, objects=False)
    if kind == "U":
        return Element(4 * width, objects=False)
    if kind == "?" and not match[3]:
        return Element(1, objects=False)
    if width not in _SIZES.get(kind, ()):
        raise MalformedError(f"the type {quoted(descr)} is not what NumPy writes")
    return Element(width, objects=False)
