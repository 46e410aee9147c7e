"""The commented `sealwright.toml` that `sealwright init` writes: every key, explained in one line.

What only a person can know is left as TODO, which the check refuses until it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from sealwright.lifecycle import model
from sealwright.lifecycle.columns import ColumnGuess
from sealwright.lifecycle.documentation import help_for
from sealwright.lifecycle.questions import PROHIBITED, QUESTIONS, TIERS, classify
from sealwright.lifecycle.read import parse_lifecycle
from sealwright.lifecycle.toml_text import toml_key, toml_value

_TODO = "TODO"
_NESTED = {
    "answers", "labels", "columns", "limits", "environment", "criteria", "impact", "signers",
    "roles", "tokens",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChoice:
    """One data set, as far as it is known when the file is written."""

    name: str
    path: str
    role: Literal["train", "test", "reference", "other"] = "train"
    columns: tuple[ColumnGuess, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    """Other keys of `DataSet` that are known: source, licence, groups, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the user said; everything else gets its default, or a TODO."""

    name: str = "my-system"
    purpose: str = "TODO: what the system is for, and who decides with its output"
    data: tuple[DataChoice, ...] = (
        DataChoice(name="train", path="data/train.csv"),
        DataChoice(name="test", path="data/test.csv", role="test"),
    )
    """At least one with the role train and one with the role test."""
    label: str = _TODO
    features: tuple[str, ...] = ()
    """Empty: all columns of the training data but the label."""
    groups: tuple[str, ...] = ()
    command: tuple[str, ...] = ("python", "train.py")
    code: tuple[str, ...] = ("train.py",)
    output: str = "model"
    lock: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    criteria: tuple[model.CriterionRule, ...] = ()
    signers: Mapping[str, str] = field(default_factory=dict)
    """Phase → principal, as in `[governance.signers]`."""


EXAMPLE_CRITERIA = (
    model.CriterionRule(
        id="accurate", kind="performance", metric="accuracy", op=">=", threshold=0.8, bound="low"
    ),
    model.CriterionRule(
        id="stable-under-noise",
        kind="robustness",
        metric="noise_accuracy@0.1",
        op=">=",
        threshold=0.7,
        bound="low",
    ),
    model.CriterionRule(
        id="calibrated",
        kind="calibration",
        metric="expected_calibration_error",
        op="<=",
        threshold=0.1,
        bound="high",
    ),
)
"""Shown as comments where no criteria were chosen; the thresholds are for the user to decide."""


def system_name(text: str) -> str:
    """A valid name made from any text, such as a folder's name."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64].strip("-")
    return name or "my-system"


def render(choices: Choices) -> str:
    """The text of the file; the same choices always give the same text.

    Raises ConfigError where the choices cannot make a valid file, and Refused where the answers
    name a prohibited practice.
    """
    classify(choices.answers)
    text = "\n".join(_lines(choices)) + "\n"
    parse_lifecycle(text, file=Path("sealwright.toml"))
    return text


def _lines(choices: Choices) -> Iterator[str]:
    yield "# What sealwright records and checks about this system, phase by phase."
    yield "# Reference of every key: docs/reference/sealwright-toml.md"
    yield "# A line that begins with `# key =` shows the default; remove the # to change it."
    yield "# Nothing runs while a TODO is left."
    yield ""
    yield f"schema = {model.SCHEMA}  # {help_for(model.Lifecycle, 'schema')}"
    yield from _table("system", model.System, {"name": choices.name, "purpose": choices.purpose})
    yield from _answers(choices.answers)
    for data in choices.data:
        yield from _data(data, choices.label)
    yield from _training(choices)
    yield from _validation(choices)
    yield from _table("deployment", model.Deployment, {})
    yield ""
    yield "# Who may do what with the model; API keys are made for a role."
    yield from _table("deployment.roles.caller", model.Role, {"actions": ["infer", "metadata"]})
    yield ""
    yield f"# {help_for(model.Deployment, 'tokens')}"
    yield from _table("deployment.tokens", model.Tokens, {}, off=True)
    yield from _table("monitoring", model.Monitoring, {})
    yield from _governance(choices)


def _table(
    header: str, record: type[msgspec.Struct], values: Mapping[str, Any], *, off: bool = False
) -> Iterator[str]:
    """One table with all its keys: those known, those only a person knows, and the defaults.

    With `off` every line is a comment, and removing `# ` once from each turns the table on.
    """
    mark = "# " if off else ""
    yield ""
    yield f"{mark}[{header}]"
    for each in msgspec.structs.fields(record):
        if each.name in _NESTED and each.name not in values:
            continue
        yield f"{mark}# {help_for(record, each.name)}"
        if each.name in values:
            yield f"{mark}{each.name} = {toml_value(values[each.name])}"
        elif each.required:
            listed = "list[" in str(each.type)
            yield f"{mark}{each.name} = {toml_value([_TODO] if listed else _TODO)}"
        else:
            default = each.default
            if each.default_factory is not msgspec.NODEFAULT:
                default = each.default_factory()
            yield f"{mark}# {each.name} = {'…' if default is None else toml_value(default)}"


def _answers(answers: Mapping[str, str]) -> Iterator[str]:
    yield ""
    yield '# Answer "yes", "no" or "unknown". The answers decide the risk tier'
    yield f"# ({' < '.join(TIERS)}); what is unknown counts as high."
    yield "[system.answers]"
    for question in QUESTIONS:
        yield f"# {question.text} (yes: at least {question.tier})"
        yield f"{question.id} = {toml_value(answers.get(question.id, 'unknown'))}"
    yield "# A yes to one of these is a prohibited practice, and is refused."
    for practice in PROHIBITED:
        yield f"# {practice.text}"
        yield f"{practice.id} = {toml_value(answers.get(practice.id, 'unknown'))}"


def _data(data: DataChoice, label: str) -> Iterator[str]:
    header = f"data.{toml_key(data.name)}"
    known = {**data.more, "path": data.path, "role": data.role}
    nested = {name: known.pop(name) for name in ("labels", "columns") if name in known}
    yield from _table(header, model.DataSet, known)
    labels = nested.get("labels", {"column": label} if data.role in ("train", "test") else None)
    if labels is not None:
        yield from _table(f"{header}.labels", model.Labels, labels)
    yield ""
    yield "# One line per column: type (integer, number, string, boolean, date, timestamp), and"
    yield "# required, unique, min, max, values, pattern, references. What the data shows today is"
    yield "# noted behind it; write a limit where you know what is valid."
    yield f"[{header}.columns]"
    for name, rule in nested.get("columns", {}).items():
        yield f"{toml_key(name)} = {toml_value(rule)}"
    for guess in data.columns:
        if guess.name not in nested.get("columns", {}):
            yield _column(guess)


def _column(guess: ColumnGuess) -> str:
    rule: dict[str, Any] = {"type": guess.type}
    seen = []
    if guess.missing:
        rule["required"] = False
        seen.append(f"{guess.missing} of {guess.rows} missing")
    if guess.low is not None and guess.high is not None:
        seen.append(f"min = {toml_value(guess.low)}, max = {toml_value(guess.high)}")
    if guess.values:
        seen.append(f"values = {toml_value(list(guess.values))}")
    note = f"  # seen: {'; '.join(seen)}" if seen else ""
    return f"{toml_key(guess.name)} = {toml_value(rule)}{note}"


def _training(choices: Choices) -> Iterator[str]:
    values: dict[str, Any] = {
        "command": list(choices.command),
        "code": list(choices.code),
        "inputs": [data.name for data in choices.data if data.role == "train"],
        "output": choices.output,
    }
    if choices.lock:
        values["lock"] = choices.lock
    yield from _table("training", model.Training, values)
    yield from _table("training.limits", model.Limits, {})
    yield ""
    yield f"# {help_for(model.Training, 'environment')}"
    yield "[training.environment]"


def _validation(choices: Choices) -> Iterator[str]:
    train = next((data for data in choices.data if data.role == "train"), None)
    test = next((data for data in choices.data if data.role == "test"), None)
    features = list(choices.features)
    if not features and train is not None:
        features = [each.name for each in train.columns if each.name != choices.label]
    values: dict[str, Any] = {
        "test": test.name if test is not None else "todo",
        "train": train.name if train is not None else "todo",
        "label": choices.label,
        "features": features or [_TODO],
    }
    if choices.groups:
        values["groups"] = list(choices.groups)
    yield from _table("validation", model.Validation, values)
    yield ""
    yield "# What the model must reach is signed before the test, so decide before you look."
    for rule in choices.criteria or EXAMPLE_CRITERIA:
        known = {name: value for name, value in msgspec.to_builtins(rule).items() if value != ""}
        off = not choices.criteria
        yield from _table("[validation.criteria]", model.CriterionRule, known, off=off)


def _governance(choices: Choices) -> Iterator[str]:
    yield from _table("governance", model.Governance, {})
    yield ""
    yield f"# {help_for(model.Governance, 'signers')}"
    yield "[governance.signers]"
    for phase, principal in choices.signers.items():
        yield f"{toml_key(phase)} = {toml_value(principal)}"
    tier, _ = classify(choices.answers)
    needed = TIERS.index(tier) >= TIERS.index("high")
    if not needed:
        yield ""
        yield f"# {help_for(model.Governance, 'impact')}"
    yield from _table("governance.impact", model.Impact, {}, off=not needed)
