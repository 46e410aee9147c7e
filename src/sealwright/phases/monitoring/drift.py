"""Does live traffic still look like what the model learnt from? One state per watched model.

Each window is compared with the reference, and a sequential detector looks after every case. An
alarm makes a window `warned`. It is `failed` only where the sequential detector says so on a far
stricter bound *and* the difference stays without each single caller: nobody fails a window alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import pi
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sealwright.errors import UsageError
from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.monitoring import Profile
from sealwright.lifecycle.model import Monitoring
from sealwright.phases.monitoring.comparisons import Comparison, compare, p_of, p_of_slice
from sealwright.phases.monitoring.correction import FloatArray, holm
from sealwright.phases.monitoring.drift_words import (
    Difference,
    calm_alert,
    drift_alert,
    drift_window,
)
from sealwright.phases.monitoring.histogram import Cells, Grid
from sealwright.phases.monitoring.sequential import Sequential
from sealwright.phases.monitoring.windows import (
    Window,
    add_counts,
    close_window,
    largest_caller,
    outlasts_everyone,
    p_without,
)
from sealwright.traffic import AlertReport, WindowReport

Reports = Iterator[WindowReport | AlertReport]

STRICTER: Final = 100.0
"""How much rarer a false `failed` is than the false alarms that [monitoring] accepts."""
SPANS: Final = (1, 4, 16)
"""So many last windows together are looked at without each single caller."""
CALM: Final = 0.1
"""An alarm ends only where the p-value is above this, far from where it began."""
SOON: Final = 3
"""Windows that must look calm together after an alarm that one window raised."""
LATE: Final = 16
"""The same after an alarm that took many windows."""
QUIET: Final = timedelta(seconds=60)
"""A result that is the same as before is reported again after this time."""
REPORTED: Final = 5
"""Features that fail in one window and are reported at once; further ones follow with the next."""
GAUGED: Final = 50


@dataclass(slots=True)
class _Slice:
    """How one feature, or the score, stands."""

    alarmed: bool = False
    windows: int = 0
    """Windows since the alarm began."""
    needed: int = SOON
    certain: bool = False
    """Whether the sequential detector passed the stricter bound since then."""
    failed: datetime | None = None
    """When it last failed since then."""
    unjudged: int = max(SPANS)
    """Windows since it last failed: what failed it once does not fail it again."""


@dataclass(slots=True)
class _Filling:
    """The window that is being filled."""

    start: datetime | None = None
    cells: list[Cells] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    correlations: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Unreported:
    """Windows since the last report."""

    start: datetime | None = None
    n: int = 0
    result: Result | None = None
    """What was reported last, and when."""
    at: datetime | None = None


class DriftState:
    """What is known of one model's traffic. Nothing is read or written but through `update`."""

    __slots__ = (
        "_checks",
        "_filling",
        "_grid",
        "_history",
        "_level",
        "_model",
        "_p",
        "_sequential",
        "_settings",
        "_slices",
        "_unreported",
        "compared",
        "left_out",
    )  # fmt: skip

    def __init__(
        self, model: str, profile: Profile, *, settings: Monitoring, seed: int = 0
    ) -> None:
        """`model`: its digest. `seed` breaks ties of ranks. MalformedError for a bad profile."""
        self._model = model
        self._grid = Grid.of(profile)
        self._settings = settings
        # One half of the accepted chance for the windows, one for the sequential detector.
        self._level = settings.drift_alarm / 2
        self._sequential = Sequential(self._grid, seed=seed)
        self._slices = [_Slice() for _ in self._grid.names]
        self._history: deque[Window] = deque(maxlen=max(SPANS))
        self._filling = _Filling()
        self._unreported = _Unreported()
        self._checks = 0
        self._p: FloatArray = np.ones(len(self._slices))
        self.compared = 0
        """Cases in closed windows."""
        self.left_out = 0
        """Cases that were beyond their caller's share."""

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Those of the last window, in all detail; none before the first."""
        if not self._history:
            return ()
        return compare(self._grid, self._history[-1].counts, level=self._level)

    @property
    def horizon(self) -> float:
        """Cases in which one false alarm of the sequential detector is accepted."""
        return self._settings.window / self._level

    def update(
        self,
        rows: npt.NDArray[Any],
        scores: npt.NDArray[Any],
        clients: Sequence[str],
        now: datetime,
        correlations: Sequence[str] = (),
    ) -> tuple[WindowReport | AlertReport, ...]:
        """Takes the next cases: features (n, d), scores (n,), and who sent each of them.

        Returns what is to be reported, which is nothing while a window fills.
        """
        if len(clients) != len(rows) or len(correlations) not in (0, len(rows)):
            raise UsageError("each case needs its caller")
        cells = self._grid.cells(rows, scores)
        tags = correlations or [""] * len(cells)
        found: list[WindowReport | AlertReport] = []
        at = 0
        while at < len(cells):
            filling = self._filling
            filling.start = filling.start or now
            end = min(len(cells), at + self._settings.window - len(filling.clients))
            filling.cells.append(cells[at:end])
            filling.clients += clients[at:end]
            filling.correlations += tags[at:end]
            at = end
            if len(filling.clients) == self._settings.window:
                found += self._close(filling, now)
                self._filling = _Filling()
        return tuple(found)

    def gauges(self) -> dict[str, float]:
        """Of the last window: statistic, threshold and alarm per feature (50 at most), and of all.

        `drift_sequential` is in thresholds: above 1 it alarms.
        """
        found = {
            "drift_alarm": float(any(one.alarmed for one in self._slices)),
            "drift_failed": float(any(one.failed is not None for one in self._slices)),
            "drift_compared": float(self.compared),
            "drift_left_out": float(self.left_out),
        }
        bets = self._sequential.statistic / self._sequential.threshold(self.horizon)
        for index, one in list(enumerate(self.comparisons))[-GAUGED:]:
            found[f"drift_statistic/{one.name}"] = one.test.value
            found[f"drift_threshold/{one.name}"] = min(one.test.threshold, 1e300)
            found[f"drift_alarm/{one.name}"] = float(self._slices[index].alarmed)
            found[f"drift_sequential/{one.name}"] = float(bets[index])
        return found

    def _close(self, filling: _Filling, now: datetime) -> Reports:
        window = close_window(
            self._grid,
            np.concatenate(filling.cells),
            filling.clients,
            start=filling.start or now,
            end=now,
            max_share=self._settings.max_share,
            correlations=filling.correlations,
        )
        self._history.append(window)
        self.compared += window.n
        self.left_out += window.left_out
        self._sequential.update(window.cells)
        self._p = holm(p_of(self._grid, window.counts))
        raised, failed = self._raise(), self._fail(now)
        if raised or failed:
            differences = self._differences(failed or raised)
            client = "" if failed else self._culprit(raised)
            yield AlertReport(
                alert=drift_alert(differences, window, client=client, failed=bool(failed)),
                model=self._model,
            )
        for index in failed:
            yield self._report("failed", window, of=self._grid.names[index])
        calm = self._calm_down()
        if calm:
            names = [self._grid.names[index] for index in calm]
            yield AlertReport(alert=calm_alert(names, window), model=self._model)
        if not failed:
            yield from self._routine(window)

    def _raise(self) -> list[int]:
        """Features whose alarm begins with this window."""
        bets = self._sequential.statistic
        warn = self._sequential.threshold(self.horizon)
        raised = []
        for index, one in enumerate(self._slices):
            one.windows += 1
            one.unjudged += 1
            seen_now = bool(self._p[index] <= self._level)
            if not one.alarmed and (seen_now or bets[index] >= warn):
                self._slices[index] = _Slice(alarmed=True, needed=SOON if seen_now else LATE)
                raised.append(index)
            if self._slices[index].alarmed and bets[index] >= warn * STRICTER:
                self._slices[index].certain = True
        return raised

    def _fail(self, now: datetime) -> list[int]:
        """Features that fail with this window, at most five.

        A caller may keep an alarm up for ever and hope that the others' cases differ by chance some
        day. So each look is stricter than the one before: the chances of all looks together stay
        below the level.
        """
        suspects = [
            index
            for index, one in enumerate(self._slices)
            if one.certain and (one.failed is None or now - one.failed >= QUIET)
        ]
        if not suspects:
            return []
        self._checks += 1
        level = self._level * 6 / (pi * self._checks) ** 2 / len(SPANS) / len(self._slices)
        failed: list[int] = []
        for index in suspects:
            one = self._slices[index]
            one.failed = None
            if len(failed) < REPORTED and self._outlasts_everyone(index, level=level):
                one.failed, one.unjudged = now, 0
                failed.append(index)
        return failed

    def _outlasts_everyone(self, index: int, *, level: float) -> bool:
        history = list(self._history)[-self._slices[index].unjudged :]
        return any(
            outlasts_everyone(self._grid, index, history[-span:], level=level) for span in SPANS
        )

    def _culprit(self, raised: Sequence[int]) -> str:
        """The caller without whom nothing would differ; empty where there is none."""
        last = [self._history[-1]]
        client = largest_caller(last)
        alone = all(
            self.comparisons[index].alarm and p_without(self._grid, index, last, client) > CALM
            for index in raised
        )
        return client if alone else ""

    def _calm_down(self) -> list[int]:
        """Ends alarms whose last windows together look like the reference again."""
        calm = []
        for index, one in enumerate(self._slices):
            if one.alarmed and one.windows >= one.needed:
                last = add_counts(list(self._history)[-one.needed :])
                if p_of_slice(self._grid, index, last[index]) > CALM:
                    self._slices[index] = _Slice()
                    self._sequential.restart(index)
                    calm.append(index)
        return calm

    def _routine(self, window: Window) -> Reports:
        """Passed or warned: when that changes, and every minute."""
        alarmed = [index for index, one in enumerate(self._slices) if one.alarmed]
        result: Result = "warned" if alarmed else "passed"
        pending = self._unreported
        pending.start = pending.start or window.start
        pending.n += window.n
        due = pending.at is None or window.end - pending.at >= QUIET
        if result != pending.result or due:
            worst = min(alarmed, key=lambda index: self._p[index], default=None)
            yield self._report(result, window, of="" if worst is None else self._grid.names[worst])

    def _report(self, result: Result, window: Window, *, of: str) -> WindowReport:
        pending = self._unreported
        said = drift_window(
            result,
            start=window.start if result == "failed" else pending.start or window.start,
            window=window,
            n=window.n if result == "failed" else max(pending.n, window.n),
            of=of,
        )
        self._unreported = _Unreported(result=result, at=window.end)
        return WindowReport(window=said, model=self._model)

    def _differences(self, indexes: Sequence[int]) -> list[Difference]:
        comparisons = self.comparisons
        return [
            Difference(
                comparison=comparisons[index],
                bets=float(self._sequential.statistic[index]),
                bets_threshold=self._sequential.threshold(self.horizon),
            )
            for index in indexes
        ]
