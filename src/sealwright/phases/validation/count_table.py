"""Answers by group as counts: every group fairness metric is a function of this small table.

Resampling a million rows is then drawing multinomial counts for a dozen cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sealwright.inference.scoring import BoolArray, FloatArray
from sealwright.phases.validation.data import StringArray
from sealwright.phases.validation.intervals import LEVEL, Interval, newcombe
from sealwright.phases.validation.score_table import MAX_CELLS, share


@dataclass(frozen=True, slots=True, kw_only=True)
class CountTable:
    """Rows by group, label and answer."""

    groups: tuple[str, ...]
    """Names of the G groups, sorted."""
    cells: FloatArray
    """Shape (..., G, 2, 2): group, label (0, 1), answer (0, 1). Replicates come in front."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """One kind of rate: hits of n, each of shape (..., G)."""

    hits: FloatArray
    n: FloatArray

    @property
    def values(self) -> FloatArray:
        """hits / n, NaN for an empty group."""
        return share(self.hits, self.n)


def count_table(groups: StringArray, labels: BoolArray, answers: BoolArray) -> CountTable:
    """Counts the rows; all arrays have shape (n,)."""
    names = np.unique(groups)
    cells = np.zeros((len(names), 2, 2))
    outcome = labels.view(np.uint8) * np.uint8(2) + answers.view(np.uint8)
    for index, name in enumerate(names):
        cells[index] = np.bincount(outcome[groups == name], minlength=4).reshape(2, 2)
    return CountTable(groups=tuple(str(name) for name in names), cells=cells)


def resample_counts(table: CountTable, *, replicates: int, rng: np.random.Generator) -> CountTable:
    """Bootstrap over rows: cells of shape (replicates, G, 2, 2).

    With very many groups there are fewer replicates, at least 1,000, to bound the memory.
    """
    replicates = min(replicates, max(1000, MAX_CELLS // table.cells.size))
    flat = table.cells.reshape(-1)
    drawn = rng.multinomial(int(flat.sum()), flat / flat.sum(), size=replicates)
    return CountTable(
        groups=table.groups, cells=drawn.reshape(replicates, *table.cells.shape).astype(np.float64)
    )


def selection(table: CountTable) -> Rates:
    """Answered positive, of all rows of the group."""
    return Rates(hits=table.cells[..., 1].sum(axis=-1), n=table.cells.sum(axis=(-1, -2)))


def true_positives(table: CountTable) -> Rates:
    """Answered positive, of the group's positive rows."""
    return Rates(hits=table.cells[..., 1, 1], n=table.cells[..., 1, :].sum(axis=-1))


def false_positives(table: CountTable) -> Rates:
    """Answered positive, of the group's negative rows."""
    return Rates(hits=table.cells[..., 0, 1], n=table.cells[..., 0, :].sum(axis=-1))


def correct(table: CountTable) -> Rates:
    """Answered right, of all rows of the group."""
    return Rates(
        hits=table.cells[..., 0, 0] + table.cells[..., 1, 1], n=table.cells.sum(axis=(-1, -2))
    )


def difference(rates: Rates) -> FloatArray:
    """Largest difference between two groups, shape (...); NaN if any group is empty."""
    values = rates.values
    return np.asarray(values.max(axis=-1) - values.min(axis=-1))


def difference_interval(
    observed: tuple[Rates, ...], replicates: tuple[Rates, ...], *, level: float = LEVEL
) -> Interval:
    """Interval of the largest of the differences.

    High end: the wider of the bootstrap's percentile and the pairs' Newcombe ends, since a
    bootstrap has no width at rates of 0 and 1. Low end: the best lower end over all pairs, each at
    a level corrected for their number, and never below 0: the difference of equal groups is 0, yet
    every replicate of it is positive. Ends are unknown if a group is empty in a replicate.
    """
    pairs = list(combinations(range(observed[0].values.shape[-1]), 2))
    tail = (1 - level) / 2
    worst = np.max(np.stack([difference(r) for r in replicates]), axis=0)
    if not pairs or not np.isfinite(worst).all():
        return Interval(None, None, "bootstrap percentile")
    low, high = 0.0, float(np.quantile(worst, 1 - tail))
    for seen, drawn in zip(observed, replicates, strict=True):
        for i, j in pairs:
            signed = drawn.values[..., i] - drawn.values[..., j]
            alpha = tail / (len(pairs) * len(observed))
            below, above = np.quantile(signed, [alpha, 1 - alpha])
            low = max(low, float(below), float(-above))
            ends = newcombe(
                (float(seen.hits[i]), float(seen.n[i])),
                (float(seen.hits[j]), float(seen.n[j])),
                level=level,
            )
            if ends.low is not None and ends.high is not None:
                high = max(high, ends.high, -ends.low)
    value = max(float(difference(rates)) for rates in observed)
    return Interval(min(low, value), min(1.0, max(high, value)), "multinomial bootstrap, Newcombe")
