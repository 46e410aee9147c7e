"""Whether what one part of a lifecycle names exists in another: data sets, columns, phases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sealwright.lifecycle.model import DataSet, Lifecycle
from sealwright.lifecycle.positions import Path
from sealwright.lifecycle.problem import Problem, did_you_mean, dotted, shown
from sealwright.lifecycle.questions import question_ids

PHASES = (
    *("data", "training", "validation", "criteria", "governance"),
    *("deployment", "monitoring", "default"),
)
"""What [governance.signers] can name."""

_COMPARISON = re.compile(r"(?P<column>.+?)(?:>=|<)-?[0-9.]+")


def name_problems(lifecycle: Lifecycle) -> Iterator[Problem]:
    """Every name that leads nowhere, or to something that cannot play the part."""
    for name in lifecycle.system.answers:
        if name not in question_ids():
            yield Problem(
                ("system", "answers", name),
                f"there is no risk question {shown(name)}",
                did_you_mean(name, question_ids()),
                at="key",
            )
    for name, data in lifecycle.data.items():
        yield from _in_data_set(name, data, lifecycle)
    yield from _cycles(lifecycle)
    yield from _training_data(lifecycle)
    yield from _validation_data(lifecycle)
    for phase in lifecycle.governance.signers:
        if phase not in PHASES:
            yield Problem(
                ("governance", "signers", phase),
                f"there is no phase {shown(phase)} to sign for",
                did_you_mean(phase, PHASES),
                at="key",
            )


def _in_data_set(name: str, data: DataSet, lifecycle: Lifecycle) -> Iterator[Problem]:
    path: Path = ("data", name)
    for index, other in enumerate(data.derived_from):
        yield from _data_set(lifecycle, other, (*path, "derived_from", index))
    for field in ("sensitive", "groups", "personal_data_columns"):
        yield from _columns(data, getattr(data, field), (*path, field))
    if data.labels is not None:
        yield from _column(data, data.labels.column, (*path, "labels", "column"))
    for column, rule in data.columns.items():
        if rule.references is not None:
            at = (*path, "columns", column, "references")
            yield from _reference(lifecycle, rule.references, at)


def _reference(lifecycle: Lifecycle, reference: str, path: Path) -> Iterator[Problem]:
    other, dot, column = reference.partition(".")
    if not dot or not column:
        yield Problem(path, f"{dotted(path)}: {shown(reference)} is not of the form DATASET.COLUMN")
        return
    yield from _data_set(lifecycle, other, path)
    if other in lifecycle.data:
        yield from _column(lifecycle.data[other], column, path)


def _cycles(lifecycle: Lifecycle) -> Iterator[Problem]:
    for name in lifecycle.data:
        if name in ancestors(lifecycle, name):
            path = ("data", name, "derived_from")
            yield Problem(path, f"{dotted(path)}: {shown(name)} is derived from itself")


def ancestors(lifecycle: Lifecycle, name: str) -> set[str]:
    """Names of all data sets that one was derived from; with itself, where there is a circle."""
    found: set[str] = set()
    pending = [name]
    while pending:
        data = lifecycle.data.get(pending.pop())
        fresh = set(data.derived_from) - found if data is not None else set()
        found |= fresh
        pending += fresh
    return found


def _training_data(lifecycle: Lifecycle) -> Iterator[Problem]:
    for index, name in enumerate(lifecycle.training.inputs):
        path: Path = ("training", "inputs", index)
        yield from _data_set(lifecycle, name, path)
        if name in lifecycle.data and lifecycle.data[name].role == "test":
            yield Problem(
                path,
                f"{dotted(path)}: {shown(name)} is test data, which training must not see",
                'remove it, or give the data set the role "reference" if it is for tuning',
            )
    yield from _repeats(lifecycle.training.inputs, ("training", "inputs"))
    for name in lifecycle.training.models:
        if name in lifecycle.data:
            yield Problem(
                ("training", "models", name),
                f"training.models: {shown(name)} is the name of a data set, too",
                "give the model another name",
            )


def _validation_data(lifecycle: Lifecycle) -> Iterator[Problem]:
    validation = lifecycle.validation
    for field in ("test", "train"):
        yield from _data_set(lifecycle, getattr(validation, field), ("validation", field))
    test, train = lifecycle.data.get(validation.test), lifecycle.data.get(validation.train)
    if test is not None and test.role != "test":
        yield Problem(
            ("validation", "test"),
            f"validation.test: {shown(validation.test)} has the role {shown(test.role)}, "
            'expected "test"',
        )
    if train is not None and validation.train not in lifecycle.training.inputs:
        yield Problem(
            ("validation", "train"),
            f"validation.train: {shown(validation.train)} is not among training.inputs",
        )
    if validation.test in ancestors(lifecycle, validation.train):
        yield Problem(
            ("validation", "train"),
            f"validation.train: {shown(validation.train)} is derived from the test data",
            "a model tested on what it was trained on proves nothing",
        )
    for data in (test, train):
        if data is not None:
            yield from _column(data, validation.label, ("validation", "label"))
            yield from _columns(data, validation.features, ("validation", "features"))
    if test is not None:
        yield from _columns(test, validation.groups, ("validation", "groups"))
    yield from _features(lifecycle)


def _features(lifecycle: Lifecycle) -> Iterator[Problem]:
    validation = lifecycle.validation
    yield from _repeats(validation.features, ("validation", "features"))
    if validation.label in validation.features:
        path: Path = ("validation", "features", validation.features.index(validation.label))
        yield Problem(path, f"{dotted(path)}: the label {shown(validation.label)} is no feature")
    for index, name in enumerate(validation.immutable):
        if name not in validation.features:
            path = ("validation", "immutable", index)
            yield Problem(
                path,
                f"{dotted(path)}: {shown(name)} is not among validation.features",
                did_you_mean(name, validation.features),
            )


def _data_set(lifecycle: Lifecycle, name: str, path: Path) -> Iterator[Problem]:
    if name not in lifecycle.data:
        yield Problem(
            path,
            f"{dotted(path)}: there is no data set {shown(name)}",
            did_you_mean(name, lifecycle.data),
        )


def _columns(data: DataSet, names: Iterable[str], path: Path) -> Iterator[Problem]:
    for index, name in enumerate(names):
        yield from _column(data, name, (*path, index))


def _column(data: DataSet, name: str, path: Path) -> Iterator[Problem]:
    """A column is held against the declared ones; a data set that declares none is not judged."""
    comparison = _COMPARISON.fullmatch(name) if "groups" in path else None
    column = comparison["column"] if comparison is not None else name
    if data.columns and column not in data.columns and name not in data.columns:
        yield Problem(
            path,
            f"{dotted(path)}: {shown(column)} is not among the declared columns of "
            f"{shown(data.path)}",
            did_you_mean(column, data.columns),
        )


def _repeats(names: list[str], path: Path) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Problem((*path, index), f"{dotted(path)}: {shown(name)} stands there twice")
        seen.add(name)
