"""Where each key of a TOML text stands, so that every mistake can be shown at its place.

The standard library's parser keeps no places. This scanner only finds them: it reads far enough to
tell keys, tables and values apart, leaves the judgement of syntax to `tomllib`, and stops where it
does not understand. It bounds nesting before `tomllib` sees the text. https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""Keys and 0-based array positions from the root: ("validation", "criteria", 0, "id")."""

MAX_DEPTH = 16
"""Deepest path; the deepest that a lifecycle needs has six parts."""

_BLANK = re.compile(r"[ \t]*")
_BLANK_LINES = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]+")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets, in characters, at which a key and its value begin."""

    key: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What the scanner found in one text."""

    spans: dict[Path, Span]
    lines: tuple[int, ...]
    """Offset at which each line begins."""
    repeated: int | None = None
    """Offset of the first key or table that was defined before."""
    too_deep: int | None = None
    """Offset at which nesting passed MAX_DEPTH; nothing after it was read."""

    def at(self, offset: int) -> tuple[int, int]:
        """1-based line and column of an offset, in characters."""
        line = bisect_right(self.lines, offset) - 1
        return line + 1, offset - self.lines[line] + 1

    def key(self, path: Path) -> tuple[int, int]:
        """Line and column of the key at `path`, or of the nearest one above it; else (1, 1)."""
        return self.at(self._nearest(path).key)

    def value(self, path: Path) -> tuple[int, int]:
        """Line and column of the value at `path` (for a table, of its bracket), or the nearest."""
        return self.at(self._nearest(path).value)

    def _nearest(self, path: Path) -> Span:
        for length in range(len(path), 0, -1):
            span = self.spans.get(path[:length])
            if span is not None:
                return span
        return Span(0, 0)


def find_places(text: str) -> Places:
    """Places of all keys and array items of `text`, whose line ends are LF. Never raises."""
    scanner = _Scanner(text)
    too_deep = None
    try:
        scanner.document()
    except _TooDeep:
        too_deep = scanner.position
    except _NotUnderstood:
        pass  # tomllib says what is wrong, at the same place or before it
    return Places(
        spans=scanner.spans,
        lines=(0, *(match.end() for match in re.finditer("\n", text))),
        repeated=scanner.repeated,
        too_deep=too_deep,
    )


class _NotUnderstood(Exception):
    """Not TOML at the scanner's position."""


class _TooDeep(Exception):
    """A path is longer than MAX_DEPTH."""


@dataclass(slots=True)
class _Scanner:
    """A position that moves through the text once, and what was seen on the way."""

    text: str
    position: int = 0
    spans: dict[Path, Span] = field(default_factory=dict)
    explicit: set[Path] = field(default_factory=set)
    """Paths defined in so many words, not merely passed through by a longer key."""
    counts: dict[Path, int] = field(default_factory=dict)
    """Tables seen so far in each array of tables."""
    repeated: int | None = None

    def document(self) -> None:
        """Everything: lines of `key = value`, each in the table of the last header."""
        table: Path = ()
        self.skip(_BLANK_LINES)
        while self.position < len(self.text):
            if self.text[self.position] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)
            self.skip(_COMMENT)
            if self.position < len(self.text):
                self.expect("\n")
            self.skip(_BLANK_LINES)

    def header(self) -> Path:
        """`[a.b]` or `[[a.b]]`; gives the path that the keys after it belong to."""
        start = self.position
        double = self.text.startswith("[[", start)
        self.position += 2 if double else 1
        self.skip(_BLANK)
        parts = self.dotted_key()
        self.expect("]]" if double else "]")
        path: Path = ()
        for name, offset in parts[:-1]:
            path = self.current((*path, name))
            self.note(path, Span(offset, start))
        name, offset = parts[-1]
        path = (*path, name)
        if double:
            count = self.counts.get(path, 0)
            self.counts[path] = count + 1
            self.note(path, Span(offset, start))
            path = (*path, count)
        else:
            path = self.current(path)
        self.define(path, Span(offset, start))
        return path

    def current(self, path: Path) -> Path:
        """A path through an array of tables means the table that was opened last."""
        count = self.counts.get(path)
        return path if count is None else (*path, count - 1)

    def pair(self, table: Path) -> None:
        """`a.b = value`."""
        parts = self.dotted_key()
        self.expect("=")
        self.skip(_BLANK)
        path = table
        start = self.position
        for name, offset in parts[:-1]:
            path = (*path, name)
            self.note(path, Span(offset, start))
        name, offset = parts[-1]
        path = (*path, name)
        self.define(path, Span(offset, start))
        self.value(path)

    def dotted_key(self) -> list[tuple[str, int]]:
        """The parts of a key with their offsets."""
        parts: list[tuple[str, int]] = []
        while True:
            if len(parts) >= MAX_DEPTH:
                raise _TooDeep
            start = self.position
            parts.append((self.simple_key(), start))
            self.skip(_BLANK)
            if not self.text.startswith(".", self.position):
                return parts
            self.position += 1
            self.skip(_BLANK)

    def simple_key(self) -> str:
        """One part of a key: bare, "basic" or 'literal'."""
        for pattern in (_BARE_KEY, _LITERAL, _BASIC):
            match = pattern.match(self.text, self.position)
            if match is not None:
                break
        else:
            raise _NotUnderstood
        raw = match.group()
        if pattern is _BARE_KEY:
            name = raw
        elif "\\" not in raw or pattern is _LITERAL:
            name = raw[1:-1]
        else:
            try:
                name = tomllib.loads(f"key = {raw}")["key"]
            except tomllib.TOMLDecodeError as error:
                raise _NotUnderstood from error
        self.position = match.end()
        return name

    def value(self, path: Path) -> None:
        """Any value; items of arrays and keys of inline tables are noted, too."""
        text, start = self.text, self.position
        if text.startswith("[", start):
            self.array(path)
        elif text.startswith("{", start):
            self.inline_table(path)
        elif text.startswith(('"""', "'''"), start):
            self.long_string(text[start])
        elif text.startswith(('"', "'"), start):
            self.take(_BASIC if text[start] == '"' else _LITERAL)
        else:
            self.take(_BARE_VALUE)

    def array(self, path: Path) -> None:
        """`[value, ...]`, over any number of lines."""
        self.position += 1
        index = 0
        while True:
            self.skip(_BLANK_LINES)
            if self.text.startswith("]", self.position):
                self.position += 1
                return
            item = (*path, index)
            self.define(item, Span(self.position, self.position))
            self.value(item)
            index += 1
            self.skip(_BLANK_LINES)
            if self.text.startswith(",", self.position):
                self.position += 1
            elif not self.text.startswith("]", self.position):
                raise _NotUnderstood

    def inline_table(self, path: Path) -> None:
        """`{ key = value, ... }`, on one line."""
        self.position += 1
        self.skip(_BLANK)
        if self.text.startswith("}", self.position):
            self.position += 1
            return
        while True:
            self.skip(_BLANK)
            self.pair(path)
            self.skip(_BLANK)
            if not self.text.startswith(",", self.position):
                self.expect("}")
                return
            self.position += 1

    def long_string(self, quote: str) -> None:
        """A string in three quotes; up to two more quotes may stand before the closing three."""
        text, at = self.text, self.position + 3
        stop = re.compile(r'"""|\\' if quote == '"' else "'''")
        while (match := stop.search(text, at)) is not None:
            if match.group() != "\\":
                end = match.end()
                while end < match.end() + 2 and text.startswith(quote, end):
                    end += 1
                self.position = end
                return
            at = match.end() + 1
        raise _NotUnderstood

    def define(self, path: Path, span: Span) -> None:
        """A definition: its place wins over places where longer keys only passed through."""
        if len(path) > MAX_DEPTH:
            raise _TooDeep
        if path in self.explicit:
            self.repeated = span.key if self.repeated is None else self.repeated
            return
        self.explicit.add(path)
        self.spans[path] = span

    def note(self, path: Path, span: Span) -> None:
        """A table that a longer key passes through: its first place, until it is defined."""
        if len(path) > MAX_DEPTH:
            raise _TooDeep
        self.spans.setdefault(path, span)

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.position)
        if match is not None:
            self.position = match.end()

    def take(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.position)
        if match is None:
            raise _NotUnderstood
        self.position = match.end()

    def expect(self, token: str) -> None:
        if not self.text.startswith(token, self.position):
            raise _NotUnderstood
        self.position += len(token)
