"""The reference that live traffic is compared with, made from the rows that a model learnt from.

The same rows and seed give the same profile. It holds counts and 64 quantiles per feature, which
are values of single rows, and no whole row.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.predicates.common import Resource, Tool
from sealwright.evidence.predicates.monitoring import FeatureProfile, Profile
from sealwright.phases.monitoring.histogram import SCORE, Grid, as_float32

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

MAX_EDGES: Final = 64
MAX_CATEGORIES: Final = 32
"""A feature with more values than this, or with fewer than 20 rows for each, is a number."""
_EDGES_IN_ALL: Final = 64_000
"""Edges of all features together: a profile has to fit into a statement."""
_STEPS: Final = 64
_SAMPLE, _POOL, _BLOCK = 2048, 8192, 256
_FAR: Final = 1000.0
"""Scaled values are cut here, so that one absurd value does not swallow all others."""
_IQR_OF_NORMAL: Final = 1.3489795003921634
"""Distance between the quartiles of the standard normal distribution."""


def profile_of(
    features: FloatArray,
    scores: FloatArray,
    *,
    names: Sequence[str],
    dataset: Resource,
    at: str,
    seed: int = 0,
) -> Profile:
    """The profile of rows (n, d) and the model's scores (n,) on them; NaN is a missing value.

    Distances are measured on at most 2048 rows against 8192, chosen by `seed`. InputMissing where
    there is no row, UsageError where the parts do not fit.
    """
    if features.ndim != 2 or features.shape[1] != len(names) or scores.shape != (len(features),):
        raise UsageError("a profile needs one score per row and one name per column")
    if len(features) < 2:
        raise InputMissing("a profile needs at least two rows", advice="check the training data")
    most = max(8, min(MAX_EDGES, _EDGES_IN_ALL // len(names)))
    parts = tuple(
        feature_profile(name, features[:, index], most=most) for index, name in enumerate(names)
    )
    bare = Profile(
        dataset=dataset,
        rows=len(features),
        features=parts,
        prediction=feature_profile(SCORE, scores),
        engine=Tool(name="sealwright", version=version("sealwright")),
        at=at,
    )
    Grid.of(bare)
    rows = scaled(features, bare)
    rng = np.random.default_rng(seed)
    pool = rows[rng.permutation(len(rows))[:_POOL]]
    return msgspec.structs.replace(
        bare, neighbours=_quantiles(_nearest(pool)), typical=_quantiles(from_typical(rows))
    )


def feature_profile(name: str, values: FloatArray, *, most: int = MAX_EDGES) -> FeatureProfile:
    """How values (n,) are distributed, with at most `most` edges; NaN is a missing value."""
    given = as_float32(values)
    present = given[~np.isnan(given)]
    finite = np.sort(present[np.isfinite(present)])
    distinct, often = np.unique(finite, return_counts=True)
    few = len(distinct) <= min(MAX_CATEGORIES, max(2, len(present) // 20))
    missing, (location, scale) = len(given) - len(present), _spread(finite)
    if few and len(finite) == len(present):
        return FeatureProfile(
            name=name,
            kind="category",
            categories=tuple(map(float, distinct)),
            counts=(*map(int, often), 0),
            missing=missing,
            location=location,
            scale=scale,
        )
    edges = _edges(finite, distinct, often, most=most)
    counts = np.bincount(np.searchsorted(edges, present, side="right"), minlength=len(edges) + 1)
    return FeatureProfile(
        name=name,
        edges=tuple(map(float, edges)),
        counts=tuple(map(int, counts)),
        missing=missing,
        location=location,
        scale=scale,
    )


def _edges(
    ordered: Float32Array, distinct: Float32Array, often: npt.NDArray[np.int64], *, most: int
) -> Float32Array:
    """Quantiles as edges; a value that many rows share gets a cell of its own."""
    for steps in range(most, 0, -1):
        at = np.arange(1, steps + 1) * len(ordered) // (steps + 1)
        heavy = distinct[often * (steps + 1) > len(ordered)]
        with np.errstate(over="ignore"):  # beyond the greatest number there is no edge
            beyond = np.nextafter(heavy, np.float32(np.inf), dtype=np.float32)
        edges = np.unique(np.concatenate([ordered[at], heavy, beyond])) if len(ordered) else ordered
        edges = edges[np.isfinite(edges) & (edges > distinct[0])] if len(edges) else edges
        if len(edges) <= most:
            return edges
    return np.empty(0, dtype=np.float32)


def _spread(ordered: Float32Array) -> tuple[float, float]:
    """Median and robust standard deviation, which is never 0."""
    if not len(ordered):
        return 0.0, 1.0
    values = ordered.astype(np.float64)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    for scale in ((high - low) / _IQR_OF_NORMAL, values.std()):
        if np.isfinite(scale) and scale > 0:
            return float(middle), float(scale)
    return float(middle), 1.0


def scaled(rows: npt.NDArray[Any], profile: Profile) -> Float32Array:
    """Rows (n, d) in units of each feature's spread around its median; a missing value is 0."""
    location = np.array([part.location for part in profile.features])
    scale = np.array([part.scale for part in profile.features])
    with np.errstate(over="ignore", invalid="ignore"):
        units = (as_float32(rows).astype(np.float64) - location) / scale
    finite = np.nan_to_num(units, nan=0.0, posinf=_FAR, neginf=-_FAR)
    return as_float32(np.clip(finite, -_FAR, _FAR))


def distance(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> FloatArray:
    """Distance between scaled rows, root mean square over the features (the last axis)."""
    apart = one.astype(np.float64) - other
    found: FloatArray = np.sqrt(np.mean(apart * apart, axis=-1))
    return found


def from_typical(rows: npt.NDArray[Any]) -> FloatArray:
    """Distance of scaled rows (n, d) from the medians, shape (n,)."""
    return distance(rows, np.zeros(1))


def _nearest(pool: Float32Array) -> FloatArray:
    """Distance of the first rows of `pool` to their nearest other row in it."""
    wide = pool.astype(np.float64)
    squares = np.sum(wide * wide, axis=1)
    found = np.empty(min(_SAMPLE, len(pool)))
    for start in range(0, len(found), _BLOCK):
        block = wide[start : min(start + _BLOCK, len(found))]
        apart = squares[start : start + len(block), None] - 2 * (block @ wide.T) + squares
        apart[np.arange(len(block)), np.arange(start, start + len(block))] = np.inf
        # The product loses digits where rows are close: the nearest one is measured again.
        nearest = wide[np.argmin(apart, axis=1)]
        found[start : start + len(block)] = distance(block, nearest)
    return found


def _quantiles(values: FloatArray) -> tuple[float, ...]:
    steps = np.quantile(values, np.linspace(0, 1, _STEPS + 1))
    return tuple(float(np.float32(step)) for step in steps)
