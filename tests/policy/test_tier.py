from __future__ import annotations

import pytest

from sealwright.evidence.predicates.governance import Approval
from sealwright.policy.evidence_index import index_evidence
from sealwright.policy.tier import tier_of
from tests.policy import story
from tests.policy.factory import SYSTEM, World


def tier(world: World) -> str:
    return tier_of(index_evidence(world.verified()), system=SYSTEM.sha256)[0]


def agree(world: World, who: str, digest: str, discipline: str, answer: str = "approve") -> None:
    said = Approval(
        decision=digest,
        question="lower it?",
        answer=answer,  # type: ignore[arg-type]
        discipline=discipline,
        reason="seen",
        at=world.at,
    )
    world.say(who, said, SYSTEM)


def test_a_system_that_was_never_classified_is_high() -> None:
    assert tier(World()) == "high"


def test_the_first_classification_sets_the_tier_and_raising_takes_one_person() -> None:
    world = World()
    story.classify(world, "limited")
    assert tier(world) == "limited"
    story.classify(world, "critical", who="bob")
    assert tier(world) == "critical"


def test_lowering_takes_legal_and_security() -> None:
    world = World()
    story.classify(world, "critical")
    lower = story.classify(world, "minimal")
    assert tier(world) == "critical"
    agree(world, "sam", lower, "security")
    assert tier(world) == "critical"
    agree(world, "lena", lower, "legal")
    assert tier(world) == "minimal"


@pytest.mark.parametrize(
    ("who", "discipline"), [("bob", "legal"), ("sam", "legal"), ("lena", "security")]
)
def test_lowering_outside_ones_discipline(who: str, discipline: str) -> None:
    world = World()
    story.classify(world, "critical")
    lower = story.classify(world, "minimal")
    agree(world, "sam", lower, "security")
    agree(world, who, lower, discipline)
    assert tier(world) == "critical"


def test_one_does_not_approve_ones_own_lowering() -> None:
    world = World()
    story.classify(world, "critical")
    lower = story.classify(world, "minimal", who="sam")
    agree(world, "sam-phone", lower, "security")
    agree(world, "lena", lower, "legal")
    assert tier(world) == "critical"


def test_a_rejection_stops_the_lowering() -> None:
    world = World()
    story.classify(world, "critical")
    lower = story.classify(world, "minimal")
    agree(world, "sam", lower, "security")
    agree(world, "lena", lower, "legal")
    agree(world, "doc", lower, "domain", "reject")
    assert tier(world) == "critical"


def test_an_approval_of_another_classification_does_not_lower() -> None:
    world = World()
    first = story.classify(world, "critical")
    story.classify(world, "minimal")
    agree(world, "sam", first, "security")
    agree(world, "lena", first, "legal")
    assert tier(world) == "critical"


def test_a_revoked_classifier_lowers_nothing() -> None:
    world = World()
    story.classify(world, "minimal", who="bob")
    assert tier(world) == "minimal"
    world.revoke("bob")
    assert tier(world) == "high"
