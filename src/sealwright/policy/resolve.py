"""Turns a policy file's tables into finished tiers: what each asks once inheritance is applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from sealwright.errors import UsageError
from sealwright.evidence.predicates.governance import Question, Tier
from sealwright.policy.model import (
    NEVER_WAIVABLE,
    TIERS,
    Condition,
    Quorum,
    Requirement,
    ServingRules,
    TierRules,
    WaiverRules,
)
from sealwright.policy.tables import ApproveTable, RequireTable, TierTable, TierTables
from sealwright.policy.wellformed import problem_with

MAX_REQUIREMENTS = 500


def resolve(tables: TierTables) -> dict[Tier, TierRules]:
    """The four tiers, weakest first; UsageError names the tier and the key that is wrong."""
    finished: dict[Tier, TierRules] = {}
    written: dict[Tier, dict[str, RequireTable]] = {}
    for tier in TIERS:
        table: TierTable = getattr(tables, tier)
        base = next((lower for lower in finished if lower == table.extends), None)
        if table.extends and base is None:
            raise UsageError(
                f"tiers.{tier}.extends: {table.extends!r:.40} is not a lower tier",
                advice=f"name one of: {', '.join(finished) or 'none, this is the lowest'}",
            )
        written[tier] = _merge(tier, table, dict(written[base]) if base else {})
        finished[tier] = _rules(tier, table, written[tier], finished[base] if base else None)
    return finished


def _merge(
    tier: Tier, table: TierTable, merged: dict[str, RequireTable]
) -> dict[str, RequireTable]:
    """Requirement id → its keys, where a key given here replaces the inherited one."""
    seen: set[str] = set()
    for item in table.require:
        if item.id in seen:
            raise UsageError(f"tiers.{tier}.require: `{item.id}` stands there twice")
        seen.add(item.id)
        given = {
            name: value
            for name in item.__struct_fields__
            if (value := getattr(item, name)) is not None
        }
        merged[item.id] = msgspec.structs.replace(merged.get(item.id, item), **given)
    if not 1 <= len(merged) <= MAX_REQUIREMENTS:
        raise UsageError(f"tiers.{tier}: asks for {len(merged)} things; 1 to {MAX_REQUIREMENTS}")
    return merged


def _rules(
    tier: Tier, table: TierTable, merged: Mapping[str, RequireTable], base: TierRules | None
) -> TierRules:
    quorums: dict[Question, Quorum] = {}
    for question, inherited in (base.quorums if base else {}).items():
        age = _younger(inherited.max_age_days, table.max_age_days)
        quorums[question] = replace(inherited, max_age_days=age)
    for question, approve in table.approve.items():
        quorums[question] = _quorum(approve, default_age=table.max_age_days)
    if table.waive is not None:
        waivers = WaiverRules(
            roles=table.waive.roles,
            disciplines=table.waive.disciplines,
            max_days=table.waive.max_days,
        )
    elif base is not None:
        waivers = base.waivers
    else:
        raise UsageError(f"tiers.{tier}.waive: is missing (who may grant a waiver)")
    return TierRules(
        tier=tier,
        requirements=tuple(
            _requirement(tier, item, default_age=table.max_age_days) for item in merged.values()
        ),
        quorums=quorums,
        waivers=waivers,
        serving=_serving(table, base),
    )


def _serving(table: TierTable, base: TierRules | None) -> ServingRules:
    inherited = base.serving if base else ServingRules()
    if table.serving is None:
        return inherited
    given = table.serving
    return ServingRules(
        stale=given.stale or inherited.stale,
        ledger=given.ledger or inherited.ledger,
        log=given.log or inherited.log,
        monitor=given.monitor or inherited.monitor,
    )


def _requirement(tier: Tier, item: RequireTable, *, default_age: int) -> Requirement:
    where = f"tiers.{tier}.require `{item.id}`"
    if item.title is None or not item.questions or item.of is None or item.predicate is None:
        raise UsageError(f"{where}: needs title, questions, of and predicate")
    requirement = Requirement(
        id=item.id,
        title=item.title,
        questions=item.questions,
        of=item.of,
        predicate=item.predicate,
        kind=item.kind or "",
        result=item.result or (),
        where=tuple(
            Condition(
                path=condition.path,
                among=condition.among or (),
                minimum=condition.min,
                maximum=condition.max,
                empty=condition.empty,
            )
            for condition in item.where or ()
        ),
        together_with=item.together_with,
        max_age_days=_younger(item.max_age_days, default_age),
        signer_roles=item.signer_roles or (),
        min_signers=item.min_signers or 1,
        independent_of=item.independent_of or (),
        min_versions=item.min_versions or {},
        criteria_first=item.criteria_first or False,
        waivable=item.waivable is not False and item.predicate not in NEVER_WAIVABLE,
        command=item.command or "",
    )
    problem = problem_with(requirement)
    if problem:
        raise UsageError(f"{where}: {problem}")
    return requirement


def _quorum(table: ApproveTable, *, default_age: int) -> Quorum:
    return Quorum(
        need={str(discipline): count for discipline, count in table.need.items()},
        distinct_people=max(table.distinct_people, sum(table.need.values())),
        roles=table.roles,
        training=table.training,
        max_age_days=_younger(table.max_age_days, default_age),
    )


def _younger(own: int | None, default: int) -> int:
    return default if own is None else min(own, default)
