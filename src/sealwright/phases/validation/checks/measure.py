"""Makes a `Measurement` from a value and its interval, so that none lacks its method."""

from __future__ import annotations

import math
import zlib

import numpy as np

from sealwright.errors import CannotLook
from sealwright.evidence.predicates.validation import Measurement
from sealwright.phases.validation.checks.interface import Examination
from sealwright.phases.validation.intervals import LEVEL, Interval, bounded, percentile, wilson
from sealwright.phases.validation.score_table import brier, pooled, resample, score_table


def measured(
    metric: str, *, value: float, n: float, interval: Interval | None = None, group: str = ""
) -> Measurement:
    """The record of one number that rests on n rows. Raises CannotLook if it is not finite."""
    if not math.isfinite(value):
        raise CannotLook(f"{metric} is not defined on these rows")
    ends = interval if interval is not None else Interval(None, None, "")
    return Measurement(
        metric=metric,
        value=float(value),
        n=int(n),
        low=ends.low,
        high=ends.high,
        level=LEVEL,
        method=ends.method,
        group=group,
    )


def measured_share(metric: str, *, hits: float, n: float, group: str = "") -> Measurement:
    """A share of n rows with its Wilson interval; n must be positive."""
    return measured(metric, value=hits / n, n=n, interval=wilson(hits, n), group=group)


def measured_brier(exam: Examination) -> Measurement:
    """The Brier score on the test rows, resampled over all rows.

    Two checks report it; both get the same interval since its seed does not depend on them.
    """
    rng = np.random.default_rng([exam.declaration.seed, zlib.crc32(b"brier")])
    table = score_table(exam.test_scores, exam.test.labels)
    times, n, value = exam.declaration.bootstrap, len(exam.test), float(brier(table))
    draws = resample(pooled(table, replicates=times), replicates=times, rng=rng, stratified=False)
    interval = bounded(percentile(brier(draws), value=value), value=value, n=n)
    return measured("brier", value=value, n=n, interval=interval)
