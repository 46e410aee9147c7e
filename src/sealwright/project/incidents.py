"""Incidents: what is open, a new one, whom it was reported to, and the word that it is over."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from sealwright.clock import format_time
from sealwright.errors import Refused, UsageError
from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates.operation import Incident
from sealwright.evidence.statement import Statement
from sealwright.evidence.verify import Verified
from sealwright.policy.case import Case, GateRequest, open_case
from sealwright.policy.standing import closer_problem, unclosed
from sealwright.project.core import Project
from sealwright.project.named import Named

Serious = Literal["no", "unclear", "serious", "death", "widespread"]


def open_incidents(project: Project) -> tuple[tuple[Verified, Incident], ...]:
    """The incidents that nobody else has closed yet, oldest first, each as it was said last."""
    return tuple(
        (item, item.predicate)
        for item in unclosed(project.evidence(), _case(project))
        if isinstance(item.predicate, Incident)
    )


def open_incident(
    project: Project,
    artifact: Named,
    *,
    title: str,
    detail: str,
    severity: Severity,
    serious: Serious,
    aware: datetime | None,
    signer: str,
) -> Verified:
    """Opens an incident about an artifact: evidence about it does not count until it is closed.

    `aware`: when somebody became aware of it (default: now); it may not lie ahead.
    """
    now = project.clock()
    if not title.strip():
        raise UsageError("the title is empty", advice="say in a few words what went wrong")
    if aware is not None and aware > now:
        raise UsageError("nobody became aware of it later than now", advice="check --aware")
    incident = Incident(
        id=f"incident-{secrets.token_hex(4)}",
        status="open",
        severity=severity,
        title=title,
        detail=detail,
        serious=serious,
        aware_at=format_time(aware) if aware is not None else "",
        at=format_time(now),
    )
    return project.record(Statement((artifact.subject,), incident), signer=signer)


def report_incident(project: Project, reference: str, *, to: str, signer: str) -> Verified:
    """Records whom an open incident was reported to; it stays open."""
    if not to.strip():
        raise UsageError("it is empty whom it was reported to", advice="name the authority, how")
    item, said = _one_open(project, reference)
    now = format_time(project.clock())
    told = msgspec.structs.replace(said, notified=(*said.notified, f"{to} ({now})"), at=now)
    return project.record(Statement(item.statement.subjects, told), signer=signer)


def close_incident(project: Project, reference: str, *, reason: str, signer: str) -> Verified:
    """Records that an incident is over, and why; evidence on the same artifacts counts again.

    `reference` is its id or the beginning of one. UsageError unless it means one open incident;
    Refused for a grave one where the signer may not put back what it stopped.
    """
    if not reason.strip():
        raise UsageError("the reason is empty", advice="say what was found and done about it")
    item, said = _one_open(project, reference)
    principal = project.trust.principal_named(signer)
    person = principal.person or principal.id if principal is not None else signer
    if person in _speakers(project, said.id):
        raise UsageError(
            f"{signer} spoke of {said.id} as open, and does not declare it over",
            advice="somebody else closes it: --as PRINCIPAL",
        )
    if principal is not None:
        opened = _said_open(project, said.id)
        if problem := closer_problem(_case(project), opened, principal):
            raise Refused(
                f"{said.id} stays open: {problem}", advice="somebody else closes it: --as PRINCIPAL"
            )
    closed = msgspec.structs.replace(
        said, status="closed", detail=reason, at=format_time(project.clock())
    )
    return project.record(Statement(item.statement.subjects, closed), signer=signer)


def register(project: Project) -> Sequence[tuple[Verified, Incident]]:
    """Every incident there ever was, each by its last statement, oldest first."""
    last: dict[str, tuple[Verified, Incident]] = {}
    for item in project.evidence():
        if isinstance(item.predicate, Incident):
            last[item.predicate.id] = (item, item.predicate)
    return tuple(last.values())


def _one_open(project: Project, reference: str) -> tuple[Verified, Incident]:
    known = open_incidents(project)
    found = [pair for pair in known if pair[1].id.startswith(reference)]
    if len(found) != 1:
        raise UsageError(
            f"{len(found) or 'no'} open incidents have an id that begins with {reference!r:.80}",
            advice=f"open are: {', '.join(said.id for _, said in known) or 'none'}",
        )
    return found[0]


def _case(project: Project) -> Case:
    request = GateRequest(artifact=project.system, question="serve", system=project.system)
    return open_case(project.policy, request, project.evidence(), now=project.now())


def _said_open(project: Project, incident: str) -> list[Verified]:
    return [
        item
        for item in project.evidence()
        if isinstance(item.predicate, Incident)
        and item.predicate.id == incident
        and item.predicate.status == "open"
    ]


def _speakers(project: Project, incident: str) -> set[str]:
    """Who said that this incident is open: people, or services by their id."""
    return {item.principal.person or item.principal.id for item in _said_open(project, incident)}
