"""A first look at a CSV file, so that `sealwright init` can write down its columns and types."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from sealwright.errors import InputMissing, Unsupported

MAX_LINES = 10_000
MAX_LINE = 1024 * 1024
"""Longest line that is read, in characters."""
MAX_COLUMNS = 5000
MAX_VALUES = 10
"""A text column with more different values than this is not offered as a list of values."""

MAX_VALUE = 40
"""Longest value, in characters, that is offered."""

ColumnType = Literal["integer", "number", "string", "boolean", "date", "timestamp"]

_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_MISSING = frozenset({"", "nan", "null"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGuess:
    """What the first rows say about one column: a suggestion, never a finding."""

    name: str
    type: ColumnType
    rows: int
    """Rows that were looked at."""
    missing: int = 0
    low: int | float | None = None
    high: int | float | None = None
    values: tuple[str, ...] = ()
    """The different values of a text column, sorted, where they are few."""


def guess_columns(path: Path) -> tuple[ColumnGuess, ...]:
    """Columns of the CSV file at `path`, from its header and at most MAX_LINES lines.

    InputMissing where the file cannot be read, Unsupported where it is not UTF-8 CSV with a header
    of different, non-empty names.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline(MAX_LINE)
            stream.seek(0)
            delimiter = max(",;\t", key=first.count)
            rows = list(csv.reader(_lines(stream, path), delimiter=delimiter))
    except UnicodeDecodeError:
        raise Unsupported(f"{path.name}: not UTF-8 text", advice="save it as UTF-8") from None
    except csv.Error as error:
        raise Unsupported(f"{path.name}: not CSV: {error}") from None
    except OSError as error:
        raise InputMissing(f"{path.name}: cannot be read: {error.strerror}") from None
    if not rows:
        raise Unsupported(f"{path.name}: empty", advice="the first line must name the columns")
    header, body = rows[0], [row for row in rows[1:] if row]
    if not 0 < len(header) <= MAX_COLUMNS:
        raise Unsupported(f"{path.name}: {len(header)} columns, expected 1 to {MAX_COLUMNS}")
    if "" in header or len(set(header)) != len(header):
        raise Unsupported(
            f"{path.name}: column names are empty or repeated",
            advice="the first line must name each column once",
        )
    return tuple(
        _guess(name, [row[index] if index < len(row) else "" for row in body])
        for index, name in enumerate(header)
    )


def _lines(stream: TextIO, path: Path) -> Iterator[str]:
    for _ in range(MAX_LINES):
        line = stream.readline(MAX_LINE + 1)
        if not line:
            return
        if len(line) > MAX_LINE:
            raise Unsupported(f"{path.name}: a line of more than {MAX_LINE} characters")
        yield line


def _guess(name: str, cells: Sequence[str]) -> ColumnGuess:
    present = [cell.strip() for cell in cells if cell.strip().lower() not in _MISSING]
    missing = len(cells) - len(present)
    kind = _type_of(present)
    if kind in ("integer", "number"):
        numbers = [int(each) if kind == "integer" else float(each) for each in present]
        return ColumnGuess(
            name=name,
            type=kind,
            rows=len(cells),
            missing=missing,
            low=min(numbers),
            high=max(numbers),
        )
    different = sorted(set(present)) if kind == "string" else []
    few = len(different) <= MAX_VALUES and all(len(each) <= MAX_VALUE for each in different)
    return ColumnGuess(
        name=name,
        type=kind,
        rows=len(cells),
        missing=missing,
        values=tuple(different) if few else (),
    )


def _type_of(cells: Sequence[str]) -> ColumnType:
    """The narrowest type that all values have; text where there are none."""
    if not cells:
        return "string"
    if all(_INTEGER.fullmatch(cell) for cell in cells):
        return "integer"
    if all(_NUMBER.fullmatch(cell) and math.isfinite(float(cell)) for cell in cells):
        return "number"
    if all(cell.lower() in ("true", "false") for cell in cells):
        return "boolean"
    if all(_DATE.fullmatch(cell) for cell in cells):
        return "date"
    if all(_TIMESTAMP.fullmatch(cell) for cell in cells):
        return "timestamp"
    return "string"
