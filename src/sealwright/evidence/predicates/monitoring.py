"""What monitoring says beside windows and incidents: the reference it compares with, and alerts."""

from __future__ import annotations

from typing import ClassVar, Literal

from sealwright.evidence.predicates.common import (
    Predicate,
    Record,
    Resource,
    Severity,
    Tool,
)

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
