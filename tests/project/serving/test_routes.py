"""What is to be served is what operators released last, and nobody else is heard."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.statement import Subject
from sealwright.project.serving.routes import history, routing
from tests.policy.factory import CAST, World, artifact

ROLES = {
    **CAST,
    "oda": ("oda", (), ("operator",)),
    "front": ("", (), ("gateway",)),
}
ONE, TWO, THREE = (artifact(f"model-{number}")[0] for number in (1, 2, 3))


def world() -> World:
    return World(cast=ROLES)


def release(
    on: World,
    about: Subject,
    *,
    who: str = "oda",
    action: str = "admit",
    name: str = "triage",
    role: str = "champion",
    percent: int = 100,
) -> None:
    said = Release(
        action=action,  # type: ignore[arg-type]
        reason="told to",
        name=name,
        role=role,  # type: ignore[arg-type]
        percent=percent,
        at=on.at,
    )
    on.say(who, said, about)


def champion(on: World) -> str:
    found = routing(on.verified())["triage"].champion
    return found.digest if found else ""


def test_the_newest_release_wins_and_the_one_before_is_history() -> None:
    on = world()
    release(on, ONE)
    release(on, TWO, who="olga")
    release(on, THREE)
    assert champion(on) == THREE.sha256
    assert [each.digest for each in history(on.verified(), "triage")] == [ONE.sha256, TWO.sha256]
    assert history(on.verified(), "other") == ()


def test_who_operates_nothing_releases_nothing() -> None:
    on = world()
    for who in ("mina", "sam", "ci", "val", "rita"):
        release(on, ONE, who=who)
    assert routing(on.verified()) == {}
    release(on, ONE)
    release(on, TWO, who="mina")
    release(on, TWO, who="front")
    assert champion(on) == ONE.sha256, "an installation's own key goes back, not forward"


def test_a_key_revoked_for_cause_takes_its_releases_along() -> None:
    on = world()
    release(on, ONE, who="olga")
    release(on, TWO)
    on.revoke("oda")
    assert champion(on) == ONE.sha256


def test_the_same_words_again_are_not_said_again() -> None:
    """Anybody can make a second valid ECDSA signature of the same words from the first."""
    on = world()
    release(on, ONE)
    old = on.envelopes[-1]
    release(on, TWO)
    on.envelopes.append(old)
    assert champion(on) == TWO.sha256


def test_a_rollback_leads_only_to_what_was_champion_before() -> None:
    on = world()
    release(on, ONE)
    release(on, TWO)
    release(on, THREE, action="rollback", who="front")
    assert champion(on) == TWO.sha256, "nobody ever released the third"
    release(on, ONE, action="rollback", who="front", name="elsewhere")
    release(on, ONE, action="rollback", who="front")
    assert champion(on) == ONE.sha256
    assert list(routing(on.verified())) == ["triage"]


def test_a_rollback_keeps_the_contract_of_the_release() -> None:
    on = world()
    release(on, ONE)
    admitted = on.verified()[-1].digest
    release(on, TWO)
    release(on, ONE, action="rollback")
    found = routing(on.verified())["triage"].champion
    assert found is not None
    assert found.admitted.digest == admitted
    assert found.by.digest == on.verified()[-1].digest


def test_a_canary_stands_beside_the_champion_until_it_is_one_or_somebody_rolls_back() -> None:
    on = world()
    release(on, ONE)
    release(on, TWO, role="canary", percent=10)
    found = routing(on.verified())["triage"]
    assert [(each.digest, each.role, each.percent) for each in found.routed] == [
        (ONE.sha256, "champion", 100),
        (TWO.sha256, "canary", 10),
    ]
    promoted = on.copy()
    release(promoted, TWO)
    assert [each.digest for each in routing(promoted.verified())["triage"].routed] == [TWO.sha256]
    release(on, ONE, action="rollback")
    assert [each.digest for each in routing(on.verified())["triage"].routed] == [ONE.sha256]
    assert [each.digest for each in routing(on.verified())["triage"].earlier] == [TWO.sha256]


def test_the_champion_is_not_made_a_canary_of_itself() -> None:
    on = world()
    release(on, ONE)
    release(on, ONE, role="canary", percent=10)
    assert [each.role for each in routing(on.verified())["triage"].routed] == ["champion"]


def test_a_shadow_that_becomes_canary_is_no_shadow_any_more() -> None:
    on = world()
    release(on, ONE)
    release(on, TWO, role="shadow", percent=50)
    release(on, TWO, role="canary", percent=5)
    assert [(each.digest, each.role) for each in routing(on.verified())["triage"].routed] == [
        (ONE.sha256, "champion"),
        (TWO.sha256, "canary"),
    ]


def test_shares_and_names_that_mean_nothing_are_not_heard() -> None:
    on = world()
    for percent in (0, -1, 101):
        release(on, ONE, role="canary", percent=percent)
    for name in ("", "../x", "Triage", "x" * 64):
        release(on, ONE, name=name)
    assert routing(on.verified()) == {}


MOVES = st.lists(
    st.tuples(
        st.sampled_from([ONE, TWO, THREE]),
        st.sampled_from(["oda", "olga", "front", "mina", "sam"]),
        st.sampled_from(["admit", "rollback", "revoke", "restore"]),
        st.sampled_from(["champion", "canary", "shadow"]),
        st.integers(-1, 102),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(MOVES)
def test_whatever_is_said_a_version_has_one_place(
    moves: list[tuple[Subject, str, str, str, int]],
) -> None:
    on = world()
    for about, who, action, role, percent in moves:
        release(on, about, who=who, action=action, role=role, percent=percent)
    for found in routing(on.verified()).values():
        digests = [each.digest for each in found.routed]
        assert len(set(digests)) == len(digests)
        assert not set(digests) & {each.digest for each in found.earlier}
        assert {each.by.principal.id for each in found.known.values()} <= {"oda", "olga", "front"}
        if found.champion is not None:
            assert found.champions[-1].digest == found.champion.digest
        heard = {
            about.sha256
            for about, who, action, *_ in moves
            if action in ("admit", "rollback") and who not in ("mina", "sam")
        }
        assert set(found.known) <= heard
