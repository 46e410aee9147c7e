"""Statistics of labels that their neighbours dispute (numpy and scikit-learn; no input or output).

A row's *dispute* is the share of its k nearest other rows with another label. It ranks wrong
labels well where classes are separable, and poorly where they are not; `calibrate` measures which
of the two holds on the data at hand by planting flips in a copy of its labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from sealwright.phases.data.features import Floats, Integers, View

NEIGHBOURS = 10
EXTREME = 0.9
"""A row is disputed when at least this share of its neighbours has another label."""
PLANTED = 0.05
_REPEATS = 25
_FALSE_ALARMS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """How well the ranking finds flips planted in this very data (5 % at random, mean of 25)."""

    auc: float
    recall: float
    """Share of planted flips found at 1 % false alarms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Labels against what a trusted reference would expect."""

    n: int
    disputed: float
    """Mean dispute of the examined labels by neighbours in the reference."""
    disputed_within: float
    """Mean dispute of the reference's own labels, leave-one-out."""
    dispute_z: float
    """How many standard errors the first lies above the second."""
    class_z: dict[int, float]
    """Per class: standard errors by which its labels are too many (+) or too few (-)."""


def neighbours(view: View, *, k: int = NEIGHBOURS) -> Integers:
    """(rows, k) indices of the nearest other rows; needs more than k rows."""
    model = NearestNeighbors(n_neighbors=k + 1).fit(view.points)
    found = model.kneighbors(view.points, return_distance=False)
    other = found != np.arange(len(found))[:, None]
    # With more than k twins a row may be missing from its own list: drop the farthest then.
    other[np.flatnonzero(other.all(axis=1)), -1] = False
    return np.asarray(found[other].reshape(len(found), k), dtype=np.int64)


def dispute(labels: Integers, near: Integers, *, reference: Integers | None = None) -> Floats:
    """Share of each row's neighbours whose label differs, in `labels` itself or in `reference`."""
    around = (labels if reference is None else reference)[near]
    return np.asarray((around != labels[:, None]).mean(axis=1), dtype=np.float64)


def calibrate(labels: Integers, near: Integers, *, classes: int, seed: int) -> Power:
    """Plants random flips in copies of `labels` and measures how well dispute ranks them."""
    generator = np.random.default_rng(seed)
    aucs, recalls = [], []
    count = max(1, round(PLANTED * len(labels)))
    for _ in range(_REPEATS):
        planted = np.zeros(len(labels), dtype=bool)
        planted[generator.choice(len(labels), size=count, replace=False)] = True
        flipped = labels.copy()
        shift = generator.integers(1, classes, size=count)
        flipped[planted] = (flipped[planted] + shift) % classes
        scores = dispute(flipped, near)
        aucs.append(float(roc_auc_score(planted, scores)))
        cut = np.quantile(scores[~planted], 1 - _FALSE_ALARMS, method="higher")
        recalls.append(float((scores[planted] > cut).mean()))
    return Power(auc=float(np.mean(aucs)), recall=float(np.mean(recalls)))


def compare(view: View, reference: View, *, classes: int, k: int = NEIGHBOURS) -> Comparison:
    """Compares labels with the labels of near rows in a trusted reference.

    Rows of the reference with the very same features are not asked, so a parent version can serve
    as reference. Errors count the noise in both sets: that of each row, and that of the reference
    rows that vote often.
    """
    near = _near_but_not_equal(view.points, reference.points, k=k)
    disputed = dispute(view.labels, near, reference=reference.labels)
    own = neighbours(reference, k=k)
    within = dispute(reference.labels, own)
    n, m = len(disputed), len(within)
    error = float(np.sqrt(disputed.var(ddof=1) / n + within.var(ddof=1) / m))
    votes = np.bincount(near.ravel(), minlength=m) / (k * n)
    class_z: dict[int, float] = {}
    for number in range(classes):
        is_class = reference.labels == number
        residual = (view.labels == number) - is_class[near].mean(axis=1)
        spread = residual.var(ddof=1) / n + float((votes**2).sum()) * float(is_class.var())
        class_z[number] = _ratio(float(residual.mean()), float(np.sqrt(spread)))
    gap = float(disputed.mean() - within.mean())
    return Comparison(
        n=n,
        disputed=float(disputed.mean()),
        disputed_within=float(within.mean()),
        dispute_z=_ratio(gap, error),
        class_z=class_z,
    )


def critical_z(*, alpha: float, tests: int) -> float:
    """The two-sided critical value for `tests` simultaneous tests (Bonferroni)."""
    return NormalDist().inv_cdf(1 - alpha / (2 * tests))


def _ratio(difference: float, error: float) -> float:
    """Standard errors; without any spread a difference is as significant as can be."""
    if error > 0:
        return difference / error
    return 0.0 if difference == 0 else float(np.copysign(1e6, difference))


def _near_but_not_equal(points: Floats, reference: Floats, *, k: int) -> Integers:
    model = NearestNeighbors(n_neighbors=min(2 * k, len(reference))).fit(reference)
    distances, found = model.kneighbors(points)
    # A stable sort moves twins (distance 0) to the back and keeps the order of the others.
    order = np.argsort(distances <= 1e-9, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1)[:, :k].astype(np.int64)
