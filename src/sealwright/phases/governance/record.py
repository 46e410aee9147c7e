"""What people say about a system: each function turns a declaration into an unsigned statement.

Nothing here signs or stores: the caller signs the statement with the key of the person who speaks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from sealwright.clock import format_time
from sealwright.errors import UsageError
from sealwright.evidence.digest import is_digest, sha256_hex
from sealwright.evidence.finding import Severity
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates import governance as said
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.operation import Incident, Release
from sealwright.evidence.statement import Statement, Subject
from sealwright.lifecycle.model import Impact
from sealwright.phases.governance.card import model_card
from sealwright.policy.verdict import Verdict

WAIVER_LIMIT: Final = timedelta(days=30)
"""The longest that a waiver may stand."""


def risk_classification(
    system: str,
    *,
    purpose: str,
    tier: said.Tier,
    answers: Mapping[str, str],
    reasons: Sequence[str],
    now: datetime,
) -> Statement[said.RiskClassification]:
    """Why `system` has its tier; UsageError when no reason is given."""
    if not [reason for reason in reasons if reason.strip()]:
        raise UsageError(
            "a risk classification needs at least one reason",
            advice="answer the risk questions in [system.answers]",
        )
    predicate = said.RiskClassification(
        system=_text(system, "the system's name"),
        purpose=_text(purpose, "the purpose"),
        tier=tier,
        answers=dict(answers),
        reasons=tuple(reasons),
        at=format_time(now),
    )
    return Statement(subjects=(system_subject(system),), predicate=predicate)


def impact_assessment(
    system: str, *, impact: Impact, now: datetime
) -> Statement[said.ImpactAssessment]:
    """Who may be hurt by `system`, how, and what is done, as `[governance.impact]` says."""
    for name, entries in (("affected", impact.affected), ("harms", impact.harms)):
        if not entries:
            raise UsageError(
                f"an impact assessment needs `{name}`",
                advice=f"fill {name} in [governance.impact], or say there why there are none",
            )
    predicate = said.ImpactAssessment(
        affected=tuple(impact.affected),
        harms=tuple(impact.harms),
        mitigations=tuple(impact.mitigations),
        residual=tuple(impact.residual),
        oversight=_text(impact.oversight, "oversight"),
        at=format_time(now),
    )
    return Statement(subjects=(system_subject(system),), predicate=predicate)


def policy_record(
    system: str, *, name: str, text: str, now: datetime
) -> Statement[said.PolicyRecord]:
    """The policy word by word; its digest is the sha256 of the UTF-8 text."""
    predicate = said.PolicyRecord(
        name=_text(name, "the policy's name"),
        text=_text(text, "the policy's text"),
        sha256=sha256_hex(text.encode()),
        at=format_time(now),
    )
    return Statement(subjects=(system_subject(system),), predicate=predicate)


def approval(
    subject: Subject,
    *,
    decision: str,
    question: str,
    answer: Literal["approve", "reject", "abstain"],
    discipline: str,
    reason: str,
    conditions: Sequence[str] = (),
    dissent: str = "",
    seconds: int = 0,
    shown: Sequence[str] = (),
    now: datetime,
) -> Statement[said.Approval]:
    """One person's answer to one question about exactly the evidence that `decision` names.

    `decision` is the decision digest of the verdict that was shown; `seconds` the time spent
    looking; `shown` the envelope digests that were shown. UsageError without a reason.
    """
    predicate = said.Approval(
        decision=_digest(decision, "the decision digest"),
        question=_text(question, "the question"),
        answer=answer,
        discipline=_text(discipline, "the discipline"),
        reason=_text(reason, "the reason"),
        conditions=tuple(conditions),
        dissent=dissent,
        seconds=max(0, seconds),
        shown=tuple(sorted({_digest(each, "the digest of shown evidence") for each in shown})),
        at=format_time(now),
    )
    return Statement(subjects=(subject,), predicate=predicate)


def waiver(
    subject: Subject,
    *,
    requirement: str,
    reason: str,
    compensating: str,
    asked_by: str,
    expires: datetime,
    renews: str = "",
    now: datetime,
) -> Statement[said.Waiver]:
    """A dated exception to one requirement, at most 30 days, resting on a compensating control.

    The policy decides whether it may be waived at all and who may grant it; this only refuses what
    no policy could accept.
    """
    if not now < expires <= now + WAIVER_LIMIT:
        raise UsageError(
            f"a waiver must expire within {WAIVER_LIMIT.days} days, not at {format_time(expires)}",
            advice="choose a date after now and no later than 30 days from now",
        )
    predicate = said.Waiver(
        requirement=_text(requirement, "the requirement"),
        reason=_text(reason, "the reason"),
        compensating=_digest(compensating, "the evidence of the compensating control"),
        asked_by=_text(asked_by, "who asked"),
        expires=format_time(expires),
        renews=_digest(renews, "the waiver that is renewed") if renews else "",
        at=format_time(now),
    )
    return Statement(subjects=(subject,), predicate=predicate)


def decision(verdict: Verdict) -> Statement[said.Decision]:
    """What the gate answered, and on what, at the verdict's own time."""
    predicate = said.Decision(
        question=verdict.question,
        outcome="admitted" if verdict.admitted else "denied",
        tier=verdict.tier,
        policy=verdict.policy,
        evidence=tuple(sorted(verdict.evidence)),
        requirements=dict(verdict.statuses),
        ledger_size=verdict.ledger_size,
        inputs=tuple(
            Resource(name=name, digest={"sha256": digest}, annotations={"kind": kind})
            for name, digest, kind in verdict.inputs
        ),
        at=format_time(verdict.at),
    )
    subject = Subject(verdict.artifact_name, {"sha256": verdict.artifact})
    return Statement(subjects=(subject,), predicate=predicate)


def release(
    subject: Subject,
    *,
    action: Literal["admit", "rollback", "revoke", "retire", "quarantine", "restore"],
    reason: str,
    now: datetime,
) -> Statement[Release]:
    """What is done with an artifact, and why."""
    predicate = Release(action=action, reason=_text(reason, "the reason"), at=format_time(now))
    return Statement(subjects=(subject,), predicate=predicate)


def incident(
    subject: Subject,
    *,
    incident_id: str,
    status: Literal["open", "closed"],
    severity: Severity,
    title: str,
    now: datetime,
) -> Statement[Incident]:
    """Something went wrong (open), or a later look says that it is over (closed, same id)."""
    predicate = Incident(
        id=_text(incident_id, "the incident's id"),
        status=status,
        severity=severity,
        title=_text(title, "the title"),
        at=format_time(now),
    )
    return Statement(subjects=(subject,), predicate=predicate)


def training_completion(
    system: str, *, person: str, course: str, score: int, expires: datetime, now: datetime
) -> Statement[said.TrainingCompletion]:
    """A person finished a course with `score` percent; it counts until `expires`."""
    if not 0 <= score <= 100:
        raise UsageError(f"a score of {score} %", advice="between 0 and 100")
    if expires <= now:
        raise UsageError("it would have expired already", advice="name a later day")
    predicate = said.TrainingCompletion(
        person=_text(person, "the person"),
        course=_text(course, "the course"),
        score=score,
        expires=format_time(expires),
        at=format_time(now),
    )
    return Statement(subjects=(system_subject(system),), predicate=predicate)


def system_subject(system: str) -> Subject:
    """The subject that statements about the system itself carry."""
    return Subject(system, {"sha256": system_digest(system)})


def _text(value: str, what: str) -> str:
    if not value.strip():
        raise UsageError(f"{what} is empty", advice="say it in words; the report shows them")
    return value


def _digest(value: str, what: str) -> str:
    if not is_digest(value):
        raise UsageError(
            f"{what} is not a sha256: {value[:20]!r}",
            advice="give 64 lower-case hexadecimal digits, as `sealwright gate` prints them",
        )
    return value


__all__ = [
    "WAIVER_LIMIT",
    "approval",
    "decision",
    "impact_assessment",
    "incident",
    "model_card",
    "policy_record",
    "release",
    "risk_classification",
    "system_subject",
    "training_completion",
    "waiver",
]
