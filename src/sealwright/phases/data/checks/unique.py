"""No value occurs twice. The first row of a value stands; each later one is a violation."""

from __future__ import annotations

import ibis

from sealwright.phases.data.checks.interface import ColumnCheck, Condition, Place
from sealwright.phases.data.reading import ROW


def _build(place: Place) -> Condition | None:
    if not place.rule.unique:
        return None
    window = ibis.window(group_by=place.column, order_by=place.source.table[ROW])
    repeated = (ibis.row_number().over(window) > 0) & ~place.missing
    return place.condition(expected="no value twice", violation=repeated)


CHECK = ColumnCheck(
    check="unique",
    rule="SW-DAT-DUPLICATE",
    severity="high",
    title="repeat a value that must be unique",
    remediation="remove the repeated rows in a recorded step",
    needs_type=True,
    build=_build,
)
