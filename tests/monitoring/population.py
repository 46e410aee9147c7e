"""Rows with and without drift, and profiles of them; everything follows from a seed."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from sealwright.evidence.predicates.common import Resource, Tool
from sealwright.evidence.predicates.monitoring import Profile
from sealwright.phases.monitoring.histogram import Counts, Grid
from sealwright.phases.monitoring.profile import feature_profile, profile_of

Rows = NDArray[np.float64]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MODEL = "a" * 64


def names(d: int) -> list[str]:
    return [f"f{number}" for number in range(d)]


def draw(rng: np.random.Generator, n: int, d: int) -> Rows:
    """Normal features; the second, if there is one, has three values."""
    rows = rng.normal(size=(n, d))
    if d > 1:
        rows[:, 1] = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
    return rows


def score(rows: Rows) -> Rows:
    return np.asarray(1 / (1 + np.exp(-rows[:, 0])))


def profile(rows: Rows, *, scores: Rows | None = None, seed: int = 0) -> Profile:
    return profile_of(
        rows,
        score(rows) if scores is None else scores,
        names=names(rows.shape[1]),
        dataset=Resource(name="train"),
        at="2026-11-22T12:00:00.000000Z",
        seed=seed,
    )


def grid_of(rows: Rows) -> Grid:
    """The cells of a profile of these rows; without the distances, which take time."""
    parts = [feature_profile(*pair) for pair in zip(names(rows.shape[1]), rows.T, strict=True)]
    return Grid.of(
        Profile(
            dataset=Resource(name="train"),
            rows=len(rows),
            features=tuple(parts),
            prediction=feature_profile("score", score(rows)),
            engine=Tool(name="tests", version="0"),
            at="2026-11-22T12:00:00.000000Z",
        )
    )


def counts(grid: Grid, rows: Rows) -> Counts:
    return grid.count(grid.cells(rows, score(rows)))


def shifted(rows: Rows, *, column: int = 0, by: float) -> Rows:
    found = rows.copy()
    found[:, column] += by
    return found
