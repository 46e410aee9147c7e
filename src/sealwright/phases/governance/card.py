"""A model card written by the evidence: every fact names the envelope that says it.

What no statement says is listed under `not_evidenced` and stands nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sealwright.clock import format_time
from sealwright.evidence.predicates.common import JsonObject
from sealwright.evidence.predicates.data import DatasetVersion
from sealwright.evidence.predicates.governance import (
    Card,
    ImpactAssessment,
    RiskClassification,
)
from sealwright.evidence.predicates.model import Scan, SlsaProvenance
from sealwright.evidence.predicates.validation import Evaluation, Measurement
from sealwright.evidence.statement import Statement, Subject
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.report.describe import isolation_of
from sealwright.phases.governance.report.selection import Said, in_order, latest, of_type
from sealwright.policy.lineage import Graph

SECTIONS = ("purpose", "data", "training", "evaluations", "groups", "limits", "oversight")
"""The parts of a card, in order."""


def model_card(
    subject: Subject, *, evidence: Sequence[Verified], graph: Graph, now: datetime
) -> Statement[Card]:
    """The card of the model `subject`, from statements about it, its lineage and its system."""
    ordered = in_order(evidence)
    own = [item for item in ordered if _about(item, {subject.sha256})]
    upstream = set(graph.ancestors(subject.sha256))
    related = [item for item in ordered if _about(item, upstream)]
    evaluations = _current(of_type(own, Evaluation))
    sections: JsonObject = {
        "purpose": _purpose(ordered),
        "data": _data(related),
        "training": _training(own),
        "evaluations": [_evaluation(each) for each in evaluations],
        "groups": _groups(evaluations),
        "limits": _limits(evaluations, own, ordered),
        "oversight": _oversight(ordered),
    }
    content = {name: sections[name] for name in SECTIONS if sections[name]}
    content["not_evidenced"] = [name for name in SECTIONS if not sections[name]]
    predicate = Card(name=subject.name, kind="model", content=content, at=format_time(now))
    return Statement(subjects=(subject,), predicate=predicate)


def _about(item: Verified, digests: Iterable[str]) -> bool:
    return any(subject.sha256 in digests for subject in item.statement.subjects)


def _current(said: list[Said[Evaluation]]) -> list[Said[Evaluation]]:
    return [last for last, _ in latest(said, lambda each: each.predicate.kind)]


def _purpose(evidence: list[Verified]) -> JsonObject:
    found = of_type(evidence, RiskClassification)
    if not found:
        return {}
    said = found[-1].predicate
    return {
        "system": said.system,
        "text": said.purpose,
        "tier": said.tier,
        "evidence": found[-1].item.digest,
    }


def _data(related: list[Verified]) -> list[JsonObject]:
    rows = []
    for each in of_type(related, DatasetVersion):
        said = each.predicate
        rows.append(
            {
                "name": said.name,
                "artifact": each.subject.digest,
                "rows": said.rows,
                "source": said.provenance.source,
                "licence": said.provenance.licence,
                "legal_basis": said.provenance.legal_basis,
                "contains_personal_data": said.provenance.contains_personal_data,
                "labelled_by": list(said.labelling.by) if said.labelling else [],
                "group_columns": list(said.group_columns),
                "evidence": each.item.digest,
            }
        )
    return rows


def _training(own: list[Verified]) -> JsonObject:
    found = of_type(own, SlsaProvenance)
    if not found:
        return {}
    said = found[-1].predicate
    internal = said.build_definition.internal_parameters
    isolation = isolation_of(internal)
    violations = internal.get("violations")
    content: JsonObject = {
        "started": said.run_details.metadata.started_on,
        "finished": said.run_details.metadata.finished_on,
        "inputs": [
            {
                "name": each.name,
                "kind": each.annotations.get("kind", ""),
                "artifact": each.digest.get("sha256", ""),
            }
            for each in said.build_definition.resolved_dependencies
        ],
        "evidence": found[-1].item.digest,
    }
    for name in ("level", "network"):
        if isinstance(isolation.get(name), str):
            content[f"isolation_{name}"] = isolation[name]
    if isinstance(violations, list):
        content["violations"] = len(violations)
    return content


def _evaluation(each: Said[Evaluation]) -> JsonObject:
    said = each.predicate
    return {
        "kind": said.kind,
        "result": said.result,
        "dataset": said.dataset.name,
        "metrics": [_metric(measured) for measured in said.measurements],
        "criteria": [
            {"criterion": judgement.criterion, "result": judgement.result}
            for judgement in said.judgements
        ],
        "evidence": each.item.digest,
    }


def _metric(measured: Measurement) -> JsonObject:
    content: JsonObject = {"metric": measured.metric, "value": measured.value, "n": measured.n}
    if measured.group:
        content["group"] = measured.group
    if measured.low is not None and measured.high is not None:
        content |= {"low": measured.low, "high": measured.high, "level": measured.level}
        content["method"] = measured.method
    return content


def _groups(evaluations: list[Said[Evaluation]]) -> list[str]:
    return sorted({m.group for each in evaluations for m in each.predicate.measurements if m.group})


def _limits(
    evaluations: list[Said[Evaluation]], own: list[Verified], everything: list[Verified]
) -> list[JsonObject]:
    limits: list[JsonObject] = []
    for each in evaluations:
        for judgement in each.predicate.judgements:
            if judgement.result != "passed":
                text = f"{judgement.criterion}: {judgement.result}. {judgement.detail}".strip()
                limits.append({"text": text, "evidence": each.item.digest})
    for scan in of_type(own, Scan):
        limits.extend(
            {
                "text": f"not examined by the {scan.predicate.kind} scan: {name}",
                "evidence": scan.item.digest,
            }
            for name in scan.predicate.coverage.not_examined
        )
    for impact in of_type(everything, ImpactAssessment)[-1:]:
        limits.extend(
            {"text": risk, "evidence": impact.item.digest} for risk in impact.predicate.residual
        )
    return limits


def _oversight(evidence: list[Verified]) -> JsonObject:
    found = of_type(evidence, ImpactAssessment)
    if not found:
        return {}
    return {"text": found[-1].predicate.oversight, "evidence": found[-1].item.digest}
