"""Criteria fixed before the test: nobody sets the bar after having seen the jump.

For an evaluation of one kind, for one system:
1. it names criteria that are in the ledger, are about its test set and that system, and were
   recorded before it;
2. some criteria of that kind, for that system, were recorded before the system's *first* evaluation
   of that kind, on whichever test set and of whichever model: those are the ones in force then;
3. from that first result on criteria only tighten: the ones it names are at least as strict as
   those in force at the first result, as every one that an evaluation up to now was held against,
   and as the newest recorded before it, for its own test set or since that result for any. So a
   result that failed stricter criteria is not laundered by looser ones, by another model of the
   same weights, by a test set of which two rows are swapped, or by going back to an older set;
4. it was measured as the criteria in force at the first result say (`config`); later criteria with
   another way of measuring are void, whether stricter or looser;
5. each criterion of the kind has a judgement that passed: an unjudged criterion is not met.
All test sets of a system count as one, since nothing here tells new rows from old ones in another
order. Before the first result criteria may change freely. An evaluation counts as the system's if
the criteria it names are, or if they cannot be found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from sealwright.evidence.predicates.validation import Criteria, Criterion, Evaluation
from sealwright.evidence.verify import Verified
from sealwright.policy.evidence_index import EvidenceIndex
from sealwright.policy.lineage import sha256_of

_STRICTNESS: Final = {">=": ("high", "point", "low"), "<=": ("low", "point", "high")}
"""Ends of the interval, from the most lenient to the most pessimistic."""


def criteria_problem(item: Verified, index: EvidenceIndex, *, system: str) -> str:
    """Why the evaluation's criteria were not fixed first, in one line; empty if they were."""
    evaluation = item.statement.predicate
    if not isinstance(evaluation, Evaluation):
        return "not an evaluation"
    dataset = sha256_of(evaluation.dataset)
    if not dataset:
        return "it does not say on which data set"
    named = index.by_digest.get(evaluation.criteria)
    if named is None or not isinstance(named.statement.predicate, Criteria):
        return "the criteria that it names are not in the ledger"
    if not {dataset, system} <= set(index.subjects[named.digest]):
        return "its criteria are not about this test set and this system"
    if named.index >= item.index:
        return "its criteria were recorded after it"
    if problem := _not_fixed_first(item, evaluation, named, index=index, system=system):
        return problem
    return _unjudged(evaluation, named)


def _not_fixed_first(
    item: Verified, evaluation: Evaluation, named: Verified, *, index: EvidenceIndex, system: str
) -> str:
    """Rules 2 to 4: what stood at the system's first result of this kind, and what came since."""
    kind = evaluation.kind
    recorded = [each for each in index.about(system, "criteria") if _of_kind(each, kind)]
    earlier = list(_evaluations(index, kind=kind, system=system, upto=item.index))
    first = min(earlier, key=lambda each: each.index, default=item)
    before = [each for each in recorded if each.index < first.index]
    if not before:
        return f"no criteria for {kind} were fixed before the first result on any test set"
    its_own = [each for each in before if _dataset(first) in index.subjects[each.digest]]
    in_force = (its_own or before)[-1]
    measured = _config(in_force)
    if evaluation.config != _config(named) or _config(named) != measured:
        return "it was not measured in the way that was fixed before the first result"
    recorded = [each for each in recorded if _config(each) == measured]
    newest = [
        each
        for each in recorded
        if each.index < item.index
        and (each.index > first.index or _dataset(item) in index.subjects[each.digest])
    ][-1:]
    held_against = _held_against(earlier)
    held_to = [in_force, *newest, *(each for each in recorded if each.digest in held_against)]
    for other in held_to:
        if weaker := _weaker(named, than=other, kind=kind):
            return (
                f"its criteria are weaker than entry {other.index}'s, which held before: {weaker}"
            )
    return ""


def _evaluations(index: EvidenceIndex, *, kind: str, system: str, upto: int) -> Iterator[Verified]:
    """The system's evaluations of a kind, on any test set, up to one place in the ledger."""
    for item in index.kind("evaluation"):
        predicate = item.statement.predicate
        if not isinstance(predicate, Evaluation) or item.index > upto:
            continue
        if predicate.kind != kind:
            continue
        subjects = index.subjects.get(predicate.criteria)
        if subjects is None or system in subjects:
            yield item


def _dataset(item: Verified) -> str:
    """Digest of the test set of an evaluation; empty if it names none."""
    predicate = item.statement.predicate
    return sha256_of(predicate.dataset) if isinstance(predicate, Evaluation) else ""


def _config(item: Verified) -> str:
    """Digest of how it is measured, as the criteria fix it; empty where they do not say."""
    predicate = item.statement.predicate
    return predicate.config if isinstance(predicate, Criteria) else ""


def _held_against(evaluations: Iterable[Verified]) -> frozenset[str]:
    """Envelope digests of the criteria that these evaluations name."""
    return frozenset(
        item.statement.predicate.criteria
        for item in evaluations
        if isinstance(item.statement.predicate, Evaluation)
    )


def _of_kind(item: Verified, kind: str) -> tuple[Criterion, ...]:
    predicate = item.statement.predicate
    if not isinstance(predicate, Criteria):
        return ()
    return tuple(criterion for criterion in predicate.criteria if criterion.kind == kind)


def _weaker(item: Verified, *, than: Verified, kind: str) -> str:
    """The first criterion of `than` that `item` does not ask at least as strictly."""
    asked = _of_kind(item, kind)
    for criterion in _of_kind(than, kind):
        if not any(at_least_as_strict(other, criterion) for other in asked):
            group = f" for {criterion.group}" if criterion.group else ""
            return f"{criterion.metric}{group} {criterion.op} {criterion.threshold:g}"
    return ""


def at_least_as_strict(criterion: Criterion, other: Criterion) -> bool:
    """Whether whatever meets `criterion` meets `other`."""
    if (criterion.metric, criterion.op, criterion.group) != (other.metric, other.op, other.group):
        return False
    if not (math.isfinite(criterion.threshold) and math.isfinite(other.threshold)):
        return False
    order = _STRICTNESS[criterion.op]
    if order.index(criterion.bound) < order.index(other.bound):
        return False
    if criterion.op == ">=":
        return criterion.threshold >= other.threshold
    return criterion.threshold <= other.threshold


def _unjudged(evaluation: Evaluation, named: Verified) -> str:
    criteria = _of_kind(named, evaluation.kind)
    if not criteria:
        return f"its criteria say nothing on {evaluation.kind}"
    for criterion in criteria:
        judged = [j.result for j in evaluation.judgements if j.criterion == criterion.id]
        if not judged or any(result not in ("passed", "warned") for result in judged):
            return f"criterion {criterion.id} is {judged[0] if judged else 'not judged'}"
    return ""
