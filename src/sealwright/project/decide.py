"""Asking the gate, answering its question, and granting exceptions: each put on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sealwright.errors import Refused, UsageError
from sealwright.evidence.predicates.governance import (
    Decision,
    PolicyRecord,
    Question,
    Tier,
    Waiver,
)
from sealwright.evidence.verify import Verified
from sealwright.phases.governance import record
from sealwright.policy.approvals import approval_problem
from sealwright.policy.case import GateRequest, open_case
from sealwright.policy.load import builtin_policy
from sealwright.policy.verdict import Verdict
from sealwright.policy.waivers import waiver_problem
from sealwright.project.core import Project
from sealwright.project.named import Named

Answer = Literal["approve", "reject", "abstain"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The verdict, and the ledger's entry of it (None where nobody here could sign one)."""

    verdict: Verdict
    recorded: Verified | None


def ask(
    project: Project,
    artifact: Named,
    question: Question,
    *,
    signer: str | None,
    inputs: Sequence[Named] = (),
) -> Asked:
    """Asks the gate and puts its decision on record, signed by `signer` (None: not recorded).

    Nobody could compute a decision again whose policy is not on record. The built-in policy that a
    project starts with is put there first; any other one must have been recorded by somebody who
    meant to, and until then the verdict is a denial that is not recorded. The same answer to the
    same question on the same evidence is not recorded twice.
    """
    if signer is None:
        return Asked(project.gate(artifact, question, inputs=inputs), None)
    with project.turn():
        on_record = _put_policy_on_record(project, signer=signer)
        verdict = project.gate(artifact, question, inputs=inputs)
        if not on_record:
            return Asked(verdict, None)
        before = _last_decision(project, artifact.digest, question)
        if before is not None and _same(before, verdict):
            return Asked(verdict, before)
        return Asked(verdict, project.record(record.decision(verdict), signer=signer))


def _put_policy_on_record(project: Project, *, signer: str) -> bool:
    """Whether the policy is on record, by now: starting with the built-in one relaxes nothing."""
    recorded = {
        item.predicate.sha256
        for item in project.evidence()
        if isinstance(item.predicate, PolicyRecord)
    }
    if not recorded and project.policy.digest == builtin_policy().digest:
        sign_policy(project, signer=project.signer_at_hand("governance") or signer)
        return True
    return project.policy.digest in recorded


def sign_policy(project: Project, *, signer: str) -> Verified:
    """Records the policy of this project, word by word, as `signer`.

    A policy that asks less than the one before it comes in force when a second person, who is no
    author of what it is asked about, does this, too.
    """
    policy, name = project.policy, project.lifecycle.system.name
    statement = record.policy_record(name, name=policy.name, text=policy.text, now=project.clock())
    return project.record(statement, signer=signer)


def question_text(verdict: Verdict) -> str:
    """The question as an approver reads it."""
    verb = {
        "import": "be taken in",
        "train": "be trained on",
        "release": "be released",
        "serve": "be served",
    }
    return (
        f"May {verdict.artifact_name} ({verdict.artifact[:16]}) {verb[verdict.question]}, "
        f"as a system of tier {verdict.tier}?"
    )


def approve(
    project: Project,
    artifact: Named,
    question: Question,
    *,
    inputs: Sequence[Named] = (),
    signer: str,
    discipline: str,
    answer: Answer,
    reason: str,
    conditions: Sequence[str] = (),
    dissent: str = "",
    seconds: int = 0,
    seen: str = "",
    displayed: bool = False,
) -> Verified:
    """Signs one person's answer to the gate's question about exactly the evidence there is now.

    `seen` is the decision digest of the verdict that was asked about: Refused if it is another one
    by now. Only where it was `displayed` to the person does the answer claim that they saw the
    evidence. Whether the answer counts is for the gate to say: an author's, or one outside the
    person's disciplines, is recorded and does not count.
    """
    with project.turn():
        verdict = project.gate(artifact, question, inputs=inputs)
        if seen not in ("", verdict.decision):
            raise Refused(
                "the evidence has changed since it was shown; nothing was signed",
                advice="look again, then answer: nobody approves what they did not see",
            )
        statement = record.approval(
            artifact.subject,
            decision=verdict.decision,
            question=question_text(verdict),
            answer=answer,
            discipline=discipline,
            reason=reason,
            conditions=conditions,
            dissent=dissent,
            seconds=seconds,
            shown=verdict.evidence if displayed else (),
            now=project.clock(),
        )
        return project.record(statement, signer=signer)


def tier_of_system(project: Project) -> Tier:
    """The system's tier, as the gate reads it from the ledger now."""
    request = GateRequest(artifact=project.system, question="train", system=project.system)
    return open_case(project.policy, request, project.evidence(), now=project.now()).tier


def counts(
    project: Project,
    artifact: Named,
    question: Question,
    approval: Verified,
    *,
    inputs: Sequence[Named] = (),
) -> str:
    """Why the gate does not count this approval, in one line; empty if it does."""
    request = project.request(artifact, question, inputs=inputs)
    evidence = project.evidence()
    case = open_case(project.policy, request, evidence, now=project.now())
    quorum = case.rules.quorums.get(question)
    if quorum is None:
        return f"tier {case.tier} asks nobody's approval for {question}"
    shown = set(project.gate(artifact, question, inputs=inputs).evidence)
    rests_on = [item for item in evidence if item.digest in shown]
    return approval_problem(case, quorum, approval, rests_on=rests_on)


def discipline_of(project: Project, signer: str) -> str:
    """The one discipline of the person behind `signer`; UsageError when there is a choice."""
    principal = project.trust.principal_named(signer)
    person = project.trust.person(principal.person) if principal and principal.person else None
    disciplines = person.disciplines if person else ()
    if len(disciplines) != 1:
        raise UsageError(
            f"in which discipline does {signer} answer? "
            + (f"It could be {', '.join(disciplines)}." if disciplines else "None is on record."),
            advice="say it with --discipline",
        )
    return disciplines[0]


def waive(
    project: Project,
    artifact: Named,
    *,
    requirement: str,
    reason: str,
    compensating: str,
    asked_by: str,
    days: int,
    signer: str,
    renews: str = "",
) -> Verified:
    """Grants a dated exception. `compensating` is the digest of evidence that makes up for it."""
    known = {item.digest for item in project.evidence()}
    if compensating not in known:
        raise UsageError(
            f"no evidence {compensating[:16]} in the ledger",
            advice="name the entry that proves the compensating control: `sealwright ledger show`",
        )
    now = project.clock()
    statement = record.waiver(
        artifact.subject,
        requirement=requirement,
        reason=reason,
        compensating=compensating,
        asked_by=asked_by,
        expires=now + timedelta(days=days),
        renews=renews,
        now=now,
    )
    return project.record(statement, signer=signer)


def waiver_refusal(
    project: Project,
    artifact: Named,
    question: Question,
    waiver: Verified,
    *,
    inputs: Sequence[Named] = (),
) -> str:
    """Why the gate does not accept this waiver, in one line; empty if nothing speaks against it."""
    request = project.request(artifact, question, inputs=inputs)
    case = open_case(project.policy, request, project.evidence(), now=project.now())
    said = waiver.predicate
    assert isinstance(said, Waiver)
    asked = next((r for r in case.rules.requirements if r.id == said.requirement), None)
    if asked is None or not asked.waivable:
        return f"{said.requirement} can never be waived"
    return waiver_problem(case, waiver)


def _last_decision(project: Project, artifact: str, question: Question) -> Verified | None:
    for item in reversed(project.evidence()):
        predicate = item.predicate
        if (
            isinstance(predicate, Decision)
            and predicate.question == question
            and item.statement.subjects[0].sha256 == artifact
        ):
            return item
    return None


def _same(before: Verified, verdict: Verdict) -> bool:
    said = before.predicate
    assert isinstance(said, Decision)
    now = record.decision(verdict).predicate
    return (said.outcome, said.policy, said.evidence, said.requirements, said.tier) == (
        now.outcome,
        now.policy,
        now.evidence,
        now.requirements,
        now.tier,
    )
