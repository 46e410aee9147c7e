"""Waivers: dated exceptions that somebody else grants, that end, and never cover a signature.

A waiver counts if its requirement may be waived, its subject is the artifact at the gate or the one
that the requirement is about, it lasts at most 30 days (or fewer, by policy), an engineer or owner
asked for it, and who granted it has the role for it one tier up, is another person and no author.
Its compensating control is a result in the ledger before it that passed, about the artifact, what
it was made from or tried on, or the system, and that nothing has failed since. The first of a kind
may be renewed once, by one that names it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sealwright.errors import MalformedError
from sealwright.evidence.predicates.governance import Waiver
from sealwright.evidence.verify import Verified
from sealwright.policy.case import MAX_SKEW, Case
from sealwright.policy.duties import Actor, actor_of, only_administrates, revoked_for_cause
from sealwright.policy.evidence_index import EvidenceIndex
from sealwright.policy.model import (
    MAX_WAIVER_DAYS,
    NEVER_WAIVABLE,
    Requirement,
    WaiverRules,
    next_tier,
)
from sealwright.policy.readings import kind_of, read_time, result_of

MAX_GRANTS = 2
"""The waiver itself and one renewal."""
PASSES: Final = ("passed", "warned")
ASKERS: Final = frozenset({"engineer", "owner"})
"""Who may ask for a waiver: those whose work it lets pass."""


def standing_waiver(case: Case, requirement: Requirement, target: str) -> Verified | None:
    """The waiver that stands for this requirement and artifact now; None if there is none."""
    if not requirement.waivable or requirement.predicate in NEVER_WAIVABLE:
        return None
    granted: list[Verified] = []
    for item in case.index.kind("waiver"):
        said = item.statement.predicate
        if not isinstance(said, Waiver) or said.requirement != requirement.id:
            continue
        if not {target, case.request.artifact} & set(case.index.subjects[item.digest]):
            continue
        if not waiver_problem(case, item):
            granted.append(item)
    for place, item in enumerate(granted[:MAX_GRANTS]):
        said = item.statement.predicate
        if not isinstance(said, Waiver):
            continue
        renewed = granted[place - 1].digest if place else ""
        if said.renews == renewed and case.now < read_time(said.expires):
            return item
    return None


def waiver_problem(case: Case, item: Verified) -> str:
    """Why a waiver does not count, in one line, its place in the series aside; empty if it does."""
    said = item.statement.predicate
    if not isinstance(said, Waiver):
        return "not a waiver"
    rules = case.policy.rules(next_tier(case.tier)).waivers
    try:
        length = read_time(said.expires) - item.at
    except MalformedError:
        return "its end is not a time"
    longest = min(rules.max_days, MAX_WAIVER_DAYS)
    if not timedelta(0) < length <= timedelta(days=longest):
        return f"it does not last between 0 and {longest} days"
    if item.at > case.now + MAX_SKEW:
        return "it is dated in the future"
    return _granter_problem(case, item, said, rules) or _compensation_problem(case, item, said)


def _granter_problem(case: Case, item: Verified, said: Waiver, rules: WaiverRules) -> str:
    actor, roles = actor_of(item), item.principal.roles
    if item.person is None:
        return "a service granted it"
    if revoked_for_cause(item):
        return f"the key of {item.principal.id} was revoked"
    if only_administrates(roles) or not set(roles) & set(rules.roles):
        return f"{item.principal.id} may not grant waivers (needs {' or '.join(rules.roles)})"
    if rules.disciplines and not set(item.person.disciplines) & set(rules.disciplines):
        return f"{item.principal.id} is not of {' or '.join(rules.disciplines)}"
    if actor in case.authors:
        return f"{item.principal.id} {case.authors[actor]}"
    return _asker_problem(case, actor, item.principal.id, said)


def _asker_problem(case: Case, granter: Actor, name: str, said: Waiver) -> str:
    asker = next((p for p in case.directory.principals if p.id == said.asked_by), None)
    if asker is None:
        return f"nobody knows {said.asked_by!r:.40}, who is said to have asked for it"
    if granter in case.directory.actors(said.asked_by):
        return f"{name} asked for it"
    if not ASKERS & set(asker.roles):
        return f"{asker.id} asked for it without the role {' or '.join(sorted(ASKERS))}"
    return ""


def _compensation_problem(case: Case, item: Verified, said: Waiver) -> str:
    control = case.index.by_digest.get(said.compensating)
    if control is None or control.index >= item.index:
        return "its compensating control is not evidenced in the ledger"
    kind, result = control.statement.kind, result_of(control.statement.predicate)
    if kind == "decision" or result is None:
        return f"a {kind} is not a compensating control: it shows nothing that passed"
    if result not in PASSES:
        return "its compensating control did not pass"
    about = set(case.index.subjects[control.digest])
    if not about & _concerned(case, item):
        return "its compensating control is about something else"
    if revoked_for_cause(control) or case.is_future(control):
        return "the evidence of its compensating control does not count"
    if any(_undoes(later, control, case.index, about=about) for later in case.index.kind(kind)):
        return "its compensating control has failed since"
    return ""


def _concerned(case: Case, item: Verified) -> set[str]:
    """The waiver's subjects, the artifact at the gate with all that it is or will be made from or
    was tried on, and the system."""
    request = case.request
    found = {*case.index.subjects[item.digest], request.artifact, request.system}
    found.update(given.digest for given in request.inputs)
    found.update(case.graph.sources(request.artifact, "tested-on", kind="dataset"))
    for digest in tuple(found):
        found.update(case.graph.ancestors(digest))
    return found


def _undoes(later: Verified, control: Verified, index: EvidenceIndex, *, about: set[str]) -> bool:
    """Whether a later result of the same kind about the same artifact did not pass."""
    said = later.statement.predicate
    return (
        later.index > control.index
        and kind_of(said) == kind_of(control.statement.predicate)
        and result_of(said) not in PASSES
        and bool(about & set(index.subjects[later.digest]))
    )
