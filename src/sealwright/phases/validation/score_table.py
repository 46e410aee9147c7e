"""Scores of two classes as a table of counts, and everything that is a function of such a table.

A metric of (score, label) pairs depends on how often each pair occurs and on nothing else. So
resampling rows is drawing multinomial counts, and a thousand replicates are one matrix: the cost
does not grow with the number of rows, only with the number of different scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sealwright.inference.scoring import DECISION, BoolArray, FloatArray

MAX_LEVELS = 512
"""More different scores than this are pooled into as many equal-mass levels for the intervals."""
MAX_CELLS = 8_000_000
"""Levels times replicates held in memory at once; more replicates mean fewer levels."""

LOG_FLOOR = 1e-7
"""Probabilities are kept this far from 0 and 1 in the log loss: the resolution of 32-bit floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """Counts per score level. Replicates are stacked in front: counts of shape (..., K)."""

    levels: FloatArray
    """Shape (K,), increasing."""
    positives: FloatArray
    """Shape (..., K): rows of the positive class at each level."""
    negatives: FloatArray
    """Shape (..., K): rows of the negative class at each level."""


def score_table(scores: FloatArray, labels: BoolArray) -> ScoreTable:
    """The exact table: one level per different score."""
    levels, where = np.unique(scores, return_inverse=True)
    return ScoreTable(
        levels=levels,
        positives=np.bincount(where[labels], minlength=len(levels)).astype(np.float64),
        negatives=np.bincount(where[~labels], minlength=len(levels)).astype(np.float64),
    )


def pooled(table: ScoreTable, *, replicates: int) -> ScoreTable:
    """The table to draw `replicates` from: at most 513 levels of equal mass, at their mean score.

    A table that is small enough stays as it is. Levels on the two sides of the decision threshold
    are never pooled.
    """
    levels = max(64, min(MAX_LEVELS, MAX_CELLS // replicates))
    if len(table.levels) <= levels:
        return table
    mass = table.positives + table.negatives
    rank = (np.cumsum(mass) - mass / 2) / mass.sum()
    bucket = np.minimum((rank * levels).astype(np.int64), levels - 1)
    bucket += np.where(table.levels > DECISION, levels, 0)
    _, where = np.unique(bucket, return_inverse=True)
    total = np.bincount(where, weights=mass)
    return ScoreTable(
        levels=np.bincount(where, weights=mass * table.levels) / total,
        positives=np.bincount(where, weights=table.positives).astype(np.float64),
        negatives=np.bincount(where, weights=table.negatives).astype(np.float64),
    )


def resample(
    table: ScoreTable, *, replicates: int, rng: np.random.Generator, stratified: bool
) -> ScoreTable:
    """Bootstrap replicates, counts of shape (replicates, K).

    Stratified keeps the number of rows of each class; otherwise the classes vary as rows do.
    """
    counts = np.stack([table.positives, table.negatives])
    if stratified:
        drawn = [_draw(row, replicates=replicates, rng=rng) for row in counts]
    else:
        both = _draw(counts.reshape(-1), replicates=replicates, rng=rng)
        drawn = [both[:, : len(table.levels)], both[:, len(table.levels) :]]
    return ScoreTable(levels=table.levels, positives=drawn[0], negatives=drawn[1])


def _draw(counts: FloatArray, *, replicates: int, rng: np.random.Generator) -> FloatArray:
    total = counts.sum()
    return rng.multinomial(int(total), counts / total, size=replicates).astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts at the decision threshold, each of shape (...)."""

    tp: FloatArray
    fp: FloatArray
    tn: FloatArray
    fn: FloatArray


def confusion(table: ScoreTable) -> Confusion:
    """Right and wrong answers of each class at one half."""
    above = table.levels > DECISION
    return Confusion(
        tp=table.positives[..., above].sum(axis=-1),
        fn=table.positives[..., ~above].sum(axis=-1),
        fp=table.negatives[..., above].sum(axis=-1),
        tn=table.negatives[..., ~above].sum(axis=-1),
    )


def roc_auc(table: ScoreTable) -> FloatArray:
    """Chance that a positive scores above a negative, ties counting half; NaN without both."""
    below = np.cumsum(table.negatives, axis=-1) - table.negatives / 2
    wins = (table.positives * below).sum(axis=-1)
    pairs = table.positives.sum(axis=-1) * table.negatives.sum(axis=-1)
    return share(wins, pairs)


def brier(table: ScoreTable) -> FloatArray:
    """Mean squared distance of the score from the outcome."""
    wrong = table.positives @ (1 - table.levels) ** 2 + table.negatives @ table.levels**2
    return share(wrong, _rows(table))


def log_loss(table: ScoreTable) -> FloatArray:
    """Mean negative log-likelihood in nats, probabilities kept 1e-7 from 0 and 1."""
    levels = np.clip(table.levels, LOG_FLOOR, 1 - LOG_FLOOR)
    wrong = -(table.positives @ np.log(levels) + table.negatives @ np.log1p(-levels))
    return share(wrong, _rows(table))


def true_positive_rate_at(table: ScoreTable, *, false_positive_rate: float) -> FloatArray:
    """Greatest share of positives above a threshold that at most this share of negatives passes."""
    passed = np.cumsum(table.negatives[..., ::-1], axis=-1)
    allowed = false_positive_rate * table.negatives.sum(axis=-1, keepdims=True) + 1e-9
    found = np.cumsum(table.positives[..., ::-1], axis=-1) * (passed <= allowed)
    return share(found.max(axis=-1), table.positives.sum(axis=-1))


def share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """part / whole, NaN where there is nothing to divide by."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    result = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=result, where=whole > 0))


def _rows(table: ScoreTable) -> FloatArray:
    return np.asarray((table.positives + table.negatives).sum(axis=-1))
