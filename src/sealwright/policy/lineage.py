"""What was made from what, as the statements say it: the graph that trust and mistrust follow.

An edge leads from what was used to what was made (`made-from`), or from a test data set to the
model that was tried on it (`tested-on`). Only `made-from` makes ancestors: whoever labelled the
test data did not make the model, and a test set that is quarantined spoils the evaluations that
name it (see `staleness`), not the model itself.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from sealwright.evidence.digest import is_digest
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.data import DatasetVersion, Lineage
from sealwright.evidence.predicates.model import SlsaProvenance
from sealwright.evidence.predicates.validation import Evaluation
from sealwright.evidence.verify import Verified
from sealwright.policy.evidence_index import EvidenceIndex, index_evidence

NodeKind = Literal["dataset", "code", "environment", "model", "system", "config", "file"]
Relation = Literal["made-from", "tested-on"]

_KINDS: tuple[NodeKind, ...] = (
    "dataset",
    "model",
    "code",
    "environment",
    "config",
    "system",
    "file",
)
"""What a node is called where statements differ: the first of these that one of them says."""

_KIND_OF_SUBJECT: dict[str, NodeKind] = {
    "dataset-version": "dataset",
    "dataset-validation": "dataset",
    "data-access": "dataset",
    "custody": "model",
    "model-import": "model",
    "training-run": "model",
    "evaluation": "model",
    "monitor-window": "model",
    "sbom": "model",
    "trust-root": "system",
    "policy": "system",
    "risk-classification": "system",
    "impact-assessment": "system",
    "training-completion": "system",
    "drill": "system",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An artifact that some statement speaks of."""

    digest: str
    kind: NodeKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`source` was used to make (or to test) `target`; `via` is the envelope that says so."""

    source: str
    target: str
    via: str
    relation: Relation = "made-from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Artifacts and how they came from each other. May hold cycles: statements can say anything."""

    nodes: dict[str, Node]
    edges: tuple[Edge, ...]
    claims: dict[str, frozenset[str]] = field(repr=False)
    """Digest → every kind that some statement gives it. A rule about data sets applies to whatever
    anyone calls one: no second statement can talk an artifact out of a requirement."""
    into: dict[str, tuple[Edge, ...]] = field(repr=False)
    out_of: dict[str, tuple[Edge, ...]] = field(repr=False)

    @classmethod
    def build(cls, evidence: Iterable[Verified] | EvidenceIndex) -> Graph:
        """The graph that these statements draw."""
        index = index_evidence(evidence)
        edges: dict[Edge, None] = {}
        names = dict(index.names)
        claims: dict[str, set[str]] = defaultdict(set)
        for item in index.items:
            edges.update(dict.fromkeys(_edges(item)))
            kind = _KIND_OF_SUBJECT.get(item.statement.kind, "file")
            # A signature's root that stands for a known artifact is no artifact of its own.
            stated = tuple(subject.sha256 for subject in item.statement.subjects)
            for digest in index.subjects[item.digest] or stated:
                claims[digest].add(kind)
            for resource, digest in _resources(item):
                claims[digest].add(resource.annotations.get("kind", "file"))
                if resource.name:
                    names.setdefault(digest, resource.name)
            if isinstance(item.statement.predicate, Evaluation):
                claims[sha256_of(item.statement.predicate.dataset)].add("dataset")
        for edge in edges:
            for digest in (edge.source, edge.target):
                claims[digest].add("file")
        claims.pop("", None)
        return cls(
            nodes={
                digest: Node(
                    digest=digest,
                    kind=next(kind for kind in _KINDS if kind in {*said, "file"}),
                    name=names.get(digest) or digest[:12],
                )
                for digest, said in claims.items()
            },
            edges=tuple(edges),
            claims={digest: frozenset(said) for digest, said in claims.items()},
            into=_grouped((edge.target, edge) for edge in edges),
            out_of=_grouped((edge.source, edge) for edge in edges),
        )

    def ancestors(self, digest: str) -> tuple[str, ...]:
        """What `digest` was made from, nearest first, without itself."""
        return self._walk(digest, upwards=True)

    def descendants(self, digest: str) -> tuple[str, ...]:
        """What was made from `digest`, nearest first, without itself."""
        return self._walk(digest, upwards=False)

    def sources(self, digest: str, relation: Relation, *, kind: NodeKind) -> tuple[str, ...]:
        """Direct sources of one relation and kind, in the order in which they were named."""
        return tuple(
            dict.fromkeys(
                edge.source
                for edge in self.into.get(digest, ())
                if edge.relation == relation and kind in self.claims[edge.source]
            )
        )

    def path(self, origin: str, goal: str) -> tuple[Edge, ...]:
        """The shortest way upwards from `origin` to `goal`, over edges of both relations."""
        arrived: dict[str, tuple[Edge, ...]] = {origin: ()}
        pending = deque([origin])
        while pending and goal not in arrived:
            here = pending.popleft()
            for edge in self.into.get(here, ()):
                if edge.source not in arrived:
                    arrived[edge.source] = (*arrived[here], edge)
                    pending.append(edge.source)
        return arrived.get(goal, ())

    def _walk(self, digest: str, *, upwards: bool) -> tuple[str, ...]:
        found: dict[str, None] = {digest: None}
        pending = deque([digest])
        while pending:
            here = pending.popleft()
            for edge in (self.into if upwards else self.out_of).get(here, ()):
                other = edge.source if upwards else edge.target
                if edge.relation == "made-from" and other not in found:
                    found[other] = None
                    pending.append(other)
        del found[digest]
        return tuple(found)


def sha256_of(resource: Resource) -> str:
    """The digest that a resource names, or empty if it names none that we take."""
    digest = resource.digest.get("sha256", "")
    return digest if is_digest(digest) else ""


def _resources(item: Verified) -> Iterator[tuple[Resource, str]]:
    """What the statement says was used, with its digest."""
    predicate = item.statement.predicate
    resources: tuple[Resource, ...] = ()
    if isinstance(predicate, SlsaProvenance):
        resources = predicate.build_definition.resolved_dependencies
    elif isinstance(predicate, Lineage):
        resources = (*predicate.inputs, *predicate.code)
    elif isinstance(predicate, Evaluation):
        resources = (predicate.dataset,)
    for resource in resources:
        if digest := sha256_of(resource):
            yield resource, digest


def _edges(item: Verified) -> Iterator[Edge]:
    predicate = item.statement.predicate
    sources = [digest for _, digest in _resources(item)]
    relation: Relation = "tested-on" if isinstance(predicate, Evaluation) else "made-from"
    if isinstance(predicate, DatasetVersion) and is_digest(predicate.parent):
        sources.append(predicate.parent)
    for subject in item.statement.subjects:
        for source in sources:
            if source != subject.sha256:
                yield Edge(source=source, target=subject.sha256, via=item.digest, relation=relation)


def _grouped(pairs: Iterable[tuple[str, Edge]]) -> dict[str, tuple[Edge, ...]]:
    groups: dict[str, list[Edge]] = defaultdict(list)
    for digest, edge in pairs:
        groups[digest].append(edge)
    return {digest: tuple(edges) for digest, edges in groups.items()}
