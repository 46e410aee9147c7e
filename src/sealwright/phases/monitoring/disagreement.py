"""When two versions answer the same case differently: how often that is normal, and when it is not.

Calibrated on validation data, which neither learnt from. Online, a single conflicting answer is
flagged, and bets tell when conflicts became more frequent, for all callers and for each of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sealwright.clock import format_time
from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.finding import Result, Severity
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.monitoring import Alert, Disagreement
from sealwright.evidence.predicates.operation import MonitorWindow
from sealwright.phases.monitoring.respond import ATLAS
from sealwright.phases.monitoring.sequential import EventProcess
from sealwright.traffic import AlertReport, WindowReport

FloatArray = npt.NDArray[np.float64]

TAIL: Final = 0.001
"""Share of cases whose scores may lie further apart than the calibrated distance."""
CONFIDENCE: Final = 0.95
"""One-sided confidence of what is said of all cases from those that were seen."""
MAX_CLIENTS: Final = 4096
"""Callers whose conflicts are counted; the one with the least against it makes room."""
MAX_SIDES: Final = 65_536
QUIET: Final = timedelta(seconds=60)
"""The same is reported again after this time."""
_LEAST_RATE: Final = 1e-4


def calibrated(
    scores: FloatArray,
    shadow_scores: FloatArray,
    *,
    dataset: Resource,
    at: str,
    threshold: float = 0.5,
) -> Disagreement:
    """How two versions' scores (n,) on the same validation rows differ.

    `tail` is 0.001 where so many rows allow that, else the smallest share that they do: with 95 %
    confidence no more than `tail` of all cases lie further apart than `distance` (Wilson).
    """
    if scores.shape != shadow_scores.shape or scores.ndim != 1:
        raise UsageError("both versions must have answered the same rows")
    n = len(scores)
    if not n:
        raise InputMissing("there are no rows to calibrate on")
    apart = np.sort(np.abs(scores - shadow_scores))
    tail = max(TAIL, upper_bound(0, n))
    beyond = 0
    while beyond + 1 < n and upper_bound(beyond + 1, n) <= tail:
        beyond += 1
    differ = (scores > threshold) != (shadow_scores > threshold)
    return Disagreement(
        dataset=dataset,
        rows=n,
        label_rate=float(differ.mean()),
        distance=float(apart[n - 1 - beyond]),
        tail=tail,
        at=at,
    )


def upper_bound(hits: int, n: int) -> float:
    """Wilson's one-sided upper bound, at 95 %, on a share that was seen `hits` times in `n`."""
    z = NormalDist().inv_cdf(CONFIDENCE)
    share = hits / n
    middle = share + z * z / (2 * n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return min(1.0, (middle + half) / (1 + z * z / n))


def normal_rate(known: Disagreement) -> float:
    """At most which share of cases conflicts where nothing changed, with the confidence above."""
    labels = upper_bound(round(known.label_rate * known.rows), known.rows)
    return min(0.9, max(_LEAST_RATE, labels + known.tail))


@dataclass(frozen=True, slots=True, kw_only=True)
class DisagreementSeen:
    """What a batch showed."""

    conflicts: tuple[int, ...]
    """Indexes of cases on which the decisions differ, or the scores by more than they should."""
    reports: tuple[WindowReport | AlertReport, ...] = ()


@dataclass(slots=True)
class _Caller:
    """What is held against one caller."""

    side: int
    process: EventProcess
    told: datetime | None = None


class DisagreementState:
    """What is known of a model and its shadow. Nothing is read or written but through `update`.

    Where conflicts are no more frequent than on validation data, the chance of an alarm within N
    compared cases is at most N / `horizon`; the same holds for each caller. The model's alarm takes
    two groups of callers that both show it, and each caller is in one: nobody raises it alone.
    """

    __slots__ = ("_callers", "_groups", "_horizon", "_known", "_model", "_rate", "_sides",
                 "_threshold", "_untold")  # fmt: skip

    def __init__(
        self,
        model: str,
        calibration: Disagreement,
        *,
        horizon: float = 1e6,
        threshold: float = 0.5,
    ) -> None:
        self._model = model
        self._known = calibration
        self._rate = normal_rate(calibration)
        self._horizon = horizon
        self._threshold = threshold
        self._groups = (self._process(), self._process())
        self._sides: dict[str, int] = {}
        self._callers: dict[str, _Caller] = {}
        self._untold = _Untold()

    def _process(self) -> EventProcess:
        return EventProcess(null_rate=self._rate, horizon=self._horizon)

    def conflicts(
        self, scores: npt.NDArray[Any], shadow_scores: npt.NDArray[Any]
    ) -> npt.NDArray[np.bool_]:
        """Which cases conflict; a score that is not a number conflicts with every other."""
        one, other = scores.astype(np.float64), shadow_scores.astype(np.float64)
        differ: npt.NDArray[np.bool_] = (one > self._threshold) != (other > self._threshold)
        # 32-bit scores may differ from those of the calibration in the last digits.
        return differ | ~(np.abs(one - other) <= self._known.distance + 1e-6)

    def update(
        self,
        scores: npt.NDArray[Any],
        shadow_scores: npt.NDArray[Any],
        clients: Sequence[str],
        now: datetime,
        correlations: Sequence[str] = (),
    ) -> DisagreementSeen:
        """Takes the next cases, answered by both: scores (n,) and who sent each of them."""
        n = len(scores)
        if scores.shape != shadow_scores.shape or len(clients) != n:
            raise UsageError("each case needs two scores and its caller")
        hits = self.conflicts(scores, shadow_scores)
        tags = correlations or [""] * n
        found = tuple(int(index) for index in np.flatnonzero(hits))
        self._untold.add(n, [tags[index] for index in found], now)
        reports: list[WindowReport | AlertReport] = []
        for client, hit, tag in zip(clients, hits.tolist(), tags, strict=True):
            caller = self._caller(client)
            self._groups[caller.side].update([hit])
            if caller.process.update([hit]):
                reports += self._about(client, caller, now, tag)
        if all(group.alarmed for group in self._groups):
            reports += self._failed(now)
        elif self._untold.due(now):
            reports += self._routine(now)
        return DisagreementSeen(conflicts=found, reports=tuple(reports))

    def _caller(self, client: str) -> _Caller:
        known = self._callers.get(client)
        if known is None:
            if len(self._callers) >= MAX_CLIENTS:
                least = min(self._callers, key=lambda name: self._callers[name].process.value)
                del self._callers[least]
            known = _Caller(side=self._side(client), process=self._process())
            self._callers[client] = known
        return known

    def _side(self, client: str) -> int:
        """By turns, and for ever; by digest for those who come after very many."""
        known = self._sides.get(client)
        if known is not None:
            return known
        if len(self._sides) >= MAX_SIDES:
            return int(sha256_hex(client.encode())[0], 16) % 2
        self._sides[client] = len(self._sides) % 2
        return self._sides[client]

    def _about(
        self, client: str, caller: _Caller, now: datetime, tag: str
    ) -> Iterator[AlertReport]:
        process = caller.process
        if caller.told is None or now - caller.told >= QUIET:
            caller.told = now
            yield self._alert(
                "medium",
                "a caller's cases are answered differently by the shadow",
                now,
                process,
                client=client,
                correlation=tag,
            )
        process.restart()

    def _failed(self, now: datetime) -> Iterator[WindowReport | AlertReport]:
        """More conflicts than there were on validation data, from two groups of callers."""
        most = max(self._groups, key=lambda group: group.events)
        title = "model and shadow disagree more often than on validation data"
        yield self._alert("high", title, now, most, correlation=self._untold.correlation)
        yield self._window("failed", now)
        for group in self._groups:
            group.restart()

    def _routine(self, now: datetime) -> Iterator[WindowReport | AlertReport]:
        untold = self._untold
        if untold.conflicts:
            yield AlertReport(
                alert=Alert(
                    id=secrets.token_hex(8),
                    detector="disagreement",
                    severity="info",
                    title=f"{untold.conflicts} of {untold.n} cases conflict",
                    detail="the shadow decides otherwise, or scores further away than it should",
                    n=untold.n,
                    correlation=untold.correlation,
                    at=format_time(now),
                ),
                model=self._model,
            )
        yield self._window("warned" if any(g.alarmed for g in self._groups) else "passed", now)

    def _alert(
        self,
        severity: Severity,
        title: str,
        now: datetime,
        process: EventProcess,
        *,
        client: str = "",
        correlation: str = "",
    ) -> AlertReport:
        return AlertReport(
            alert=Alert(
                id=secrets.token_hex(8),
                detector="disagreement",
                severity=severity,
                title=title,
                detail=f"{process.events} of {process.seen} cases conflict; at most "
                f"{self._rate:.2%} are normal",
                client=client,
                statistic=process.value,
                threshold=process.horizon,
                n=process.seen,
                correlation=correlation,
                atlas=ATLAS["disagreement"],
                at=format_time(now),
            ),
            model=self._model,
        )

    def _window(self, result: Result, now: datetime) -> WindowReport:
        start, n = self._untold.start or now, self._untold.n
        self._untold = _Untold(told=now)
        return WindowReport(
            window=MonitorWindow(
                kind="ensemble",
                result=result,
                start=format_time(start),
                end=format_time(now),
                n=n,
                at=format_time(now),
            ),
            model=self._model,
        )


@dataclass(slots=True)
class _Untold:
    """Cases since the last report."""

    start: datetime | None = None
    told: datetime | None = None
    n: int = 0
    conflicts: int = 0
    tags: set[str] = field(default_factory=set)

    def add(self, n: int, tags: Sequence[str], now: datetime) -> None:
        """Counts a batch; `tags` are those of its conflicts."""
        self.start = self.start or now
        self.told = self.told or now
        self.n += n
        self.conflicts += len(tags)
        if len(self.tags) < 2:
            self.tags.update(tags)

    def due(self, now: datetime) -> bool:
        """Whether it is time to report."""
        return self.n > 0 and self.told is not None and now - self.told >= QUIET

    @property
    def correlation(self) -> str:
        """What all conflicting cases were sent with, where that is the same."""
        return next(iter(self.tags)) if len(self.tags) == 1 else ""
