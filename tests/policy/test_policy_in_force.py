"""A policy that asks less than the one before it needs a second person, who made nothing of it."""

from __future__ import annotations

import pytest

from sealwright.policy.load import builtin_policy, builtin_text, parse_policy
from sealwright.policy.model import Policy
from sealwright.policy.verdict import RequirementResult
from tests.policy import story
from tests.policy.factory import World, result
from tests.policy.story import MODEL, TRAIN
from tests.policy.test_staleness import record_policy

WEAK = parse_policy(
    """schema = 1
name = "weak"
[tiers.minimal]
max_age_days = 3650
[tiers.minimal.waive]
roles = ["granter"]
[[tiers.minimal.require]]
id = "classified"
title = "The system has a tier"
questions = ["train", "release", "serve"]
of = "system"
predicate = "risk-classification"
command = "sealwright run governance"
[tiers.limited]
extends = "minimal"
max_age_days = 3650
[tiers.high]
extends = "minimal"
max_age_days = 3650
[tiers.critical]
extends = "minimal"
max_age_days = 3650
"""
)
LAX = parse_policy(builtin_text().replace("max_age_days = 90", "max_age_days = 150"))
STRICT = parse_policy(builtin_text().replace("max_age_days = 90", "max_age_days = 60"))


def in_force(world: World, policy: Policy) -> RequirementResult:
    return result(world.ask(MODEL, policy=policy), "policy-in-force")


@pytest.mark.parametrize("second", [(), ("mina",), ("mina-laptop",), ("ci",)])
def test_one_author_who_replaces_the_policy_is_admitted_nothing(second: tuple[str, ...]) -> None:
    world = story.told()
    for who in ("mina", *second):
        record_policy(world, WEAK, who=who)
    for question in ("train", "release", "serve"):
        assert not world.ask(MODEL, question, policy=WEAK).admitted
    found = in_force(world, WEAK)
    assert found.status == "missing"
    assert "asks less than the built-in policy" in found.reason
    assert found.command.startswith("sealwright approve policy --as ")


def test_a_second_person_who_is_no_author_brings_it_in_force() -> None:
    world = story.told()
    record_policy(world, WEAK, who="mina")
    record_policy(world, WEAK, who="lena")
    found = in_force(world, WEAK)
    assert (found.status, "lena and mina" in found.reason) == ("satisfied", True)
    assert world.ask(MODEL, policy=WEAK).admitted


def test_two_authors_do_not() -> None:
    world = story.told()
    story.version(world, TRAIN, story.TRAIN_FILES, who="bob")
    record_policy(world, WEAK, who="mina")
    record_policy(world, WEAK, who="bob")
    assert in_force(world, WEAK).status == "missing"


def test_who_was_revoked_for_cause_does_not() -> None:
    world = story.told()
    record_policy(world, WEAK, who="mina")
    record_policy(world, WEAK, who="lena")
    world.revoke("lena")
    assert in_force(world, WEAK).status == "missing"


def test_a_policy_that_is_not_on_record_admits_nothing() -> None:
    world = story.told()
    found = in_force(world, STRICT)
    assert (found.status, found.command) == ("missing", "sealwright run governance")
    record_policy(world, STRICT, who="mina")
    assert in_force(world, STRICT).status == "satisfied", "it only adds"


def test_a_weak_policy_is_not_the_yardstick_for_the_next() -> None:
    world = story.told()
    record_policy(world, WEAK, who="mina")
    again = parse_policy(WEAK.text + "\n# the same\n")
    record_policy(world, again, who="mina")
    assert in_force(world, again).status == "missing"
    assert not world.ask(MODEL, policy=again).admitted


def test_a_policy_that_was_left_behind_takes_two_people_to_come_back() -> None:
    world = story.told()
    for who in ("mina", "lena"):
        record_policy(world, LAX, who=who)
    assert in_force(world, LAX).status == "satisfied"
    record_policy(world, builtin_policy(), who="mina")
    assert in_force(world, builtin_policy()).status == "satisfied"
    record_policy(world, LAX, who="mina")
    found = in_force(world, LAX)
    assert (found.status, "than the policy of entry" in found.reason) == ("missing", True)
    record_policy(world, LAX, who="lena")
    assert in_force(world, LAX).status == "satisfied"


def test_leaving_a_stricter_policy_for_the_builtin_one_takes_two_people() -> None:
    world = story.told()
    record_policy(world, STRICT, who="lena")
    assert "entry" in in_force(world, builtin_policy()).reason
    record_policy(world, builtin_policy(), who="mina")
    assert not world.ask(MODEL).admitted
    record_policy(world, builtin_policy(), who="olga")
    assert in_force(world, builtin_policy()).status == "satisfied"


def test_starting_with_the_builtin_policy_asks_nobody() -> None:
    world = story.approved()
    assert world.ask(MODEL).admitted
    record_policy(world, builtin_policy(), who="mina")
    verdict = world.ask(MODEL)
    assert verdict.admitted
    assert "policy-in-force" not in verdict.statuses
