"""What deployment and monitoring say, as far as the gate must understand it."""

from __future__ import annotations

from typing import ClassVar, Literal

from sealwright.evidence.finding import Result, Severity
from sealwright.evidence.predicates.common import Predicate


class Release(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """What was done with an artifact. Subject: the artifact."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:release:v1"

    action: Literal["admit", "rollback", "revoke", "retire", "quarantine", "restore"]
    reason: str
    name: str = ""
    """admit, rollback: the name that it is served under from now on."""
    role: Literal["champion", "canary", "shadow"] = "champion"
    percent: int = 100
    """Share of clients for a canary, of requests for a shadow."""
    replaces: str = ""
    """Digest of the version that was served as champion until now."""
    because: str = ""
    """Envelope digest of the statement that called for it, if one did."""
    at: str


class Incident(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """Something went wrong; open until a later statement with the same id closes it."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:incident:v1"

    id: str
    status: Literal["open", "closed"]
    severity: Severity
    title: str
    detail: str = ""
    """What was seen, in words; several things are separated by `; `."""
    serious: Literal["no", "unclear", "serious", "death", "widespread"] = "no"
    """Whether it may have to be reported (EU AI Act, Article 73): a serious incident, one with a
    death, one that is widespread or hits critical infrastructure."""
    aware_at: str = ""
    """When somebody became aware of it: its clock runs from then. Empty: from `at`."""
    notified: tuple[str, ...] = ()
    """Whom it was reported to, and when, in words."""
    at: str


class MonitorWindow(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """What one window of live traffic looked like. Subject: the model."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:monitor-window:v1"

    kind: Literal["drift", "anomaly", "access", "ensemble"]
    result: Result
    slice: str = ""
    start: str
    end: str
    n: int
    at: str


class DrillResult(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """A drill's outcome. Subject: the system."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:drill:v1"

    id: str
    verdict: Literal["prevented", "detected", "missed", "error"]
    controls: tuple[str, ...] = ()
    """Predicate short names (`scan`, `evaluation`) whose trust rests on this control."""
    title: str = ""
    atlas: tuple[str, ...] = ()
    """MITRE ATLAS technique ids."""
    prevented: bool = False
    """Everything that was tried was stopped, by something on record."""
    detected: bool = False
    """Something on record tells of everything that was tried."""
    evidence: tuple[str, ...] = ()
    """What stopped it and what tells of it, in words, each with the sha256 of the statement in the
    throw-away ledger if it is one."""
    notes: tuple[str, ...] = ()
    """What went wrong, and what the twin set off."""
    twin_alarms: int = 0
    """Alarms and refusals that the same steps with nothing wrong set off; 0 is right."""
    cleaned: bool = False
    """Processes, ports, files and the ledger were compared before and after, and agree."""
    seconds: float = 0.0
    correlation: str = ""
    """Id that the throw-away installation's records of it bear."""
    at: str
