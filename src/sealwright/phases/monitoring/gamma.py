"""Tail of the gamma distribution, without which no chi-square p-value; numpy has none."""

from __future__ import annotations

from functools import lru_cache
from math import exp, inf, isfinite, lgamma, log
from typing import Final

_MOST_STEPS: Final = 100_000
_CLOSE: Final = 1e-15
_NEAR: Final = 1e-9
_TINY: Final = 1e-300


def upper_tail(shape: float, x: float) -> float:
    """P(X >= x) for a gamma variable with this shape (> 0) and scale 1; 1 for anything odd.

    The series below the mean, Lentz's continued fraction above it (DLMF 8.11.4 and 8.9.2).
    """
    if not (isfinite(shape) and shape > 0) or not x > 0:
        return 1.0
    if x == inf:
        return 0.0
    scale = shape * log(x) - x - lgamma(shape)
    if x < shape + 1:
        return max(0.0, 1.0 - exp(scale) * _series(shape, x))
    return min(1.0, exp(scale) * _fraction(shape, x))


@lru_cache(maxsize=4096)
def quantile(shape: float, level: float) -> float:
    """The x that is passed with probability `level`, by bisection."""
    low, high = 0.0, shape + 1.0
    while upper_tail(shape, high) > level:
        low, high = high, 2 * high
    while high - low > high * _NEAR:
        middle = (low + high) / 2
        low, high = (middle, high) if upper_tail(shape, middle) > level else (low, middle)
    return high


def _series(shape: float, x: float) -> float:
    term = total = 1.0 / shape
    for step in range(1, _MOST_STEPS):
        term *= x / (shape + step)
        total += term
        if term < total * _CLOSE:
            break
    return total


def _fraction(shape: float, x: float) -> float:
    below = x + 1.0 - shape
    ratio = 1.0 / _TINY
    inverse = 1.0 / below
    found = inverse
    for step in range(1, _MOST_STEPS):
        numerator = -step * (step - shape)
        below += 2.0
        inverse = numerator * inverse + below
        inverse = 1.0 / (inverse if abs(inverse) > _TINY else _TINY)
        ratio = below + numerator / ratio
        ratio = ratio if abs(ratio) > _TINY else _TINY
        found *= inverse * ratio
        if abs(inverse * ratio - 1.0) < _CLOSE:
            break
    return found
