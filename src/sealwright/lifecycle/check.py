"""Whether a lifecycle makes sense as a whole; its shape was settled when it was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sealwright.lifecycle.check_deployment import deployment_problems
from sealwright.lifecycle.check_names import name_problems
from sealwright.lifecycle.check_paths import path_problems
from sealwright.lifecycle.check_rules import KnownMetric, rule_problems
from sealwright.lifecycle.model import Lifecycle
from sealwright.lifecycle.problem import Problem, raise_problems
from sealwright.lifecycle.read import parse_document, parse_lifecycle, read_text


def load_lifecycle(
    path: Path, *, metrics: Mapping[str, KnownMetric], exist: bool = True
) -> Lifecycle:
    """Reads and checks the file at `path`: what every command that acts on a lifecycle starts with.

    `metrics` is the validation phase's table. `exist=False` leaves out whether the declared files
    are there. Raises ConfigError with every mistake at its line and column.
    """
    text = read_text(path)
    lifecycle = parse_lifecycle(text, file=path)
    check_lifecycle(lifecycle, text=text, file=path, metrics=metrics, exist=exist)
    return lifecycle


def check_lifecycle(
    lifecycle: Lifecycle,
    *,
    text: str,
    file: Path,
    metrics: Mapping[str, KnownMetric],
    exist: bool = True,
) -> None:
    """Checks a lifecycle that was parsed from `text`; ConfigError with every mistake."""
    _, places = parse_document(text, file=file)
    problems = find_mistakes(lifecycle, file=file, metrics=metrics, exist=exist)
    raise_problems(problems, places=places, file=file)


def find_mistakes(
    lifecycle: Lifecycle, *, file: Path, metrics: Mapping[str, KnownMetric], exist: bool = True
) -> Iterator[Problem]:
    """Every mistake, without its place in the text."""
    yield from name_problems(lifecycle)
    yield from path_problems(lifecycle, file=file, exist=exist)
    yield from rule_problems(lifecycle, metrics=metrics)
    yield from deployment_problems(lifecycle)
