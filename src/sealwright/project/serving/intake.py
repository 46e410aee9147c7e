"""What children report, and what the controller finds, on its way to the alert file and the ledger.

Alerts reach the file first, whatever the ledger does. What belongs in the ledger waits while it is
out of reach. A flood is cut twice: the same thing is recorded once a minute, and so many alerts in
all; the file has every one of them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sealwright.clock import Clock, format_time
from sealwright.errors import (
    CannotLook,
    MalformedError,
    Refused,
    SealwrightError,
    UsageError,
)
from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.monitoring import Alert, Detector
from sealwright.evidence.predicates.operation import Incident, MonitorWindow
from sealwright.evidence.predicates.serving import DecisionLogHead
from sealwright.evidence.statement import Statement, Subject, subject
from sealwright.phases.deployment.record import log_head
from sealwright.phases.monitoring.alerts import AlertSink
from sealwright.project.core import Project
from sealwright.project.serving.bounded import bounded_alert, bounded_head, bounded_window
from sealwright.traffic import AlertReport, HeadReport, Heartbeat, Report, WindowReport

ALERTS_PER_MINUTE: Final = 30
"""Alerts that enter the ledger in a minute."""
AGAIN: Final = timedelta(seconds=60)
"""How soon the same thing is recorded again; a graver one at once."""
INCIDENT_AGAIN: Final = timedelta(hours=1)
HEADS_EVERY: Final = timedelta(seconds=5)
MOST_WAITING: Final = 2000
"""Reports that wait for the ledger; of more, alerts give way first."""
GRAVE: Final[tuple[Severity, ...]] = ("high", "critical")
STATISTICAL: Final[tuple[Detector, ...]] = ("drift", "disagreement")
"""Detectors that say that traffic changed, not that the model did: their incidents are of medium
severity, so that the tier decides whether the model is served on (policy/serving.py)."""
_RANK: Final = ("info", "low", "medium", "high", "critical")
_REMEMBERED: Final = 4096


@dataclass(slots=True)
class _Pace:
    """When something was last recorded, and how grave it was."""

    at: datetime
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the subjects of statements are called."""

    system: Subject
    models: dict[str, str] = field(default_factory=dict)
    """Digest → the name it is served under; reports about others are about the system."""


class Intake:
    """Takes reports from any thread; `flush` writes them, in a thread of its own.

    `say` tells the operator in words what could not be written, once for each change.
    """

    def __init__(
        self, sink: AlertSink, *, clock: Clock, names: Names, say: Callable[[str], None]
    ) -> None:
        self._sink, self._clock, self._say = sink, clock, say
        self.names = names
        self._lock = threading.Lock()
        self._alerts: deque[tuple[Alert, str]] = deque()
        """Not yet in the file, with the model's digest."""
        self._waiting: deque[Statement[Predicate]] = deque()
        self._heads: dict[str, DecisionLogHead] = {}
        self._recorded_heads: dict[str, DecisionLogHead] = {}
        self._heads_at: datetime | None = None
        self._paces: dict[tuple[str, ...], _Pace] = {}
        self._minute: deque[datetime] = deque()
        self._trouble = ""
        self.counters: dict[str, float] = {"dropped": 0, "recorded": 0, "held_back": 0}
        self.alerts: dict[tuple[Detector, Severity], int] = {}
        """Alerts by detector and severity since the start."""

    def take(self, report: Report) -> None:
        """A child's report; what is too long in it is cut, what is too odd is left out."""
        if isinstance(report, Heartbeat):
            return
        now = self._clock()
        if isinstance(report, AlertReport):
            self.alarm(bounded_alert(report.alert, now=now), model=report.model)
        elif isinstance(report, WindowReport):
            self._take_window(bounded_window(report.window, now=now), report.model, now)
        elif isinstance(report, HeadReport):
            head = bounded_head(report.head, now=now)
            if head is not None:
                with self._lock:
                    self._heads.pop(head.gateway, None)
                    self._heads[head.gateway] = head
                    while len(self._heads) > 64:
                        self._heads.pop(next(iter(self._heads)))

    def alarm(self, alert: Alert, *, model: str = "", anew: bool = False) -> None:
        """An alert, and where it is grave and about a model, an incident.

        What is about one caller makes no incident: nobody's traffic alone takes a model down.
        `anew`: recorded however often the same was said before.
        """
        now = self._clock()
        model = model if model in self.names.models else ""
        with self._lock:
            known = (alert.detector, alert.severity)
            self.alerts[known] = self.alerts.get(known, 0) + 1
            if len(self._alerts) >= MOST_WAITING:
                self.counters["dropped"] += 1
                return
            self._alerts.append((alert, model))
            key = ("alert", alert.detector, alert.client, model)
            if anew or (self._may_again(key, alert.severity, now) and self._within_minute(now)):
                self._wait_for_ledger(Statement((self._subject(model),), alert))
            else:
                self.counters["held_back"] += 1
            if model and not alert.client and alert.severity in GRAVE:
                self._open_incident(alert, model, now, anew=anew)

    @property
    def busy(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._alerts or self._waiting) or self._heads_due(self._clock())

    def write_alerts(self) -> None:
        """Writes what waits for the alert file, durably."""
        while True:
            with self._lock:
                if not self._alerts:
                    return
                alert, model = self._alerts.popleft()
            try:
                self._sink.write(alert, model=model)
            except CannotLook as error:
                self._complain(error.message)

    def flush(self, project: Project, *, signer: str, last: bool = False) -> bool:
        """Records what waits for the ledger; `last` also the heads that are not due yet. Whether an
        alert or a window was among it.

        Stops at the first statement that cannot be recorded now, and keeps it. One that nobody
        could record, ever, is told and left out.
        """
        self._queue_heads(last=last)
        wrote = False
        while True:
            with self._lock:
                if not self._waiting:
                    self._complain("")
                    return wrote
                statement = self._waiting[0]
            try:
                project.record(statement, signer=signer)
            except (Refused, UsageError, MalformedError) as error:
                self._complain(f"a {statement.kind} cannot be recorded: {error.message}")
            except SealwrightError as error:
                self._complain(f"not on record yet: {error.message}")
                return wrote
            wrote |= isinstance(statement.predicate, Alert | MonitorWindow)
            with self._lock:
                if self._waiting and self._waiting[0] is statement:
                    self._waiting.popleft()
                self.counters["recorded"] += 1

    def _take_window(self, window: MonitorWindow | None, model: str, now: datetime) -> None:
        if window is None or model not in self.names.models:
            return
        with self._lock:
            key = ("window", window.kind, window.slice, window.result, model)
            if self._may_again(key, "info", now):
                self._wait_for_ledger(Statement((self._subject(model),), window))

    def _open_incident(self, alert: Alert, model: str, now: datetime, *, anew: bool) -> None:
        """The lock is held. One incident for each detector and model within an hour: it stays open
        until somebody closes it, however often the detector speaks."""
        key = ("incident", alert.detector, model)
        known = self._paces.get(key)
        rank = _RANK.index(alert.severity)
        recent = known is not None and abs(now - known.at) < INCIDENT_AGAIN and known.rank >= rank
        if recent and not anew:
            return
        self._remember(key, _Pace(now, rank))
        said = Incident(
            id=f"{alert.detector}-{model[:8]}-{now:%Y%m%dT%H%M%S}",
            status="open",
            severity="medium" if alert.detector in STATISTICAL else alert.severity,
            title=alert.title,
            detail=alert.detail,
            at=format_time(now),
        )
        self._wait_for_ledger(Statement((self._subject(model),), said))

    def _wait_for_ledger(self, statement: Statement[Predicate]) -> None:
        """The lock is held."""
        if len(self._waiting) >= MOST_WAITING:
            place = next(
                (n for n, each in enumerate(self._waiting) if isinstance(each.predicate, Alert)), 0
            )
            del self._waiting[place]
            self.counters["dropped"] += 1
        self._waiting.append(statement)

    def _queue_heads(self, *, last: bool) -> None:
        now = self._clock()
        if not (last or self._heads_due(now)):
            return
        with self._lock:
            self._heads_at = now
            for gateway, head in self._heads.items():
                if self._recorded_heads.get(gateway) != head:
                    self._recorded_heads[gateway] = head
                    self._forget_older(gateway)
                    self._waiting.append(log_head(self.names.system, head))
            self._recorded_heads = {k: self._recorded_heads[k] for k in self._heads}

    def _forget_older(self, gateway: str) -> None:
        """The lock is held. The newest head says all that older ones did."""
        for each in list(self._waiting):
            if isinstance(each.predicate, DecisionLogHead) and each.predicate.gateway == gateway:
                self._waiting.remove(each)

    def _heads_due(self, now: datetime) -> bool:
        soon = self._heads_at is not None and abs(now - self._heads_at) < HEADS_EVERY
        return not soon and any(
            self._recorded_heads.get(gateway) != head for gateway, head in list(self._heads.items())
        )

    def _may_again(self, key: tuple[str, ...], severity: Severity, now: datetime) -> bool:
        """The lock is held."""
        known, rank = self._paces.get(key), _RANK.index(severity)
        if known is not None and abs(now - known.at) < AGAIN and rank <= known.rank:
            return False
        self._remember(key, _Pace(now, rank))
        return True

    def _remember(self, key: tuple[str, ...], pace: _Pace) -> None:
        self._paces.pop(key, None)
        self._paces[key] = pace
        while len(self._paces) > _REMEMBERED:
            self._paces.pop(next(iter(self._paces)))

    def _within_minute(self, now: datetime) -> bool:
        # A clock that was set back must not keep anything waiting until it is where it was.
        while self._minute and abs(now - self._minute[0]) >= timedelta(minutes=1):
            self._minute.popleft()
        if len(self._minute) >= ALERTS_PER_MINUTE:
            return False
        self._minute.append(now)
        return True

    def _subject(self, model: str) -> Subject:
        return subject(self.names.models[model], model) if model else self.names.system

    def _complain(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self._say(trouble)
        self._trouble = trouble
