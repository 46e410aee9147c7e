"""What monitoring says beside windows and incidents: the reference it compares with, and alerts."""

from __future__ import annotations

from typing import ClassVar, Literal

from sealwright.evidence.finding import Finding, Result, Severity
from sealwright.evidence.predicates.common import Predicate, Record, Resource, Tool

Detector = Literal[
    "drift",
    "rate",
    "near-duplicate",
    "self-neighbour",
    "out-of-distribution",
    "disagreement",
    "denied",
    "dropped",
    "silent",
    "integrity",
    "log",
    "health",
]


class FeatureProfile(Record, frozen=True, kw_only=True, omit_defaults=True):
    """How one feature, or the score, was distributed.

    Numbers: `edges` are k increasing bounds, `counts` the k + 1 numbers of values below the first,
    in [edge, next edge), and from the last on. Categories: `counts` belong to `categories`, and the
    last one to everything else.
    """

    name: str
    kind: Literal["number", "category"] = "number"
    edges: tuple[float, ...] = ()
    categories: tuple[float, ...] = ()
    """Values of a feature that takes few; features are numbers by the time they reach a model."""
    counts: tuple[int, ...]
    missing: int = 0
    location: float = 0.0
    """Median: what distances between cases subtract."""
    scale: float = 1.0
    """Robust standard deviation (never 0): what distances between cases divide by."""


class Profile(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """What the model saw when it was made; live traffic is compared with it. Subject: the model."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:profile:v1"

    dataset: Resource
    rows: int
    features: tuple[FeatureProfile, ...]
    prediction: FeatureProfile
    neighbours: tuple[float, ...] = ()
    """Quantiles 0, 1/64 … 1 of each row's scaled distance to its nearest other row."""
    typical: tuple[float, ...] = ()
    """Quantiles 0, 1/64 … 1 of each row's scaled distance from the medians."""
    engine: Tool
    at: str


class Alert(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a detector saw. Subject: the model, or the system."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:alert:v1"

    id: str
    detector: Detector
    severity: Severity
    title: str
    detail: str = ""
    client: str = ""
    """Who it is about, where it is about one."""
    response: Literal["none", "flag", "coarsen", "throttle", "block", "stop"] = "none"
    statistic: float | None = None
    threshold: float | None = None
    n: int = 0
    """Observations behind it."""
    correlation: str = ""
    """Id that the requests carried (`X-Correlation-Id`), where they all carried the same."""
    atlas: tuple[str, ...] = ()
    at: str


class Disagreement(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """How often two versions disagree on validation data. Subjects: the model, then its shadow."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:disagreement:v1"

    dataset: Resource
    rows: int
    label_rate: float
    """Share of rows on which their decisions differ."""
    distance: float
    """|score - shadow score| that all but `tail` of the rows stay below."""
    tail: float
    at: str


class DataDifference(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A data set that a candidate learnt from, against that of the same name before.

    Counts are None where no evidence compares the two versions.
    """

    name: str
    before: str = ""
    """Artifact digest; empty: the serving model learnt from none of this name."""
    after: str = ""
    """Artifact digest; empty: the candidate learnt from none of this name."""
    rows_before: int = 0
    rows_after: int = 0
    added: int | None = None
    removed: int | None = None
    relabelled: int | None = None
    """Rows of both with another label."""
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_retyped: tuple[str, ...] = ()
    source_before: str = ""
    source_after: str = ""


class MetricDifference(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One number that was measured on both models, or on one."""

    kind: str
    """Evaluation that measured it."""
    metric: str
    group: str = ""
    before: float | None = None
    after: float | None = None
    worse: bool = False
    """Whether `after` is on the wrong side of `before`, as the criterion on this metric has it."""


class DependencyDifference(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A component of the bill of materials; an empty version: it is not in that bill."""

    name: str
    before: str = ""
    after: str = ""


class RetrainingReview(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """What differs between a candidate and the model that serves, as a person saw and signed it.

    Subjects: the candidate, then the serving model. All of it is computed from the evidence on
    record; `failed` if an examination of the candidate failed, `inconclusive` if something is not
    known, `warned` if something got worse, `passed` otherwise.
    """

    TYPE: ClassVar[str] = "urn:sealwright:predicate:retraining-review:v1"

    result: Result
    concerns: tuple[str, ...] = ()
    """What somebody should have looked at, one line each."""
    unknown: tuple[str, ...] = ()
    """What no evidence tells, one line each."""
    data: tuple[DataDifference, ...] = ()
    findings_added: tuple[Finding, ...] = ()
    findings_gone: tuple[Finding, ...] = ()
    metrics: tuple[MetricDifference, ...] = ()
    dependencies: tuple[DependencyDifference, ...] = ()
    ledger_size: int
    """Entries that were on record when it was computed."""
    reason: str
    """Why the signer thinks that this is as it should be, or not."""
    at: str
