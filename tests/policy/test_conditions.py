from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.evidence.predicates import PREDICATES
from sealwright.evidence.predicates.model import (
    BuildDefinition,
    Builder,
    BuildMetadata,
    RunDetails,
    SlsaProvenance,
)
from sealwright.policy.conditions import condition_problem
from sealwright.policy.model import Condition
from sealwright.policy.readings import has_result, result_of
from sealwright.policy.versions import not_older, numbers

PLACE = "build_definition.internal_parameters.x"


def run(**internal: object) -> SlsaProvenance:
    return SlsaProvenance(
        build_definition=BuildDefinition(
            build_type="t",
            external_parameters={},
            internal_parameters=dict(internal),
            resolved_dependencies=(),
        ),
        run_details=RunDetails(
            builder=Builder(id="b"),
            metadata=BuildMetadata(invocation_id="i", started_on="s", finished_on="f"),
        ),
    )


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        (Condition(path=PLACE, among=("a", "b")), "a", True),
        (Condition(path=PLACE, among=("a", "b")), "c", False),
        (Condition(path=PLACE, among=(True,)), True, True),
        (Condition(path=PLACE, among=(True,)), 1, False),
        (Condition(path=PLACE, among=(0,)), False, False),
        (Condition(path=PLACE, among=(0,)), 0, True),
        (Condition(path=PLACE, minimum=1.0), 1, True),
        (Condition(path=PLACE, minimum=1.0), 0.5, False),
        (Condition(path=PLACE, minimum=0.0), True, False),
        (Condition(path=PLACE, minimum=0.0), "5", False),
        (Condition(path=PLACE, minimum=0.0), float("nan"), False),
        (Condition(path=PLACE, maximum=9.0), float("inf"), False),
        (Condition(path=PLACE, minimum=0.0), None, False),
        (Condition(path=PLACE, empty=True), [], True),
        (Condition(path=PLACE, empty=True), ["v"], False),
        (Condition(path=PLACE, empty=True), None, False),
        (Condition(path=PLACE, empty=True), 0, False),
        (Condition(path=PLACE, empty=False), "   ", False),
        (Condition(path=PLACE, empty=False), "text", True),
        (Condition(path=PLACE, empty=False), {}, False),
        (Condition(path=PLACE, among=("a",), empty=False), "b", False),
    ],
)
def test_conditions(condition: Condition, value: object, holds: bool) -> None:
    assert (condition_problem(condition, run(x=value)) == "") is holds


@pytest.mark.parametrize(
    "path", ["build_definition.internal_parameters.y", PLACE + ".deeper", "nothing", "__class__"]
)
def test_a_field_that_is_not_there_meets_nothing(path: str) -> None:
    for condition in (
        Condition(path=path, empty=True),
        Condition(path=path, empty=False),
        Condition(path=path, among=("",)),
        Condition(path=path, maximum=1.0),
    ):
        assert condition_problem(condition, run(x="a")) == f"{path} is not there"


def test_every_predicate_with_a_result_is_read() -> None:
    with_result = {name for name in PREDICATES if has_result(name)}
    declared = {
        name
        for name, cls in PREDICATES.items()
        if {"result", "verdict", "outcome"} & set(cls.__struct_fields__) and name != "data-access"
    }
    assert with_result == declared | {"vulns"}
    assert result_of(run()) is None


@given(st.lists(st.integers(0, 99), min_size=1, max_size=4))
def test_versions_compare_as_numbers(parts: list[int]) -> None:
    text = ".".join(map(str, parts))
    assert not_older(text, than=text)
    assert not_older(text + ".0", than=text)
    assert not_older(".".join(map(str, [*parts[:-1], parts[-1] + 1])), than=text)
    assert not not_older(text, than=text + ".1")
    assert not not_older(text + "-rc1", than=text)


@given(st.text(max_size=12))
def test_what_is_no_version_is_never_new_enough(text: str) -> None:
    if numbers(text) is None:
        assert not not_older(text, than="0")
        assert not not_older("99", than=text)
