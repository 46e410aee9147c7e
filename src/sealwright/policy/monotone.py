"""Proof that a tier only adds to the one below it: every rule is compared, none is trusted.

The same comparison tells whether a decision that was taken under another policy still stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sealwright.evidence.predicates.governance import Question
from sealwright.policy.model import (
    LOSSES,
    Condition,
    Quorum,
    Requirement,
    Scalar,
    ServingRules,
    TierRules,
)
from sealwright.policy.versions import not_older


def weakenings(
    *, lower: TierRules, upper: TierRules, question: Question | None = None
) -> Iterator[str]:
    """Each way in which `upper` asks less than `lower`, as a sentence; none if it only adds.

    `question` restricts the comparison to what is asked for that question.
    """
    above = {requirement.id: requirement for requirement in upper.requirements}
    for requirement in lower.requirements:
        if question is not None and question not in requirement.questions:
            continue
        same = above.get(requirement.id)
        if same is None:
            yield f"requirement `{requirement.id}`: not asked"
            continue
        asked = None if question is None else (question,)
        for reason in _requirement(requirement, same, questions=asked):
            yield f"requirement `{requirement.id}`: {reason}"
    for asked_of, quorum in lower.quorums.items():
        if question is not None and asked_of != question:
            continue
        for reason in _quorum(quorum, upper.quorums.get(asked_of, Quorum())):
            yield f"approvals for `{asked_of}`: {reason}"
    if question is None:
        yield from (f"waivers: {reason}" for reason in _waivers(lower, upper))
    if question in (None, "serve"):
        yield from (f"serving: {reason}" for reason in _serving(lower.serving, upper.serving))


def _requirement(
    lower: Requirement, upper: Requirement, *, questions: tuple[Question, ...] | None
) -> Iterator[str]:
    for name in ("of", "predicate", "kind", "together_with"):
        if getattr(lower, name) != getattr(upper, name):
            yield f"`{name}` is {getattr(upper, name)!r} instead of {getattr(lower, name)!r}"
    if missing := sorted(set(questions or lower.questions) - set(upper.questions)):
        yield f"not asked for {', '.join(missing)}"
    if not set(upper.result) <= set(lower.result):
        yield f"accepts more results ({', '.join(sorted(set(upper.result) - set(lower.result)))})"
    for condition in lower.where:
        if not any(_implies(other, condition) for other in upper.where):
            yield f"the condition on `{condition.path}` is missing or weaker"
    if _longer(lower.max_age_days, upper.max_age_days):
        yield f"evidence may be older ({_days(upper.max_age_days)} > {_days(lower.max_age_days)})"
    if lower.criteria_first and not upper.criteria_first:
        yield "criteria need not be fixed first"
    if upper.waivable and not lower.waivable:
        yield "may be waived"
    yield from _signers(lower, upper)


def _signers(lower: Requirement, upper: Requirement) -> Iterator[str]:
    if _wider(lower.signer_roles, upper.signer_roles):
        yield "more signer roles are accepted"
    if upper.min_signers < lower.min_signers:
        yield f"fewer signers are needed ({upper.min_signers} < {lower.min_signers})"
    if not set(lower.independent_of) <= set(upper.independent_of):
        yield "signers need less independence"
    if _older_versions(lower.min_versions, upper.min_versions):
        yield "older or other tool versions are accepted"


def _quorum(lower: Quorum, upper: Quorum) -> Iterator[str]:
    for discipline, count in lower.need.items():
        if upper.need.get(discipline, 0) < count:
            yield f"fewer people of {discipline} ({upper.need.get(discipline, 0)} < {count})"
    if upper.distinct_people < lower.distinct_people:
        yield f"fewer people ({upper.distinct_people} < {lower.distinct_people})"
    if lower.distinct_people and _wider(lower.roles, upper.roles):
        yield "more roles may approve"
    if not set(lower.training) <= set(upper.training):
        yield "less training is asked of approvers"
    if lower.distinct_people and _longer(lower.max_age_days, upper.max_age_days):
        yield f"approvals may be older ({_days(upper.max_age_days)} > {_days(lower.max_age_days)})"


def _waivers(lower: TierRules, upper: TierRules) -> Iterator[str]:
    if _wider(lower.waivers.roles, upper.waivers.roles):
        yield "more roles may grant them"
    if _wider(lower.waivers.disciplines, upper.waivers.disciplines):
        yield "more disciplines may grant them"
    if upper.waivers.max_days > lower.waivers.max_days:
        yield f"they last longer ({upper.waivers.max_days} > {lower.waivers.max_days} days)"


def _serving(lower: ServingRules, upper: ServingRules) -> Iterator[str]:
    for name in ("stale", "ledger", "log", "monitor"):
        before, after = getattr(lower, name), getattr(upper, name)
        if LOSSES.index(after) < LOSSES.index(before):
            yield f"`{name}` is {after!r} instead of {before!r}"


def _implies(upper: Condition, lower: Condition) -> bool:
    """Whether each value that meets `upper` meets `lower`."""
    if upper.path != lower.path:
        return False
    if lower.among:
        kept = {_key(value) for value in lower.among}
        if not upper.among or not {_key(value) for value in upper.among} <= kept:
            return False
    if lower.minimum is not None and (upper.minimum is None or upper.minimum < lower.minimum):
        return False
    if lower.maximum is not None and (upper.maximum is None or upper.maximum > lower.maximum):
        return False
    return lower.empty is None or upper.empty == lower.empty


def _key(value: Scalar) -> tuple[bool, Scalar]:
    """Tells `true` from 1, which Python takes for equal."""
    return isinstance(value, bool), value


def _wider(lower: tuple[str, ...], upper: tuple[str, ...]) -> bool:
    return bool(lower) and (not upper or not set(upper) <= set(lower))


def _longer(lower: int | None, upper: int | None) -> bool:
    return lower is not None and (upper is None or upper > lower)


def _days(days: int | None) -> str:
    return "no limit" if days is None else f"{days} days"


def _older_versions(lower: Mapping[str, str], upper: Mapping[str, str]) -> bool:
    if not lower:
        return False
    if not upper or not set(upper) <= set(lower):
        return True
    return any(not not_older(version, than=lower[tool]) for tool, version in upper.items())
