"""The shapes of `urn:sealwright:report:v1`: everything an auditor asks, as plain frozen records.

Text is kept exactly as the evidence says it; the page makes it safe to show. A number or fact that
no evidence gives is absent (null, empty, "not stated"), never filled in. `index` is the position in
the ledger of the entry that says so, -1 when the evidence is not in one. Times are RFC 3339 UTC.
"""

from __future__ import annotations

from typing import Final, Literal

from sealwright.phases.governance.report.examined import (
    CheckRow,
    CurvePoint,
    CurveRow,
    DataSetRow,
    EvaluationRow,
    FindingRow,
    MetricRow,
    SbomRow,
    ScanRow,
    TrainingRow,
)
from sealwright.phases.governance.report.rows import (
    NOT_STATED,
    Fact,
    LedgerInfo,
    Named,
    Row,
    SystemInfo,
)

SCHEMA: Final = "urn:sealwright:report:v1"


Standing = Literal["stands", "fallen", "not asked now", "replaced", "not counted"]
"""What an answer is worth now."""


class EvidenceRow(Row, frozen=True, kw_only=True):
    """One statement: who said what about which artifacts, when, with which result."""

    index: int
    digest: str
    """sha256 of the envelope."""
    predicate: str
    """Short name of the kind of statement."""
    what: str
    """The statement in one line."""
    subjects: tuple[Named, ...]
    signer: str
    """Principal id."""
    roles: tuple[str, ...]
    person: str
    """Id of the person who holds the key; empty for a service."""
    person_name: str
    key_note: str
    """Empty, or when and why the signer's key was revoked."""
    at: str
    result: str
    """passed, warned, failed, inconclusive, approve, admitted, denied, …; `recorded`
    where the statement is no examination."""


class RequirementRow(Row, frozen=True, kw_only=True):
    """How one requirement stands, as the gate says."""

    id: str
    status: str
    title: str
    reason: str
    subject: Named
    stale_code: int | None
    evidence: tuple[str, ...]
    """Envelope digests that were looked at."""
    command: str
    """The command that would satisfy it."""


class AnswerRow(Row, frozen=True, kw_only=True):
    """The gate's answer to one question about one artifact."""

    question: str
    artifact: Named
    admitted: bool
    tier: str
    policy: str
    decision: str
    """The digest that approvals must name."""
    requirements: tuple[RequirementRow, ...]
    evidence: tuple[str, ...]
    residual_risks: tuple[str, ...]
    notes: tuple[str, ...]
    """What a reader must know beside the answer: who was introduced by an author."""
    ledger_size: int
    at: str


class MissingRow(Row, frozen=True, kw_only=True):
    """A requirement that does not hold, and the command that would produce what it asks for."""

    question: str
    artifact: Named
    requirement: str
    title: str
    status: str
    reason: str
    command: str


class PersonRow(Row, frozen=True, kw_only=True):
    """Somebody who signed: what they know, what they signed, what they answered last."""

    id: str
    name: str
    disciplines: tuple[str, ...]
    statements: int
    kinds: tuple[str, ...]
    """Short names of what they signed."""
    last: str


class ApprovalRow(Row, frozen=True, kw_only=True):
    """One person's answer. `standing` says whether it still counts towards the present question."""

    index: int
    digest: str
    question: str
    artifact: Named
    person: str
    person_name: str
    discipline: str
    discipline_held: bool
    """The trust root says that this person has this discipline."""
    answer: Literal["approve", "reject", "abstain"]
    reason: str
    conditions: tuple[str, ...]
    dissent: str
    seconds: int
    shown: int
    decision: str
    standing: Standing
    """fallen: the evidence changed since; replaced: the same person answered again; not counted:
    the gate does not take it, since the person made the artifact, say, or lacks the role."""
    at: str


class DecisionRow(Row, frozen=True, kw_only=True):
    """A recorded answer of the gate, or an action that was taken (`kind` = release)."""

    index: int
    digest: str
    kind: Literal["decision", "release"]
    question: str
    outcome: str
    artifact: Named
    tier: str
    not_held: tuple[Fact, ...]
    """Requirement id → status, of those that did not hold."""
    requirements: int
    ledger_size: int
    reason: str
    signer: str
    at: str


class WaiverRow(Row, frozen=True, kw_only=True):
    """An exception, with who asked, who granted and until when."""

    index: int
    digest: str
    requirement: str
    artifact: Named
    reason: str
    compensating: str
    asked_by: str
    granted_by: str
    expires: str
    state: Literal["open", "expired", "unclear"]
    at: str


class IncidentRow(Row, frozen=True, kw_only=True):
    """An incident as its latest statement leaves it."""

    id: str
    title: str
    severity: str
    status: Literal["open", "closed"]
    artifact: Named
    opened: str
    closed: str
    indexes: tuple[int, ...]


class RiskRow(Row, frozen=True, kw_only=True):
    """A risk that remains; `index` is who says so, or -1 when the gate computed it."""

    text: str
    source: str
    index: int


class LineageNode(Row, frozen=True, kw_only=True):
    """An artifact in the lineage."""

    digest: str
    kind: str
    name: str
    evidence: tuple[int, ...]
    """Ledger indexes of the statements about it."""


class LineageEdge(Row, frozen=True, kw_only=True):
    """`source` was used to make or to test `target`; `via` is the envelope digest that says so."""

    source: str
    target: str
    via: str
    relation: str
    """made-from or tested-on."""


class Report(Row, frozen=True, kw_only=True):
    """The whole report. See `document.build_report`."""

    schema: Literal["urn:sealwright:report:v1"] = SCHEMA
    as_of: str
    system: SystemInfo
    ledger: LedgerInfo
    answers: tuple[AnswerRow, ...]
    missing: tuple[MissingRow, ...]
    people: tuple[PersonRow, ...]
    approvals: tuple[ApprovalRow, ...]
    decisions: tuple[DecisionRow, ...]
    waivers: tuple[WaiverRow, ...]
    incidents: tuple[IncidentRow, ...]
    risks: tuple[RiskRow, ...]
    impact: tuple[Fact, ...]
    """The latest impact assessment, line by line: affected, harm, mitigation, oversight."""
    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    datasets: tuple[DataSetRow, ...]
    training: tuple[TrainingRow, ...]
    evaluations: tuple[EvaluationRow, ...]
    scans: tuple[ScanRow, ...]
    sboms: tuple[SbomRow, ...]
    evidence: tuple[EvidenceRow, ...]


__all__ = [
    "NOT_STATED",
    "SCHEMA",
    "AnswerRow",
    "ApprovalRow",
    "CheckRow",
    "CurvePoint",
    "CurveRow",
    "DataSetRow",
    "DecisionRow",
    "EvaluationRow",
    "EvidenceRow",
    "Fact",
    "FindingRow",
    "IncidentRow",
    "LedgerInfo",
    "LineageEdge",
    "LineageNode",
    "MetricRow",
    "MissingRow",
    "Named",
    "PersonRow",
    "Report",
    "RequirementRow",
    "RiskRow",
    "Row",
    "SbomRow",
    "ScanRow",
    "SystemInfo",
    "TrainingRow",
    "WaiverRow",
]
