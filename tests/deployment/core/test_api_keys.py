"""API keys: their form, what is kept of them, and that a child never has more than its parent."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sealwright.clock import parse_time
from sealwright.evidence.predicates.serving import Action, Grant, GrantedKey
from sealwright.phases.deployment.core.api_keys import (
    SCANNER_PATTERN,
    key_id,
    looks_like_key,
    mac_of,
    mint_key,
    narrowed,
    narrower,
    same_mac,
    widenings,
)
from tests.deployment.core.world import PEPPER, TOMORROW

GRANT = Grant(
    id="0123456789ab",
    client="ward-7",
    mac="0" * 64,
    actions=("infer", "metadata"),
    models=("small", "large"),
    requests_per_minute=60,
    not_after=TOMORROW,
    at="2026-11-22T00:00:00Z",
)


def grant(**changes: Any) -> Grant:
    return msgspec.structs.replace(GRANT, **changes)


def test_a_key_carries_its_id_and_256_random_bits() -> None:
    keys = [mint_key() for _ in range(200)]
    assert len({text for text, _ in keys}) == len({identity for _, identity in keys}) == 200
    for text, identity in keys:
        assert re.fullmatch(SCANNER_PATTERN, text)
        assert looks_like_key(text)
        assert key_id(text) == identity
        # 43 letters of 6 bits hold 256 bits
        assert len(text.removeprefix(f"sealwright_{identity}_")) == 43 + 6


def test_a_scanner_tells_a_key_from_a_look_alike() -> None:
    text, _ = mint_key()
    for place in range(len(text)):
        changed = "A" if text[place] != "A" else "B"
        assert not looks_like_key(text[:place] + changed + text[place + 1 :])
    assert not looks_like_key(text + "\n")
    assert not looks_like_key(text[:-1])
    assert key_id("sealwright_0123456789ab_" + "x" * 49) == ""


def test_what_is_kept_is_an_hmac_that_needs_the_pepper() -> None:
    text, _ = mint_key()
    assert mac_of(text, PEPPER) == hmac.new(PEPPER, text.encode(), hashlib.sha256).hexdigest()
    assert mac_of(text, PEPPER) != mac_of(text, b"another pepper")
    assert same_mac(mac_of(text, PEPPER), mac_of(text, PEPPER))
    assert not same_mac(mac_of(text, PEPPER), "")


def test_a_wider_child_is_named_for_each_way_in_which_it_is() -> None:
    assert widenings(grant(), grant()) == ()
    wide = grant(
        actions=("infer", "admin"),
        models=("*",),
        requests_per_minute=61,
        what_if=True,
        not_after="2026-11-24T20:00:00Z",
    )
    told = widenings(wide, grant())
    assert len(told) == 5
    assert "admin" in told[0]
    assert "*" in told[1]
    assert narrower(grant(models=("small",)), grant(models=("*",)))
    assert not narrower(grant(not_after="2026-11-23T20:00:00.000001Z"), grant())


NAMES = st.lists(st.sampled_from(["*", "small", "large", "other"]), max_size=3, unique=True)
GRANTS = st.builds(
    grant,
    actions=st.lists(st.sampled_from(get_args(Action)), max_size=4, unique=True).map(tuple),
    models=NAMES.map(tuple),
    requests_per_minute=st.integers(1, 5),
    what_if=st.booleans(),
    not_after=st.sampled_from(
        ["2026-11-23T20:00:00Z", "2026-11-23T20:00:00.5Z", "2026-12-01T00:00:00Z"]
    ),
)


@given(GRANTS, st.lists(GRANTS, max_size=4))
def test_a_compiled_key_has_no_more_than_any_of_its_ancestors(
    child: Grant, ancestors: list[Grant]
) -> None:
    key = narrowed(child, ancestors)
    if key is None:
        return
    for bounds in (child, *ancestors):
        assert narrower(key, bounds), (key, bounds)
    assert key.actions
    assert key.models
    assert (key.id, key.client, key.mac) == (child.id, child.client, child.mac)


@given(GRANTS, GRANTS)
def test_a_child_that_only_narrows_keeps_all_that_it_was_given(child: Grant, parent: Grant) -> None:
    key = narrowed(child, [parent])
    if narrower(child, parent) and child.actions and child.models:
        assert isinstance(key, GrantedKey)
        assert set(key.actions) == set(child.actions)
        assert set(key.models) == set(child.models)
        assert key.requests_per_minute == child.requests_per_minute
        assert parse_time(key.not_after) == parse_time(child.not_after)
        assert key.what_if == child.what_if


@given(GRANTS, GRANTS, GRANTS)
def test_narrowing_is_transitive(first: Grant, second: Grant, third: Grant) -> None:
    if narrower(first, second) and narrower(second, third):
        assert narrower(first, third)
