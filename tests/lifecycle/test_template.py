"""What `sealwright init` writes can be read back, says what it was told, and explains every key."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lifecycle.documents import FILE

from sealwright.errors import ConfigError, Refused
from sealwright.lifecycle import model
from sealwright.lifecycle.check import load_lifecycle
from sealwright.lifecycle.columns import ColumnGuess, guess_columns
from sealwright.lifecycle.problem import ConfigErrors
from sealwright.lifecycle.questions import QUESTIONS, question_ids
from sealwright.lifecycle.read import parse_lifecycle
from sealwright.lifecycle.template import (
    EXAMPLE_CRITERIA,
    Choices,
    DataChoice,
    render,
    system_name,
)
from sealwright.lifecycle.toml_text import toml_value
from sealwright.phases.validation.metrics import METRICS, fix_criteria

SIGNS = st.characters(codec="utf-8", exclude_characters="\x00")
WORDS = st.text(SIGNS, min_size=1, max_size=12)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
GUESSES = st.lists(
    st.builds(
        ColumnGuess,
        name=WORDS,
        type=st.sampled_from(["integer", "number", "string", "boolean", "date", "timestamp"]),
        rows=st.just(10),
        missing=st.integers(0, 3),
        low=st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        high=st.one_of(st.none(), st.integers(-9, 9)),
        values=st.lists(WORDS, max_size=3).map(tuple),
    ),
    max_size=4,
    unique_by=lambda guess: guess.name,
).map(tuple)
CHOICES = st.builds(
    lambda names, guesses, **rest: Choices(
        data=(
            DataChoice(name=names[0], path="a.csv", columns=guesses, more={"source": "x\ny"}),
            DataChoice(name=names[1], path="b.csv", role="test"),
        ),
        **rest,
    ),
    names=st.lists(NAMES, min_size=2, max_size=2, unique=True),
    guesses=GUESSES,
    name=NAMES,
    purpose=WORDS,
    label=WORDS,
    features=st.lists(WORDS, max_size=3).map(tuple),
    groups=st.lists(WORDS, max_size=2).map(tuple),
    command=st.lists(WORDS, min_size=1, max_size=3).map(tuple),
    code=st.lists(WORDS, min_size=1, max_size=2).map(tuple),
    output=WORDS,
    lock=st.one_of(st.just(""), WORDS),
    answers=st.dictionaries(
        st.sampled_from([each.id for each in QUESTIONS]), st.sampled_from(["yes", "no", "unknown"])
    ),
    criteria=st.sampled_from([(), EXAMPLE_CRITERIA]),
)


@settings(max_examples=80, deadline=None)
@given(CHOICES)
def test_what_was_chosen_is_read_back(choices: Choices) -> None:
    text = render(choices)
    assert render(choices) == text
    lifecycle = parse_lifecycle(text, file=FILE)
    train = next(iter(lifecycle.data.values()))
    guesses = choices.data[0].columns
    assert lifecycle.system.name == choices.name
    assert lifecycle.system.purpose == choices.purpose
    assert lifecycle.system.answers == {
        name: choices.answers.get(name, "unknown") for name in question_ids()
    }
    assert list(lifecycle.data) == [each.name for each in choices.data]
    assert train.source == "x\ny"
    assert [(name, rule.type) for name, rule in train.columns.items()] == [
        (guess.name, guess.type) for guess in guesses
    ]
    assert all(train.columns[guess.name].required == (not guess.missing) for guess in guesses)
    assert all(rule.min is None and rule.values is None for rule in train.columns.values())
    assert lifecycle.training.command == list(choices.command)
    assert lifecycle.training.inputs == [choices.data[0].name]
    assert lifecycle.training.lock == choices.lock
    assert lifecycle.validation.label == choices.label
    assert lifecycle.validation.groups == list(choices.groups)
    guessed = [guess.name for guess in guesses if guess.name != choices.label]
    assert lifecycle.validation.features == (list(choices.features) or guessed or ["TODO"])
    assert tuple(lifecycle.validation.criteria) == choices.criteria


def test_nothing_runs_while_a_todo_is_left(tmp_path: Path) -> None:
    path = tmp_path / "sealwright.toml"
    path.write_text(render(Choices()), encoding="utf-8")
    with pytest.raises(ConfigErrors) as caught:
        load_lifecycle(path, metrics=METRICS, exist=False)
    text = path.read_text(encoding="utf-8").split("\n")
    todo = {number for number, line in enumerate(text, 1) if re.match(r"\w+ = \[?\"TODO", line)}
    assert {each.line for each in caught.value.mistakes} == todo


def test_a_file_filled_in_from_real_data_is_sound(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("train", "test"):
        (tmp_path / "data" / f"{name}.csv").write_text(
            "age,sex,bmi,y\n19,F,20.5,0\n79,M,,1\n", encoding="utf-8"
        )
    (tmp_path / "train.py").write_text("", encoding="utf-8")
    more = {
        "source": "the clinic",
        "licence": "CC-BY-4.0",
        "legal_basis": "consent",
        "labels": {"column": "y", "method": "measured"},
    }
    answers = dict.fromkeys(question_ids(), "no")
    choices = Choices(
        purpose="Plan visits; a nurse decides.",
        data=tuple(
            DataChoice(
                name=role,
                path=f"data/{role}.csv",
                role=role,
                columns=guess_columns(tmp_path / "data" / f"{role}.csv"),
                more=more,
            )
            for role in ("train", "test")
        ),
        label="y",
        groups=("sex",),
        answers=answers,
        criteria=EXAMPLE_CRITERIA,
    )
    path = tmp_path / "sealwright.toml"
    path.write_text(render(choices), encoding="utf-8")
    lifecycle = load_lifecycle(path, metrics=METRICS)
    assert lifecycle.validation.features == ["age", "sex", "bmi"]
    assert lifecycle.data["train"].columns["bmi"].required is False
    assert '# seen: values = ["F", "M"]' in path.read_text(encoding="utf-8")
    assert "# seen: min = 19, max = 79" in path.read_text(encoding="utf-8")
    assert lifecycle.governance.impact is None


def test_the_impact_assessment_is_asked_for_from_tier_high() -> None:
    answers = dict.fromkeys(question_ids(), "no")
    assert "\n[governance.impact]" not in render(Choices(answers=answers))
    assert "\n[governance.impact]" in render(Choices(answers={**answers, "employment": "yes"}))
    assert "\n[governance.impact]" in render(Choices())


def test_switched_off_tables_are_valid_once_their_marks_are_removed() -> None:
    text = render(Choices(answers=dict.fromkeys(question_ids(), "no")))
    start, end = text.index("# [[validation.criteria]]"), text.index("[deployment]")
    turned_on = re.sub(r"(?m)^# ", "", text[start:end])
    lifecycle = parse_lifecycle(text[:start] + turned_on + text[end:], file=FILE)
    assert tuple(lifecycle.validation.criteria) == EXAMPLE_CRITERIA


def test_the_example_criteria_can_be_fixed() -> None:
    assert len(fix_criteria(EXAMPLE_CRITERIA, noise=[0.05, 0.1, 0.2], groups=[])) == 3


def records() -> Iterator[type[msgspec.Struct]]:
    for value in vars(model).values():
        if isinstance(value, type) and issubclass(value, model.Table) and value is not model.Table:
            yield value


def test_every_key_is_in_the_template_below_a_line_that_explains_it() -> None:
    lines = render(Choices()).split("\n")
    explained = {
        after.lstrip("# ").split(" = ")[0]
        for before, after in itertools.pairwise(lines)
        if before.startswith("# ") and " = " in after
    }
    inline = {"type", "required", "unique", "min", "max", "values", "pattern", "references"}
    tables = {"answers", "columns", "labels", "limits", "environment", "criteria", "impact"}
    for record in records():
        if record is model.Lifecycle:
            continue
        for name in record.__struct_fields__:
            assert name in explained | inline | tables | {"signers", "roles", "tokens"}, name
    assert set(question_ids()) <= explained


def test_choices_that_cannot_make_a_file_are_errors() -> None:
    with pytest.raises(ConfigError, match=r"system\.name"):
        render(Choices(name="Not A Name"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        render(Choices(purpose="\ud800"))
    with pytest.raises(Refused, match="social scoring"):
        render(Choices(answers={"social_scoring": "yes"}))


@pytest.mark.parametrize(
    ("text", "name"),
    [("Diabetes Follow-up (v2)", "diabetes-follow-up-v2"), ("--", "my-system"), ("ä", "my-system")],
)
def test_a_name_is_made_from_any_text(text: str, name: str) -> None:
    assert system_name(text) == name


@given(st.text())
def test_a_made_name_is_always_valid(text: str) -> None:
    assert re.search(model.NAME_PATTERN, system_name(text))
    assert len(system_name(text)) <= 64


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, object()])
def test_values_without_toml_are_errors(value: object) -> None:
    with pytest.raises(ValueError, match="no TOML for"):
        toml_value(value)
