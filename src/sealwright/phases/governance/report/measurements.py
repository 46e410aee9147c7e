"""Evaluations held against the criteria that were fixed for them.

The judgement is recomputed from the numbers: a pass that they do not support is not shown as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sealwright.clock import format_time
from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.validation import (
    Criteria,
    Criterion,
    Curve,
    Evaluation,
    Judgement,
    Measurement,
)
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.report.assurance import finding_rows
from sealwright.phases.governance.report.records import (
    CurvePoint,
    CurveRow,
    EvaluationRow,
    MetricRow,
    Named,
)
from sealwright.phases.governance.report.selection import Said, latest, of_type

NOT_JUDGED = "not judged"
"""The result of a measurement that no criterion asks about."""


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Criteria by id, and where they are recorded."""

    index: int | None
    first: bool
    criteria: Mapping[str, Criterion]


def evaluation_rows(evidence: Sequence[Verified]) -> tuple[EvaluationRow, ...]:
    """The latest evaluation per kind and model; earlier ones are counted, never dropped."""
    criteria = {each.item.digest: each for each in of_type(evidence, Criteria)}
    groups = latest(
        of_type(evidence, Evaluation), lambda each: (each.predicate.kind, each.subject.digest)
    )
    return tuple(_evaluation(last, before, criteria) for last, before in groups)


def _evaluation(
    last: Said[Evaluation],
    before: list[Said[Evaluation]],
    criteria: Mapping[str, Said[Criteria]],
) -> EvaluationRow:
    said, index = last.predicate, last.item.index
    fixed = _fixed(last, criteria.get(said.criteria))
    metrics = _metrics(said, fixed)
    return EvaluationRow(
        index=index,
        kind=said.kind,
        artifact=last.subject,
        result=_overall(said.result, metrics),
        dataset=Named(digest=said.dataset.digest.get("sha256", ""), name=said.dataset.name),
        criteria_index=fixed.index,
        criteria_first=fixed.first,
        earlier=tuple(each.item.index for each in before),
        earlier_results=tuple(each.predicate.result for each in before),
        metrics=metrics,
        curves=tuple(_curve(curve) for curve in said.curves),
        findings=finding_rows(said.findings, index=index, source=f"{said.kind} evaluation"),
        access=said.access,
        queries=said.queries,
        seed=said.seed,
        engine=f"{said.engine.name} {said.engine.version}",
        at=format_time(last.item.at),
    )


def _fixed(evaluation: Said[Evaluation], criteria: Said[Criteria] | None) -> _Fixed:
    if criteria is None:
        return _Fixed(None, False, {})
    mine, theirs = evaluation.item.index, criteria.item.index
    by_time = criteria.item.at < evaluation.item.at
    first = theirs < mine and by_time if min(mine, theirs) >= 0 else by_time
    wanted = {
        criterion.id: criterion
        for criterion in criteria.predicate.criteria
        if criterion.kind == evaluation.predicate.kind
    }
    return _Fixed(theirs, first, wanted)


def _overall(recorded: Result, metrics: tuple[MetricRow, ...]) -> str:
    """A passed evaluation with a criterion that is not passed, or with none, is inconclusive."""
    judged = [row.result for row in metrics if row.criterion]
    if recorded == "passed" and (not judged or set(judged) - {"passed", "warned"}):
        return "failed" if "failed" in judged else "inconclusive"
    return recorded


def _metrics(said: Evaluation, fixed: _Fixed) -> tuple[MetricRow, ...]:
    """Measurements in their order, each with its criterion, then criteria without a measurement."""
    judgements = {judgement.criterion: judgement for judgement in said.judgements}
    rows: list[MetricRow] = []
    used: set[str] = set()
    for measured in said.measurements:
        matching = [
            criterion
            for criterion in fixed.criteria.values()
            if (criterion.metric, criterion.group) == (measured.metric, measured.group)
        ]
        used.update(criterion.id for criterion in matching)
        rows += [_row(measured, each, judgements.get(each.id)) for each in matching]
        if not matching:
            rows.append(_row(measured, None, None))
    rows += [
        _row(None, criterion, judgements.get(criterion.id))
        for criterion in fixed.criteria.values()
        if criterion.id not in used
    ]
    rows += [_orphan(each) for each in said.judgements if each.criterion not in fixed.criteria]
    return tuple(rows)


def _row(
    measured: Measurement | None, criterion: Criterion | None, judgement: Judgement | None
) -> MetricRow:
    result, note = _judged(measured, criterion, judgement)
    return MetricRow(
        metric=measured.metric if measured else criterion.metric if criterion else "",
        group=measured.group if measured else criterion.group if criterion else "",
        value=measured.value if measured else None,
        low=measured.low if measured else None,
        high=measured.high if measured else None,
        level=measured.level if measured else 0.0,
        method=measured.method if measured else "",
        n=measured.n if measured else 0,
        criterion=criterion.id if criterion else "",
        op=criterion.op if criterion else "",
        threshold=criterion.threshold if criterion else None,
        bound=criterion.bound if criterion else "",
        result=result,
        note=note,
    )


def _judged(
    measured: Measurement | None, criterion: Criterion | None, judgement: Judgement | None
) -> tuple[str, str]:
    if criterion is None:
        return NOT_JUDGED, ""
    if judgement is None:
        return "inconclusive", "no judgement was recorded for this criterion"
    if judgement.result != "passed":
        return judgement.result, judgement.detail
    if measured is None:
        return "inconclusive", "recorded as passed, but nothing was measured"
    if measured.n <= 0 or not _holds(measured, criterion):
        return "inconclusive", "recorded as passed, but the numbers do not support it"
    return "passed", judgement.detail


def _holds(measured: Measurement, criterion: Criterion) -> bool:
    ends = {"low": measured.low, "high": measured.high, "point": measured.value}
    value = ends[criterion.bound]
    if value is None:
        return False
    at_least = criterion.op == ">="
    return value >= criterion.threshold if at_least else value <= criterion.threshold


def _orphan(judgement: Judgement) -> MetricRow:
    """A judgement on a criterion that the named criteria do not hold: it proves nothing."""
    return MetricRow(
        metric=judgement.criterion,
        group="",
        value=judgement.observed,
        low=None,
        high=None,
        level=0.0,
        method="",
        n=0,
        criterion=judgement.criterion,
        op="",
        threshold=None,
        bound="",
        result="inconclusive" if judgement.result == "passed" else judgement.result,
        note="not among the criteria that were fixed before the test",
    )


def _curve(curve: Curve) -> CurveRow:
    return CurveRow(
        name=curve.name,
        x_label=curve.x_label,
        y_label=curve.y_label,
        points=tuple(
            CurvePoint(x=point.x, y=point.y, low=point.low, high=point.high)
            for point in curve.points
        ),
    )
