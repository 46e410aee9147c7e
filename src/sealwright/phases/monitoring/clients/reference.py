"""What a caller's cases are judged against: the model's profile as arrays, and p-values from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sealwright.evidence.predicates.monitoring import Profile

Rows = NDArray[np.float32]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reference:
    """One model's profile. `near` and `typical`: 65 increasing quantiles, or none at all."""

    profile: Profile
    near: Numbers
    typical: Numbers

    @property
    def rows(self) -> int:
        """Rows that the model learned from."""
        return self.profile.rows

    @property
    def width(self) -> int:
        """Features of a case."""
        return len(self.profile.features)


def reference(profile: Profile) -> Reference:
    """The profile with its quantiles as arrays."""
    return Reference(
        profile=profile,
        near=_quantiles(profile.neighbours),
        typical=_quantiles(profile.typical),
    )


def _quantiles(values: tuple[float, ...]) -> Numbers:
    found = np.array(values, dtype=np.float64)
    sound = found.size >= 2 and bool(np.isfinite(found).all() and (np.diff(found) >= 0).all())
    return found if sound else np.empty(0)


def share_nearer(known: Reference, distances: Numbers) -> Numbers:
    """p-values: at most which share of the profile's rows has a neighbour as near as that?

    Conservative: rounded up to the profile's quantiles, and never below 1 / (rows + 1).
    """
    steps = known.near.size - 1
    below = np.searchsorted(known.near, distances, side="right")
    return np.clip(below / steps, 1.0 / (known.rows + 1), 1.0)


def share_farther(known: Reference, distances: Numbers) -> Numbers:
    """p-values: at most which share of the profile's rows is as far from the medians as that?"""
    steps = known.typical.size - 1
    below = np.searchsorted(known.typical, distances, side="left")
    return np.clip(1.0 - (below - 1) / steps, 1.0 / (known.rows + 1), 1.0)
