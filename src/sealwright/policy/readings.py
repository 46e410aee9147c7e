"""What a gate needs to know of a statement, whatever its predicate: kind, result, tools, a detail.

One place knows how each predicate says it; the rules above read all of them alike.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from sealwright.clock import parse_time
from sealwright.evidence.finding import Finding, Result
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.common import Tool
from sealwright.evidence.predicates.data import DatasetValidation
from sealwright.evidence.predicates.governance import Decision, TrainingCompletion, Waiver
from sealwright.evidence.predicates.model import Scan, Vulns
from sealwright.evidence.predicates.monitoring import RetrainingReview
from sealwright.evidence.predicates.operation import DrillResult, MonitorWindow
from sealwright.evidence.predicates.validation import Evaluation, TestResult

_WITH_RESULT: Final = frozenset(
    {
        "dataset-validation",
        "scan",
        "vulns",
        "evaluation",
        "test-result",
        "decision",
        "monitor-window",
        "retraining-review",
        "drill",
    }
)
_OF_RESULT: Final = (Scan, DatasetValidation, Evaluation, MonitorWindow, RetrainingReview)
"""Predicates that say their result in so many words."""
_TEST_RESULTS: Final[dict[str, Result]] = {
    "PASSED": "passed",
    "WARNED": "warned",
    "FAILED": "failed",
}
_DRILL_RESULTS: Final[dict[str, Result]] = {
    "prevented": "passed",
    "detected": "passed",
    "missed": "failed",
    "error": "inconclusive",
}

read_time = lru_cache(maxsize=8192)(parse_time)
"""`clock.parse_time`, remembered: a ledger's statements are read at every gate."""


def has_result(predicate: str) -> bool:
    """Whether statements of this predicate (short name) conclude anything."""
    return predicate in _WITH_RESULT


def result_of(predicate: Predicate) -> Result | None:
    """What the statement concludes; None for predicates that only record a fact.

    An answer that nobody foresaw reads as `inconclusive`, which satisfies nothing.
    """
    if isinstance(predicate, _OF_RESULT):
        return predicate.result
    if isinstance(predicate, Vulns):
        return "failed" if predicate.scanner.result else "passed"
    if isinstance(predicate, TestResult):
        return _TEST_RESULTS.get(predicate.result, "inconclusive")
    if isinstance(predicate, Decision):
        return "passed" if predicate.outcome == "admitted" else "failed"
    if isinstance(predicate, DrillResult):
        return _DRILL_RESULTS.get(predicate.verdict, "inconclusive")
    return None


def kind_of(predicate: Predicate) -> str:
    """The statement's kind: its `kind` field, a decision's question, or empty."""
    if isinstance(predicate, Decision):
        return predicate.question
    return str(getattr(predicate, "kind", ""))


def tools_of(predicate: Predicate) -> tuple[Tool, ...]:
    """The programs that did the work, as far as the statement names them."""
    if isinstance(predicate, Scan):
        return (predicate.scanner,)
    if isinstance(predicate, DatasetValidation | Evaluation):
        return (predicate.engine,)
    if isinstance(predicate, Vulns):
        return (Tool(name=predicate.scanner.uri, version=predicate.scanner.version),)
    return ()


def valid_until(predicate: Predicate) -> str:
    """The end that the statement gives itself (RFC 3339), or empty."""
    if isinstance(predicate, Waiver | TrainingCompletion):
        return predicate.expires
    return ""


def detail_of(predicate: Predicate) -> str:
    """The first thing that went wrong, in the statement's own words; empty if it names none."""
    if isinstance(predicate, DatasetValidation):
        for check in predicate.checks:
            if check.result not in ("passed", "warned"):
                counted = "" if check.violations is None else f", {check.violations} of {check.n}"
                return f"check {check.id}{counted}: {check.detail or check.expected}"
    if isinstance(predicate, Evaluation):
        for judged in predicate.judgements:
            if judged.result not in ("passed", "warned"):
                detail = f": {judged.detail}" if judged.detail else ""
                return f"criterion {judged.criterion} {judged.result}{detail}"
    if isinstance(predicate, Vulns) and predicate.scanner.result:
        return f"{len(predicate.scanner.result)} known vulnerabilities"
    if isinstance(predicate, Decision):
        denied = [name for name, status in predicate.requirements.items() if status != "satisfied"]
        return f"not satisfied: {', '.join(sorted(denied))}" if denied else ""
    findings: tuple[Finding, ...] = getattr(predicate, "findings", ())
    worst = sorted(findings, key=lambda f: _SEVERITIES.index(f.severity), reverse=True)
    return f"{worst[0].rule}: {worst[0].message}" if worst else ""


_SEVERITIES: Final = ("info", "low", "medium", "high", "critical")
