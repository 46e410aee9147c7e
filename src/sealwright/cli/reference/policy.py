"""The page of policies: the built-in tiers side by side, and the keys of a policy file."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec.inspect as kinds

from sealwright.cli.reference.markdown import Row, document, field_helps, table
from sealwright.evidence.predicates.governance import Tier
from sealwright.policy import model as policy_records
from sealwright.policy import tables as policy_tables
from sealwright.policy.load import builtin_policy
from sealwright.policy.model import TIERS, Policy, Quorum, Requirement

_INTRODUCTION = """\
# Policies

## The built-in tiers

A cell says which results are accepted, how old the evidence may be, and which role must have signed
it. An empty cell asks nothing. How to change them: [write a policy](../how-to/write-a-policy.md).

"""
_GRANTED = "A waiver for a system is granted by the rules of the tier above it."


def page() -> str:
    """The built-in tiers side by side, then the keys of a policy file."""
    policy = builtin_policy()
    lines = _INTRODUCTION.splitlines()
    asked = {r.id: r for tier in TIERS for r in policy.tiers[tier].requirements}
    lines += table(
        ("requirement", "asked for", "of", "evidence", *TIERS),
        (
            (
                f"`{name}`",
                ", ".join(last.questions),
                last.of + (f", {last.together_with}" if last.together_with else ""),
                f"`{last.predicate}`" + (f" ({last.kind})" if last.kind else ""),
                *(_asked(policy, tier, name) for tier in TIERS),
            )
            for name, last in asked.items()
        ),
    )
    lines += ["", "### Approvals for release", ""]
    lines += table(("", *TIERS), zip(*_quorums(policy), strict=True))
    lines += ["", "### Conditions on fields", ""]
    lines += table(("requirement", "tier", "condition"), _conditions(policy))
    lines += ["", "### Who may grant a waiver", "", _GRANTED, ""]
    lines += table(
        ("rules of tier", "roles", "disciplines", "at most"),
        (
            (tier, ", ".join(w.roles), ", ".join(w.disciplines) or "any", f"{w.max_days} days")
            for tier, w in ((tier, policy.tiers[tier].waivers) for tier in TIERS)
        ),
    )
    lines += ["", "### What serving does when something falls", "", _SERVING, ""]
    lines += table(
        ("tier", "evidence is stale", "no ledger", "no decision log", "no monitor"),
        (
            (tier, rules.stale, rules.ledger, rules.log, rules.monitor)
            for tier, rules in ((tier, policy.tiers[tier].serving) for tier in TIERS)
        ),
    )
    lines += ["", "## The keys of a policy file"]
    for header, written, record in _POLICY_TABLES:
        lines += ["", f"### {header}", "", *_policy_keys(written, record)]
    return document(lines)


_POLICY_TABLES: tuple[tuple[str, type, type], ...] = (
    ("The file", policy_tables.Document, policy_tables.Document),
    ("`[tiers.TIER]`", policy_tables.TierTable, policy_tables.TierTable),
    ("`[[tiers.TIER.require]]`", policy_tables.RequireTable, policy_records.Requirement),
    ("`where = [{…}]`", policy_tables.ConditionTable, policy_records.Condition),
    ("`[tiers.TIER.approve.QUESTION]`", policy_tables.ApproveTable, policy_records.Quorum),
    ("`[tiers.TIER.waive]`", policy_tables.WaiveTable, policy_records.WaiverRules),
    ("`[tiers.TIER.serving]`", policy_tables.ServingTable, policy_records.ServingRules),
)
"""Heading, the table as it is written, and the record whose fields are explained."""

_SERVING = "What is revoked, quarantined, forged, changed or under a grave incident stops anyway."
_PREDICATE = "Short name of the [predicate](predicates.md) that is asked for."
_KEY_HELPS = {
    "schema": "Version of the file's shape: 1.",
    "name": "The policy's name; reports show it.",
    "tiers": "All four tiers: minimal, limited, high, critical.",
    "require": "What is asked; keys given here change the inherited requirement of the same id.",
    "approve": "Who must approve, per question.",
    "where": "Conditions on fields of the predicate; all must hold.",
    "waive": "Who may grant waivers; inherited if it is left out.",
    "serving": "What serving does when something it rests on falls: `warn`, `alarm` or `stop`; "
    "inherited if it is left out, and `stop` where nobody says anything.",
    "id": "Short name, unique within the tier; not beginning with `approval-`.",
    "questions": "For which questions it is asked.",
    "of": "Of which artifact the evidence must speak: `subject` (the one at the gate), `system`, "
    "`train-dataset` and `test-dataset` (what its training runs and evaluations name), `dataset` "
    "(both and all upstream), `code` and `environment` (of its training runs).",
    "max_age_days": "The oldest that it may be; never more than the tier allows.",
    "max_days": "The longest that a waiver may last; at most 30.",
    "waivable": "Whether a waiver may stand in for it.",
    "distinct_people": "How many different people must approve.",
    "in": "The accepted values.",
    "min": "The smallest accepted number.",
    "max": "The greatest accepted number.",
}


def _policy_keys(written: type, record: type) -> Iterator[str]:
    helps = {**_KEY_HELPS, **field_helps(record), "predicate": _PREDICATE}
    shape = kinds.type_info(written)
    assert isinstance(shape, kinds.StructType)
    for each in shape.fields:
        if each.encode_name == "roles" and record is policy_records.WaiverRules:
            helps["roles"] = "The granter must hold one of them."
    return table(
        ("key", "meaning"),
        ((f"`{each.encode_name}`", helps[each.encode_name]) for each in shape.fields),
    )


def _asked(policy: Policy, tier: Tier, name: str) -> str:
    found = [r for r in policy.tiers[tier].requirements if r.id == name]
    return _cell(found[0]) if found else ""


def _cell(asked: Requirement) -> str:
    parts = ["; ".join(asked.result) if asked.result else "present"]
    parts.append("fixed first" if asked.criteria_first else "")
    parts.append(f"{asked.max_age_days} d" if asked.max_age_days else "")
    parts.append(" or ".join(asked.signer_roles))
    parts.append(f"{asked.min_signers} signers" if asked.min_signers > 1 else "")
    parts.append(f"independent of {', '.join(asked.independent_of)}" * bool(asked.independent_of))
    parts.append("" if asked.waivable else "never waived")
    return ", ".join(part for part in parts if part)


def _quorums(policy: Policy) -> Iterator[Row]:
    yield ("people", "disciplines", "role", "approvals not older than")
    for tier in TIERS:
        quorum = policy.tiers[tier].quorums.get("release", Quorum())
        need = ", ".join(f"{count} {name}" for name, count in quorum.need.items())
        age = f"{quorum.max_age_days} days"
        yield (str(quorum.distinct_people), need or "any", " or ".join(quorum.roles), age)


def _conditions(policy: Policy) -> Iterator[Row]:
    seen: set[tuple[str, str]] = set()
    for tier in TIERS:
        for asked in policy.tiers[tier].requirements:
            for where in asked.where:
                if (asked.id, where.path) in seen:
                    continue
                seen.add((asked.id, where.path))
                words = [f"is {' or '.join(map(str, where.among))}"] if where.among else []
                words += [f"at least {where.minimum:g}"] if where.minimum is not None else []
                words += [f"at most {where.maximum:g}"] if where.maximum is not None else []
                if where.empty is not None:
                    words.append("is empty" if where.empty else "is not empty")
                yield (f"`{asked.id}`", f"from {tier}", f"`{where.path}` {', '.join(words)}")
