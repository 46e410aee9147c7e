"""How one released version stands: it may be served, by which contract, or why it may not.

One judgement for all who need it: the compiler, a release, a rollback, and the end of a stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sealwright.errors import SealwrightError
from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.predicates.model import Custody
from sealwright.evidence.predicates.operation import Incident, Release
from sealwright.evidence.predicates.serving import Contract, RefusedModel, ServedModel
from sealwright.evidence.verify import Verified
from sealwright.phases.deployment.record import contract_problem
from sealwright.policy.case import Case, GateRequest, open_case, policy_named
from sealwright.policy.duties import revoked_for_cause
from sealwright.policy.evidence_index import EvidenceIndex, index_evidence
from sealwright.policy.gate import gate
from sealwright.policy.judge import assess
from sealwright.policy.model import Policy, Requirement
from sealwright.policy.serving import serving
from sealwright.policy.standing import WITHDRAWN, grave_incident, withdrawal
from sealwright.policy.verdict import Verdict
from sealwright.policy.why import why
from sealwright.project.core import Project
from sealwright.project.serving.routes import Route

CONTRACT_ROLES: Final = ("engineer", "owner", "operator")
"""Roles that answer for how a model is asked and answers."""

MAX_REASON: Final = 300
_NAMES: Final = 12
"""Digits of a digest that a reader sees."""

_SLIPS: Final = (SealwrightError, ArithmeticError, LookupError, TypeError, ValueError)
"""What one version's odd evidence may raise: it refuses that version and no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """All that versions are judged by, gathered once for all of them."""

    policy: Policy
    system: str
    now: datetime
    index: EvidenceIndex = field(repr=False)
    case: Case = field(repr=False)
    """The system's own: its tier, rules and lineage."""
    size: int
    """Entries of the ledger that were looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One version. Exactly one of `contract` (it may be served) and `refusal` is set."""

    route: Route
    contract: Contract | None = None
    alarms: tuple[str, ...] = ()
    """Why it is served with an alarm."""
    refusal: str = ""
    """Why it may not be served, in one line that a caller may read."""
    admitted: bool = False
    """Whether the gate says yes without reserve."""

    @property
    def served(self) -> ServedModel:
        """As the gateway reads it; AssertionError for a refused one."""
        assert self.contract is not None
        return ServedModel(
            name=self.route.name,
            version=self.route.version,
            digest=self.route.digest,
            role=self.route.role,
            percent=self.route.percent,
            contract=self.contract,
            alarms=self.alarms,
        )

    def refused(self, reason: str = "") -> RefusedModel:
        """As the gateway reads it; `reason` instead of its own."""
        return refused(self.route, reason or self.refusal)


def refused(route: Route, reason: str) -> RefusedModel:
    """A version that is not served, and why."""
    return RefusedModel(
        name=route.name, version=route.version, digest=route.digest, reason=one_line(reason)
    )


def court(project: Project, *, now: datetime) -> Court:
    """Everything as the ledger has it now."""
    evidence = project.evidence()
    index = index_evidence(evidence)
    request = GateRequest(artifact=project.system, question="serve", system=project.system)
    return Court(
        policy=project.policy,
        system=project.system,
        now=now,
        index=index,
        case=open_case(project.policy, request, index, now=now),
        size=len(evidence),
    )


def judge_version(bench: Court, route: Route) -> Standing:
    """How a version stands now. Whatever goes wrong while it is judged refuses it."""
    try:
        return _judge(bench, route)
    except _SLIPS as error:
        told = error.message if isinstance(error, SealwrightError) else "its evidence is malformed"
        return Standing(route=route, refusal=one_line(f"it could not be judged: {told}"))


def _judge(bench: Court, route: Route) -> Standing:
    lifted = withdrawn(bench, route.digest) or _grave(bench, route.digest)
    if lifted:
        return Standing(route=route, refusal=lifted)
    request = _request(bench, route)
    verdict = gate(bench.policy, request, bench.index, bench.now)
    rules = bench.policy.rules(verdict.tier)
    found = serving(verdict, rules.serving, bench.index.by_digest)
    if not found.served:
        return Standing(route=route, refusal=one_line(root_cause(bench, request, verdict)))
    until = _approved_until(bench, route)
    contract, problem = contract_of(bench.index, route.digest, name=route.name, before=until)
    if contract is None:
        return Standing(route=route, refusal=one_line(problem))
    reasons = found.reasons
    for lapsed, problem in _shortcomings(bench, route, rules.requirements, verdict, until):
        if not lapsed or rules.serving.stale == "stop":
            return Standing(route=route, refusal=one_line(problem))
        reasons = (*reasons, problem)
    return Standing(
        route=route,
        contract=contract,
        alarms=tuple(one_line(reason) for reason in reasons),
        admitted=verdict.admitted,
    )


def _request(bench: Court, route: Route) -> GateRequest:
    return GateRequest(
        artifact=route.digest,
        question="serve",
        system=bench.system,
        name=bench.index.name(route.digest),
    )


def withdrawn(bench: Court, digest: str) -> str:
    """By which word this artifact, or what it was made from, is out of use; empty if it is not.

    The gate says so, too, through the evidence that falls. Asked by itself, no policy and no waiver
    can leave it out.
    """
    for each in (digest, *bench.case.graph.ancestors(digest)):
        item = withdrawal(bench.case, each)
        if item is not None:
            return one_line(_withdrawal_text(bench, each, item))
    return ""


def _grave(bench: Court, digest: str) -> str:
    """The grave incident that is open on this artifact or on what it was made from; empty if none
    is. The gate tells of one reason only, and may tell of a milder one."""
    item = grave_incident(bench.case, digest)
    if item is None:
        return ""
    about = next(iter(bench.index.subjects[item.digest]), digest)
    return one_line(_incident_text(bench, about, item))


def _incident_text(bench: Court, about: str, item: Verified) -> str:
    said = item.statement.predicate
    assert isinstance(said, Incident)
    return f"incident: {_called(bench, about)}: {said.title} ({said.id})"


def _withdrawal_text(bench: Court, digest: str, item: Verified) -> str:
    said = item.statement.predicate
    assert isinstance(said, Release)
    return f"{WITHDRAWN[said.action]}: {_called(bench, digest)}: {said.reason}"


def _called(bench: Court, digest: str) -> str:
    node = bench.case.graph.nodes.get(digest)
    if node is None:
        return digest[:_NAMES]
    return f"{node.kind} {node.name}" if node.kind != "file" else node.name


def _approved_until(bench: Court, route: Route) -> int:
    """The place of the decision that the version was released by: what was said later was seen by
    nobody who approved it. 0 where no decision that follows came before the release.

    The gate judges the newest decision only; an earlier one is computed again here, since one that
    was forged for the sake of what stood before it would carry that.
    """
    decisions = [
        item
        for item in bench.index.about(route.digest, "decision")
        if isinstance(said := item.statement.predicate, Decision) and said.question == "release"
    ]
    for item in reversed(decisions):
        said = item.statement.predicate
        if not isinstance(said, Decision) or said.outcome != "admitted":
            continue
        if item.index < route.admitted.index and (
            item is decisions[-1] or _follows(bench, route, item, said)
        ):
            return item.index
    return 0


def _follows(bench: Court, route: Route, item: Verified, said: Decision) -> bool:
    policy = policy_named(bench.case, said.policy)
    if policy is None:
        return False
    known = [other for other in bench.index.items if other.index < item.index]
    request = replace(_request(bench, route), question="release")
    return gate(policy, request, known, item.at).admitted


def _shortcomings(
    bench: Court,
    route: Route,
    requirements: Iterable[Requirement],
    verdict: Verdict,
    until: int,
) -> Iterator[tuple[bool, str]]:
    """In what the contract in force is not what is asked for now, and whether only the policy has
    moved on: the gate is content with a newer one, by which nothing is served yet."""
    item = _contract_item(bench.index, route.digest, before=until)
    waived = {result.id for result in verdict.results if result.status == "waived"}
    if item is None:
        return
    for each in requirements:
        if each.predicate != "contract" or "serve" not in each.questions or each.id in waived:
            continue
        worth = assess(bench.case, each, item)
        if worth.negative:
            told = worth.stale.text if worth.stale is not None else worth.reason
            yield worth.stale is not None, f"its contract: {told}; release it again"


def _contract_item(
    index: EvidenceIndex, digest: str, *, before: int | None = None
) -> Verified | None:
    """The newest contract by somebody whose word counts."""
    return next(
        (
            item
            for item in reversed(index.about(digest, "contract"))
            if isinstance(item.statement.predicate, Contract)
            and (before is None or item.index < before)
            and set(item.principal.roles) & set(CONTRACT_ROLES)
            and not revoked_for_cause(item)
        ),
        None,
    )


def contract_of(
    index: EvidenceIndex, digest: str, *, name: str = "", before: int | None = None
) -> tuple[Contract | None, str]:
    """How a model answers, or None and why nobody knows.

    For a released version it is the newest contract `before` the decision that it was released by,
    and that is for its `name`: nobody changes what a released model answers without approval.
    """
    item = _contract_item(index, digest, before=before)
    said = item.statement.predicate if item is not None else None
    if not isinstance(said, Contract):
        return None, "no contract says how it is asked and how it answers"
    if name not in ("", said.name):
        return None, f"its contract is for the name {said.name}"
    if problem := contract_problem(said):
        return None, f"its contract cannot be served: {problem}"
    for item in index.about(digest, "custody"):
        held = item.statement.predicate
        if item.digest in index.proven and isinstance(held, Custody):
            if said.model_file in {entry.path for entry in held.files}:
                return said, ""
            return None, f"its contract names {said.model_file!r:.80}, which is none of its files"
    return None, "no record says which files it consists of"


def root_cause(bench: Court, request: GateRequest, verdict: Verdict) -> str:
    """The one line that a denial comes down to."""
    for result in verdict.denied_by:
        item = bench.index.by_digest.get(result.because)
        said = item.statement.predicate if item is not None else None
        about = result.cause or result.subject
        if item is not None and isinstance(said, Release) and said.action in WITHDRAWN:
            return _withdrawal_text(bench, about, item)
    for result in verdict.denied_by:
        item = bench.index.by_digest.get(result.because)
        if item is not None and isinstance(item.statement.predicate, Incident):
            return _incident_text(bench, result.cause or result.subject, item)
    steps = why(bench.policy, request, bench.index, bench.now)
    return f"not admitted: {steps[-1].text}" if steps else "not admitted"


def one_line(text: str) -> str:
    """`text` as one printable line of bounded length: it goes into answers and logs."""
    shown = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return shown if len(shown) <= MAX_REASON else shown[: MAX_REASON - 1] + "…"
