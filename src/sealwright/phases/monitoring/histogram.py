"""Live cases counted over the cells of the reference profile: exact counts that add up.

Cells, not values, are what every comparison works on. Values are compared as 32-bit floats, which
is what the gateway hands over: an edge or a category that came from 64-bit data would be missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sealwright.errors import MalformedError, UsageError
from sealwright.evidence.predicates.monitoring import FeatureProfile, Profile

Cells = npt.NDArray[np.uint8]
"""Shape (n, d + 1): the cell of each feature and, last, of the score."""
Counts = npt.NDArray[np.int64]
"""Shape (d + 1, width): cases per cell. Counts of disjoint cases add up to those of their union."""

SCORE: Final = "score"
"""What the model's answer is called among the features; a slice of that name is about it."""
MAX_CELLS: Final = 250


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Grid:
    """The cells of a profile's d features and its score, which is the last of `names`.

    Feature j has the cells 0 … `missing[j]`; the last of them takes missing values.
    """

    names: tuple[str, ...]
    ordered: npt.NDArray[np.bool_]
    """Shape (d + 1,): true for numbers, false for categories, whose cells have no order."""
    missing: npt.NDArray[np.int64]
    bounds: tuple[npt.NDArray[np.float32], ...]
    """Edges of a number, sorted values of a category."""
    reference: Counts
    """The profile's own counts, over these cells."""

    @classmethod
    def of(cls, profile: Profile) -> Grid:
        """The cells of this profile; MalformedError where it contradicts itself."""
        parts = (*profile.features, profile.prediction)
        for part in parts:
            _check(part, rows=profile.rows)
        names = (*(part.name for part in profile.features), SCORE)
        if len(set(names)) != len(names):
            raise MalformedError("a profile names a feature twice")
        missing = np.array([len(part.counts) for part in parts], dtype=np.int64)
        reference = np.zeros((len(parts), int(missing.max()) + 1), dtype=np.int64)
        for row, part in zip(reference, parts, strict=True):
            row[: len(part.counts)] = part.counts
            row[len(part.counts)] = part.missing
        reference.flags.writeable = False
        return cls(
            names=names,
            ordered=np.array([part.kind == "number" for part in parts]),
            missing=missing,
            bounds=tuple(
                np.array(part.edges or part.categories, dtype=np.float32) for part in parts
            ),
            reference=reference,
        )

    def cells(self, rows: npt.NDArray[Any], scores: npt.NDArray[Any]) -> Cells:
        """The cells of cases, shape (n, d + 1), from features (n, d) and scores (n,).

        UsageError for other shapes. No value is refused: what is out of range has its cell.
        """
        width = len(self.names) - 1
        if rows.ndim != 2 or rows.shape[1] != width or scores.shape != (len(rows),):
            raise UsageError(
                f"{width} features and a score per case, not {rows.shape} and {scores.shape}"
            )
        found = np.empty((len(rows), width + 1), dtype=np.uint8)
        for index in range(width + 1):
            values = as_float32(scores if index == width else rows[:, index])
            found[:, index] = self._cells_of(index, values)
        return found

    def _cells_of(self, index: int, values: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        bounds = self.bounds[index]
        if self.ordered[index]:
            found = np.searchsorted(bounds, values, side="right")
        else:
            found = np.searchsorted(bounds, values, side="left")
            at = np.minimum(found, max(len(bounds) - 1, 0))
            known = bounds[at] == values if len(bounds) else np.zeros(len(values), dtype=np.bool_)
            found = np.where(known, found, len(bounds))
        return np.where(np.isnan(values), self.missing[index], found)

    def count(self, cells: Cells) -> Counts:
        """Cases per cell, shape (d + 1, width)."""
        slices, width = self.reference.shape
        counted = np.empty((slices, width), dtype=np.int64)
        for index in range(slices):
            counted[index] = np.bincount(cells[:, index], minlength=width)
        return counted


def as_float32(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The values as the gateway hands them over; what is too large becomes infinite."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype=np.float32)


def _check(part: FeatureProfile, *, rows: int) -> None:
    number = part.kind == "number"
    bounds, others = (part.edges, part.categories) if number else (part.categories, part.edges)
    problem = ""
    if others:
        problem = "has edges and categories"
    elif len(part.counts) != len(bounds) + 1 or len(part.counts) > MAX_CELLS:
        problem = f"has {len(part.counts)} counts for {len(bounds)} bounds"
    elif not all(map(isfinite, bounds)) or any(a >= b for a, b in pairwise(bounds)):
        problem = "has bounds that do not increase"
    elif min(*part.counts, part.missing, 0) < 0 or sum(part.counts) + part.missing != rows:
        problem = f"does not count {rows} rows"
    elif not (isfinite(part.location) and isfinite(part.scale) and part.scale > 0):
        problem = "has no usable location and scale"
    if problem:
        raise MalformedError(f"the profile of {part.name!r:.80} {problem}")
