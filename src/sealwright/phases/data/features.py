"""A numeric view of tables for neighbour statistics: standardised numbers, one-hot text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealwright.phases.data.engine import Engine
from sealwright.phases.data.reading import ROW, OpenTable

MAX_CATEGORIES = 50
MAX_CLASSES = 100
_PRIME = 2**31 - 1

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Rows as points. All arrays have one entry per row that was looked at."""

    rows: Integers
    points: Floats
    """(rows, dimensions); numbers scaled to mean 0, deviation 1 in the first table; text 0 or 1."""
    labels: Integers
    """Class numbers, the same in all views made together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """Views of several tables in one space, or the reason why there are none."""

    views: tuple[View, ...] = ()
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Columns that say nothing about neighbours: identifiers, dates, free text, optional gaps."""
    refusal: str = ""


def view_together(sources: Sequence[OpenTable], *, label: str, engine: Engine, limit: int) -> Views:
    """At most `limit` rows of each table, in one space and with the same class numbers.

    Larger tables are sampled; which rows is decided by the artifact's digest, so that it can be
    repeated but not be chosen. Refuses (says why) where a label or a required feature is missing
    or infinite, or where the label is not a class of 2 to 100.
    """
    first = sources[0]
    missing = [source.name for source in sources if label not in source.column_names]
    if missing:
        return Views(refusal=f"{', '.join(missing)} has no column {label!r}")
    common = [
        name
        for name in first.column_names
        if name != label and all(name in source.column_names for source in sources)
    ]
    raw = [_sample(source, [label, *common], engine=engine, limit=limit) for source in sources]
    labels = [_as_text(table[label]) for table in raw]
    if any(value is None for column in labels for value in column):
        return Views(refusal="labels are missing")
    classes = tuple(sorted({str(value) for value in labels[0]}))
    every = {str(value) for column in labels for value in column}
    if not 2 <= len(classes) <= MAX_CLASSES or len(every) > MAX_CLASSES:
        return Views(refusal=f"the label has {len(classes)} values; 2 to {MAX_CLASSES} are classes")
    columns, features, left_out = [], [], []
    for name in common:
        encoded = _encode(name, [table[name] for table in raw], source=first)
        if isinstance(encoded, str):
            return Views(refusal=encoded)
        if encoded is None:
            left_out.append(name)
            continue
        features.append(name)
        columns.append(encoded)
    if not columns:
        return Views(refusal="no column can serve as a feature")
    number = {name: index for index, name in enumerate(sorted(every))}
    return Views(
        views=tuple(
            View(
                rows=table[ROW].astype(np.int64),
                points=np.hstack([column[index] for column in columns]),
                labels=np.array([number[str(v)] for v in labels[index]], dtype=np.int64),
            )
            for index, table in enumerate(raw)
        ),
        classes=tuple(sorted(every)),
        features=tuple(features),
        left_out=tuple(left_out),
    )


def _sample(
    source: OpenTable, columns: list[str], *, engine: Engine, limit: int
) -> dict[str, npt.NDArray[Any]]:
    table = source.table
    if source.rows > limit:
        # Multiplication modulo a prime shuffles row numbers; products stay below 2^63.
        factor = int(source.artifact.digest[:7], 16) + 1
        table = table.order_by((table[ROW] * factor) % _PRIME).limit(limit)
    return engine.arrays(table.order_by(ROW), [ROW, *columns])


def _as_text(column: npt.NDArray[Any]) -> list[str | None]:
    """Labels as text, so that 1 and 1.0 in two files are one class."""
    found: list[str | None] = []
    for value in column.tolist():
        if value is None or value != value:
            found.append(None)
        elif isinstance(value, float) and value.is_integer():
            found.append(str(int(value)))
        else:
            found.append(str(value))
    return found


def _encode(
    name: str, parts: list[npt.NDArray[Any]], *, source: OpenTable
) -> list[Floats] | str | None:
    """The column's points per table; a text is why not at all, None is to leave it out."""
    rule = source.declaration.columns.get(name)
    if rule is not None and rule.unique:
        return None
    numbers = _as_numbers(parts)
    if numbers is not None:
        bad = sum(int(np.count_nonzero(~np.isfinite(part))) for part in numbers)
        if bad and rule is not None and not rule.required:
            return None
        if bad:
            return f"column {name!r} has {bad} values that are missing or infinite"
        mean, deviation = float(numbers[0].mean()), float(numbers[0].std())
        return [((part - mean) / (deviation or 1.0)).reshape(-1, 1) for part in numbers]
    values = [part.tolist() for part in parts]
    if any(value is None for part in values for value in part):
        if rule is not None and not rule.required:
            return None
        return f"column {name!r} has missing values"
    categories = sorted({value for part in values for value in part if isinstance(value, str)})
    texts = all(isinstance(value, str) for part in values for value in part)
    if not texts or len(categories) > MAX_CATEGORIES:
        return None
    return [
        np.array([[float(value == category) for category in categories] for value in part])
        for part in values
    ]


def _as_numbers(parts: list[npt.NDArray[Any]]) -> list[Floats] | None:
    """The parts as floats if they are numbers, booleans, or undeclared text that reads as such."""
    found = []
    for part in parts:
        if part.dtype.kind in "biuf":
            found.append(part.astype(np.float64))
            continue
        values = part.tolist()
        if any(not isinstance(value, str | bool | int | float) for value in values):
            return None
        try:
            found.append(np.array([float(value) for value in values], dtype=np.float64))
        except ValueError:
            return None
    return found
