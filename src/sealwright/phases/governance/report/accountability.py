"""Who did and decided what: answers of the gate, people, approvals, exceptions, open troubles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sealwright.clock import format_time, parse_time
from sealwright.errors import MalformedError
from sealwright.evidence.predicates.governance import (
    Approval,
    Decision,
    ImpactAssessment,
    Waiver,
)
from sealwright.evidence.predicates.operation import Incident, Release
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.report.describe import describe, result_of
from sealwright.phases.governance.report.records import (
    AnswerRow,
    ApprovalRow,
    DecisionRow,
    EvidenceRow,
    Fact,
    IncidentRow,
    MissingRow,
    Named,
    PersonRow,
    RequirementRow,
    RiskRow,
    Standing,
    WaiverRow,
)
from sealwright.phases.governance.report.selection import Said, latest, named, of_type
from sealwright.policy.verdict import RequirementResult, Verdict

_HOLDS = ("satisfied", "waived")


def evidence_rows(evidence: Sequence[Verified]) -> tuple[EvidenceRow, ...]:
    """Every statement: what, about what, by whom, when, with which result."""
    return tuple(
        EvidenceRow(
            index=item.index,
            digest=item.digest,
            predicate=item.statement.kind,
            what=describe(item.statement.predicate),
            subjects=tuple(named(subject) for subject in item.statement.subjects),
            signer=item.principal.id,
            roles=item.principal.roles,
            person=item.person.id if item.person else "",
            person_name=item.person.name if item.person else "",
            key_note=_key_note(item),
            at=format_time(item.at),
            result=result_of(item.statement.predicate),
        )
        for item in evidence
    )


def _key_note(item: Verified) -> str:
    revoked = item.principal.revoked
    if revoked is None:
        return ""
    cause = ", for cause: what it signed no longer counts" if revoked.for_cause else ""
    return f"key revoked {revoked.at} ({revoked.reason}){cause}"


def answer_row(verdict: Verdict) -> AnswerRow:
    """The gate's answer, with its decision digest."""
    return AnswerRow(
        question=verdict.question,
        artifact=Named(digest=verdict.artifact, name=verdict.artifact_name),
        admitted=verdict.admitted,
        tier=verdict.tier,
        policy=verdict.policy,
        decision=verdict.decision,
        requirements=tuple(_requirement(result) for result in verdict.results),
        evidence=verdict.evidence,
        residual_risks=verdict.residual_risks,
        notes=verdict.notes,
        ledger_size=verdict.ledger_size,
        at=format_time(verdict.at),
    )


def _requirement(result: RequirementResult) -> RequirementRow:
    return RequirementRow(
        id=result.id,
        status=result.status,
        title=result.title,
        reason=result.reason,
        subject=Named(digest=result.subject, name=result.subject_name),
        stale_code=result.stale_code,
        evidence=result.evidence,
        command=result.command,
    )


def missing_rows(verdicts: Sequence[Verdict]) -> tuple[MissingRow, ...]:
    """What stands between each denied artifact and its admission."""
    rows = [
        MissingRow(
            question=verdict.question,
            artifact=Named(digest=verdict.artifact, name=verdict.artifact_name),
            requirement=result.id,
            title=result.title,
            status=result.status,
            reason=result.reason,
            command=result.command,
        )
        for verdict in verdicts
        for result in verdict.denied_by
    ]
    return tuple(rows)


def people_rows(evidence: Sequence[Verified]) -> tuple[PersonRow, ...]:
    """Everybody who signed, in the order of their first signature. Services are not people."""
    by_person: dict[str, list[Verified]] = {}
    for item in evidence:
        if item.person is not None:
            by_person.setdefault(item.person.id, []).append(item)
    rows = []
    for identifier, items in by_person.items():
        person = items[-1].person
        assert person is not None  # only items with a person were collected
        rows.append(
            PersonRow(
                id=identifier,
                name=person.name,
                disciplines=person.disciplines,
                statements=len(items),
                kinds=tuple(dict.fromkeys(item.statement.kind for item in items)),
                last=format_time(max(item.at for item in items)),
            )
        )
    return tuple(rows)


def approval_rows(
    evidence: Sequence[Verified], verdicts: Sequence[Verdict]
) -> tuple[ApprovalRow, ...]:
    """Every answer a person gave, and whether it still stands for the present question.

    What is asked now is known by its decision digest; the words of the question are for people.
    """
    asked: dict[str, dict[str, Verdict]] = {}
    for verdict in verdicts:
        asked.setdefault(verdict.artifact, {})[verdict.decision] = verdict
    said = of_type(evidence, Approval)
    last = {_answered(each): each.item.digest for each in said}
    return tuple(_approval(each, asked, last[_answered(each)]) for each in said)


def _answered(each: Said[Approval]) -> tuple[str, str, str, str, str]:
    who = each.item.person.id if each.item.person else each.item.principal.id
    said = each.predicate
    return (who, said.question, each.subject.digest, said.decision, said.discipline)


def _approval(
    each: Said[Approval], asked: Mapping[str, Mapping[str, Verdict]], last: str
) -> ApprovalRow:
    said, person = each.predicate, each.item.person
    present = asked.get(each.subject.digest)
    verdict = present.get(said.decision) if present else None
    standing: Standing = "stands"
    if present is None:
        standing = "not asked now"
    elif verdict is None:
        standing = "fallen"
    elif last != each.item.digest:
        standing = "replaced"
    elif said.answer == "approve" and each.item.digest not in verdict.approvals:
        standing = "not counted"
    return ApprovalRow(
        index=each.item.index,
        digest=each.item.digest,
        question=verdict.question if verdict else said.question,
        artifact=each.subject,
        person=person.id if person else "",
        person_name=person.name if person else each.item.principal.id,
        discipline=said.discipline,
        discipline_held=person is not None and said.discipline in person.disciplines,
        answer=said.answer,
        reason=said.reason,
        conditions=said.conditions,
        dissent=said.dissent,
        seconds=said.seconds,
        shown=len(said.shown),
        decision=said.decision,
        standing=standing,
        at=format_time(each.item.at),
    )


def decision_rows(evidence: Sequence[Verified]) -> tuple[DecisionRow, ...]:
    """The gate's recorded answers and what was done after them, in the order of the ledger."""
    rows = []
    for item in evidence:
        said = item.statement.predicate
        if not isinstance(said, Decision | Release):
            continue
        requirements = said.requirements if isinstance(said, Decision) else {}
        rows.append(
            DecisionRow(
                index=item.index,
                digest=item.digest,
                kind="decision" if isinstance(said, Decision) else "release",
                question=said.question if isinstance(said, Decision) else "",
                outcome=said.outcome if isinstance(said, Decision) else said.action,
                artifact=named(item.statement.subjects[0]),
                tier=said.tier if isinstance(said, Decision) else "",
                not_held=tuple(
                    Fact(name=name, value=status)
                    for name, status in requirements.items()
                    if status not in _HOLDS
                ),
                requirements=len(requirements),
                ledger_size=said.ledger_size if isinstance(said, Decision) else 0,
                reason=said.reason if isinstance(said, Release) else "",
                signer=item.principal.id,
                at=format_time(item.at),
            )
        )
    return tuple(rows)


def waiver_rows(evidence: Sequence[Verified], now: datetime) -> tuple[WaiverRow, ...]:
    """Every exception. Whether it counts is the gate's to say; here, whether its time is over."""
    return tuple(
        WaiverRow(
            index=each.item.index,
            digest=each.item.digest,
            requirement=each.predicate.requirement,
            artifact=each.subject,
            reason=each.predicate.reason,
            compensating=each.predicate.compensating,
            asked_by=each.predicate.asked_by,
            granted_by=each.item.principal.id,
            expires=each.predicate.expires,
            state=_waiver_state(each.predicate.expires, now),
            at=format_time(each.item.at),
        )
        for each in of_type(evidence, Waiver)
    )


def _waiver_state(expires: str, now: datetime) -> Literal["open", "expired", "unclear"]:
    try:
        return "open" if now < parse_time(expires) else "expired"
    except MalformedError:
        return "unclear"


def incident_rows(evidence: Sequence[Verified]) -> tuple[IncidentRow, ...]:
    """Per incident id its latest state, open ones first."""
    rows = []
    for last, before in latest(of_type(evidence, Incident), lambda each: each.predicate.id):
        every = [*before, last]
        closed = last.predicate.status == "closed"
        rows.append(
            IncidentRow(
                id=last.predicate.id,
                title=last.predicate.title,
                severity=last.predicate.severity,
                status=last.predicate.status,
                artifact=last.subject,
                opened=format_time(every[0].item.at),
                closed=format_time(last.item.at) if closed else "",
                indexes=tuple(each.item.index for each in every),
            )
        )
    return tuple(sorted(rows, key=lambda row: row.status == "closed"))


def risk_rows(evidence: Sequence[Verified], verdicts: Sequence[Verdict]) -> tuple[RiskRow, ...]:
    """What remains: from the latest impact assessment, and what the gate lists beside it."""
    rows = [
        RiskRow(text=text, source="impact assessment", index=each.item.index)
        for each in of_type(evidence, ImpactAssessment)[-1:]
        for text in each.predicate.residual
    ]
    known = {row.text for row in rows}
    for verdict in verdicts:
        for text in verdict.residual_risks:
            if text not in known:
                known.add(text)
                rows.append(RiskRow(text=text, source=f"gate: {verdict.question}", index=-1))
    return tuple(rows)


def impact_facts(evidence: Sequence[Verified]) -> tuple[Fact, ...]:
    """The latest impact assessment, line by line."""
    facts: list[Fact] = []
    for each in of_type(evidence, ImpactAssessment)[-1:]:
        said = each.predicate
        lines = (
            ("affected", said.affected),
            ("harm", said.harms),
            ("mitigation", said.mitigations),
        )
        facts += [Fact(name=name, value=text) for name, texts in lines for text in texts]
        facts.append(Fact(name="oversight", value=said.oversight))
    return tuple(facts)
