"""Holds criteria against measurements. What was not measured, or not firmly, is never a pass.

| what is found | result |
|---|---|
| the named end of the interval meets the threshold | passed |
| it does not | failed |
| no measurement, not a number, no rows, an unknown end, a group too small | inconclusive |

A criterion without a group speaks of every group that the metric was measured for; the worst of
them decides. An evaluation is as good as its worst judgement, and `warned` when no criterion was
declared for its kind: it was looked at, but nothing was asked of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.validation import Criterion, Judgement, Measurement
from sealwright.phases.validation.checks.interface import Unmeasured

_WORST_FIRST: tuple[Result, ...] = ("failed", "inconclusive", "warned", "passed")


def judge(
    criteria: Iterable[Criterion],
    measurements: Sequence[Measurement],
    *,
    unmeasured: Sequence[Unmeasured] = (),
) -> tuple[Judgement, ...]:
    """One judgement per criterion, in order."""
    return tuple(_one(item, measurements, unmeasured=unmeasured) for item in criteria)


def overall(judgements: Sequence[Judgement]) -> Result:
    """The worst of the judgements; `warned` for none."""
    if not judgements:
        return "warned"
    found = {judgement.result for judgement in judgements}
    return next(result for result in _WORST_FIRST if result in found)


def _one(
    criterion: Criterion, measurements: Sequence[Measurement], *, unmeasured: Sequence[Unmeasured]
) -> Judgement:
    answers = [
        _against(criterion, item)
        for item in measurements
        if item.metric == criterion.metric and _speaks_of(criterion.group, item.group)
        and not any(_same(item, gap) for gap in unmeasured)
    ]  # fmt: skip
    answers += [
        Judgement(criterion=criterion.id, result="inconclusive", detail=item.reason)
        for item in unmeasured
        if item.metric == criterion.metric and _speaks_of(criterion.group, item.group)
    ]
    if not answers:
        where = f" for {criterion.group}" if criterion.group else ""
        return Judgement(
            criterion=criterion.id,
            result="inconclusive",
            detail=f"{criterion.metric} was not measured{where}",
        )
    return min(answers, key=lambda answer: (_WORST_FIRST.index(answer.result), _slack(
        criterion, answer)))  # fmt: skip


def _speaks_of(asked: str, group: str) -> bool:
    """`sex` speaks of `sex` and of each of its values; no group speaks of all."""
    return asked in ("", group) or group.startswith(f"{asked}=")


def _same(item: Measurement, gap: Unmeasured) -> bool:
    return item.metric == gap.metric and item.group == gap.group


def _slack(criterion: Criterion, answer: Judgement) -> float:
    """How far the observed value is on the good side; the smallest is the worst."""
    if answer.observed is None:
        return -math.inf
    distance = answer.observed - criterion.threshold
    return distance if criterion.op == ">=" else -distance


def _against(criterion: Criterion, item: Measurement) -> Judgement:
    ends = {"point": item.value, "low": item.low, "high": item.high}
    end = ends[criterion.bound]
    of = f" of {item.group}" if item.group else ""
    name = item.metric + of if criterion.bound == "point" else (
        f"{criterion.bound} end of {item.metric}{of}"
    )  # fmt: skip
    why = ""
    if item.n < 1:
        why = f"{item.metric}{of} rests on no rows"
    elif not math.isfinite(item.value):
        why = f"{item.metric}{of} is not a number"
    elif end is None or not math.isfinite(end):
        why = f"the {name} is not known ({item.method or 'no interval'})"
    if why or end is None:
        return Judgement(criterion=criterion.id, result="inconclusive", detail=why)
    holds = end >= criterion.threshold if criterion.op == ">=" else end <= criterion.threshold
    return Judgement(
        criterion=criterion.id,
        result="passed" if holds else "failed",
        observed=float(end),
        detail=f"{name} is {end:.4g} on {item.n} rows; asked is "
        f"{criterion.op} {criterion.threshold:g}",
    )
