"""What the validation phase says: criteria first, results afterwards."""

from __future__ import annotations

from typing import ClassVar, Literal

from sealwright.evidence.finding import Finding, Result
from sealwright.evidence.predicates.common import Predicate, Record, Resource, Tool

EvaluationKind = Literal[
    "performance",
    "fairness",
    "calibration",
    "robustness",
    "privacy",
    "generalisation",
    "backdoor",
    "regression",
]


class Criterion(Record, frozen=True, kw_only=True, omit_defaults=True):
    """`metric` `op` `threshold`, judged on the named end of the confidence interval.

    A gate on a quality asks for the pessimistic end: `>=` on `low`, `<=` on `high`.
    """

    id: str
    kind: EvaluationKind
    metric: str
    op: Literal[">=", "<="]
    threshold: float
    bound: Literal["low", "high", "point"] = "point"
    group: str = ""


class Criteria(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """What a model will have to reach, fixed before there is a result.

    Subjects: the data set it will be tested on, and the system.
    """

    TYPE: ClassVar[str] = "urn:sealwright:predicate:criteria:v1"

    name: str
    criteria: tuple[Criterion, ...]
    config: str = ""
    """sha256 of how it will be measured, fixed as well: the canonical [validation] table without
    `criteria`, `features` and `test`."""
    at: str


class Measurement(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One number with its interval. `n` is how many rows it rests on."""

    metric: str
    value: float
    n: int
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    """Confidence level of [low, high]."""
    method: str = ""
    """How the interval was made: bootstrap percentile, Wilson, …"""
    group: str = ""


class Judgement(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A criterion held against its measurement. No measurement is inconclusive, never passed."""

    criterion: str
    result: Result
    observed: float | None = None
    detail: str = ""


class Point(Record, frozen=True, kw_only=True):
    """One point of a named curve, for the report's plots."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


class Curve(Record, frozen=True, kw_only=True):
    """A named series: a reliability diagram, accuracy against noise, …"""

    name: str
    x_label: str
    y_label: str
    points: tuple[Point, ...]


class Evaluation(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """One evaluation of a model. Subject: the model."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:evaluation:v1"

    kind: EvaluationKind
    result: Result
    criteria: str
    """Envelope digest of the criteria it was held against."""
    dataset: Resource
    measurements: tuple[Measurement, ...]
    judgements: tuple[Judgement, ...]
    curves: tuple[Curve, ...] = ()
    findings: tuple[Finding, ...] = ()
    access: Literal["scores", "labels", "gradients"] = "scores"
    queries: int = 0
    """Rows sent to the model."""
    seed: int = 0
    engine: Tool
    config: str = ""
    """sha256 of how it was measured, as `config` of the criteria has it."""
    at: str


class TestResult(Predicate, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """in-toto test-result v0.1, for other people's policy engines. Subject: the model."""

    TYPE: ClassVar[str] = "https://in-toto.io/attestation/test-result/v0.1"
    __test__: ClassVar[bool] = False

    result: Literal["PASSED", "WARNED", "FAILED"]
    configuration: tuple[Resource, ...]
    passed_tests: tuple[str, ...] = ()
    warned_tests: tuple[str, ...] = ()
    failed_tests: tuple[str, ...] = ()
