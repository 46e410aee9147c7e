"""Parses Python source that nobody vouches for: bounded, never executed, and with a reason where
it cannot be read.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings

import msgspec

from sealwright.patterns import regex

MAX_SOURCE = 1024 * 1024
"""Bytes of one file or notebook cell; a syntax tree takes some hundred times as much memory."""
MAX_NESTING = 90
"""Brackets and indents within each other; the compiler itself gives up at 200 brackets or 100
indents."""
MAX_LINE = 400_000
_PYTHON_2 = regex(
    r"^\s*(?:print\s+[\"'\w%]|exec\s+[\"'\w]|except\s+[\w.()]+\s*,\s*\w+\s*:|raise\s+\w+\s*,)",
    re.MULTILINE,
)


class Parsed(msgspec.Struct, frozen=True):
    """A syntax tree, or why there is none."""

    tree: ast.Module | None
    reason: str = ""
    text: str = ""


def parse(source: str | bytes) -> Parsed:
    """The syntax tree of `source`; bytes are decoded as their coding line says (PEP 263)."""
    if len(source) > MAX_SOURCE:
        return Parsed(None, f"{len(source)} bytes; at most {MAX_SOURCE} are parsed")
    text = decode(source) if isinstance(source, bytes) else source
    if text is None:
        return Parsed(None, "its encoding is not known, or it is not in the encoding that it names")
    if "\0" in text:
        return Parsed(None, "it holds a null character")
    if problem := _too_deep(text):
        return Parsed(None, problem, text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes are for the author's linter
            return Parsed(ast.parse(text), text=text)
    except SyntaxError as error:
        return Parsed(None, _syntax(error, text), text)
    except (RecursionError, MemoryError):
        return Parsed(None, "its expressions are nested too deeply", text)
    except (ValueError, OverflowError):
        return Parsed(None, "the parser refuses it", text)


def decode(data: bytes) -> str | None:
    """Source text by its byte order mark or coding line, UTF-8 without; None if that fails.

    Only text encodings that keep ASCII as it is are followed: with others (`utf-7`, `rot13`), what
    a
    person reads is not what runs.
    """
    try:
        name, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if not re.fullmatch(
            r"utf-?8(-sig)?|iso-8859-\d+|latin-1|ascii|cp125\d|koi8-r", name.lower()
        ):
            return None
        return data.decode(name)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return None


def _syntax(error: SyntaxError, text: str) -> str:
    if _PYTHON_2.search(text):
        return "it is Python 2 source"
    line = f" at line {error.lineno}" if error.lineno else ""
    return f"it is not valid syntax for the Python that scans it{line}"


def _too_deep(text: str) -> str:
    """Counts brackets and indents before the parser sees them. Text in strings counts as well,
    which
    errs on the side of not parsing only for very odd files."""
    depth = deepest = 0
    for character in re.findall(r"[()\[\]{}]", text):
        depth = depth + 1 if character in "([{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    if deepest > 4 * MAX_NESTING:
        return "its brackets are nested too deeply"
    if any(len(line) > MAX_LINE for line in text.splitlines()):
        return f"a line has more than {MAX_LINE} characters"
    return ""
