"""What changed between the model that serves and one that was trained anew: told from evidence.

Drift is often answered by training again, and whoever can cause drift can also choose what the next
model learns. So nothing is looked at here but what independent examinations put on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sealwright.evidence.finding import Finding, Result
from sealwright.evidence.predicates.data import CheckResult, DatasetValidation, DatasetVersion
from sealwright.evidence.predicates.model import CycloneDxBom, Scan
from sealwright.evidence.predicates.monitoring import (
    DataDifference,
    DependencyDifference,
    MetricDifference,
    RetrainingReview,
)
from sealwright.evidence.predicates.validation import Criterion, Evaluation, Measurement

MAX_LISTED: Final = 500
"""Findings, and dependencies, that a review lists; it says where there were more."""
_BAD: Final = ("failed", "inconclusive")
_NOTABLE: Final = ("medium", "high", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntFrom:
    """One data set of a model's training, with what was said about it."""

    digest: str
    version: DatasetVersion
    validations: tuple[DatasetValidation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """All that is on record about one model and that a review looks at."""

    digest: str
    data: tuple[LearntFrom, ...]
    scans: tuple[Scan, ...]
    """Of its files, its code and its environment; the newest by each signer."""
    evaluations: tuple[Evaluation, ...]
    """The newest of each kind by each signer, the newest last."""
    bill: CycloneDxBom | None
    criteria: tuple[Criterion, ...] = ()


def review(
    candidate: Version, serving: Version, *, ledger_size: int, reason: str, at: str
) -> RetrainingReview:
    """The differences, what about them should be looked at, and what is not known."""
    data = tuple(_data(candidate, serving))
    added, gone = _findings(candidate, serving)
    metrics = tuple(_metrics(candidate, serving))
    dependencies = tuple(_dependencies(candidate, serving))
    failures = tuple(_failures(candidate))
    unknown = tuple(_unknown(candidate, serving, data))
    concerns = (*failures, *_data_concerns(data), *_finding_concerns(added))
    concerns += tuple(
        f"{one.kind}/{one.metric}{f' of {one.group}' if one.group else ''}: "
        f"{one.before:.4g} became {one.after:.4g}"
        for one in metrics
        if one.worse
    )
    concerns += tuple(f"{one.name} {one.after}: a new dependency" for one in dependencies
                      if not one.before)  # fmt: skip
    return RetrainingReview(
        result=_result(failures, unknown, concerns),
        concerns=concerns[:MAX_LISTED],
        unknown=unknown,
        data=data,
        findings_added=added[:MAX_LISTED],
        findings_gone=gone[:MAX_LISTED],
        metrics=metrics,
        dependencies=dependencies[:MAX_LISTED],
        ledger_size=ledger_size,
        reason=reason,
        at=at,
    )


def _result(
    failures: tuple[str, ...], unknown: tuple[str, ...], concerns: tuple[str, ...]
) -> Result:
    if failures:
        return "failed"
    if unknown:
        return "inconclusive"
    return "warned" if concerns else "passed"


def _failures(candidate: Version) -> Iterator[str]:
    """Examinations of the candidate, or of its data, that did not pass."""
    for source in candidate.data:
        for said in source.validations:
            if said.result in _BAD:
                yield f"data {source.version.name}: {said.kind} {said.result}"
    for scan in candidate.scans:
        if scan.result in _BAD:
            yield f"{scan.kind} scan {scan.result}"
    for evaluation in candidate.evaluations:
        if evaluation.result in _BAD:
            yield f"{evaluation.kind} evaluation {evaluation.result}"


def _unknown(
    candidate: Version, serving: Version, data: tuple[DataDifference, ...]
) -> Iterator[str]:
    for who, version in (("candidate", candidate), ("serving model", serving)):
        if not version.data:
            yield f"what data the {who} learnt from"
        if not any(scan.kind == "artifact" for scan in version.scans):
            yield f"a scan of the {who}'s files"
        if version.bill is None:
            yield f"what the {who} was made with: it has no bill of materials"
    kinds = {evaluation.kind for evaluation in candidate.evaluations}
    for kind in sorted({evaluation.kind for evaluation in serving.evaluations} - kinds):
        yield f"{kind} of the candidate, which was evaluated for the serving model"
    if not serving.evaluations or not candidate.evaluations:
        yield "how both compare: one of them was not evaluated"
    for one in data:
        if one.before and one.after and one.relabelled is None:
            yield f"data {one.name}: whether labels changed"


def _data(candidate: Version, serving: Version) -> Iterator[DataDifference]:
    before = {source.version.name: source for source in serving.data}
    after = {source.version.name: source for source in candidate.data}
    for name in sorted(before.keys() | after.keys()):
        yield _data_difference(name, before.get(name), after.get(name))


def _data_difference(
    name: str, before: LearntFrom | None, after: LearntFrom | None
) -> DataDifference:
    old, new = _columns(before), _columns(after)
    rows_before = before.version.rows if before else 0
    rows_after = after.version.rows if after else 0
    known, relabelled = _compared(before, after)
    return DataDifference(
        name=name,
        before=before.digest if before else "",
        after=after.digest if after else "",
        rows_before=rows_before,
        rows_after=rows_after,
        added=None if known is None else max(0, rows_after - known),
        removed=None if known is None else max(0, rows_before - known),
        relabelled=relabelled,
        columns_added=tuple(sorted(new.keys() - old.keys())) if before and after else (),
        columns_removed=tuple(sorted(old.keys() - new.keys())) if before and after else (),
        columns_retyped=tuple(sorted(c for c in old.keys() & new.keys() if old[c] != new[c])),
        source_before=before.version.provenance.source if before else "",
        source_after=after.version.provenance.source if after else "",
    )


def _columns(source: LearntFrom | None) -> dict[str, str]:
    return {column.name: column.type for column in source.version.schema} if source else {}


def _compared(before: LearntFrom | None, after: LearntFrom | None) -> tuple[int | None, int | None]:
    """Rows of `after` that `before` has, too, and how many of them have another label."""
    if before is None or after is None:
        return None, None
    if before.digest == after.digest:
        return after.version.rows, 0
    if after.version.parent != before.digest:
        return None, None
    for said in reversed(after.validations):
        for check in said.checks:
            if said.kind == "labels" and check.check == "label-change" and _was_done(check):
                return check.known, check.violations
    return None, None


def _was_done(check: CheckResult) -> bool:
    return check.result != "inconclusive" and None not in (check.known, check.violations)


def _data_concerns(data: Iterable[DataDifference]) -> Iterator[str]:
    for one in data:
        if not one.before:
            yield f"data {one.name}: new, from {one.source_after}"
        elif not one.after:
            yield f"data {one.name}: no longer used"
        else:
            yield from _changed(one)


def _changed(one: DataDifference) -> Iterator[str]:
    if one.relabelled:
        yield f"data {one.name}: {one.relabelled} rows have another label"
    if one.added or one.removed:
        yield f"data {one.name}: {one.added} rows added, {one.removed} removed"
    if one.source_before != one.source_after:
        yield f"data {one.name}: another source, {one.source_after}"
    for word, columns in (
        ("added", one.columns_added),
        ("removed", one.columns_removed),
        ("of another type", one.columns_retyped),
    ):
        if columns:
            yield f"data {one.name}: columns {word}: {', '.join(columns[:20])}"


def _findings(
    candidate: Version, serving: Version
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What was found in one and not in the other, whatever place it was found at."""
    before, after = _found(serving), _found(candidate)
    return (
        tuple(after[key] for key in after if key not in before),
        tuple(before[key] for key in before if key not in after),
    )


def _found(version: Version) -> dict[tuple[str, str, str], Finding]:
    said: list[Finding] = [finding for scan in version.scans for finding in scan.findings]
    said += [finding for one in version.evaluations for finding in one.findings]
    for source in version.data:
        said += [finding for one in source.validations for finding in one.findings]
    return {(item.rule, item.severity, item.message): item for item in said}


def _finding_concerns(added: Iterable[Finding]) -> Iterator[str]:
    for finding in added:
        if finding.severity in _NOTABLE:
            yield f"{finding.severity}: {finding.message}"


def _metrics(candidate: Version, serving: Version) -> Iterator[MetricDifference]:
    before, after = _measured(serving), _measured(candidate)
    criteria = (*serving.criteria, *candidate.criteria)
    wanted: dict[tuple[str, str], str] = {(c.kind, c.metric): c.op for c in criteria}
    for key in sorted(before.keys() | after.keys()):
        kind, metric, group = key
        old, new = before.get(key), after.get(key)
        op = wanted.get((kind, metric))
        worse = old is not None and new is not None and (
            (op == ">=" and new.value < old.value) or (op == "<=" and new.value > old.value)
        )  # fmt: skip
        yield MetricDifference(
            kind=kind,
            metric=metric,
            group=group,
            before=old.value if old else None,
            after=new.value if new else None,
            worse=worse,
        )


def _measured(version: Version) -> dict[tuple[str, str, str], Measurement]:
    return {
        (evaluation.kind, one.metric, one.group): one
        for evaluation in version.evaluations
        for one in evaluation.measurements
    }


def _dependencies(candidate: Version, serving: Version) -> Iterator[DependencyDifference]:
    if candidate.bill is None or serving.bill is None:
        return
    before, after = _components(serving.bill), _components(candidate.bill)
    for name in sorted(before.keys() | after.keys()):
        if before.get(name, "") != after.get(name, ""):
            yield DependencyDifference(
                name=name, before=before.get(name, ""), after=after.get(name, "")
            )


def _components(bill: CycloneDxBom) -> dict[str, str]:
    """Name → version; a component without one is `?`, so that it is not taken for absent."""
    return {
        str(item.get("name", "")): str(item.get("version", "") or "?") for item in bill.components
    }
