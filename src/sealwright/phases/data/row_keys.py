"""Turns rows into comparable text: equal keys mean equal rows, exactly or after normalisation.

NULL equals NULL here, unlike in SQL joins, and each cell carries its length, so that no two rows
share a key by accident of where one cell ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis

from sealwright.phases.data.folding import FOLD
from sealwright.phases.data.reading import OpenTable

SIGNIFICANT_DIGITS = 9


def _text_function(text: str) -> str:
    """Stands for a function of the engine; never runs in Python."""
    raise NotImplementedError


def _format_function(template: str, value: float) -> str:
    """Stands for a function of the engine; never runs in Python."""
    raise NotImplementedError


_FOLD: Any = ibis.udf.scalar.builtin(_text_function, name=FOLD)
_FORMAT: Any = ibis.udf.scalar.builtin(_format_function, name="format")


def key(
    source: OpenTable, columns: Sequence[str], *, normalised: bool, numeric: frozenset[str]
) -> Any:
    """An Ibis text expression that identifies the row by its `columns`.

    `numeric` are columns that are compared as floating point numbers (because one of two tables
    holds them so). Normalised: text is folded, numbers keep 9 significant digits.
    """
    cells = [
        _cell(source.table[name], normalised=normalised, number=name in numeric) for name in columns
    ]
    whole = ibis.literal("")
    for cell in cells:
        whole = whole + (cell.length().cast("string") + ":" + cell).fill_null("-;")
    return whole


def numeric_columns(left: OpenTable, right: OpenTable, columns: Sequence[str]) -> frozenset[str]:
    """Columns to compare as floating point: numbers in both tables, floating in at least one."""
    found = []
    for name in columns:
        kinds = (left.table[name].type(), right.table[name].type())
        if all(kind.is_numeric() for kind in kinds) and not all(k.is_integer() for k in kinds):
            found.append(name)
    return frozenset(found)


def comparable_columns(left: OpenTable, right: OpenTable) -> tuple[str, ...]:
    """Columns in both tables, without those declared unique: a row number hides an equal row."""
    return tuple(
        name
        for name in left.column_names
        if name in right.column_names
        and not any(
            name in source.declaration.columns and source.declaration.columns[name].unique
            for source in (left, right)
        )
    )


def _cell(column: Any, *, normalised: bool, number: bool) -> Any:
    if number:
        # Adding zero makes minus zero and zero one number.
        column = column.cast("float64") + 0.0
        return _significant(column) if normalised else column.cast("string")
    if normalised and column.type().is_string():
        return _FOLD(column)
    return column.cast("string")


def _significant(column: Any) -> Any:
    return _FORMAT(f"{{:.{SIGNIFICANT_DIGITS - 1}e}}", column)
