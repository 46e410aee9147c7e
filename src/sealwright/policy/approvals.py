"""Approvals: a quorum of different people, each of a needed discipline, over exactly this evidence.

An approval names a decision digest, so it falls when the evidence changes: nobody approves what he
did not see. People are counted, not keys. A person's latest answer counts, but a rejection sticks
until the decision digest changes, whatever is said afterwards. Who was an author, an evaluator of
record or an uncountersigned maker of the policy does not count (`duties`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sealwright.errors import MalformedError
from sealwright.evidence.predicates.governance import Approval, Question, TrainingCompletion
from sealwright.evidence.trust import valid_at
from sealwright.evidence.verify import Verified
from sealwright.policy.case import MAX_SKEW, Case
from sealwright.policy.commands import approve_command
from sealwright.policy.duties import actor_of, only_administrates, revoked_for_cause
from sealwright.policy.model import Quorum
from sealwright.policy.readings import read_time
from sealwright.policy.verdict import RequirementResult, Status

APPROVAL_PREFIX = "approval-"
"""How the ids of approval results begin; no requirement's id may."""

OWNER = "owner"
"""A role that may stand in for a discipline: where no discipline is needed, the owner approves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """The answers to one decision."""

    approved: dict[str, Verified]
    """Person → approval that counts."""
    refused: dict[str, tuple[Verified, str]]
    """Person → approval that does not count, and why."""
    rejected: tuple[Verified, ...]
    fallen: tuple[Verified, ...]
    """Approvals of the artifact that name another decision digest."""


def judge_approvals(
    case: Case,
    quorum: Quorum,
    *,
    question: Question,
    decision: str,
    rests_on: Sequence[Verified],
) -> tuple[RequirementResult, ...]:
    """One result per discipline that is needed, and one for the number of people.

    `rests_on` is the evidence that `decision` is the digest of.
    """
    if not quorum.distinct_people:
        return ()
    ballot = count(case, quorum, decision=decision, rests_on=rests_on)
    results = [
        _result(case, quorum, ballot, question=question, discipline=discipline, needed=needed)
        for discipline, needed in quorum.need.items()
    ]
    people = _result(
        case, quorum, ballot, question=question, discipline="", needed=quorum.distinct_people
    )
    return (*results, people)


def count(case: Case, quorum: Quorum, *, decision: str, rests_on: Sequence[Verified]) -> Ballot:
    """Reads the answers in ledger order and sorts them by what they are worth."""
    answers: dict[str, Verified] = {}
    rejected: list[Verified] = []
    fallen: list[Verified] = []
    for item in case.index.about(case.request.artifact, "approval"):
        said = item.statement.predicate
        if not isinstance(said, Approval):
            continue
        if said.decision != decision:
            fallen.append(item)
            continue
        if said.answer == "reject":
            rejected.append(item)
        answers[actor_of(item)] = item
    approved: dict[str, Verified] = {}
    refused: dict[str, tuple[Verified, str]] = {}
    for actor, item in answers.items():
        said = item.statement.predicate
        if isinstance(said, Approval) and said.answer == "approve":
            problem = approval_problem(case, quorum, item, rests_on=rests_on)
            if problem:
                refused[actor] = (item, problem)
            else:
                approved[actor] = item
    return Ballot(
        approved=approved, refused=refused, rejected=tuple(rejected), fallen=tuple(fallen)
    )


def approval_problem(
    case: Case, quorum: Quorum, item: Verified, *, rests_on: Sequence[Verified]
) -> str:
    """Why an approval does not count, in one line; empty if it does."""
    return (
        _person_problem(case, quorum, item)
        or _duty_problem(case, item)
        or _time_problem(case, quorum, item, rests_on=rests_on)
    )


def _person_problem(case: Case, quorum: Quorum, item: Verified) -> str:
    """Whether this is a person who may approve, of this discipline, trained for it."""
    said, signer = item.statement.predicate, item.principal
    if not isinstance(said, Approval) or item.person is None:
        return f"{signer.id} is a service; people approve"
    if only_administrates(signer.roles):
        return f"{signer.id} only administrates, and administrators approve nothing"
    if not set(signer.roles) & set(quorum.roles):
        return f"{signer.id} may not approve (needs the role {' or '.join(quorum.roles)})"
    if not _of_discipline(case, item, said.discipline):
        return f"{signer.id} is not of {said.discipline}"
    for course in quorum.training:
        if not _trained(case, item, course):
            return f"{signer.id} has no valid training {course}"
    return ""


def _duty_problem(case: Case, item: Verified) -> str:
    """Whether approving would be judging one's own work."""
    signer, actor = item.principal, actor_of(item)
    for deeds in (case.authors, case.evaluators):
        if actor in deeds:
            return f"{signer.id} {deeds[actor]}: nobody approves their own work"
    if actor in case.policy_makers:
        return f"{signer.id} recorded this policy, and nobody else has countersigned it"
    return ""


def _time_problem(
    case: Case, quorum: Quorum, item: Verified, *, rests_on: Sequence[Verified]
) -> str:
    """Whether the key was valid, and the answer came after the evidence and not too long ago."""
    signer = item.principal
    if revoked_for_cause(item) or not valid_at(signer, item.at):
        return f"the key of {signer.id} was not valid"
    if item.at > case.now + MAX_SKEW:
        return f"the approval of {signer.id} is dated in the future"
    if rests_on and item.index < max(each.index for each in rests_on):
        return f"{signer.id} approved before all of the evidence was there"
    if rests_on and item.at < max(each.at for each in rests_on) - MAX_SKEW:
        return f"the approval of {signer.id} is dated before the evidence that it names"
    if quorum.max_age_days is not None and case.now - item.at > timedelta(days=quorum.max_age_days):
        return f"the approval of {signer.id} is older than {quorum.max_age_days} days"
    return ""


def _of_discipline(case: Case, item: Verified, discipline: str) -> bool:
    """Whether the person was of the discipline when signing, and is by the newest trust root."""
    if item.person is None:
        return False
    if discipline == OWNER:
        return OWNER in item.principal.roles
    now = case.directory.disciplines.get(item.person.id, item.person.disciplines)
    return discipline in item.person.disciplines and discipline in now


def _trained(case: Case, item: Verified, course: str) -> bool:
    """Whether somebody else recorded that the person finished the course, still valid."""
    for record in case.index.about(case.request.system, "training-completion"):
        said = record.statement.predicate
        if not isinstance(said, TrainingCompletion) or said.course != course:
            continue
        if item.person is None or said.person != item.person.id:
            continue
        if actor_of(record) == actor_of(item) or case.is_future(record):
            continue
        if revoked_for_cause(record):
            continue
        try:
            if case.now < read_time(said.expires):
                return True
        except MalformedError:
            continue
    return False


def _result(
    case: Case,
    quorum: Quorum,
    ballot: Ballot,
    *,
    question: Question,
    discipline: str,
    needed: int,
) -> RequirementResult:
    def fits(item: Verified) -> bool:
        said = item.statement.predicate
        return not discipline or (isinstance(said, Approval) and said.discipline == discipline)

    given = [item for item in ballot.approved.values() if fits(item)]
    refused = [(item, why) for item, why in ballot.refused.values() if fits(item)]
    fallen = [item for item in ballot.fallen if fits(item)]
    names = ", ".join(sorted(item.principal.id for item in given))
    what = f"{needed} of {discipline}" if discipline else f"{needed} different people"
    status: Status = "satisfied"
    reason, looked_at, code, command = f"approved by {names}", given, None, ""
    if ballot.rejected:
        item = ballot.rejected[-1]
        why = getattr(item.statement.predicate, "reason", "")
        status, looked_at = "failed", list(ballot.rejected)
        reason = f"rejected by {item.principal.id}: {why}"
    elif len(given) < needed:
        have = f"{len(given)} of {needed} have approved" + (f" ({names})" if names else "")
        if refused:
            status, reason = "wrong-signer", f"{have}; {refused[-1][1]}"
            looked_at = [item for item, _ in refused]
        elif fallen:
            status, code, looked_at = "stale", 2, fallen
            reason = f"{have}; the evidence has changed since {fallen[-1].principal.id} approved"
        else:
            status, reason = "missing", have
        command = approve_command(
            case,
            quorum,
            question=question,
            discipline=discipline,
            asked=frozenset(ballot.approved),
        )
    return RequirementResult(
        id=APPROVAL_PREFIX + (discipline or "people"),
        status=status,
        title=f"Approved for {question} by {what}",
        reason=reason,
        subject=case.request.artifact,
        subject_name=case.name,
        stale_code=code,
        evidence=tuple(item.digest for item in reversed(looked_at)),
        command=command,
        because="" if status in ("satisfied", "missing") else looked_at[-1].digest,
    )
