"""Which artifacts a requirement speaks of, in a given case."""

from __future__ import annotations

from collections.abc import Iterable

from sealwright.policy.case import Case, Input
from sealwright.policy.conditions import content_problem
from sealwright.policy.model import Target
from sealwright.policy.readings import result_of


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
    if of == "base-model":
        return _base_models(case)
    return _named(case, case.graph.sources(request.artifact, "made-from", kind=of))


def known_by_a_pass(case: Case, of: Target) -> bool:
    """Whether the targets are known from something better than a failure.

    A test set that only a failed evaluation names, or training data that only a run names which
    does not meet the policy, answers nothing: otherwise a failure could fill a gap.
    """
    if of == "test-dataset":
        return _tested_with_success(case)
    if of in ("train-dataset", "code", "environment"):
        return case.request.question == "train" or _trained_as_asked(case)
    return of != "dataset" or all(
        known_by_a_pass(case, each) for each in ("train-dataset", "test-dataset")
    )


def _tested_with_success(case: Case) -> bool:
    return any(
        result_of(item.statement.predicate) in ("passed", "warned")
        for item in case.index.about(case.request.artifact, "evaluation")
    )


def _trained_as_asked(case: Case) -> bool:
    """Whether some training run says what the policy asks of runs, or none is on record at all."""
    runs = case.index.about(case.request.artifact, "training-run")
    asked = [each for each in case.rules.requirements if each.predicate == "training-run"]
    return not runs or any(
        not any(content_problem(each, run, case.index) for each in asked) for run in runs
    )


def _train_datasets(case: Case) -> tuple[Input, ...]:
    request = case.request
    used = _named(case, case.graph.sources(request.artifact, "made-from", kind="dataset"))
    if request.question != "train":
        return used
    if given := tuple(each for each in request.inputs if each.kind == "dataset"):
        return given
    if "dataset" in case.graph.claims.get(request.artifact, ()):
        return (Input(digest=request.artifact, name=case.name),)
    return used


def _base_models(case: Case) -> tuple[Input, ...]:
    """The models that training starts from, however far upstream. A model made by a run that is on
    record here answers by that run's evidence; what came from outside has none."""
    request = case.request
    given = {each.digest: each for each in request.inputs if each.kind == "model"}
    for start in (request.artifact, *given):
        for digest in case.graph.ancestors(start):
            trained = case.index.about(digest, "training-run")
            if "model" in case.graph.claims[digest] and not trained:
                given.setdefault(digest, _named(case, (digest,))[0])
    return tuple(given.values())


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
