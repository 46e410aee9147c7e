"""Gathers what the ledger holds about a model and makes its ML-BOM of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from sealwright.errors import InputMissing
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.data import DatasetVersion
from sealwright.evidence.predicates.governance import ImpactAssessment, RiskClassification
from sealwright.evidence.predicates.model import CycloneDxBom, ModelImport, SlsaProvenance
from sealwright.evidence.predicates.validation import Evaluation
from sealwright.evidence.statement import Statement, subject
from sealwright.evidence.verify import Verified
from sealwright.phases.model.ml_bom import Facts, ml_bom
from sealwright.policy.duties import revoked_for_cause
from sealwright.policy.evidence_index import index_evidence
from sealwright.policy.lineage import Graph
from sealwright.project.core import Project
from sealwright.project.named import Named

P = TypeVar("P", bound=Predicate)


def write_bom(project: Project, model: Named) -> Statement[CycloneDxBom]:
    """The ML-BOM of `model` from current evidence; InputMissing without an environment's bill."""
    index = index_evidence(project.evidence())
    used: list[str] = []

    def newest(kind: type[P], items: Iterable[Verified]) -> P | None:
        for item in reversed(list(items)):
            if isinstance(item.predicate, kind) and not revoked_for_cause(item):
                used.append(item.digest)
                return item.predicate
        return None

    bill = newest(CycloneDxBom, index.about(model.digest, "sbom"))
    if bill is None:
        raise InputMissing(
            f"{model.name}: no bill of its environment is on record",
            advice="train it with `sealwright train`",
        )
    graph = Graph.build(index)
    data = []
    for digest in graph.sources(model.digest, "made-from", kind="dataset"):
        version = newest(DatasetVersion, index.about(digest, "dataset-version"))
        if version is not None:
            data.append((digest, version))
    evaluations = list(index.about(model.digest, "evaluation"))
    kinds = sorted({e.predicate.kind for e in evaluations if isinstance(e.predicate, Evaluation)})
    found = [
        newest(Evaluation, (e for e in evaluations if getattr(e.predicate, "kind", "") == kind))
        for kind in kinds
    ]
    facts = Facts(
        bill=bill,
        training=newest(SlsaProvenance, index.about(model.digest, "training-run")),
        brought=newest(ModelImport, index.about(model.digest, "model-import")),
        data=tuple(data),
        evaluations=tuple(each for each in found if each is not None),
        risk=newest(RiskClassification, index.about(project.system, "risk-classification")),
        impact=newest(ImpactAssessment, index.about(project.system, "impact-assessment")),
        sources=tuple(used),
    )
    return ml_bom(subject(model.name, model.digest), facts, clock=project.clock)
