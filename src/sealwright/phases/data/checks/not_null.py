"""A required column has a value in every row: no NULL, no NaN, no empty field."""

from __future__ import annotations

from sealwright.phases.data.checks.interface import ColumnCheck, Condition, Place


def _build(place: Place) -> Condition | None:
    if not place.rule.required:
        return None
    return place.condition(expected="a value in every row", violation=place.missing)


CHECK = ColumnCheck(
    check="not-null",
    rule="SW-DAT-MISSING",
    severity="high",
    title="have no value",
    remediation="fill or drop the rows in a recorded step, or declare `required = false`",
    needs_type=False,
    build=_build,
)
