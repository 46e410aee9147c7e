"""Confidence intervals for shares and their differences, and percentiles of replicates.

Wilson and Newcombe intervals keep a width at 0 and 100 %, where a bootstrap has none: five right
answers of five are not evidence of perfection.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from sealwright.inference.scoring import FloatArray

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends, and how they were made. An end that is None is not known."""

    low: float | None
    high: float | None
    method: str


def wilson(hits: float, n: float, *, level: float = LEVEL) -> Interval:
    """Wilson score interval of a share (Wilson 1927); unknown ends for n = 0."""
    if not n > 0:
        return Interval(None, None, "Wilson")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = hits / n
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    low = 0.0 if hits <= 0 else max(0.0, centre - half)
    high = 1.0 if hits >= n else min(1.0, centre + half)
    return Interval(low, high, "Wilson")


def newcombe(a: tuple[float, float], b: tuple[float, float], *, level: float = LEVEL) -> Interval:
    """Interval of share(a) - share(b), each (hits, n): Newcombe's hybrid score method (1998)."""
    (x, m), (y, n) = a, b
    first, second = wilson(x, m, level=level), wilson(y, n, level=level)
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return Interval(None, None, "Newcombe")
    p, q = x / m, y / n
    low = p - q - math.hypot(p - first.low, second.high - q)
    high = p - q + math.hypot(first.high - p, q - second.low)
    return Interval(max(-1.0, low), min(1.0, high), "Newcombe")


def percentile(
    replicates: FloatArray, *, value: float, level: float = LEVEL, shift: float = 0.0
) -> Interval:
    """Bootstrap percentile interval of replicates (shape (B,)), moved by `-shift`.

    It always holds `value`. Replicates that are not finite, or that are all the same, say nothing:
    the ends are unknown then.
    """
    if replicates.size == 0 or not np.isfinite(replicates).all() or not math.isfinite(value):
        return Interval(None, None, "bootstrap percentile")
    if np.ptp(replicates) <= 1e-12 * max(1.0, abs(value)):
        return Interval(None, None, "bootstrap percentile (all replicates equal)")
    tail = (1 - level) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail]) - shift
    return Interval(min(float(low), value), max(float(high), value), "bootstrap percentile")


def bounded(interval: Interval, *, value: float, n: float) -> Interval:
    """The interval, or where it is unknown Wilson's for a mean in [0, 1] over n rows.

    Valid since no variable in [0, 1] with this mean varies more than a share does.
    """
    if interval.low is not None and interval.high is not None:
        return Interval(max(0.0, interval.low), min(1.0, interval.high), interval.method)
    fallback = wilson(value * n, n) if math.isfinite(value) else Interval(None, None, "")
    return Interval(fallback.low, fallback.high, "Wilson (bootstrap has no width here)")
