"""Why the gate said no: the shortest way from the denial to its root cause, step by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sealwright.evidence.verify import Verified
from sealwright.policy.approvals import APPROVAL_PREFIX
from sealwright.policy.evidence_index import EvidenceIndex, index_evidence
from sealwright.policy.gate import GateRequest, gate
from sealwright.policy.lineage import Graph
from sealwright.policy.model import Policy
from sealwright.policy.readings import detail_of
from sealwright.policy.verdict import RequirementResult, Verdict

_GRAVITY: Final = ("failed", "stale", "wrong-signer", "missing")
"""What weighs more comes first where several requirements deny."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the explanation."""

    text: str
    subject: str
    """Digest of the artifact that the step is about."""
    subject_name: str
    evidence: str = ""
    """Envelope digest of the statement that says so, if one does."""


def why(
    policy: Policy,
    request: GateRequest,
    evidence: Iterable[Verified] | EvidenceIndex,
    now: datetime,
    *,
    requirement: str = "",
) -> tuple[Step, ...]:
    """The shortest path from a denial to its root cause; empty if the gate admits.

    Of several denials the gravest counts (failed, stale, wrong-signer, missing), approvals last as
    they fall with the evidence, then the one whose cause lies nearest. `requirement` asks for one
    requirement instead.
    """
    index = index_evidence(evidence)
    graph = Graph.build(index)
    verdict = gate(policy, request, index, now)
    paths = [
        (_GRAVITY.index(result.status), _is_approval(result), len(steps), place, steps)
        for place, result in enumerate(verdict.denied_by)
        if not requirement or result.id == requirement
        for steps in (_explain(verdict, result, index, graph),)
    ]
    return min(paths)[-1] if paths else ()


def _is_approval(result: RequirementResult) -> bool:
    return result.id.startswith(APPROVAL_PREFIX)


def _explain(
    verdict: Verdict, result: RequirementResult, index: EvidenceIndex, graph: Graph
) -> tuple[Step, ...]:
    steps = [
        Step(
            text=f"{verdict.artifact_name} is not admitted to {verdict.question}:"
            f" `{result.id}` is {result.status}",
            subject=verdict.artifact,
            subject_name=verdict.artifact_name,
        )
    ]
    steps += _lineage(verdict.artifact, result.subject, index, graph)
    newest = result.evidence[0] if result.evidence else ""
    steps.append(
        Step(
            text=f"{result.subject_name}: {result.reason}",
            subject=result.subject,
            subject_name=result.subject_name,
            evidence=newest,
        )
    )
    if result.cause:
        # What lies upstream of a data set compared with this one is reached from the artifact.
        origin = result.subject if graph.path(result.subject, result.cause) else verdict.artifact
        steps += _lineage(origin, result.cause, index, graph)
    root = index.by_digest.get(result.because)
    if root is not None and root.digest != newest:
        about = (
            result.cause or index.subjects[root.digest][0] if index.subjects[root.digest] else ""
        )
        detail = detail_of(root.statement.predicate)
        steps.append(
            Step(
                text=f"entry {root.index}, {root.statement.kind} by {root.principal.id}"
                f" on {root.at:%Y-%m-%d}" + (f": {detail}" if detail else ""),
                subject=about or result.subject,
                subject_name=index.name(about or result.subject),
                evidence=root.digest,
            )
        )
    return tuple(steps)


def _lineage(origin: str, goal: str, index: EvidenceIndex, graph: Graph) -> list[Step]:
    """The edges from one artifact up to another, as steps."""
    steps = []
    for edge in graph.path(origin, goal):
        item = index.by_digest[edge.via]
        word = "was tested on" if edge.relation == "tested-on" else "was made from"
        name = graph.nodes[edge.source].name
        steps.append(
            Step(
                text=f"{graph.nodes[edge.target].name} {word} {name}"
                f" (entry {item.index}, {item.statement.kind} by {item.principal.id})",
                subject=edge.source,
                subject_name=name,
                evidence=edge.via,
            )
        )
    return steps
