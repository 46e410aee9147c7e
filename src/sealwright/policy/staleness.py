"""Why evidence that once sufficed does not any more: ten reasons, computed and never stored.

Each reason is one function of the case, the requirement and the statement. `REASONS` lists them in
the order of their codes; the first that holds is the one that is told.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sealwright.errors import MalformedError
from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.predicates.model import Scan, Vulns
from sealwright.evidence.predicates.operation import DrillResult, Incident, MonitorWindow, Release
from sealwright.evidence.predicates.validation import Evaluation
from sealwright.evidence.statement import predicate_time
from sealwright.evidence.verify import Verified
from sealwright.policy.case import Case, policy_named
from sealwright.policy.conditions import content_problem
from sealwright.policy.duties import revoked_for_cause
from sealwright.policy.model import Requirement, rank
from sealwright.policy.monotone import weakenings
from sealwright.policy.readings import kind_of, read_time, tools_of, valid_until
from sealwright.policy.standing import (
    WITHDRAWN,
    digest_before,
    drill_verdict,
    drills_of,
    newest_by_signer,
    open_incident,
    record_in_force,
    upstream,
    withdrawal,
)
from sealwright.policy.targets import targets_of
from sealwright.policy.versions import not_older


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """One reason why a statement no longer counts."""

    code: int
    text: str
    subject: str = ""
    """Digest of the artifact where the trouble lies, if it is not the statement's own."""
    because: str = ""
    """Envelope digest of the statement that makes it stale, if there is one."""
    command: str = ""
    """What helps, where making the evidence again does not."""


Reason = Callable[[Case, Requirement, Verified], Stale | None]


def staleness(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """The first reason why `item` no longer counts for `requirement`; None while it is fresh."""
    for reason in REASONS:
        found = reason(case, requirement, item)
        if found is not None:
            return found
    return None


def past_valid_until(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """1: past the end that it gives itself, or older than the policy allows.

    A statement without a time of its own (a model signature) does not age: its place in the ledger
    says when it was logged, and anyone could log it again.
    """
    until = valid_until(item.statement.predicate)
    if until:
        try:
            ended = read_time(until) <= case.now
        except MalformedError:
            ended = True
        if ended:
            return Stale(code=1, text=f"it was valid until {until[:10]}")
    if requirement.max_age_days is None or predicate_time(item.statement.predicate) is None:
        return None
    age = case.now - item.at
    if age > timedelta(days=requirement.max_age_days):
        return Stale(
            code=1,
            text=f"it is {age.days} days old; at most {requirement.max_age_days} are allowed",
        )
    return None


def subject_changed(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """2: it speaks of an earlier artifact of the same name, not of the one in question.

    Statements are looked up by digest, so this is asked of those found by name alone.
    """
    about = case.index.subjects[item.digest]
    wanted = targets_of(case, requirement.of)
    if any(target.digest in about for target in wanted):
        return None
    for target in wanted:
        for subject in item.statement.subjects:
            if subject.name == target.name:
                return Stale(
                    code=2,
                    text=f"{target.name} has changed: the evidence is about"
                    f" {subject.sha256[:12]}, this is {target.digest[:12]}",
                    because=item.digest,
                )
    return None


def upstream_withdrawn(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """3: its subject, or something upstream of it, was revoked, retired or quarantined, or has an
    open incident upstream. `restore` lifts a quarantine or a retirement; a revocation is final."""
    if not (case.index.kind("release") or case.index.kind("incident")):
        return None
    own = case.index.subjects[item.digest]
    for digest in upstream(case, item):
        name = case.index.name(digest)
        withdrawn = withdrawal(case, digest)
        if withdrawn is not None:
            said = withdrawn.statement.predicate
            word = WITHDRAWN[said.action] if isinstance(said, Release) else "withdrawn"
            reason = f": {said.reason}" if isinstance(said, Release) and said.reason else ""
            place = "" if digest in own else "upstream, "
            return Stale(
                code=3,
                text=f"{place}{name} was {word}{reason}",
                subject=digest,
                because=withdrawn.digest,
            )
        incident = None if digest in own else open_incident(case, digest)
        if incident is not None:
            return Stale(
                code=3,
                text=f"upstream, {name} has an open incident: {_title(incident)}",
                subject=digest,
                because=incident.digest,
            )
    return None


def rules_too_old(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """4: the tool's rules are older than the policy's minimum, or the policy does not name it; or a
    later scan of whatever model went by other rules or packs."""
    if (newer := _scanned_by_newer_rules(case, item)) is not None:
        return Stale(
            code=4,
            text="the scanner's rules or packs have changed since",
            because=newer.digest,
        )
    if not requirement.min_versions:
        return None
    tools = tools_of(item.statement.predicate)
    if not tools:
        return Stale(code=4, text="it names no tool, and the policy asks for a version")
    for tool in tools:
        wanted = requirement.min_versions.get(tool.name)
        if wanted is None:
            return Stale(code=4, text=f"the policy does not know the tool {tool.name}")
        if not not_older(tool.version, than=wanted):
            return Stale(code=4, text=f"{tool.name} {tool.version} is older than {wanted}")
    return None


def _scanned_by_newer_rules(case: Case, item: Verified) -> Verified | None:
    """The first later scan of model files by the same scanner, no older, with other rules."""
    mine = item.statement.predicate
    if not isinstance(mine, Scan) or not mine.packs:
        return None
    for later in case.index.kind("scan"):
        said = later.statement.predicate
        if later.index < item.index or not isinstance(said, Scan) or not said.packs:
            continue
        same = (said.kind, said.scanner.name) == (mine.kind, mine.scanner.name)
        if not same or said.scanner.digest == mine.scanner.digest:
            continue
        if not_older(said.scanner.version, than=mine.scanner.version):
            return later
    return None


def policy_stricter(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """5: the policy is newer and stricter than the one it was judged under.

    A decision quotes its policy and tier: it stands if that policy, read again, asks at least as
    much as today's. Other evidence falls under this reason if the policy recorded before today's
    would accept what it says, today's does not, and it is older than today's policy record.
    """
    predicate = item.statement.predicate
    if isinstance(predicate, Decision):
        return _decision_under_weaker_rules(case, predicate)
    record = record_in_force(case)
    if record is None or item.index > record.index:
        return None
    problem = content_problem(requirement, item, case.index)
    older = policy_named(case, digest_before(case, record)) if problem else None
    if older is None:
        return None
    for same in older.rules(case.tier).requirements:
        if same.id == requirement.id and not content_problem(same, item, case.index):
            text = f"the policy is newer and stricter: {problem}"
            return Stale(code=5, text=text, because=record.digest)
    return None


def _decision_under_weaker_rules(case: Case, decision: Decision) -> Stale | None:
    older = policy_named(case, decision.policy)
    if older is None:
        return Stale(code=5, text="the policy that it was taken under is not in the ledger")
    if rank(decision.tier) < rank(case.tier):
        return Stale(code=5, text=f"it was taken for tier {decision.tier}, now {case.tier}")
    if older.digest == case.policy.digest:
        return None
    weaker = next(
        weakenings(lower=case.rules, upper=older.rules(decision.tier), question=decision.question),
        None,
    )
    if weaker is None:
        return None
    record = record_in_force(case)
    return Stale(
        code=5,
        text=f"it was taken under a policy that asks less: {weaker}",
        because=record.digest if record else "",
    )


def new_vulnerability(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """6: a vulnerability is known by now that matches its bill of materials.

    Each source's newest report on the artifact or its environments counts. One that found something
    stands until the same source reports nothing found: writing the bill again does not mend it.
    """
    kind = item.statement.kind
    if kind != "sbom" and (kind, kind_of(item.statement.predicate)) != ("scan", "dependency"):
        return None
    for subject in case.index.subjects[item.digest]:
        places = (subject, *case.graph.sources(subject, "made-from", kind="environment"))
        for place in places:
            for report in newest_by_signer(case.index.about(place, "vulns")):
                said = report.statement.predicate
                if isinstance(said, Vulns) and said.scanner.result:
                    return Stale(
                        code=6,
                        text=f"{len(said.scanner.result)} known vulnerabilities match its"
                        " bill of materials",
                        subject=place,
                        because=report.digest,
                    )
    return None


def drifted(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """7: drift was seen on the model, or on a slice of it, after it was evaluated."""
    if not isinstance(item.statement.predicate, Evaluation):
        return None
    for subject in case.index.subjects[item.digest]:
        for window in reversed(case.index.about(subject, "monitor-window")):
            said = window.statement.predicate
            if not isinstance(said, MonitorWindow) or window.index < item.index:
                continue
            if said.kind == "drift" and said.result == "failed":
                where = f" on slice {said.slice}" if said.slice else ""
                return Stale(
                    code=7,
                    text=f"drift{where} was seen up to {said.end[:10]}",
                    because=window.digest,
                )
    return None


def signer_revoked(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """8: its signer's key was revoked for cause, or by hindsight was not valid when it signed."""
    revoked = item.principal.revoked
    if revoked is None:
        return None
    if revoked_for_cause(item) or read_time(revoked.at) <= item.at:
        return Stale(code=8, text=f"the key of {item.principal.id} was revoked: {revoked.reason}")
    return None


def drill_failed(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """9: a drill of a control that it relies on was missed or could not run.

    A later run of the same drill by the same signer that passes lifts it. After a *missed* drill
    the evidence must also be made anew: what a blind control let through is not seen by mending it.
    """
    for runs in drills_of(case, item.statement.kind):
        failed = [run for run in runs if drill_verdict(run) not in ("prevented", "detected")]
        if not failed:
            continue
        passed = [run for run in runs if run.index > failed[-1].index]
        missed = [run for run in failed if drill_verdict(run) == "missed"]
        if passed and (not missed or item.index > passed[0].index):
            continue
        said = failed[-1].statement.predicate
        name = said.id if isinstance(said, DrillResult) else ""
        return Stale(
            code=9,
            text=f"drill {name} of the control behind it: {drill_verdict(failed[-1])}",
            subject=case.request.system,
            because=failed[-1].digest,
        )
    return None


def incident_open(case: Case, requirement: Requirement, item: Verified) -> Stale | None:
    """10: an incident is open on its subject."""
    for subject in case.index.subjects[item.digest]:
        incident = open_incident(case, subject)
        if incident is not None:
            name = case.index.name(subject)
            return Stale(
                code=10,
                text=f"an incident is open on {name}: {_title(incident)}",
                subject=subject,
                because=incident.digest,
                command=_close(incident),
            )
    return None


def _close(item: Verified) -> str:
    said = item.statement.predicate
    name = said.id if isinstance(said, Incident) else "ID"
    return f"sealwright incident close {shlex.quote(name)} --as PRINCIPAL --reason WHY"


def _title(item: Verified) -> str:
    said = item.statement.predicate
    return f"{said.title} ({said.id})" if isinstance(said, Incident) else ""


REASONS: Final[tuple[Reason, ...]] = (
    past_valid_until,
    subject_changed,
    upstream_withdrawn,
    rules_too_old,
    policy_stricter,
    new_vulnerability,
    drifted,
    signer_revoked,
    drill_failed,
    incident_open,
)
"""Reason n has code n."""
