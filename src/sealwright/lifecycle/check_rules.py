"""Whether the rules in a lifecycle can be met and mean something: constraints, criteria, answers
that still have to be written."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from sealwright.lifecycle.model import ColumnRule, CriterionRule, Lifecycle, Scalar
from sealwright.lifecycle.positions import Path
from sealwright.lifecycle.problem import Problem, did_you_mean, dotted, shown

UNWRITTEN = "TODO"
"""What the template leaves where only a person knows the answer."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOT_LINEAR = re.compile(r"\(\?(?!:|P<[A-Za-z_])|\\[1-9Z]|[*+?}]\+")
_SCALARS: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "date": (str,),
    "timestamp": (str,),
}


class KnownMetric(Protocol):
    """What is asked of an entry in the table of metrics that the validation phase publishes."""

    @property
    def kinds(self) -> Sequence[str]:
        """Evaluations that measure it."""

    @property
    def better(self) -> str:
        """ "higher", "lower" or "neither"."""


def rule_problems(lifecycle: Lifecycle, *, metrics: Mapping[str, KnownMetric]) -> Iterator[Problem]:
    """Every rule that cannot be examined, can never hold, or always holds."""
    yield from _unwritten(msgspec.to_builtins(lifecycle), ())
    for name, data in lifecycle.data.items():
        if data.max_rows is not None and data.max_rows < data.min_rows:
            yield Problem(
                ("data", name, "max_rows"),
                f"data.{name}.max_rows: {data.max_rows} is less than min_rows, {data.min_rows}",
            )
        for column, rule in data.columns.items():
            yield from column_problems(rule, ("data", name, "columns", column))
    for variable in lifecycle.training.environment:
        if _VARIABLE.fullmatch(variable) is None:
            yield Problem(
                ("training", "environment", variable),
                f"{shown(variable)} is not the name of an environment variable",
                "letters, digits and underscores",
                at="key",
            )
    seen: set[str] = set()
    for index, criterion in enumerate(lifecycle.validation.criteria):
        path: Path = ("validation", "criteria", index)
        if criterion.id in seen:
            yield Problem((*path, "id"), f"the criterion {shown(criterion.id)} stands there twice")
        seen.add(criterion.id)
        yield from _criterion(criterion, path, lifecycle=lifecycle, metrics=metrics)


def column_problems(rule: ColumnRule, path: Path) -> Iterator[Problem]:
    """Mistakes in the constraints of one column."""
    numeric = rule.type in ("integer", "number")
    for field in ("min", "max"):
        if getattr(rule, field) is not None and not numeric:
            yield Problem(
                (*path, field),
                f"{dotted((*path, field))}: only for integer and number columns; "
                f"this one is {rule.type}",
            )
    if rule.min is not None and rule.max is not None and rule.min > rule.max:
        yield Problem(
            (*path, "max"), f"{dotted((*path, 'max'))}: {rule.max} is less than min, {rule.min}"
        )
    yield from _values(rule, (*path, "values"))
    if rule.pattern is not None:
        yield from _pattern(rule.pattern, (*path, "pattern"), of_text=rule.type == "string")


def _values(rule: ColumnRule, path: Path) -> Iterator[Problem]:
    seen: set[tuple[type, Scalar]] = set()
    for index, value in enumerate(rule.values or ()):
        fits = isinstance(value, _SCALARS[rule.type])
        if isinstance(value, bool) and rule.type != "boolean":
            fits = False
        if not fits:
            yield Problem(
                (*path, index), f"{dotted((*path, index))}: not a value of type {rule.type}"
            )
        elif (type(value), value) in seen:
            yield Problem((*path, index), f"{dotted((*path, index))}: stands there twice")
        seen.add((type(value), value))


def _pattern(pattern: str, path: Path, *, of_text: bool) -> Iterator[Problem]:
    """Only expressions that take linear time, as RE2 does: https://github.com/google/re2/wiki/Syntax"""
    name = dotted(path)
    if not of_text:
        yield Problem(path, f"{name}: only for string columns")
    if _NOT_LINEAR.search(pattern) is not None:
        yield Problem(
            path,
            f"{name}: look-around, back references, flags, \\Z and possessive repetition are not "
            "supported",
            "the whole value is matched anyway; write plain groups, classes and repetitions",
        )
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        yield Problem(path, f"{name}: not a regular expression: {error}")


def _criterion(
    criterion: CriterionRule,
    path: Path,
    *,
    lifecycle: Lifecycle,
    metrics: Mapping[str, KnownMetric],
) -> Iterator[Problem]:
    name, at, level = criterion.metric.partition("@")
    metric = metrics.get(name)
    if metric is None or criterion.kind not in metric.kinds:
        known = [each for each, value in metrics.items() if criterion.kind in value.kinds]
        yield Problem(
            (*path, "metric"),
            f"{dotted((*path, 'metric'))}: {criterion.kind} does not measure {shown(name)}",
            did_you_mean(name, known),
        )
    elif criterion.op == {"higher": "<=", "lower": ">="}.get(metric.better):
        yield Problem(
            (*path, "op"),
            f"{dotted((*path, 'op'))}: for {name}, {metric.better} is better, so "
            f"{criterion.op} would reward a bad model",
        )
    if criterion.bound == ("high" if criterion.op == ">=" else "low"):
        strict = "low" if criterion.op == ">=" else "high"
        yield Problem(
            (*path, "bound"),
            f"{dotted((*path, 'bound'))}: {criterion.op} on the {criterion.bound} end of the "
            "interval judges the optimistic end",
            f'write bound = "{strict}"',
        )
    levels = [f"{each:g}" for each in lifecycle.validation.noise]
    if at and level not in levels:
        yield Problem(
            (*path, "metric"),
            f"{dotted((*path, 'metric'))}: {shown(level)} is not a level in validation.noise",
            f"levels are: {', '.join(levels) or 'none'}",
        )
    yield from _group(criterion, path, groups=lifecycle.validation.groups)


def _group(criterion: CriterionRule, path: Path, *, groups: list[str]) -> Iterator[Problem]:
    if criterion.kind == "fairness" and not groups:
        yield Problem(
            path,
            f"{dotted(path)}: a fairness criterion needs groups to compare",
            "name the group columns in validation.groups",
        )
    elif criterion.group and not any(
        criterion.group == each or criterion.group.startswith(f"{each}=") for each in groups
    ):
        yield Problem(
            (*path, "group"),
            f"{dotted((*path, 'group'))}: {shown(criterion.group)} is not in validation.groups",
            did_you_mean(criterion.group, groups),
        )


def _unwritten(value: object, path: Path) -> Iterator[Problem]:
    """Texts that the template left for a person to write."""
    if isinstance(value, str) and re.match(rf"{UNWRITTEN}\b", value):
        yield Problem(path, f"{dotted(path)}: still to be written", "replace the TODO")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unwritten(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unwritten(inner, (*path, index))
