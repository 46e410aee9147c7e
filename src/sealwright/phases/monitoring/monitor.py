"""The monitor without its sockets: batches of observations in; alerts, windows, restrictions out.

monitor = Monitor(settings, now=now)
said = monitor.take(batch, gateway=1, now=now)     of one gateway
said = monitor.tick(now)                           every heartbeat
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sealwright.errors import CannotLook
from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates.monitoring import Detector, Disagreement, Profile
from sealwright.lifecycle.model import Monitoring
from sealwright.phases.monitoring.clients.tell import plain_alert
from sealwright.phases.monitoring.clients.watch import Clients, Seen
from sealwright.phases.monitoring.disagreement import DisagreementState
from sealwright.phases.monitoring.drift import DriftState
from sealwright.phases.monitoring.heartbeat import Gateways
from sealwright.phases.monitoring.pieces import CONTINUED
from sealwright.phases.monitoring.settings import MonitorSettings, WatchedModel
from sealwright.traffic import (
    AlertReport,
    Batch,
    Heartbeat,
    Observation,
    Restriction,
    WindowReport,
)

SAVE_EVERY: Final = 2.0
"""Seconds between two copies of the accounts on disk; a change of level is saved at once."""

Floats = NDArray[np.float32]


@dataclass(slots=True)
class Said:
    """What goes out."""

    reports: list[AlertReport | WindowReport] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)


@dataclass(slots=True)
class _Watched:
    """One served version: what it is compared with, and how far the comparison has come."""

    profile: Profile
    drift: DriftState
    shadow: str = ""
    calibration: Disagreement | None = None
    disagreement: DisagreementState | None = None


class Monitor:
    """All detectors of one installation."""

    def __init__(self, settings: MonitorSettings, *, now: float) -> None:
        self.settings = settings
        self._clients = Clients(bytes.fromhex(settings.secret))
        self._gateways = Gateways()
        self._watched: dict[str, _Watched] = {}
        self._unseen: set[str] = set()
        """Models without a profile, about which that was said."""
        self._saved = now
        self._unsaved = ""
        self._newest = now
        self._counts: dict[str, float] = defaultdict(float)
        self.start = self._load(now)

    def _load(self, now: float) -> Said:
        """What there is to say at the start."""
        found = self._clients.load(Path(self.settings.state))
        said = self.configure(self.settings, now=now)
        if found.problem:
            self._say(
                said,
                "integrity",
                "high",
                "what was known of callers is lost",
                now=now,
                detail=f"the monitor's file cannot be believed: {found.problem}",
            )
        return said

    def configure(self, settings: MonitorSettings, *, now: float) -> Said:
        """Other settings. What is watched as before goes on; secret and state stay those of the
        start."""
        before, self.settings = self.settings, settings
        self._clients.configure(settings.models, response=settings.monitoring.response)
        said, held, self._watched = Said(), self._watched, {}
        for model in settings.models:
            if model.profile is None:
                if model.digest not in self._unseen:
                    self._unseen.add(model.digest)
                    self._say(
                        said,
                        "health",
                        "medium",
                        f"{model.name} is not watched: nobody signed a profile of it",
                        now=now,
                        model=model.digest,
                    )
                continue
            known = held.get(model.digest)
            same = known is not None and known.profile == model.profile
            if known is None or not same or before.monitoring != settings.monitoring:
                known = _watched(model.digest, model.profile, settings.monitoring)
            self._watched[model.digest] = _with_shadow(known, model)
        return said

    def connected(self, gateway: int, *, now: float) -> list[Restriction]:
        """A gateway came: the restrictions that are in force."""
        self._gateways.connected(gateway, now=now)
        return self._clients.restrictions(now)

    def gone(self, gateway: int, *, now: float) -> None:
        """A gateway went."""
        self._gateways.gone(gateway, now=now)

    def malformed(self) -> None:
        """A connection was closed because of what came over it."""
        self._counts["malformed"] += 1

    def take(self, batch: Batch, *, gateway: int, now: float) -> Said:
        """What one batch tells."""
        said = Said()
        lost = self._gateways.heard(gateway, dropped=batch.dropped, now=now)
        if lost:
            self._say(
                said,
                "dropped",
                "high",
                f"{lost} observations were lost before they were looked at",
                now=now,
                n=lost,
            )
        self._counts["batches"] += 1
        whole = [each for each in batch.observations if each.status != CONTINUED]
        self._counts["observations"] += len(whole)
        if batch.observations:
            self._newest = batch.observations[-1].at
        seen = self._clients.observe(batch.observations, now=now)
        self._compare(batch.observations, said, now=now)
        self._pass_on(seen, said)
        if any(alert.response != "none" for alert, _ in seen.alerts):
            self._save(said, now=now)
        return self._counted(said)

    def tick(self, now: float) -> Said:
        """What time alone tells: silence, and what is over."""
        said = Said()
        heartbeat = self.settings.monitoring.heartbeat_seconds
        for seconds in self._gateways.silent(now=now, heartbeat=heartbeat):
            self._say(
                said,
                "silent",
                "high",
                f"no gateway was heard for {seconds:.1f} seconds",
                now=now,
                statistic=seconds,
                threshold=2 * heartbeat,
            )
        self._pass_on(self._clients.tick(now), said)
        if now - self._saved >= SAVE_EVERY:
            self._save(said, now=now)
        return self._counted(said)

    def save(self, *, now: float) -> None:
        """Writes the accounts, at the end."""
        self._save(Said(), now=now)

    def heartbeat(self, *, now: float) -> Heartbeat:
        """That we live, and how it is going."""
        gauges = self._clients.gauges() | {
            "gateways": float(len(self._gateways)),
            "lag_seconds": max(0.0, now - self._newest) if self._gateways else 0.0,
            "models_watched": float(len(self._watched)),
            "models_not_watched": float(len(self.settings.models) - len(self._watched)),
        }
        for digest, watched in self._watched.items():
            version = digest[:12]
            for key, value in watched.drift.gauges().items():
                gauges[_labelled(key, version)] = value
        counters = dict(self._counts) | self._clients.counters()
        counters["dropped"] = float(self._gateways.dropped)
        return Heartbeat(process="monitor", at=now, ready=True, counters=counters, gauges=gauges)

    def _compare(self, observations: Sequence[Observation], said: Said, *, now: float) -> None:
        by_model: dict[str, list[Observation]] = defaultdict(list)
        for observation in observations:
            watched = self._watched.get(observation.model)
            if watched is not None and _sound(observation, len(watched.profile.features)):
                by_model[observation.model].append(observation)
        moment = datetime.fromtimestamp(now, UTC)
        for digest, found in by_model.items():
            watched = self._watched[digest]
            said.reports += watched.drift.update(
                _floats(found, "features").reshape(-1, len(watched.profile.features)),
                _floats(found, "scores"),
                _each(found, "client"),
                moment,
                _each(found, "correlation"),
            )
            self._disagree(watched, found, said, moment)

    def _disagree(
        self, watched: _Watched, found: Sequence[Observation], said: Said, moment: datetime
    ) -> None:
        asked = [
            each
            for each in found
            if each.shadow == watched.shadow and len(each.shadow_scores) == 4 * each.rows
        ]
        if watched.disagreement is None or not asked:
            return
        seen = watched.disagreement.update(
            _floats(asked, "scores"),
            _floats(asked, "shadow_scores"),
            _each(asked, "client"),
            moment,
            _each(asked, "correlation"),
        )
        self._counts["conflicts"] += len(seen.conflicts)
        said.reports += seen.reports

    def _pass_on(self, seen: Seen, said: Said) -> None:
        said.reports += [AlertReport(alert=alert, model=model) for alert, model in seen.alerts]
        said.restrictions += seen.restrictions

    def _save(self, said: Said, *, now: float) -> None:
        self._saved = now
        try:
            self._clients.save(Path(self.settings.state))
        except CannotLook as error:
            if not self._unsaved:
                self._unsaved = error.message
                self._say(
                    said,
                    "health",
                    "high",
                    "what is known of callers cannot be written",
                    now=now,
                    detail=error.message,
                )
        else:
            self._unsaved = ""

    def _say(
        self,
        said: Said,
        detector: Detector,
        severity: Severity,
        title: str,
        *,
        now: float,
        detail: str = "",
        model: str = "",
        n: int = 0,
        statistic: float | None = None,
        threshold: float | None = None,
    ) -> None:
        alert = plain_alert(
            detector,
            severity,
            title,
            now=now,
            detail=detail,
            n=n,
            statistic=statistic,
            threshold=threshold,
        )
        said.reports.append(AlertReport(alert=alert, model=model))

    def _counted(self, said: Said) -> Said:
        for report in said.reports:
            if isinstance(report, AlertReport):
                self._counts[f"alerts/{report.alert.detector}"] += 1
            else:
                self._counts[f"windows/{report.window.result}"] += 1
        self._counts["restrictions"] += len(said.restrictions)
        return said


def _watched(digest: str, profile: Profile, monitoring: Monitoring) -> _Watched:
    return _Watched(profile, DriftState(digest, profile, settings=monitoring))


def _with_shadow(known: _Watched, model: WatchedModel) -> _Watched:
    """The same, compared with the shadow that the model has now."""
    if known.shadow != model.shadow or known.calibration != model.disagreement:
        known.shadow, known.calibration = model.shadow, model.disagreement
        known.disagreement = (
            DisagreementState(model.digest, model.disagreement)
            if model.shadow and model.disagreement is not None
            else None
        )
    return known


def _sound(observation: Observation, width: int) -> bool:
    rows = observation.rows
    return (
        rows > 0
        and len(observation.features) == 4 * rows * width
        and len(observation.scores) == 4 * rows
    )


def _floats(observations: Iterable[Observation], name: str) -> Floats:
    return np.frombuffer(b"".join(getattr(each, name) for each in observations), dtype="<f4")


def _each(observations: Iterable[Observation], name: str) -> list[str]:
    """One entry per case."""
    return [value for each in observations for value in [getattr(each, name)] * each.rows]


def _labelled(key: str, version: str) -> str:
    """`drift_alarm` → `drift_alarm/1a2b3c`: the controller makes a label of what follows."""
    return f"{key}.{version}" if "/" in key else f"{key}/{version}"
