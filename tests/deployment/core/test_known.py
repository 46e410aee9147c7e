"""A remembered key is the key it was, and may do no more than the snapshot in force says now."""

from __future__ import annotations

import msgspec
import pytest

from sealwright.phases.deployment.core.authenticate import Denied, authenticate
from sealwright.phases.deployment.core.callers import Caller, rate_for
from sealwright.phases.deployment.core.known import KeyCache
from tests.deployment.core.world import NOW, World, minted, opened, snapshot


def asked(
    made: World, keys: KeyCache | None, *, key: str = "", now: float = NOW
) -> Caller | Denied:
    state = made.state
    assert state.snapshot is not None
    return authenticate(
        b"Bearer " + (key or made.key).encode(),
        snapshot=state.snapshot,
        pepper=state.pepper,
        tokens=state.tokens,
        now=now,
        keys=keys,
    )


def test_a_key_is_remembered_and_answers_are_the_same() -> None:
    made, keys = World(), KeyCache()
    first = asked(made, keys)
    assert isinstance(first, Caller)
    assert len(keys) == 1
    assert asked(made, keys) == first == asked(made, None)


def test_nothing_but_the_very_text_is_remembered() -> None:
    made, keys = World(), KeyCache()
    asked(made, keys)
    for other in (made.key[:-1], made.key + "A", made.key[:-8] + "AAAAAAAA", minted()[0]):
        found = asked(made, keys, key=other)
        assert isinstance(found, Denied)
        assert found == asked(made, None, key=other)
    assert len(keys) == 1


def test_what_is_refused_is_not_remembered_and_no_credential_is_kept() -> None:
    made, keys = World(), KeyCache()
    asked(made, keys, key=minted()[0])
    assert len(keys) == 0
    asked(made, keys)
    assert made.key.encode() not in repr(keys._held).encode()


def test_a_remembered_key_still_ends() -> None:
    text, known = minted(not_after="2026-11-22T20:00:30Z")
    made, keys = World(snapshot(keys=(known,))), KeyCache()
    assert isinstance(asked(made, keys, key=text), Caller)
    found = asked(made, keys, key=text, now=NOW + 30)
    assert found == Denied("key-expired", known.id)


def test_a_revocation_acts_with_the_next_request() -> None:
    text, known = minted()
    made = World(snapshot(keys=(known,)))
    headers = ((b"authorization", b"Bearer " + text.encode()),)
    assert made.get("/v2", key="", headers=headers).status == 200
    assert len(made.state.verified) == 1
    made.publish(keys=tuple(key for key in made.said.keys if key.id != known.id))
    gone = made.get("/v2", key="", headers=headers)
    assert (gone.status, gone.reason) == (401, "key-unknown")
    assert len(made.state.verified) == 0


def test_narrower_bounds_hold_with_the_next_request() -> None:
    text, known = minted(actions=("infer", "metadata"))
    made, keys = World(snapshot(keys=(known,))), KeyCache()
    asked(made, keys, key=text)
    narrow = msgspec.structs.replace(known, actions=("metadata",), requests_per_minute=1)
    made.publish(keys=(narrow,))
    found = asked(made, keys, key=text)
    assert isinstance(found, Caller)
    assert rate_for(found, "infer", "small") == 0
    assert rate_for(found, "metadata", "small") == 1


def test_another_pepper_forgets() -> None:
    made, keys = World(), KeyCache()
    asked(made, keys)
    state = made.state
    assert state.snapshot is not None
    found = authenticate(
        b"Bearer " + made.key.encode(),
        snapshot=state.snapshot,
        pepper=b"x" * 32,
        tokens=state.tokens,
        now=NOW,
        keys=keys,
    )
    assert isinstance(found, Denied)


@pytest.mark.parametrize("capacity", [1, 3])
def test_the_memory_is_bounded(capacity: int) -> None:
    pairs = [minted() for _ in range(6)]
    made = opened(snapshot(keys=tuple(known for _, known in pairs)))
    keys = KeyCache(capacity=capacity)
    for (text, _), known in zip(pairs, made.keys.values(), strict=True):
        assert keys.find(text.encode(), snapshot=made, pepper=b"p") is None
        keys.put(text.encode(), known)
    assert len(keys) == capacity
    newest = keys.find(pairs[-1][0].encode(), snapshot=made, pepper=b"p")
    assert newest is not None
    assert newest.caller.key == pairs[-1][1].id
