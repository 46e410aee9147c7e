"""Proves that a CSV file has one reading before the engine reads it.

CSV parsers repair what is broken, each in its own way, and a repaired row is a row nobody wrote.
So records, quotes and line ends are checked here, byte by byte but vectorised, against RFC 4180
(UTF-8, comma, LF or CRLF but not both, header), and the first mistake is an error with its line.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from sealwright.errors import CannotLook, LimitReached

_QUOTE, _COMMA, _LF, _CR = 34, 44, 10, 13
_BOM = b"\xef\xbb\xbf"

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What a well-formed CSV file consists of."""

    header: tuple[str, ...]
    rows: int
    """Records after the header."""


def examine(chunks: Iterable[bytes], *, name: str, max_columns: int, max_record: int) -> Structure:
    """The structure of the CSV file in `chunks`.

    Raises CannotLook naming `name` and the line for text that is not UTF-8, NUL bytes, stray or
    unterminated quotes, blank lines, rows with too few or too many fields, mixed line ends, or a
    header with empty or repeated names; LimitReached for a record above `max_record` bytes or a
    header above `max_columns` names.
    """
    scan = _Scan(name, max_columns=max_columns, max_record=max_record)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="strict")
    for chunk in chunks:
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            bad = scan.line + (scan.rest + chunk)[: len(scan.rest) + error.start].count(b"\n")
            _refuse(name, bad, "text is not UTF-8", "save the file as UTF-8")
        scan.feed(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        _refuse(name, scan.line, "text is not UTF-8", "the file seems to be cut off")
    return scan.finish()


class _Scan:
    """Walks through whole records; keeps the unfinished one for the next chunk."""

    def __init__(self, name: str, *, max_columns: int, max_record: int) -> None:
        self.name = name
        self.max_columns = max_columns
        self.max_record = max_record
        self.rest = b""
        self.line = 1
        self.header: tuple[str, ...] | None = None
        self.rows = 0
        self.crlf: bool | None = None
        self.bom: bool | None = None

    def feed(self, chunk: bytes) -> None:
        data = self.rest + chunk
        if self.bom is None:
            if len(data) < len(_BOM):
                self.rest = data
                return
            self.bom = data.startswith(_BOM)
            data = data[len(_BOM) :] if self.bom else data
        view: Bytes = np.frombuffer(data, dtype=np.uint8)
        # uint8 wraps at 256, which keeps the parity: odd means inside quotes.
        inside: Bytes = np.cumsum(view == _QUOTE, dtype=np.uint8) & np.uint8(1)
        ends = np.flatnonzero((view == _LF) & (inside == 0))
        if len(ends):
            cut = int(ends[-1]) + 1
            self._records(view[:cut], inside[:cut], ends)
            data = data[cut:]
        if len(data) > self.max_record:
            self._too_long(self.line)
        self.rest = data

    def finish(self) -> Structure:
        if self.bom is None:  # the whole file is shorter than a byte order mark
            self.bom = False
            held, self.rest = self.rest, b""
            self.feed(held)
        if self.rest:
            if self.rest.count(b'"') % 2:
                _refuse(self.name, self.line, "a quote opens here or later and never closes", "")
            if self.rest.endswith(b"\r"):
                _refuse(self.name, self.line, "a carriage return without line feed", "")
            # A record that ends with the file takes the line end that the others have.
            self.feed(b"\r\n" if self.crlf else b"\n")
        if self.header is None:
            _refuse(self.name, 1, "no header line", "the first line must name the columns")
        return Structure(header=self.header, rows=self.rows)

    def _records(self, view: Bytes, inside: Bytes, ends: npt.NDArray[np.intp]) -> None:
        starts = np.concatenate(([0], ends[:-1] + 1))
        lengths = ends - starts
        if (long := np.flatnonzero(lengths > self.max_record)).size:
            self._too_long(self._line_at(view, int(starts[long[0]])))
        if (nul := np.flatnonzero(view == 0)).size:
            _refuse(self.name, self._line_at(view, int(nul[0])), "a NUL byte", "")
        self._line_ends(view, inside, ends)
        self._quotes(view, inside)
        blank = lengths == int(bool(self.crlf))
        if blank.any():
            line = self._line_at(view, int(starts[np.flatnonzero(blank)[0]]))
            _refuse(self.name, line, "a blank line", 'remove it; a lone empty field is written ""')
        if self.header is None:
            first = bytes(view[: int(ends[0])]).rstrip(b"\r")
            self.header = _header(first, name=self.name, max_columns=self.max_columns)
            self.rows -= 1
        commas = np.flatnonzero((view == _COMMA) & (inside == 0))
        fields = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
        if (ragged := np.flatnonzero(fields != len(self.header))).size:
            at = int(ragged[0])
            _refuse(
                self.name,
                self._line_at(view, int(starts[at])),
                f"{int(fields[at])} fields, but the header names {len(self.header)}",
                "quote fields that hold commas; add the fields that are missing",
            )
        self.rows += len(ends)
        self.line += int(np.count_nonzero(view == _LF))

    def _line_ends(self, view: Bytes, inside: Bytes, ends: npt.NDArray[np.intp]) -> None:
        returns = np.flatnonzero((view == _CR) & (inside == 0))
        # The block ends with a line feed, so a return always has a successor.
        if (lone := returns[view[returns + 1] != _LF]).size:
            _refuse(
                self.name,
                self._line_at(view, int(lone[0])),
                "a carriage return without line feed",
                "use LF or CRLF line ends",
            )
        crlf = np.zeros(len(ends), dtype=bool)
        after = ends > 0
        crlf[after] = view[ends[after] - 1] == _CR
        if self.crlf is None:
            self.crlf = bool(crlf[0])
        if (mixed := np.flatnonzero(crlf != self.crlf)).size:
            _refuse(
                self.name,
                self._line_at(view, int(ends[mixed[0]])),
                "LF and CRLF are mixed",
                "use one kind of line end in the whole file",
            )

    def _quotes(self, view: Bytes, inside: Bytes) -> None:
        quotes = np.flatnonzero(view == _QUOTE)
        opening = quotes[inside[quotes] == 1]
        closing = quotes[inside[quotes] == 0]
        before = view[np.maximum(opening - 1, 0)]
        fits = (opening == 0) | np.isin(before, (_COMMA, _LF, _QUOTE))
        after = view[closing + 1]
        follows = np.isin(after, (_COMMA, _LF, _CR, _QUOTE))
        bad = np.concatenate((opening[~fits], closing[~follows]))
        if bad.size:
            _refuse(
                self.name,
                self._line_at(view, int(bad.min())),
                "a quote inside a field",
                'quote the whole field and double its quotes: "say ""yes"""',
            )

    def _line_at(self, view: Bytes, offset: int) -> int:
        return self.line + int(np.count_nonzero(view[:offset] == _LF))

    def _too_long(self, line: int) -> NoReturn:
        raise LimitReached(
            f"{self.name}:{line}: a record longer than {self.max_record} bytes",
            advice="look for a quote that never closes",
        )


def _header(line: bytes, *, name: str, max_columns: int) -> tuple[str, ...]:
    (names,) = csv.reader(io.StringIO(line.decode("utf-8"), newline=""), strict=True)
    if len(names) > max_columns:
        raise LimitReached(f"{name}:1: {len(names)} columns; at most {max_columns} are read")
    check_names(names, place=f"{name}:1")
    return tuple(names)


def check_names(names: Iterable[str], *, place: str) -> None:
    """Refuses (CannotLook) column names that are empty, odd, reserved, or equal but for case."""
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in seen:
            raise CannotLook(
                f"{place}: columns {seen[name.casefold()]!r} and {name!r} have one name",
                advice="column names must differ in more than case",
            )
        seen[name.casefold()] = name
        if not name or len(name) > 200 or not name.isprintable() or name != name.strip():
            raise CannotLook(
                f"{place}: {name[:60]!r} is no usable column name",
                advice="name each column with 1 to 200 printable characters",
            )
        if name.startswith("__"):
            raise CannotLook(f"{place}: {name!r}: names with two leading underscores are reserved")


def _refuse(name: str, line: int, problem: str, advice: str) -> NoReturn:
    raise CannotLook(f"{name}:{line}: {problem}", advice=advice)
