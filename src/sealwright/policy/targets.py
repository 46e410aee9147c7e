"""Which artifacts a requirement speaks of, in a given case."""

from __future__ import annotations

from collections.abc import Iterable

from sealwright.evidence.predicates.validation import Evaluation
from sealwright.policy.case import Case, Input
from sealwright.policy.model import Target


def targets_of(case: Case, of: Target) -> tuple[Input, ...]:
    """The artifacts, by digest and name; none if nothing recorded says which they are."""
    request = case.request
    if of == "subject":
        return (Input(digest=request.artifact, name=case.name),)
    if of == "system":
        return (Input(digest=request.system, name=case.index.name(request.system)),)
    if of == "train-dataset":
        return _train_datasets(case)
    if of == "test-dataset":
        return _named(case, case.graph.sources(request.artifact, "tested-on", kind="dataset"))
    if of == "dataset":
        return _all_datasets(case)
    return _named(case, case.graph.sources(request.artifact, "made-from", kind=of))


def known_by_a_pass(case: Case, of: Target) -> bool:
    """Whether the targets are known from something better than a failure.

    A test set that only a failed evaluation names does not answer the question on which data the
    model was tried with success: otherwise a failure could fill a gap.
    """
    if of != "test-dataset":
        return True
    return any(
        isinstance(item.statement.predicate, Evaluation)
        and item.statement.predicate.result in ("passed", "warned")
        for item in case.index.about(case.request.artifact, "evaluation")
    )


def _train_datasets(case: Case) -> tuple[Input, ...]:
    request = case.request
    used = _named(case, case.graph.sources(request.artifact, "made-from", kind="dataset"))
    if request.question != "train":
        return used
    if request.inputs:
        return request.inputs
    if "dataset" in case.graph.claims.get(request.artifact, ()):
        return (Input(digest=request.artifact, name=case.name),)
    return used


def _all_datasets(case: Case) -> tuple[Input, ...]:
    near = (*_train_datasets(case), *targets_of(case, "test-dataset"))
    found = {target.digest: target for target in near}
    for start in (case.request.artifact, *found):
        for digest in case.graph.ancestors(start):
            if "dataset" in case.graph.claims[digest]:
                found.setdefault(digest, _named(case, (digest,))[0])
    return tuple(found.values())


def _named(case: Case, digests: Iterable[str]) -> tuple[Input, ...]:
    return tuple(Input(digest=digest, name=case.graph.nodes[digest].name) for digest in digests)
