"""Is one set of counts drawn from the same distribution as another? From counts alone.

Both sides are samples. To hold live counts against the reference's shares as if those were the
truth would flag traffic that never changed, the more often the more categories there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, inf, log, sqrt
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from sealwright.phases.monitoring import gamma
from sealwright.phases.monitoring.correction import FloatArray, holm, holm_levels
from sealwright.phases.monitoring.histogram import Counts, Grid

CountRow = npt.NDArray[np.int64]

Method = Literal["ks", "chi-square"]

GROUPS: Final = 12
"""Cells of a number are merged into so many groups for PSI and Jensen-Shannon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """A number, what it would have to pass, and how likely that is where nothing changed."""

    value: float
    threshold: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One feature, or the score, against the reference.

    The alarm follows from `test` and `missing` alone; `psi` and `jensen_shannon` (in nats) tell how
    large a change is, with approximate p-values.
    """

    name: str
    method: Method
    test: Statistic
    missing: Statistic
    psi: Statistic
    jensen_shannon: Statistic
    p: float
    """Of both tests together, before the correction for many features."""
    adjusted: float
    """After it (Holm)."""
    alarm: bool


def compare(grid: Grid, counts: Counts, *, level: float) -> tuple[Comparison, ...]:
    """Each feature and the score against the reference; `counts` as `Grid.count` gives them.

    The chance that any of them alarms where nothing changed is at most `level`.
    """
    p_values = p_of(grid, counts)
    adjusted = holm(p_values)
    levels = holm_levels(p_values, level=level)
    found = []
    for index, name in enumerate(grid.names):
        ordered, gaps = bool(grid.ordered[index]), int(grid.missing[index])
        before, now = grid.reference[index], counts[index]
        groups = merged(before[:gaps], now[:gaps]) if ordered else (before[:gaps], now[:gaps])
        test = kolmogorov_smirnov if ordered else chi_square
        found.append(
            Comparison(
                name=name,
                method="ks" if ordered else "chi-square",
                test=test(before[:gaps], now[:gaps], level=levels[index]),
                missing=_missing_share(before, now, gaps, level=levels[index] / 2),
                psi=population_stability(*groups, level=levels[index]),
                jensen_shannon=jensen_shannon(*groups, level=levels[index]),
                p=float(p_values[index]),
                adjusted=float(adjusted[index]),
                alarm=bool(adjusted[index] <= level),
            )
        )
    return tuple(found)


def p_of(grid: Grid, counts: Counts) -> FloatArray:
    """p-values of all features and the score, shape (d + 1,), before any correction."""
    return np.array([p_of_slice(grid, index, counts[index]) for index in range(len(grid.names))])


def p_of_slice(grid: Grid, index: int, counts: CountRow) -> float:
    """p-value of one feature: its distribution and its share of missing values.

    Without missing values on either side only the first is asked: how many there are in both
    together is no sign of a difference, so this choice costs nothing.
    """
    before, gaps = grid.reference[index], int(grid.missing[index])
    test = kolmogorov_smirnov if grid.ordered[index] else chi_square
    p = test(before[:gaps], counts[:gaps]).p
    if not before[gaps] and not counts[gaps]:
        return p
    return min(1.0, 2 * min(p, _missing_share(before, counts, gaps).p))


def _missing_share(
    before: CountRow, now: CountRow, gaps: int, *, level: float | None = None
) -> Statistic:
    if not before[gaps] and not now[gaps]:
        return Statistic(value=0.0, threshold=inf, p=1.0)
    pair = (np.array([side[:gaps].sum(), side[gaps]]) for side in (before, now))
    return chi_square(*pair, level=level)


def kolmogorov_smirnov(before: CountRow, now: CountRow, *, level: float = 0.05) -> Statistic:
    """Largest distance between the distribution functions, seen at the edges of the cells.

    The p-value is Kolmogorov's for two samples of these sizes. Between edges the distance may be
    larger than what is seen, so the p-value is never too small.
    """
    n, m = int(before.sum()), int(now.sum())
    if not n or not m:
        return Statistic(value=0.0, threshold=1.0, p=1.0)
    size = sqrt(n * m / (n + m))
    value = float(np.abs(np.cumsum(before) / n - np.cumsum(now) / m).max())
    return Statistic(
        value=value,
        threshold=min(1.0, sqrt(-log(level / 2) / 2) / size),
        p=kolmogorov_tail(value * size),
    )


def kolmogorov_tail(x: float) -> float:
    """P(sup |B| >= x) for a Brownian bridge B."""
    if x < 0.2:
        return 1.0
    total, sign = 0.0, 1.0
    for k in range(1, 101):
        term = exp(-2.0 * k * k * x * x)
        total += sign * term
        if term < 1e-17:
            break
        sign = -sign
    return min(1.0, max(0.0, 2.0 * total))


def chi_square(before: CountRow, now: CountRow, *, level: float | None = None) -> Statistic:
    """Pearson's statistic of the 2 x k table of counts; without a level it has no threshold.

    Its distribution, given the margins, is taken for a gamma with its exact mean and variance: that
    stays right where cells are nearly empty, when k - 1 degrees of freedom no longer are. (Moments:
    J. B. S. Haldane, Biometrika 31, 1940; here from factorial moments of the hypergeometric.)
    """
    n, m = int(before.sum()), int(now.sum())
    both = before + now
    kept = both > 0
    totals = both[kept]
    if not n or not m or len(totals) < 2:
        return Statistic(value=0.0, threshold=inf, p=1.0)
    expected = totals * (m / (n + m))
    apart = now[kept] - expected
    value = float(np.sum(apart * apart / expected) * (n + m) / n)
    mean, variance = _moments(totals, n=n, m=m)
    if variance <= 0:
        return Statistic(value=value, threshold=inf, p=1.0)
    shape, scale = mean * mean / variance, variance / mean
    return Statistic(
        value=value,
        threshold=inf if level is None else gamma.quantile(shape, level) * scale,
        p=gamma.upper_tail(shape, value / scale),
    )


def _moments(totals: CountRow, *, n: int, m: int) -> tuple[float, float]:
    """Mean and variance of Pearson's statistic of a 2 x k table with these margins.

    With T = sum a_j^2 / t_j over the smaller row a it is (T - s^2 / N) N^2 / (s (N - s)). The
    variance is a difference of numbers s^2 / 2k times as large: fractions where floats lose it.
    """
    size, k, s = n + m, len(totals), min(n, m)
    number: type[float | Fraction] = float if s <= _FLOATS_DO else Fraction
    h1, h2, h3, h4 = (_falling_ratio(s, size, r, number) for r in (1, 2, 3, 4))
    inverse = float(np.sum(1.0 / totals))
    rest = size - k
    mean = rest * h2 + k * h1
    variance = (
        k * (k - 1) * h2
        + 2 * (k - 1) * rest * h3
        + (rest * rest - 4 * size + 10 * k) * h4
        + 6 * (size - 3 * k) * h3
        + 7 * k * h2
        - mean * mean
    )
    per_inverse = h1 - 7 * h2 + 12 * h3 - 6 * h4
    factor = size * size / (s * (size - s))
    expected = mean - number(s * s) / number(size)
    return float(expected) * factor, (float(variance) + float(per_inverse) * inverse) * factor**2


_FLOATS_DO: Final = 4096


def _falling_ratio(s: int, size: int, r: int, number: type[float | Fraction]) -> Any:
    """s (s - 1) … (s - r + 1) / size (size - 1) …; 0 where r exceeds s."""
    found = number(1)
    for step in range(min(r, s)):
        found *= number(s - step) / number(size - step)
    return found if r <= s else number(0)


def population_stability(before: CountRow, now: CountRow, *, level: float = 0.05) -> Statistic:
    """Population stability index: sum of (q - p) ln(q / p), with half a case added to each cell.

    p-value: (n m / (n + m)) PSI is chi-square with k - 1 degrees of freedom where nothing changed,
    approximately and for many cases.
    """
    p, q = _shares(before), _shares(now)
    value = float(np.sum((q - p) * np.log(q / p)))
    return _as_chi_square(value, factor=1.0, before=before, now=now, level=level)


def jensen_shannon(before: CountRow, now: CountRow, *, level: float = 0.05) -> Statistic:
    """Jensen-Shannon divergence in nats (0 to ln 2), with half a case added to each cell.

    p-value: 8 (n m / (n + m)) JS is chi-square with k - 1 degrees of freedom, as for PSI.
    """
    p, q = _shares(before), _shares(now)
    middle = (p + q) / 2
    value = float(np.sum(p * np.log(p / middle) + q * np.log(q / middle)) / 2)
    return _as_chi_square(value, factor=8.0, before=before, now=now, level=level)


def _shares(counts: CountRow) -> FloatArray:
    smoothed = counts + 0.5
    found: FloatArray = smoothed / smoothed.sum()
    return found


def _as_chi_square(
    value: float, *, factor: float, before: CountRow, now: CountRow, level: float
) -> Statistic:
    n, m = int(before.sum()), int(now.sum())
    used = int(np.count_nonzero(before + now))
    if not n or not m or used < 2:
        return Statistic(value=value, threshold=inf, p=1.0)
    size = factor * n * m / (n + m)
    shape = (len(before) - 1) / 2
    return Statistic(
        value=value,
        threshold=2 * gamma.quantile(shape, level) / size,
        p=gamma.upper_tail(shape, value * size / 2),
    )


def merged(before: CountRow, now: CountRow, *, groups: int = GROUPS) -> tuple[CountRow, CountRow]:
    """Neighbouring cells merged into at most `groups` that hold like shares of `before`."""
    total = int(before.sum())
    if len(before) <= groups or not total:
        return before, now
    middle = np.cumsum(before) - before / 2
    group = np.minimum((middle * groups / total).astype(np.int64), groups - 1)
    return _gather(before, group), _gather(now, group)


def _gather(counts: CountRow, group: Sequence[int] | CountRow) -> CountRow:
    found = np.bincount(group, weights=counts).astype(np.int64)
    return found[np.unique(group)]
