"""The shapes of `urn:sealwright:report:v1`: everything an auditor asks, as plain frozen records.

Text is kept exactly as the evidence says it; the page makes it safe to show. A number or fact that
no evidence gives is absent (null, empty, "not stated"), never filled in. `index` is the position in
the ledger of the entry that says so, -1 when the evidence is not in one. Times are RFC 3339 UTC.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from sealwright.evidence.predicates.governance import Tier

SCHEMA: Final = "urn:sealwright:report:v1"
NOT_STATED: Final = "not stated"
"""What stands where the evidence is silent."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every record of the report: unknown fields are refused."""


class SystemInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The system that the report is about."""

    name: str
    purpose: str
    tier: Tier


class LedgerInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ledger as of which the report stands; `root` is base64, `checkpoint` the signed note."""

    origin: str
    size: int
    root: str
    checkpoint: str


class Named(Row, frozen=True, kw_only=True):
    """An artifact: its digest (hex sha256) and the name it was given."""

    digest: str
    name: str


class Fact(Row, frozen=True, kw_only=True):
    """A name and what the evidence says for it."""

    name: str
    value: str


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
    """passed, warned, failed, inconclusive, approve, reject, abstain, admitted, denied, …; `recorded`
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
    standing: Literal["stands", "fallen", "not asked now", "replaced"]
    """fallen: the evidence changed since; replaced: the same person answered again."""
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


class CheckRow(Row, frozen=True, kw_only=True):
    """One declared check of a data set."""

    kind: str
    id: str
    check: str
    column: str
    expected: str
    result: str
    n: int
    violations: int | None
    detail: str
    index: int


class DataSetRow(Row, frozen=True, kw_only=True):
    """A version of a data set, where it came from and what examining it found."""

    artifact: Named
    index: int
    rows: int
    columns: tuple[Fact, ...]
    files: int
    source: str
    licence: str
    legal_basis: str
    personal_data: str
    labelled_by: tuple[str, ...]
    label_method: str
    sensitive: tuple[str, ...]
    groups: tuple[str, ...]
    parent: str
    quarantined: int
    checks: tuple[CheckRow, ...]
    accesses: int
    refused_accesses: int
    at: str


class TrainingRow(Row, frozen=True, kw_only=True):
    """A training run: what went in, what came out, and how closed the room was."""

    index: int
    outputs: tuple[Named, ...]
    inputs: tuple[Fact, ...]
    """kind → name and digest."""
    isolation: str
    network: str
    mechanisms: tuple[str, ...]
    limits: tuple[Fact, ...]
    violations: tuple[str, ...] | None
    """None: the evidence does not say whether there were any."""
    exit: tuple[Fact, ...]
    builder: str
    started: str
    finished: str


class SbomRow(Row, frozen=True, kw_only=True):
    """A bill of materials, counted."""

    index: int
    artifact: Named
    spec: str
    components: tuple[Fact, ...]
    """Component type → count."""
    total: int
    vulnerabilities: int | None
    """Known vulnerabilities of the latest vulnerability statement; None: never looked."""


class FindingRow(Row, frozen=True, kw_only=True):
    """One observation by a check, scan or evaluation."""

    index: int
    source: str
    rule: str
    severity: str
    confidence: str
    message: str
    location: str
    remediation: str
    atlas: tuple[str, ...]


class ScanRow(Row, frozen=True, kw_only=True):
    """A scan: what was looked at, what was not, what was found."""

    index: int
    kind: str
    artifact: Named
    scanner: str
    result: str
    files: int
    bytes_total: int
    bytes_parsed: int
    not_examined: tuple[str, ...]
    findings: tuple[FindingRow, ...]
    at: str


class CurvePoint(Row, frozen=True, kw_only=True):
    """One point, with its interval where there is one."""

    x: float
    y: float
    low: float | None
    high: float | None


class CurveRow(Row, frozen=True, kw_only=True):
    """A named series."""

    name: str
    x_label: str
    y_label: str
    points: tuple[CurvePoint, ...]


class MetricRow(Row, frozen=True, kw_only=True):
    """A number with its interval, held against the criterion that was fixed for it.

    `value` is null when a criterion was never measured. `result` is `not judged` when there is no
    criterion. A pass that the numbers do not support is shown as inconclusive, with a note.
    """

    metric: str
    group: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    n: int
    criterion: str
    op: str
    threshold: float | None
    bound: str
    result: str
    note: str


class EvaluationRow(Row, frozen=True, kw_only=True):
    """The latest evaluation of one kind for one model, and how often it was tried before."""

    index: int
    kind: str
    artifact: Named
    result: str
    dataset: Named
    criteria_index: int | None
    """Ledger index of the criteria; None when they are not among the evidence."""
    criteria_first: bool
    """The criteria were recorded before this evaluation."""
    earlier: tuple[int, ...]
    """Ledger indexes of earlier evaluations of the same kind and model."""
    earlier_results: tuple[str, ...]
    metrics: tuple[MetricRow, ...]
    curves: tuple[CurveRow, ...]
    findings: tuple[FindingRow, ...]
    access: str
    queries: int
    seed: int
    engine: str
    at: str


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
