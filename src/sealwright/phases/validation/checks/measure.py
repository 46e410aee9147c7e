"""Makes a `Measurement` from a value and its interval, so that none lacks its method."""

from __future__ import annotations

import math

from sealwright.errors import CannotLook
from sealwright.evidence.predicates.validation import Measurement
from sealwright.phases.validation.intervals import LEVEL, Interval, wilson


def measured(
    metric: str, *, value: float, n: float, interval: Interval | None = None, group: str = ""
) -> Measurement:
    """The record of one number that rests on n rows. Raises CannotLook if it is not finite."""
    if not math.isfinite(value):
        raise CannotLook(f"{metric} is not defined on these rows")
    ends = interval if interval is not None else Interval(None, None, "")
    return Measurement(
        metric=metric,
        value=float(value),
        n=int(n),
        low=ends.low,
        high=ends.high,
        level=LEVEL,
        method=ends.method,
        group=group,
    )


def measured_share(metric: str, *, hits: float, n: float, group: str = "") -> Measurement:
    """A share of n rows with its Wilson interval; n must be positive."""
    return measured(metric, value=hits / n, n=n, interval=wilson(hits, n), group=group)
