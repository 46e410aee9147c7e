"""Rows of the report about what was examined: data, training, measurements, scans, components."""

from __future__ import annotations

from sealwright.phases.governance.report.rows import Fact, Named, Row


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
