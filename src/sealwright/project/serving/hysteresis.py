"""When a serving installation may roll back by itself: rarely, not at once, and never on one sign.

One caller can make one detector cry. So an automatic rollback takes two independent signs that
speak of the model and not of a caller, comes at most once a day, and not shortly after a change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.operation import Incident, MonitorWindow, Release
from sealwright.evidence.verify import Verified
from sealwright.policy.duties import revoked_for_cause
from sealwright.policy.evidence_index import EvidenceIndex, index_evidence
from sealwright.policy.standing import unclosed
from sealwright.project.core import Project
from sealwright.project.serving.routes import ROUTING_ROLES, Route, routing

ONCE_IN: Final = timedelta(hours=24)
COOL_DOWN: Final = timedelta(minutes=30)
FRESH: Final = timedelta(hours=1)
"""How old a sign may be that still speaks of now."""
WITNESSES: Final = 2

_ABOUT_THE_MODEL: Final = frozenset({"drift", "out-of-distribution", "disagreement", "integrity"})
"""Detectors whose alerts can speak against a model; the others speak of callers or of us."""

_DETECTOR_OF: Final = {
    "drift": "drift",
    "anomaly": "out-of-distribution",
    "ensemble": "disagreement",
}
"""Kind of a monitor window → the detector that it repeats: the same sign twice is one sign."""


def may_roll_back_automatically(project: Project, name: str, now: datetime) -> bool:
    """Whether nothing speaks against an automatic rollback of `name` now."""
    return not rollback_hindrance(project, name, now)


def rollback_hindrance(project: Project, name: str, now: datetime) -> str:
    """Why `name` may not be rolled back automatically now, in one line; empty if it may.

    A person's rollback knows no such bounds.
    """
    index = index_evidence(project.evidence())
    found = routing(index).get(name)
    if found is None or found.champion is None:
        return f"nothing is served under {name}"
    if len(found.champions) < 2:
        return f"{name} has no earlier version"
    changed = max(route.by.at for route in found.known.values())
    if now - changed < COOL_DOWN:
        return f"{name} was changed at {changed:%H:%M}; {_minutes(COOL_DOWN)} must pass"
    last = _last_automatic(found.champions)
    if last is not None and now - last < ONCE_IN:
        return f"{name} was rolled back automatically at {last:%Y-%m-%d %H:%M}; once a day at most"
    signs = witnesses(index, found.champion, now=now)
    if len(signs) < WITNESSES:
        told = ", ".join(sorted(signs)) or "nothing"
        return f"a second witness is missing: {told} speaks against the version that is served"
    return ""


def witnesses(index: EvidenceIndex, champion: Route, *, now: datetime) -> frozenset[str]:
    """The independent fresh signs against a version since it was put in place.

    Each detector is one sign, however often it cries; an open incident that a person recorded is
    one. Alerts about one caller, and statements by anybody but those who operate, are none.
    """
    found: set[str] = set()
    for item in (
        *index.about(champion.digest, "alert"),
        *index.about(champion.digest, "monitor-window"),
    ):
        if _is_heard(item, champion, now=now):
            found.update(_sign(item))
    for item in unclosed(index.about(champion.digest, "incident")):
        if item.principal.person and _is_heard(item, champion, now=now):
            said = item.statement.predicate
            if isinstance(said, Incident) and said.severity not in ("info", "low"):
                found.add(f"incident by {item.principal.person}")
    return frozenset(found)


def _is_heard(item: Verified, champion: Route, *, now: datetime) -> bool:
    return (
        item.index > champion.by.index
        and now - FRESH <= item.at <= now
        and bool(set(item.principal.roles) & set(ROUTING_ROLES))
        and not revoked_for_cause(item)
    )


def _sign(item: Verified) -> Iterable[str]:
    said = item.statement.predicate
    if isinstance(said, Alert):
        grave = said.severity in ("medium", "high", "critical")
        if said.detector in _ABOUT_THE_MODEL and not said.client and grave:
            yield said.detector
    elif isinstance(said, MonitorWindow) and said.result == "failed":
        detector = _DETECTOR_OF.get(said.kind)
        if detector is not None:
            yield detector


def _last_automatic(champions: Iterable[Route]) -> datetime | None:
    """When a rollback last named the statement that called for it: people give reasons instead."""
    times = [
        route.by.at
        for route in champions
        if isinstance(said := route.by.statement.predicate, Release)
        and said.action == "rollback"
        and said.because
    ]
    return max(times, default=None)


def _minutes(span: timedelta) -> str:
    return f"{int(span.total_seconds() // 60)} minutes"
