"""Values come from the declared set."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

from sealwright.lifecycle.model import Scalar
from sealwright.phases.data.checks.interface import ColumnCheck, Condition, Place

_SHOWN = 20


def _build(place: Place) -> Condition | None:
    values = place.rule.values
    if values is None:
        return None
    if not values:
        raise place.misdeclared("`values` is empty: nothing could be valid")
    allowed = [_typed(value, place=place) for value in values]
    shown = ", ".join(str(value) for value in values[:_SHOWN])
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return place.condition(expected=f"one of {shown}{more}", violation=~place.column.isin(allowed))


def _typed(value: Scalar, *, place: Place) -> Scalar | date | datetime:
    """The value as the column's type; a value of another type is a mistake in the declaration."""
    kind = place.rule.type
    if isinstance(value, bool):
        if kind == "boolean":
            return value
    elif isinstance(value, int | float):
        if kind == "integer" and isinstance(value, int) and -(2**63) <= value < 2**63:
            return value
        if kind == "number" and math.isfinite(value):
            return float(value)
    else:
        if kind == "string":
            return value
        try:
            if kind == "date":
                return date.fromisoformat(value)
            if kind == "timestamp":
                moment = datetime.fromisoformat(value)
                return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        except ValueError:
            pass
    raise place.misdeclared(f"`values` holds {value!r:.60}, which is no {kind}")


CHECK = ColumnCheck(
    check="set",
    rule="SW-DAT-SET",
    severity="high",
    title="hold a value outside the declared set",
    remediation="correct or quarantine the rows, or declare the value",
    needs_type=True,
    build=_build,
)
