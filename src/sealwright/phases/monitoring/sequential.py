"""Sees a change as early as possible, looking after every case, with few false alarms by proof.

Both detectors bet against "nothing changed". A bet multiplies its stake by a factor whose mean is
at most 1 as long as that holds. Each case starts a new bet of 1; all bets that run are added up
(Shiryaev and Roberts). After N cases the sum is N on average, so whatever the data look like, the
chance that it passes A within N cases is at most N / A. No distribution is assumed and no parameter
is tuned.

Against a finite reference this holds because of *ranks*. Take the reference and the live cases so
far as one bag: where nothing changed, the newest case is equally likely to be any of them. Its
rank, with ties broken at random, is uniform and independent of the earlier ranks (V. Vovk,
A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, ch. 8). That the reference is only
a sample is thereby accounted for; the chance is over its draw, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from sealwright.errors import UsageError
from sealwright.phases.monitoring.histogram import Cells, Grid

FloatArray = npt.NDArray[np.float64]

EPOCH: Final = 16_384
"""After so many cases the bag is the reference again: otherwise a slow drift would fill it."""
RANKS: Final = 1024
"""A rank in [0, 1) is one of so many cells; each bet's factors have mean 1 over them."""
_CHUNK: Final = 32
_MOST: Final = 1e150
"""Sums are cut here: far above every threshold, far below what a float can hold."""


def _shifts() -> list[FloatArray]:
    """Bets that the values moved (by so many standard deviations) or spread (so many times)."""
    normal = NormalDist()
    z = np.array([normal.inv_cdf((cell + 0.5) / RANKS) for cell in range(RANKS)])
    moved = [np.exp(shift * z) for size in (0.1, 0.25, 0.5, 1.0) for shift in (-size, size)]
    return moved + [np.exp(z * z * (1 - scale**-2) / 2) for scale in (0.6, 0.8, 1.25, 1.7)]


def _intervals() -> list[FloatArray]:
    """Bets that some part of the values became more or less frequent."""
    found = []
    for parts, times in ((4, 1.3), (8, 1.5), (8, 0.5), (16, 2.0)):
        for part in range(parts):
            factors = np.ones(RANKS)
            factors[part * RANKS // parts : (part + 1) * RANKS // parts] = times
            found.append(factors)
    for tail in (slice(None, RANKS // 64), slice(-RANKS // 64, None)):
        factors = np.ones(RANKS)
        factors[tail] = 4.0
        found.append(factors)
    return found


def _bets() -> tuple[FloatArray, FloatArray]:
    """Factors, shape (RANKS, bets), and the share of the stake on each bet."""
    groups = (_shifts(), _intervals())
    columns = [factors / factors.mean() for group in groups for factors in group]
    stakes = [1 / len(groups) / len(group) for group in groups for _ in group]
    return np.ascontiguousarray(np.stack(columns, axis=1)), np.array(stakes)


_FACTORS, _STAKES = _bets()


class Sequential:
    """Bets on the ranks of each feature and of the score, cell by cell.

    `statistic`, shape (d + 1,), is the largest sum since the start per feature. Where nothing
    changed, the chance that one of them passes `threshold(A)` within N cases is at most N / A.
    """

    __slots__ = ("_bag", "_in_epoch", "_reference", "_rng", "_sizes", "_sums", "statistic")

    def __init__(self, grid: Grid, *, seed: int) -> None:
        self._reference = grid.reference
        self._rng = np.random.default_rng(seed)
        slices = len(grid.names)
        self._bag = self._reference.copy()
        self._sizes = self._reference.sum(axis=1)
        self._in_epoch = np.zeros(slices, dtype=np.int64)
        self._sums = np.zeros((slices, _FACTORS.shape[1]))
        self.statistic: FloatArray = np.zeros(slices)

    def threshold(self, horizon: float) -> float:
        """What `statistic` has to pass: the horizon times the number of features and the score.

        Features depend on each other, so the chances are added up.
        """
        return horizon * len(self._reference)

    def restart(self, index: int) -> None:
        """Forgets all that was seen of one feature: its bag is the reference, its sums are 0."""
        self._start_epoch(np.arange(len(self._reference)) == index)
        self.statistic[index] = 0.0

    def _start_epoch(self, which: npt.NDArray[np.bool_]) -> None:
        self._bag[which] = self._reference[which]
        self._sizes[which] = self._reference[which].sum(axis=1)
        self._in_epoch[which] = 0
        self._sums[which] = 0.0

    def update(self, cells: Cells) -> None:
        """Takes the next cases, shape (n, d + 1), in their order."""
        for start in range(0, len(cells), _CHUNK):
            self._take(cells[start : start + _CHUNK])
            over = self._in_epoch >= EPOCH
            if over.any():
                self._start_epoch(over)

    def _take(self, cells: Cells) -> None:
        # A loop over cases: small arrays that stay in the cache beat one large product of factors.
        sums, largest = self._sums, self.statistic
        totals = np.empty(len(largest))
        for factors in _FACTORS[self._ranks(cells)]:
            sums += 1.0
            sums *= factors
            np.dot(sums, _STAKES, out=totals)
            np.maximum(largest, totals, out=largest)
        np.minimum(sums, _MOST, out=sums)

    def _ranks(self, cells: Cells) -> npt.NDArray[np.int64]:
        """Rank of each case among the bag and the cases before it, and puts them into the bag."""
        count, slices = cells.shape
        columns = np.arange(slices)
        below = np.cumsum(self._bag, axis=1) - self._bag
        earlier = np.tri(count, k=-1, dtype=np.bool_)[:, :, None]
        less = below[columns, cells] + ((cells[None] < cells[:, None]) & earlier).sum(axis=1)
        same = self._bag[columns, cells] + ((cells[None] == cells[:, None]) & earlier).sum(axis=1)
        sizes = self._sizes + np.arange(1, count + 1)[:, None]
        ranks = (less + self._rng.random(cells.shape) * (same + 1)) / sizes
        np.add.at(self._bag, (np.broadcast_to(columns, cells.shape), cells), 1)
        self._sizes += count
        self._in_epoch += count
        found: npt.NDArray[np.int64] = np.minimum((ranks * RANKS).astype(np.int64), RANKS - 1)
        return found


class EventProcess:
    """Bets that an event became more frequent than `null_rate`, looking after every case.

    As long as each case has it with a chance of at most `null_rate`, whatever came before, the
    chance of an alarm within N cases is at most N / `horizon`. `levels` are the sums of the bets:
    who has to forget the process keeps them, and sets them again.
    """

    __slots__ = ("_factors", "alarmed", "events", "horizon", "levels", "seen", "value")

    def __init__(self, *, null_rate: float, horizon: float) -> None:
        if not 0 < null_rate < 1 or not horizon > 1:
            raise UsageError("an event process needs a rate in (0, 1) and a horizon above 1")
        rates = {min(null_rate * times, (1 + null_rate) / 2) for times in (1.5, 2, 4, 8, 16)}
        rates |= {null_rate + (1 - null_rate) * part for part in (0.25, 0.5, 0.75)}
        ordered = np.array(sorted(rates))
        self._factors = np.stack([(1 - ordered) / (1 - null_rate), ordered / null_rate])
        self.horizon = horizon
        self.levels: FloatArray = np.zeros(len(ordered))
        self.restart()

    def restart(self) -> None:
        """Forgets everything."""
        self.levels = np.zeros(self._factors.shape[1])
        self.value, self.seen, self.events, self.alarmed = 0.0, 0, 0, False

    def update(self, hits: Sequence[bool] | npt.NDArray[np.bool_]) -> bool:
        """Takes the next cases in their order; true once there was an alarm."""
        for hit in hits:
            self.levels = np.minimum((self.levels + 1.0) * self._factors[int(hit)], _MOST)
            self.value = float(self.levels.mean())
            self.events += int(hit)
            self.alarmed = self.alarmed or self.value >= self.horizon
        self.seen += len(hits)
        return self.alarmed
