"""Each statement in one line, and the one word that says how it came out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sealwright.evidence.predicates import SHORT_NAMES, Predicate
from sealwright.phases.governance.report.records import NOT_STATED

_RESULT_FIELDS: Final = ("result", "outcome", "answer", "verdict", "status")
"""Where the predicates that conclude something say so."""


def result_of(predicate: Predicate) -> str:
    """How the statement came out, lower case; `recorded` when it concludes nothing."""
    for name in _RESULT_FIELDS:
        value = getattr(predicate, name, None)
        if isinstance(value, str):
            return value.lower()
    return "recorded"


def describe(predicate: Predicate) -> str:
    """The statement in one line. Text from the evidence stands in it unchanged and unescaped."""
    return _LINES[SHORT_NAMES[predicate.TYPE]](predicate)


def counted(number: int, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`, `1,200 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def isolation_of(internal: dict[str, Any]) -> dict[str, Any]:
    """The sandbox's own account in SLSA internal parameters; empty when it is not an object."""
    value = internal.get("isolation")
    return value if isinstance(value, dict) else {}


def _validation(p: Any) -> str:
    passed = sum(check.result == "passed" for check in p.checks)
    return f"{p.kind}: {passed} of {counted(len(p.checks), 'check')} passed"


def _training(p: Any) -> str:
    definition = p.build_definition
    level = isolation_of(definition.internal_parameters).get("level", NOT_STATED)
    inputs = counted(len(definition.resolved_dependencies), "input")
    return f"training run from {inputs}, isolation {level}"


def _evaluation(p: Any) -> str:
    passed = sum(judgement.result == "passed" for judgement in p.judgements)
    return (
        f"{p.kind} on {p.dataset.name or NOT_STATED}: "
        f"{passed} of {counted(len(p.judgements), 'criterion', 'criteria')} passed, "
        f"{counted(len(p.measurements), 'measurement')}"
    )


def _decision(p: Any) -> str:
    held = sum(status in ("satisfied", "waived") for status in p.requirements.values())
    return f"{p.question}? {held} of {counted(len(p.requirements), 'requirement')} hold"


def _scan(p: Any) -> str:
    return (
        f"{p.kind} scan by {p.scanner.name} {p.scanner.version}: "
        f"{counted(len(p.findings), 'finding')} in {counted(p.coverage.files, 'file')}"
    )


def _test_result(p: Any) -> str:
    return (
        f"{counted(len(p.passed_tests), 'test')} passed, {len(p.warned_tests)} warned, "
        f"{len(p.failed_tests)} failed"
    )


def _release(p: Any) -> str:
    place = f" as {p.role} of {p.name}" if p.name else ""
    share = f" for {p.percent} %" if p.percent != 100 else ""
    return f"{p.action}{place}{share}: {p.reason}"


_LINES: Final[dict[str, Callable[[Any], str]]] = {
    "trust-root": lambda p: (
        f"trust root version {p.version}: {counted(len(p.people), 'person', 'people')}, "
        f"{counted(len(p.principals), 'key')}"
    ),
    "policy": lambda p: f"policy {p.name}, sha256 {p.sha256[:12]}",
    "risk-classification": lambda p: f"{p.system} is {p.tier}: {'; '.join(p.reasons)}",
    "impact-assessment": lambda p: (
        f"{counted(len(p.harms), 'harm')}, {counted(len(p.mitigations), 'mitigation')}, "
        f"{counted(len(p.residual), 'residual risk')}"
    ),
    "dataset-version": lambda p: (
        f"{p.name}: {counted(p.rows, 'row')}, {counted(len(p.schema), 'column')}, "
        f"from {p.provenance.source}"
    ),
    "lineage": lambda p: f"step {p.step} from {counted(len(p.inputs), 'input')}",
    "dataset-validation": _validation,
    "data-access": lambda p: (
        f"{p.actor} {'opened it' if p.outcome == 'granted' else 'was refused it'} for {p.purpose}"
    ),
    "training-run": _training,
    "model-import": lambda p: f"{p.name} from {p.source}, revision {p.revision}, {p.licence}",
    "custody": lambda p: f"{p.name} {p.action}: {counted(len(p.files), 'file')}",
    "model-signature": lambda p: f"OpenSSF signature over {counted(len(p.resources), 'file')}",
    "sbom": lambda p: f"{p.bom_format} {p.spec_version}: {counted(len(p.components), 'component')}",
    "scan": _scan,
    "vulns": lambda p: (
        f"{counted(len(p.scanner.result), 'known vulnerability', 'known vulnerabilities')}"
    ),
    "criteria": lambda p: (
        f"{p.name}: {counted(len(p.criteria), 'criterion', 'criteria')} fixed before the test"
    ),
    "evaluation": _evaluation,
    "test-result": _test_result,
    "card": lambda p: f"{p.kind} card of {p.name}",
    "approval": lambda p: f"{p.answer} as {p.discipline}: {p.reason}",
    "waiver": lambda p: f"waives {p.requirement} until {p.expires[:10]}: {p.reason}",
    "decision": _decision,
    "contract": lambda p: (
        f"served as {p.name}: {counted(len(p.features), 'feature')}, abstains within "
        f"{p.abstain_margin:g} of {p.threshold:g}"
    ),
    "profile": lambda p: (
        f"reference of {counted(len(p.features), 'feature')} over {counted(p.rows, 'row')}"
    ),
    "release": _release,
    "grant": lambda p: (
        f"key {p.id} for {p.client}: {', '.join(p.actions)}, "
        f"{p.requests_per_minute} requests a minute, until {p.not_after[:10]}"
    ),
    "grant-revocation": lambda p: f"key {p.id} ends: {p.reason}",
    "snapshot": lambda p: f"snapshot {p.sequence}: {counted(len(p.models), 'model')} served",
    "decision-log": lambda p: (
        f"decision log of gateway {p.gateway[:12]} up to record {p.seq}, head {p.head[:12]}"
    ),
    "oversight": lambda p: f"case {p.case}: {p.action}, decided {p.decision}: {p.reason}",
    "alert": lambda p: f"{p.detector} ({p.severity}): {p.title}",
    "disagreement": lambda p: (
        f"decisions differ on {p.label_rate:.1%} of {counted(p.rows, 'row')} of "
        f"{p.dataset.name or NOT_STATED}"
    ),
    "retraining-review": lambda p: (
        f"{counted(len(p.concerns), 'concern')} against the serving model: {p.reason}"
    ),
    "incident": lambda p: f"{p.id} ({p.severity}): {p.title}",
    "monitor-window": lambda p: f"{p.kind} over {counted(p.n, 'row')} from {p.start} to {p.end}",
    "drill": lambda p: f"drill {p.id}",
    "training-completion": lambda p: f"{p.person} finished {p.course} with {p.score}",
}
