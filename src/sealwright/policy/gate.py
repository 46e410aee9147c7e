"""The gate: a pure function of policy, question, evidence and time. The same in, the same out.

It opens the case, judges each requirement that the tier asks for the question, computes the
decision digest over what that rests on, and counts the approvals of exactly that digest. What is to
be served must have been released: that answer is computed again from what was there before it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.verify import Verified
from sealwright.policy.approvals import APPROVAL_PREFIX, judge_approvals
from sealwright.policy.case import Case, GateRequest, Input, open_case, policy_named
from sealwright.policy.decision import decision_over, residual_risks
from sealwright.policy.evidence_index import EvidenceIndex
from sealwright.policy.in_force import judge_policy
from sealwright.policy.introductions import introduction_notes
from sealwright.policy.judge import judge
from sealwright.policy.model import Policy
from sealwright.policy.standing import circumstances, newest_by_signer
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
    if results:  # a policy that asks nothing admits nothing, whoever recorded it
        results += judge_policy(case)
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
        results += _release(case)
    approvals = _counted(results)
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
        approvals=approvals,
        inputs=tuple((item.name, item.digest, item.kind) for item in request.inputs),
        notes=introduction_notes(case, (case.index.by_digest[digest] for digest in approvals)),
        at=now,
    )


def _rests_on(case: Case, results: Iterable[RequirementResult]) -> tuple[Verified, ...]:
    """All that an approver must have seen: what each result rests on, the tier, the impact, and
    everything said against the artifact or lifted again."""
    impact = newest_by_signer(case.index.about(case.request.system, "impact-assessment"))
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


def _release(case: Case) -> list[RequirementResult]:
    """What is served was released: the newest release decision follows from the evidence before
    it, and the approvals of that decision still count. Nothing that a decision says about itself
    is believed, so one that is forged, or repeated after something went wrong, carries nothing."""
    recorded = _newest_release(case)
    verdict = _computed_again(case, recorded) if recorded is not None else None
    results = []
    if recorded is not None and (problem := _not_following(recorded, verdict)):
        results.append(
            RequirementResult(
                id="release-decision-follows",
                status="failed",
                title="The recorded release follows from the evidence before it",
                reason=f"entry {recorded.index}, signed by {recorded.principal.id}: {problem}",
                subject=case.request.artifact,
                subject_name=case.name,
                evidence=(recorded.digest,),
                command=f"sealwright gate {shlex.quote(case.name)} --for release",
                because=recorded.digest,
            )
        )
    quorum = case.rules.quorums.get("release")
    if quorum is None:
        return results
    found = verdict.evidence if verdict is not None else ()
    return [
        *results,
        *judge_approvals(
            case,
            quorum,
            question="release",
            decision=verdict.decision if verdict is not None else "",
            rests_on=[case.index.by_digest[digest] for digest in found],
        ),
    ]


def _newest_release(case: Case) -> Verified | None:
    return next(
        (
            item
            for item in reversed(case.index.about(case.request.artifact, "decision"))
            if isinstance(item.statement.predicate, Decision)
            and item.statement.predicate.question == "release"
        ),
        None,
    )


def _computed_again(case: Case, recorded: Verified) -> Verdict | None:
    """The gate's answer at the place of the decision, under the policy that it names; None if
    nobody knows that policy. Signers count as the newest trust root has them."""
    said = recorded.statement.predicate
    policy = policy_named(case, said.policy) if isinstance(said, Decision) else None
    if policy is None:
        return None
    known = [item for item in case.index.items if item.index < recorded.index]
    request = replace(case.request, question="release", inputs=())
    return gate(policy, request, known, recorded.at)


def _not_following(recorded: Verified, verdict: Verdict | None) -> str:
    """Why the decision cannot have been an admission, in one line; empty if it can, or is none."""
    said = recorded.statement.predicate
    if not isinstance(said, Decision) or said.outcome != "admitted":
        return ""
    if verdict is None:
        return "the policy that it names is not in the ledger"
    if verdict.admitted:
        return ""
    denied = verdict.denied_by[:1]
    return "it says admitted, but " + (
        f"{denied[0].id} is {denied[0].status}" if denied else "nothing was asked"
    )
