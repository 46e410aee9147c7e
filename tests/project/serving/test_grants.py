"""Keys only narrow, end when they are told to, and are written down nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from sealwright.clock import format_time
from sealwright.errors import InputMissing, MalformedError, Refused, UsageError
from sealwright.evidence.predicates.serving import Grant, GrantRevocation
from sealwright.phases.deployment.core.api_keys import looks_like_key, mac_of
from sealwright.project.core import Project
from sealwright.project.people import revoke_principal
from sealwright.project.serving.grants import (
    GRANTING_ROLES,
    Minted,
    find,
    grant,
    in_force,
    revoke_grant,
    standings,
)
from sealwright.project.serving.pepper import obtain_pepper, read_pepper
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    FRONT,
    MODEL,
    OPERATOR,
    compiled,
    installation,
    say,
    system,
    twice_trained,
    wait,
)

ROLES = """
[deployment.roles.caller]
actions = ["infer"]
models = ["small"]
requests_per_minute = 30
[deployment.roles.staff]
actions = ["infer", "metadata", "review"]
"""


@pytest.fixture
def project(installation: Project) -> Project:  # noqa: F811
    """An installation with two roles."""
    place = installation.layout.lifecycle
    place.write_text(place.read_text() + ROLES)
    return installation


def give(project: Project, client: str = "clara", **bounds: object) -> Minted:
    return grant(project, client, signer=OPERATOR, **bounds)  # type: ignore[arg-type]


def open_ids(project: Project) -> set[str]:
    return {key.id for key in compiled(project).keys}


def test_a_key_is_shown_once_and_kept_as_an_hmac(project: Project) -> None:
    minted = give(project, role="caller")
    assert looks_like_key(minted.key)
    (key,) = compiled(project).keys
    assert key.mac == mac_of(minted.key, read_pepper(project.layout))
    assert (key.client, key.actions, key.models, key.requests_per_minute) == (
        "clara",
        ("infer",),
        ("small",),
        30,
    )
    secret = minted.key.split("_", 2)[2]
    assert secret not in repr(minted)
    for place in project.layout.state.rglob("*"):
        if place.is_file():
            assert secret.encode() not in place.read_bytes(), place


def test_without_a_role_it_is_to_ask_and_to_read(project: Project) -> None:
    said = give(project).grant
    assert said.actions == ("infer", "metadata")
    assert said.models == ("*",)
    assert said.requests_per_minute == 100_000


@pytest.mark.parametrize(
    "bounds",
    [
        {"actions": ("infer", "admin")},
        {"models": ("*",)},
        {"models": ("small", "other")},
        {"requests_per_minute": 31},
    ],
)
def test_nothing_goes_beyond_its_role_or_parent(project: Project, bounds: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="beyond its role"):
        give(project, role="caller", **bounds)
    parent = give(project, role="caller").grant.id
    with pytest.raises(Refused, match="beyond its parent"):
        give(project, parent=parent, **bounds)
    with pytest.raises(Refused, match="beyond its parent"):
        give(project, parent=parent, role="staff")
    assert len(compiled(project).keys) == 1


def test_a_child_ends_with_its_parent(project: Project) -> None:
    parent = give(project, role="staff", days=10)
    child = give(project, "kim", parent=parent.grant.id, models=("small",), days=300)
    grandchild = give(project, "kid", parent=child.grant.id, actions=("infer",))
    assert child.grant.not_after == parent.grant.not_after
    assert open_ids(project) == {each.grant.id for each in (parent, child, grandchild)}
    other = give(project, "olive")
    _, fallen = revoke_grant(project, parent.grant.id[:6], reason="laptop lost", signer="eve")
    assert [said.client for said in fallen] == ["clara", "kim", "kid"]
    assert open_ids(project) == {other.grant.id}
    with pytest.raises(Refused, match="is fallen"):
        give(project, parent=child.grant.id)
    with pytest.raises(UsageError, match="revoked already"):
        revoke_grant(project, parent.grant.id, reason="again", signer="eve")


def test_a_key_ends_by_itself(project: Project) -> None:
    give(project, days=1)
    assert len(open_ids(project)) == 1
    wait(project, timedelta(days=1))
    assert open_ids(project) == set()
    assert [each.status for each in standings(project.evidence(), now=project.clock())] == [
        "expired"
    ]


def test_only_who_may_lets_somebody_in(project: Project) -> None:
    for who in ("eve", "sam"):
        with pytest.raises(Refused, match="to let callers in"):
            grant(project, "clara", signer=who)
    assert set(GRANTING_ROLES) == {"operator", "owner"}
    by_hand = msgspec.structs.replace(
        give(project).grant, id="0" * 12, at=format_time(project.clock())
    )
    say(project, "eve", by_hand, system(project))
    assert "0" * 12 not in open_ids(project)
    say(project, FRONT, by_hand, system(project))
    assert "0" * 12 in open_ids(project)


def test_a_key_revoked_for_cause_takes_its_grants_along(project: Project) -> None:
    mine = give(project).grant.id
    theirs = grant(project, "kim", signer=FRONT).grant.id
    revoke_principal(project, OPERATOR, reason="stolen", for_cause=True, signer="mina")
    assert open_ids(project) == {theirs}
    assert mine != theirs


def forged(project: Project, said: Grant, **changed: object) -> Grant:
    return msgspec.structs.replace(said, at=format_time(project.clock()), **changed)


def test_a_forged_child_is_cut_to_its_parent_and_a_revoked_id_stays_revoked(
    project: Project,
) -> None:
    parent = give(project, role="caller").grant
    wide = forged(
        project,
        parent,
        id="1" * 12,
        parent=parent.id,
        actions=("infer", "admin"),
        models=("*",),
        requests_per_minute=1_000_000,
        what_if=True,
        not_after="2100-01-01T00:00:00Z",
    )
    say(project, OPERATOR, wide, system(project))
    keys = {key.id: key for key in compiled(project).keys}
    cut = keys["1" * 12]
    assert (cut.actions, cut.models, cut.requests_per_minute) == (("infer",), ("small",), 30)
    assert (cut.what_if, cut.not_after) == (False, parent.not_after)
    revoke_grant(project, "1" * 12, reason="x", signer=OPERATOR)
    say(project, OPERATOR, forged(project, wide), system(project))
    assert open_ids(project) == {parent.id}


def test_one_odd_grant_does_not_spoil_the_snapshot(project: Project) -> None:
    good = give(project).grant
    for changed in (
        {"id": "../x"},
        {"id": "2" * 12, "mac": "zz"},
        {"id": "3" * 12, "client": ""},
        {"id": "4" * 12, "requests_per_minute": 0},
        {"id": "5" * 12, "not_after": "soon"},
        {"id": "6" * 12, "actions": ()},
        {"id": "7" * 12, "parent": "7" * 12},
        {"id": "8" * 12, "parent": "unknown"},
    ):
        say(project, OPERATOR, forged(project, good, **changed), system(project))
    assert open_ids(project) == {good.id}


def test_a_revocation_by_hand_counts_whoever_says_it(project: Project) -> None:
    said = give(project).grant
    word = GrantRevocation(id=said.id, reason="seen on a screen", at=format_time(project.clock()))
    say(project, "eve", word, system(project))
    assert open_ids(project) == set()


def test_no_key_asks_more_often_than_deployment_says(project: Project) -> None:
    give(project, requests_per_minute=500)
    (key,) = in_force(project.evidence(), now=project.clock(), at_most=7)
    assert key.requests_per_minute == 7


@pytest.mark.parametrize(
    ("bounds", "why"),
    [
        ({"client": "a b"}, "no client id"),
        ({"client": ""}, "no client id"),
        ({"role": "boss"}, "there is no role 'boss'"),
        ({"days": 400}, "1 to 366 days"),
        ({"parent": "beef"}, "no grants have an id"),
        ({"requests_per_minute": 2_000_000}, "requests per minute"),
    ],
)
def test_slips_are_told(project: Project, bounds: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        give(project, **bounds)
    with pytest.raises(UsageError, match="no grants"):
        find(project, "", now=project.clock())


def test_the_pepper_is_made_once_for_its_owner_alone(project: Project) -> None:
    place = project.layout.pepper
    pepper = obtain_pepper(project.layout)
    assert len(pepper) == 32
    assert place.stat().st_mode & 0o777 == 0o600
    assert obtain_pepper(project.layout) == pepper
    give(project)
    assert obtain_pepper(project.layout) == pepper
    place.chmod(0o640)
    with pytest.raises(UsageError, match="open to others"):
        read_pepper(project.layout)
    place.chmod(0o600)
    place.write_text("beef\n")
    with pytest.raises(MalformedError, match="not the secret it was"):
        give(project)


def test_a_lost_pepper_is_not_replaced_behind_everybodys_back(project: Project) -> None:
    give(project)
    project.layout.pepper.unlink()
    with pytest.raises(InputMissing, match="keys were given out under it"):
        give(project)
    with pytest.raises(InputMissing):
        read_pepper(project.layout)
    assert not project.layout.pepper.exists()


def test_roles_are_those_of_the_declaration(project: Project) -> None:
    roles = {role.name: role for role in compiled(project).roles}
    assert list(roles) == ["caller", "staff"]
    assert roles["caller"].models == (MODEL,)
    assert roles["staff"].requests_per_minute == 60
