"""Each value is of the declared type: readable text in CSV, a fitting physical type in Parquet."""

from __future__ import annotations

import ibis

from sealwright.phases.data.checks.interface import ColumnCheck, Condition, Place
from sealwright.phases.data.reading import UNPARSED
from sealwright.phases.data.types import fits


def _build(place: Place) -> Condition:
    unparsed = place.source.table[UNPARSED].contains(place.name)
    # In a column of the wrong physical type there is no right value, so each one violates.
    wrong = unparsed | ibis.literal(not fits(place.column, declared=place.rule.type))
    if place.column.type().is_floating():
        # A Parquet column can hold infinities; no measurement is one.
        wrong = wrong | place.column.isinf().fill_null(False)
    return Condition(
        expected=place.rule.type,
        examined=place.column.notnull() | unparsed | ibis.literal(place.rule.required),
        violation=wrong,
    )


CHECK = ColumnCheck(
    check="type",
    rule="SW-DAT-TYPE",
    severity="high",
    title="hold no value of the declared type",
    remediation="correct the values, or declare the type that the column really has",
    needs_type=False,
    build=_build,
)
