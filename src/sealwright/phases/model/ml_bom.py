"""The ML-BOM: the environment's bill of materials with a model card, written from evidence.

CycloneDX 1.6, `machine-learning-model` component with `modelCard` (bom-1.6.schema.json). Nothing
stands in it that no statement says.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from sealwright.clock import Clock, format_time
from sealwright.evidence import canonical
from sealwright.evidence.predicates.common import JsonObject
from sealwright.evidence.predicates.data import DatasetVersion
from sealwright.evidence.predicates.governance import ImpactAssessment, RiskClassification
from sealwright.evidence.predicates.model import CycloneDxBom, ModelImport, SlsaProvenance
from sealwright.evidence.predicates.validation import Evaluation, Measurement
from sealwright.evidence.statement import Statement, Subject

MAX_METRICS = 2_000
_EVIDENCE = "sealwright:evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is on record about a model: the newest statement of each kind."""

    bill: CycloneDxBom
    """Of the environment it was trained in."""
    training: SlsaProvenance | None = None
    brought: ModelImport | None = None
    """Where the model is from outside."""
    data: tuple[tuple[str, DatasetVersion], ...] = ()
    """(digest, version) of each data set it was made from."""
    evaluations: tuple[Evaluation, ...] = ()
    risk: RiskClassification | None = None
    impact: ImpactAssessment | None = None
    sources: tuple[str, ...] = field(default=())
    """Digests of the envelopes that say all this."""


def ml_bom(model: Subject, facts: Facts, *, clock: Clock) -> Statement[CycloneDxBom]:
    """The bill of `facts` with the model described in full: the same facts, the same bill."""
    described: JsonObject = {
        **facts.bill.metadata["component"],
        "modelCard": _card(facts),
        "components": [_data_set(digest, version) for digest, version in facts.data],
    }
    if facts.brought is not None:
        described["publisher"] = facts.brought.publisher or facts.brought.source
        described["version"] = facts.brought.revision
        described["licenses"] = [{"license": {"name": facts.brought.licence}}]
    metadata = {
        **{key: value for key, value in facts.bill.metadata.items() if key != "timestamp"},
        "component": {key: value for key, value in described.items() if value},
        "properties": [
            *(one for one in facts.bill.metadata.get("properties", ()) if one["name"] != _EVIDENCE),
            *({"name": _EVIDENCE, "value": one} for one in sorted(facts.sources)),
        ],
    }
    content = {"metadata": metadata, "components": facts.bill.components}
    digest = sha256(canonical.encode(msgspec.to_builtins(content))).digest()
    return Statement(
        (model,),
        CycloneDxBom(
            bom_format="CycloneDX",
            spec_version="1.6",
            serial_number=f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=5)}",
            version=1,
            metadata={**metadata, "timestamp": format_time(clock())},
            components=facts.bill.components,
            dependencies=facts.bill.dependencies,
        ),
    )


def as_json(bill: CycloneDxBom) -> bytes:
    """The bill as a CycloneDX JSON document."""
    return msgspec.json.format(msgspec.json.encode(bill), indent=2) + b"\n"


def _card(facts: Facts) -> JsonObject:
    metrics = list(_metrics(facts.evaluations))
    card: JsonObject = {
        "modelParameters": _parameters(facts),
        "quantitativeAnalysis": {"performanceMetrics": metrics} if metrics else {},
        "considerations": _considerations(facts),
        "properties": _properties(facts.training),
    }
    return {key: value for key, value in card.items() if value}


def _parameters(facts: Facts) -> JsonObject:
    datasets = [{"ref": _reference(digest)} for digest, _ in facts.data]
    labelled = any(version.labelling is not None for _, version in facts.data)
    inputs = [
        {"format": f"{column.name}: {column.type}"}
        for _, version in facts.data[:1]
        for column in version.schema
    ]
    parameters: JsonObject = {"datasets": datasets, "inputs": inputs}
    if labelled:
        parameters["approach"] = {"type": "supervised"}
    return {key: value for key, value in parameters.items() if value}


def _reference(digest: str) -> str:
    return f"data:{digest}"


def _data_set(digest: str, version: DatasetVersion) -> JsonObject:
    table: JsonObject = {"type": "dataset", "name": version.name}
    if version.sensitive_columns:
        table["sensitiveData"] = list(version.sensitive_columns)
    return {
        "type": "data",
        "bom-ref": _reference(digest),
        "name": version.name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "data": [table],
        "properties": [
            {"name": "sealwright:rows", "value": str(version.rows)},
            {"name": "sealwright:role", "value": version.role},
        ],
    }


def _metrics(evaluations: Sequence[Evaluation]) -> Iterable[JsonObject]:
    count = 0
    for evaluation in evaluations:
        for measured in evaluation.measurements:
            count += 1
            if count > MAX_METRICS:
                return
            yield _metric(evaluation, measured)


def _metric(evaluation: Evaluation, measured: Measurement) -> JsonObject:
    parts = [evaluation.kind, evaluation.dataset.name, measured.group]
    metric: JsonObject = {
        "type": measured.metric,
        "value": _number(measured.value),
        "slice": " / ".join(part for part in parts if part),
    }
    if measured.low is not None and measured.high is not None:
        metric["confidenceInterval"] = {
            "lowerBound": _number(measured.low),
            "upperBound": _number(measured.high),
        }
    return metric


def _number(value: float) -> str:
    return f"{value:.10g}"


def _considerations(facts: Facts) -> JsonObject:
    limits = [
        f"{evaluation.kind}: criterion {judged.criterion} {judged.result}"
        for evaluation in facts.evaluations
        for judged in evaluation.judgements
        if judged.result != "passed"
    ]
    impact = facts.impact
    limits += list(impact.residual) if impact is not None else []
    found: dict[str, Any] = {
        "useCases": [facts.risk.purpose] if facts.risk is not None else [],
        "users": list(impact.affected) if impact is not None else [],
        "technicalLimitations": limits,
        "ethicalConsiderations": _risks(impact),
    }
    return {key: value for key, value in found.items() if value}


def _risks(impact: ImpactAssessment | None) -> list[JsonObject]:
    """Harms with the mitigations that were named for all of them: no statement pairs the two."""
    if impact is None:
        return []
    strategy = "; ".join(impact.mitigations)
    return [
        {"name": harm, "mitigationStrategy": strategy} if strategy else {"name": harm}
        for harm in impact.harms
    ]


def _properties(training: SlsaProvenance | None) -> list[JsonObject]:
    if training is None:
        return []
    return [
        {"name": "sealwright:build-type", "value": training.build_definition.build_type},
        {"name": "sealwright:trained", "value": training.run_details.metadata.finished_on},
        {
            "name": "sealwright:invocation",
            "value": training.run_details.metadata.invocation_id,
        },
    ]
