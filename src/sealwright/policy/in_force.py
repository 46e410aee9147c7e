"""Whether the policy that is asked under is in force: nobody relaxes the rules alone.

The yardstick is the built-in policy, then each recorded policy in turn that came in force. A policy
comes in force when it is recorded and asks no less than the one before, or when two people recorded
the same words, one of whom is no author of the artifact. What two people said about a policy is
done with once another one came in force. No policy can leave this out, and nothing waives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sealwright.evidence.predicates.governance import PolicyRecord
from sealwright.evidence.verify import Verified
from sealwright.policy.case import Case, recorded_policy
from sealwright.policy.commands import countersign_command
from sealwright.policy.duties import Actor, actor_of, revoked_for_cause
from sealwright.policy.load import builtin_policy
from sealwright.policy.model import Policy, next_tier
from sealwright.policy.monotone import weakenings
from sealwright.policy.verdict import RequirementResult, Status

POLICY_IN_FORCE: Final = "policy-in-force"
"""The id of this result; asked wherever the policy is, or ever was, another than the built-in."""

PEOPLE_TO_RELAX: Final = 2
"""How many people must record a policy that asks less than the one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The policy that came in force last, and the records that brought it in."""

    policy: Policy
    records: tuple[Verified, ...]
    """Empty for the built-in policy that a ledger starts with."""

    @property
    def name(self) -> str:
        """How a person finds it."""
        return f"the policy of entry {self.records[-1].index}" if self.records else START


START: Final = "the built-in policy"


def judge_policy(case: Case) -> tuple[RequirementResult, ...]:
    """One result; none while there was never another policy than the built-in one."""
    records = tuple(_records(case))
    builtin = builtin_policy().digest
    if case.policy.digest == builtin and all(policy.digest == builtin for _, policy in records):
        return ()
    mine = tuple(item for item, policy in records if policy.digest == case.policy.digest)
    standing = _standing(case, records)
    if case.policy.digest == standing.policy.digest:
        return (_result(case, "satisfied", _brought_in(standing), standing.records),)
    if not mine and case.policy.digest != builtin:
        reason = f"policy {case.policy.digest[:12]} is not on record"
        return (_result(case, "missing", reason, (), command="sealwright run governance"),)
    less = next(_asks_less(case, case.policy, than=standing.policy), "")
    if not less:
        return (_result(case, "satisfied", f"it asks no less than {standing.name}", mine),)
    people = sorted({item.principal.id for item in mine})
    reason = (
        f"it asks less than {standing.name} ({less})"
        + (f"; recorded by {', '.join(people)}" if people else "")
        + ": two people must record it, one of them no author"
    )
    command = countersign_command(case, asked=frozenset(actor_of(item) for item in mine))
    return (_result(case, "missing", reason, mine, command=command),)


def _records(case: Case) -> Iterator[tuple[Verified, Policy]]:
    """The system's policy records that can be read and are what they say, oldest first."""
    for item in case.index.about(case.request.system, "policy"):
        said = item.statement.predicate
        policy = recorded_policy(said.text) if isinstance(said, PolicyRecord) else None
        if policy is not None and policy.digest == getattr(said, "sha256", ""):
            yield item, policy


def _standing(case: Case, records: Iterable[tuple[Verified, Policy]]) -> Standing:
    standing = Standing(policy=builtin_policy(), records=())
    signed: dict[str, dict[Actor, Verified]] = {}
    for item, policy in records:
        if policy.digest == standing.policy.digest:
            continue
        signers = signed.setdefault(policy.digest, {})
        if item.person is not None and not revoked_for_cause(item):
            signers.setdefault(actor_of(item), item)
        agreed = len(signers) >= PEOPLE_TO_RELAX and any(who not in case.authors for who in signers)
        if agreed or not any(_asks_less(case, policy, than=standing.policy)):
            standing = Standing(policy=policy, records=tuple(signers.values()) or (item,))
            signed.clear()
    return standing


def _asks_less(case: Case, policy: Policy, *, than: Policy) -> Iterator[str]:
    """In which ways, for the case's tier and for the one above, whose rules its waivers follow."""
    for tier in dict.fromkeys((case.tier, next_tier(case.tier))):
        yield from weakenings(lower=than.rules(tier), upper=policy.rules(tier))


def _brought_in(standing: Standing) -> str:
    if not standing.records:
        return f"{START} is in force"
    people = sorted({item.principal.id for item in standing.records})
    return f"recorded by {' and '.join(people)}, entry {standing.records[-1].index}"


def _result(
    case: Case,
    status: Status,
    reason: str,
    evidence: tuple[Verified, ...],
    *,
    command: str = "",
) -> RequirementResult:
    return RequirementResult(
        id=POLICY_IN_FORCE,
        status=status,
        title="The policy is in force: nobody relaxed it alone",
        reason=reason,
        subject=case.request.system,
        subject_name=case.index.name(case.request.system),
        evidence=tuple(item.digest for item in reversed(evidence)),
        command=command,
        because=evidence[-1].digest if evidence and status != "satisfied" else "",
    )
