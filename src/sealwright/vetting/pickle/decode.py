"""Arguments of opcodes, read as `_pickle.c` and `pickle.py` read them, whichever takes more.

Where one of the two refuses a form and the other goes on, these functions go on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from sealwright.patterns import regex
from sealwright.vetting.interface import Buffer

MAX_DIGITS = 4300
"""Digits of a decimal number that Python converts from text."""
_CHUNK = 512
_OCTAL: Final = regex(rb"[ \t\n\v\f\r]*([+-]?)(0[0-7]+)")
_ESCAPE: Final = regex(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.|)", re.DOTALL)
_LETTERS: Final = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
    b"a": b"\a",
    b"\\": b"\\",
    b"'": b"'",
    b'"': b'"',
    b"\n": b"",
}


class Refused(Exception):
    """No unpickler takes this argument: the stream ends here with an error."""


def line_finder(data: Buffer) -> Callable[[int], int]:
    """`find(position)`: offset of the next line feed, or -1. Copies no more than it passes."""
    if not isinstance(data, memoryview):
        find = data.find
        return lambda position: find(b"\n", position)
    view = data.cast("B") if data.format != "B" else data

    def search(position: int) -> int:
        chunk = _CHUNK
        while position < len(view):
            found = bytes(view[position : position + chunk]).find(b"\n")
            if found >= 0:
                return position + found
            position += chunk
            chunk = min(chunk * 2, 1 << 20)
        return -1

    return search


def memo_index(line: bytes) -> int:
    """The number after GET and PUT: decimal; what follows a null byte is not read in C."""
    value = _python_integer(line, base=10)
    if value is None:
        raise Refused("a memo index of thousands of digits")
    return value


def integer(line: bytes) -> int | bool | None:
    """The number after INT, in C's notation or Python's. None: too long to be converted."""
    if line in (b"00", b"01"):
        return line == b"01"
    text = line.split(b"\0", 1)[0]
    if not text and line:
        return 0  # C's strtol takes nothing for zero
    digits = _OCTAL.fullmatch(text)
    if digits and len(text) <= MAX_DIGITS:
        value = int(digits[2], 8)
        return -value if digits[1] == b"-" else value
    return _python_integer(text, base=0)


def long_integer(line: bytes) -> int | None:
    """The number after LONG, with or without its L. None: too long to be converted."""
    return _python_integer(line[:-1] if line[-1:] == b"L" else line, base=0)


def _python_integer(line: bytes, *, base: int) -> int | None:
    text = line.split(b"\0", 1)[0].strip()
    if len(text) > MAX_DIGITS and base == 10:
        text = text[:1] + text[1:].lstrip(b"0_") if text[:1] in (b"+", b"-") else text.lstrip(b"0_")
        text = text or b"0"
    if len(text) > MAX_DIGITS:
        return None
    try:
        return int(text, base)
    except ValueError:
        raise Refused("a number that is none") from None


def real(line: bytes) -> float:
    """The number after FLOAT."""
    try:
        return float(line.split(b"\0", 1)[0])
    except ValueError:
        raise Refused("a number that is none") from None


def quoted_string(line: bytes) -> bytes:
    """The bytes after STRING: quotes stripped, escapes undone (`PyBytes_DecodeEscape`)."""
    if len(line) < 2 or line[0] != line[-1] or line[:1] not in (b"'", b'"'):
        raise Refused("the argument of STRING is not quoted")
    inner = line[1:-1]
    return _ESCAPE.sub(_unescaped, inner) if b"\\" in inner else inner


def _unescaped(match: re.Match[bytes]) -> bytes:
    what = match[1]
    if what in _LETTERS:
        return _LETTERS[what]
    if what[:1].isdigit() and what[:1] < b"8":
        return bytes([int(what, 8) & 0xFF])
    if what[:1] == b"x" and len(what) == 3:
        return bytes([int(what[1:], 16)])
    if what in (b"", b"x"):
        raise Refused("an escape in STRING does not end")
    return match[0]


def escaped_text(line: bytes) -> str:
    """The text after UNICODE."""
    try:
        return line.decode("raw-unicode-escape")
    except UnicodeDecodeError:
        raise Refused("the text of UNICODE is malformed") from None


def text(raw: bytes | memoryview) -> str:
    """The text of BINUNICODE and its kin: UTF-8, lone surrogates allowed."""
    try:
        return str(raw, "utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise Refused("a text is not UTF-8") from None
