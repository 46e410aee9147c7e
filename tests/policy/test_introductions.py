"""Whoever made the work and hands out the keys that approve it: the verdict says so."""

from __future__ import annotations

import msgspec

from tests.policy import story
from tests.policy.factory import CAST, SYSTEM, World
from tests.policy.story import MODEL

NOTE = "dana, doc, lena and sam were introduced by mina, who trained model"


def engineer_with_root(*, newcomers: tuple[str, ...] = story.APPROVERS) -> World:
    """Mina holds a root key and brings in the newcomers with it."""
    cast = {name: entry for name, entry in CAST.items() if name not in newcomers}
    cast["mina"] = ("mina", ("engineering",), ("engineer", "steward", "root"))
    world = World(cast=cast)
    story.govern(world)
    story.prepare_data(world)
    fixed = story.criteria(world)
    story.build_model(world)
    story.validate(world, fixed)
    for who in newcomers:
        world.cast[who] = CAST[who]
    world.say("mina", world._root(), SYSTEM)
    return world


def with_approvals(world: World) -> World:
    decision = world.ask(MODEL).decision
    for who in story.APPROVERS:
        world.approve(who, MODEL, decision)
    return world


def test_a_verdict_says_that_an_author_introduced_the_approvers() -> None:
    verdict = with_approvals(engineer_with_root()).ask(MODEL)
    assert verdict.notes == (NOTE,)
    assert NOTE in verdict._repr_html_()


def test_nothing_is_said_where_an_independent_person_introduced_them() -> None:
    assert story.approved().ask(MODEL).notes == ()


def test_one_of_them_is_named_alone() -> None:
    verdict = with_approvals(engineer_with_root(newcomers=("doc",))).ask(MODEL)
    assert verdict.notes == ("doc was introduced by mina, who trained model",)


def test_a_discipline_that_an_author_gave_counts_as_an_introduction() -> None:
    world = engineer_with_root(newcomers=())
    world.cast["bob"] = ("bob", ("domain", "legal"), ("approver",))
    world.say("mina", world._root(), SYSTEM)
    decision = world.ask(MODEL).decision
    for who, discipline in (("sam", "security"), ("dana", "data"), ("doc", "domain")):
        world.approve(who, MODEL, decision, discipline=discipline)
    world.approve("bob", MODEL, decision, discipline="legal")
    verdict = world.ask(MODEL)
    assert verdict.admitted
    assert verdict.notes == ("bob was introduced by mina, who trained model",)


def test_another_persons_root_key_vouches_for_whom_it_left_standing() -> None:
    world = with_approvals(engineer_with_root())
    world.say("rita", world._root(), SYSTEM)
    assert world.ask(MODEL).notes == ()


def test_a_root_key_that_the_author_handed_out_vouches_for_nobody() -> None:
    world = engineer_with_root()
    world.cast["ghost"] = ("ghost", (), ("root",))
    world.say("mina", world._root(), SYSTEM)
    world.say("ghost", world._root(), SYSTEM)
    assert with_approvals(world).ask(MODEL).notes == (NOTE,)


def test_notes_change_neither_the_answer_nor_the_decision_digest() -> None:
    world = with_approvals(engineer_with_root())
    before = world.ask(MODEL)
    world.say("rita", world._root(), SYSTEM)
    after = world.ask(MODEL)
    assert (before.admitted, before.decision) == (after.admitted, after.decision)


def test_a_namesake_of_an_author_is_the_author() -> None:
    """A second identity that keeps its name is no second person."""
    world = story.told()
    world.cast["twin"] = ("twin", ("domain",), ("approver",))
    root = world._root()
    people = tuple(
        type(p)(id=p.id, name="MINA" if p.id == "twin" else p.name, disciplines=p.disciplines)
        for p in root.people
    )
    world.say("rita", msgspec.structs.replace(root, people=people), SYSTEM)
    world.approve("twin", MODEL, world.ask(MODEL).decision)
    found = next(each for each in world.ask(MODEL).results if each.id == "approval-domain")
    assert (found.status, "twin trained model" in found.reason) == ("wrong-signer", True)
