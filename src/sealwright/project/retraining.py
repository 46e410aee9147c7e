"""A candidate against the model that serves, from what the ledger holds about both; signed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from sealwright.clock import format_time
from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.data import DatasetValidation, DatasetVersion
from sealwright.evidence.predicates.model import CycloneDxBom, Scan
from sealwright.evidence.predicates.monitoring import RetrainingReview
from sealwright.evidence.predicates.validation import Criteria, Criterion, Evaluation
from sealwright.evidence.statement import Statement
from sealwright.evidence.verify import Verified
from sealwright.phases.monitoring.review import LearntFrom, Version, review
from sealwright.policy.duties import actor_of, revoked_for_cause
from sealwright.policy.evidence_index import EvidenceIndex, index_evidence
from sealwright.policy.lineage import Graph
from sealwright.policy.readings import kind_of
from sealwright.project.core import Project
from sealwright.project.named import Named

P = TypeVar("P", bound=Predicate)


def compare_versions(
    project: Project, candidate: Named, serving: Named, *, reason: str
) -> Statement[RetrainingReview]:
    """The review, for somebody to read and sign. Nothing is recorded.

    UsageError for one and the same model or without a reason, InputMissing for a digest that no
    record of custody calls a model.
    """
    if candidate.digest == serving.digest:
        raise UsageError("a model is not reviewed against itself")
    if not reason.strip():
        raise UsageError("a review needs a reason", advice="say what you looked at: --reason")
    evidence = project.evidence()
    index = index_evidence(evidence)
    graph = Graph.build(index)
    for each in (candidate, serving):
        if not index.about(each.digest, "custody"):
            raise InputMissing(
                f"{each.name} ({each.digest[:12]}) is no model on record",
                advice="see `sealwright ledger show`; train it with `sealwright train`",
            )
    said = review(
        _version(index, graph, candidate.digest),
        _version(index, graph, serving.digest),
        ledger_size=len(evidence),
        reason=reason,
        at=format_time(project.clock()),
    )
    return Statement((candidate.subject, serving.subject), said)


def sign_review(
    project: Project, candidate: Named, serving: Named, *, signer: str, reason: str
) -> Verified:
    """Computes the review and records it as the signer's word; errors as `compare_versions`.

    UsageError for a signer whom no person stands behind: a review is what somebody looked at.
    """
    principal = project.trust.principal_named(signer)
    if principal is None or not principal.person:
        raise UsageError(
            f"{signer!r:.80} is no person's key", advice="let a person sign it: --as PRINCIPAL"
        )
    with project.turn():
        return project.record(
            compare_versions(project, candidate, serving, reason=reason), signer=signer
        )


def _version(index: EvidenceIndex, graph: Graph, digest: str) -> Version:
    datasets = graph.sources(digest, "made-from", kind="dataset")
    # The code and the environment were examined as artifacts of their own.
    places = (
        digest,
        *graph.sources(digest, "made-from", kind="code"),
        *graph.sources(digest, "made-from", kind="environment"),
    )
    bills = _of(CycloneDxBom, _newest(index.about(digest, "sbom")))
    evaluations = _of(Evaluation, _newest(index.about(digest, "evaluation")))
    return Version(
        digest=digest,
        data=tuple(_learnt_from(index, each) for each in datasets if _known(index, each)),
        scans=tuple(
            scan for place in places for scan in _of(Scan, _newest(index.about(place, "scan")))
        ),
        evaluations=evaluations,
        bill=bills[-1] if bills else None,
        criteria=_criteria(index, evaluations),
    )


def _known(index: EvidenceIndex, digest: str) -> bool:
    return bool(_of(DatasetVersion, _sound(index.about(digest, "dataset-version"))))


def _learnt_from(index: EvidenceIndex, digest: str) -> LearntFrom:
    versions = _of(DatasetVersion, _sound(index.about(digest, "dataset-version")))
    return LearntFrom(
        digest=digest,
        version=versions[-1],
        validations=_of(DatasetValidation, _newest(index.about(digest, "dataset-validation"))),
    )


def _criteria(index: EvidenceIndex, evaluations: Sequence[Evaluation]) -> tuple[Criterion, ...]:
    found: list[Criterion] = []
    for evaluation in evaluations:
        item = index.by_digest.get(evaluation.criteria)
        if item is not None and isinstance(item.predicate, Criteria):
            found += [each for each in item.predicate.criteria if each.kind == evaluation.kind]
    return tuple(dict.fromkeys(found))


def _newest(items: Iterable[Verified]) -> tuple[Verified, ...]:
    """The last statement of each kind by each signer, oldest first: nobody outvotes another."""
    last: dict[tuple[str, str], Verified] = {}
    for item in _sound(items):
        key = actor_of(item), kind_of(item.predicate)
        last.pop(key, None)
        last[key] = item
    return tuple(last.values())


def _sound(items: Iterable[Verified]) -> tuple[Verified, ...]:
    return tuple(item for item in items if not revoked_for_cause(item))


def _of(kind: type[P], items: Iterable[Verified]) -> tuple[P, ...]:
    return tuple(item.predicate for item in items if isinstance(item.predicate, kind))
