"""The gate: a pure function of policy, question, evidence and time. The same in, the same out.

It opens the case, judges each requirement that the tier asks for the question, computes the
decision digest over what that rests on, and counts the approvals of exactly that digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.verify import Verified
from sealwright.policy.approvals import APPROVAL_PREFIX, judge_approvals
from sealwright.policy.case import Case, GateRequest, Input, open_case
from sealwright.policy.decision import decision_over, residual_risks
from sealwright.policy.evidence_index import EvidenceIndex
from sealwright.policy.judge import judge
from sealwright.policy.model import Policy
from sealwright.policy.standing import circumstances
from sealwright.policy.verdict import RequirementResult, Verdict

__all__ = ["GateRequest", "Input", "gate"]


def gate(
    policy: Policy,
    request: GateRequest,
    evidence: Iterable[Verified] | EvidenceIndex,
    now: datetime,
) -> Verdict:
    """May this artifact be used for this? Admitted only if every requirement holds.

    `evidence` is the ledger's statements as `evidence.verify` proved them (or an index of them, to
    ask several questions of one ledger); `now` is an aware time.
    """
    case = open_case(policy, request, evidence, now=now)
    results = [
        result
        for requirement in case.rules.requirements
        if request.question in requirement.questions
        for result in judge(case, requirement)
    ]
    rests_on = _rests_on(case, results)
    digests = tuple(sorted(item.digest for item in rests_on))
    decision = decision_over(
        case.index,
        digests,
        artifact=request.artifact,
        policy=policy.digest,
        question=request.question,
    )
    quorum = case.rules.quorums.get(request.question)
    if quorum is not None:
        results += judge_approvals(
            case, quorum, question=request.question, decision=decision, rests_on=rests_on
        )
    if request.question == "serve":
        results += _approvals_of_the_release(case)
    return Verdict(
        question=request.question,
        artifact=request.artifact,
        artifact_name=case.name,
        tier=case.tier,
        policy=policy.digest,
        results=tuple(results),
        decision=decision,
        evidence=digests,
        residual_risks=residual_risks(rests_on),
        ledger_size=case.index.items[-1].index + 1 if case.index.items else 0,
        approvals=_counted(results),
        inputs=tuple((item.name, item.digest) for item in request.inputs),
        at=now,
    )


def _rests_on(case: Case, results: Iterable[RequirementResult]) -> tuple[Verified, ...]:
    """All that an approver must have seen: what each result rests on, the tier, the impact, and
    everything said against the artifact or lifted again."""
    impact = case.index.about(case.request.system, "impact-assessment")[-1:]
    named = [digest for result in results for digest in (*result.evidence, result.because)]
    found = {digest: case.index.by_digest[digest] for digest in named if digest}
    for item in (*case.tier_evidence, *impact, *circumstances(case)):
        found[item.digest] = item
    return tuple(item for item in found.values() if item.statement.kind != "approval")


def _counted(results: Iterable[RequirementResult]) -> tuple[str, ...]:
    """The approvals that count: those that a quorum names as given, filled or not."""
    return tuple(
        dict.fromkeys(
            digest
            for result in results
            if result.id.startswith(APPROVAL_PREFIX) and result.status in ("satisfied", "missing")
            for digest in result.evidence
        )
    )


def _approvals_of_the_release(case: Case) -> tuple[RequirementResult, ...]:
    """What is served was approved for release. The approvals are counted again, over the decision
    digest recomputed from the newest recorded decision: a forged decision carries nothing."""
    quorum = case.rules.quorums.get("release")
    if quorum is None:
        return ()
    decision, rests_on = "", []
    for item in case.index.about(case.request.artifact, "decision"):
        said = item.statement.predicate
        if isinstance(said, Decision) and said.question == "release":
            known = [case.index.by_digest.get(digest) for digest in said.evidence]
            rests_on = [each for each in known if each is not None]
            decision = decision_over(
                case.index,
                said.evidence,
                artifact=case.request.artifact,
                policy=said.policy,
                question="release",
            )
    return judge_approvals(case, quorum, question="release", decision=decision, rests_on=rests_on)
