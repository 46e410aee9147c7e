"""The order of a run, in one list: what must be said before what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sealwright.project.core import Project
from sealwright.project.steps import (
    data,
    deployment,
    gates,
    governance,
    model,
    monitoring,
    validation,
)
from sealwright.project.steps.step import Agreed, Phase, Step


def plan(project: Project, phases: Sequence[Phase], *, ask_release: bool) -> Iterator[Step]:
    """The steps of these phases, in order; made one by one, as later ones see earlier results.

    Criteria come before training: what a model must reach is fixed before there is one. What the
    train gate was asked about is handed on to training, which takes nothing else.
    """
    if "governance" in phases:
        yield from governance.steps(project)
    if "data" in phases:
        yield from data.steps(project)
    if "validation" in phases or "model" in phases:
        yield from validation.criteria_steps(project)
    if "model" in phases:
        agreed = Agreed()
        yield from model.code_steps(project)
        yield gates.train(project, agreed)
        yield from model.steps(project, agreed)
        yield from deployment.steps(project)
        yield from monitoring.steps(project)
    if "validation" in phases:
        yield from validation.evaluation_steps(project)
    if "validation" in phases and ask_release:
        yield gates.release(project)
