"""Numbers lie between the declared bounds, both included."""

from __future__ import annotations

import math
from typing import Any

import ibis

from sealwright.phases.data.checks.interface import ColumnCheck, Condition, Place


def _build(place: Place) -> Condition | None:
    low, high = place.rule.min, place.rule.max
    if low is None and high is None:
        return None
    if place.rule.type not in ("integer", "number"):
        raise place.misdeclared("`min` and `max` are for integer and number columns")
    for bound in (low, high):
        # The engine sorts NaN above all numbers, so a NaN bound would let everything pass.
        if bound is not None and not math.isfinite(bound):
            raise place.misdeclared("`min` and `max` must be finite")
    if low is not None and high is not None and low > high:
        raise place.misdeclared(f"`min` {low} is above `max` {high}: nothing can lie between")
    outside: Any = ibis.literal(False)
    if low is not None:
        outside = outside | (place.column < _exact(low, up=True, place=place))
    if high is not None:
        outside = outside | (place.column > _exact(high, up=False, place=place))
    left = "" if low is None else f"{low} <= "
    right = "" if high is None else f" <= {high}"
    return place.condition(expected=f"{left}value{right}", violation=outside)


def _exact(bound: float, *, up: bool, place: Place) -> int | float:
    """For integers a whole bound with the same meaning, so that nothing is compared rounded."""
    if place.column.type().is_integer():
        return math.ceil(bound) if up else math.floor(bound)
    return float(bound)


CHECK = ColumnCheck(
    check="range",
    rule="SW-DAT-RANGE",
    severity="high",
    title="lie outside the declared range",
    remediation="correct or quarantine the rows, or declare the true range",
    needs_type=True,
    build=_build,
)
