"""The auditor's view: the ledger's integrity, and every decision of the gate computed once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from sealwright.errors import ConfigError, InputMissing
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.governance import Decision, PolicyRecord, Principal, TrustRoot
from sealwright.evidence.verify import Verified
from sealwright.ledger.audit import audit
from sealwright.ledger.examine import Finding, Report
from sealwright.ledger.offline import verify_folder
from sealwright.phases.governance.record import decision
from sealwright.policy.case import GateRequest, Input
from sealwright.policy.gate import gate
from sealwright.policy.load import parse_policy
from sealwright.project.core import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found. `decisions` is how many were computed again."""

    report: Report
    findings: tuple[Finding, ...]
    decisions: int

    @property
    def ok(self) -> bool:
        """Everything agreed."""
        return self.report.ok and not self.findings


def verify_project(project: Project, *, trust: Path | None = None) -> Audit:
    """Audits the installation's own ledger, under its trust root or the one in `trust`."""
    data = _read(trust or project.layout.trust)
    return _with_decisions(audit(project.ledger, trust=data))


def verify_export(folder: Path, *, trust: Path) -> Audit:
    """Audits an exported folder with nothing but a trust file."""
    return _with_decisions(verify_folder(folder, trust=_read(trust)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputMissing(
            f"{path}: {error.strerror}", advice="the trust file is the installation's trust.json"
        ) from error


def _with_decisions(report: Report) -> Audit:
    if not report.ok:
        return Audit(report=report, findings=report.findings, decisions=0)
    findings, count = [], 0
    for item in report.entries:
        if isinstance(item.predicate, Decision):
            count += 1
            if problem := _recompute(item, item.predicate, report.entries):
                findings.append(Finding("decision", problem, item.index))
    return Audit(report=report, findings=tuple(findings), decisions=count)


def _recompute(item: Verified, said: Decision, entries: Sequence[Verified]) -> str:
    """Why the decision does not follow from the entries before it; empty if it does.

    Nobody writes between the question and the decision, so it is judged on all of them, whatever
    number it names: else an old admission could be said again after the facts have changed.
    """
    place = f"entry {item.index}"
    if not 0 < said.ledger_size <= item.index:
        return f"{place}: decides on {said.ledger_size} entries, which cannot be"
    known = _as_known_then(entries[: item.index])
    text = _policy_text(known, said.policy)
    if text is None:
        return f"{place}: the policy {said.policy[:12]} it names is not on record"
    try:
        policy = parse_policy(text, file=f"policy of {place}")
    except ConfigError as error:
        return f"{place}: the policy on record cannot be read: {error.message}"
    subject = item.statement.subjects[0]
    verdict = gate(
        policy,
        GateRequest(
            artifact=subject.sha256,
            name=subject.name,
            question=said.question,
            system=_system(entries),
            inputs=tuple(
                Input(
                    digest=resource.digest.get("sha256", ""),
                    name=resource.name,
                    kind="model" if resource.annotations.get("kind") == "model" else "dataset",
                )
                for resource in said.inputs
            ),
        ),
        known,
        item.at,
    )
    computed = decision(verdict).predicate
    if said.ledger_size != computed.ledger_size:
        return (
            f"{place}: decides on {said.ledger_size} entries, although there were"
            f" {computed.ledger_size}: the facts may have changed"
        )
    return _difference(place, said, computed)


def _difference(place: str, said: Decision, computed: Decision) -> str:
    if said.outcome != computed.outcome:
        return f"{place}: says {said.outcome}, but the evidence says {computed.outcome}"
    if said.requirements != computed.requirements:
        names = sorted(said.requirements.keys() | computed.requirements.keys())
        wrong = [n for n in names if said.requirements.get(n) != computed.requirements.get(n)]
        return f"{place}: {', '.join(wrong[:5])} stands otherwise"
    if said.tier != computed.tier:
        return f"{place}: says tier {said.tier}, but the evidence says {computed.tier}"
    if (said.evidence, said.inputs) != (computed.evidence, computed.inputs):
        return f"{place}: rests on other evidence than it says"
    return ""


def _as_known_then(entries: Sequence[Verified]) -> tuple[Verified, ...]:
    """The entries with their signers as the trust root of *then* knew them: a key that was revoked
    later does not make a decision wrong that was right when it was taken. As at the gate, a role
    counts that the signer held when signing and still held then."""
    principals: dict[str, Principal] = {}
    held: list[tuple[str, ...]] = []
    for item in entries:
        named = item.predicate.principals if isinstance(item.predicate, TrustRoot) else ()
        if not principals:  # the first trust root is signed by one whom it names itself
            principals.update((principal.id, principal) for principal in named)
        held.append(principals[item.principal.id].roles)
        principals.update((principal.id, principal) for principal in named)
    return tuple(
        replace(item, principal=_with_roles(principals[item.principal.id], roles))
        for item, roles in zip(entries, held, strict=True)
    )


def _with_roles(principal: Principal, roles: tuple[str, ...]) -> Principal:
    kept = tuple(role for role in roles if role in principal.roles)
    return msgspec.structs.replace(principal, roles=kept)


def _policy_text(entries: Sequence[Verified], digest: str) -> str | None:
    """The policy with this digest; its text is what counts, not the digest beside it."""
    for item in entries:
        said = item.predicate
        if isinstance(said, PolicyRecord) and sha256_hex(said.text.encode()) == digest:
            return said.text
    return None


def _system(entries: Sequence[Verified]) -> str:
    """The system that the trust root is about."""
    root = next(item for item in entries if isinstance(item.predicate, TrustRoot))
    return root.statement.subjects[0].sha256
