"""Snapshots: what the controller signed, never an older one, never another system's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import (
    CannotLook,
    EvidenceError,
    ForkError,
    MalformedError,
    SignatureError,
    TamperError,
)
from sealwright.evidence.dsse import encode_envelope, sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.statement import Statement, subject
from sealwright.phases.deployment.core.snapshot import (
    Name,
    choose,
    choose_shadow,
    open_snapshot,
)
from sealwright.phases.deployment.core.stops import MAX_BYTES, Stops, read_stops
from tests.deployment.core import signing
from tests.deployment.core.world import (
    CANARY,
    CHAMPION,
    CONTROLLER,
    REVOKED,
    SHADOW,
    contract,
    issuer,
    minted,
    opened,
    refused,
    served,
    signed,
    snapshot,
)

KEYS = [SigningKey.generate().public, CONTROLLER.public]
SALT = b"salt" * 8


def test_what_the_controller_signed_is_opened() -> None:
    found = open_snapshot(signed(snapshot(refused=(refused(),))), KEYS)
    assert found.snapshot == snapshot(refused=(refused(),))
    assert found.names["small"].champion is not None
    assert found.digests == {CHAMPION}
    assert found.refused["small", REVOKED[:12]].reason == "revoked: poisoned labels"


def test_a_strangers_snapshot_is_not_opened() -> None:
    with pytest.raises(SignatureError):
        open_snapshot(signed(snapshot(), key=SigningKey.generate()), KEYS)
    with pytest.raises(SignatureError):
        open_snapshot(signed(snapshot()), [])


_GOOD = signed(snapshot())
"""Signed once: the length of a signature is not always the same."""


@given(st.data())
def test_no_changed_byte_passes(data: st.DataObject) -> None:
    good = _GOOD
    place = data.draw(st.integers(0, len(good) - 1))
    changed = bytearray(good)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((EvidenceError, CannotLook)):
        open_snapshot(bytes(changed), KEYS)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with pytest.raises((EvidenceError, CannotLook)):
        open_snapshot(data, KEYS)


def test_an_older_snapshot_is_refused() -> None:
    last = opened(snapshot(sequence=8))
    with pytest.raises(ForkError, match="an old one was put back"):
        opened(snapshot(sequence=7), last=last)
    assert opened(snapshot(sequence=9), last=last).snapshot.sequence == 9


def test_the_same_number_is_the_same_snapshot() -> None:
    data = signed(snapshot())
    last = open_snapshot(data, KEYS)
    assert open_snapshot(data, KEYS, last=last).digest == last.digest
    with pytest.raises(ForkError, match="two different"):
        opened(snapshot(models=()), last=last)


def test_another_systems_snapshot_is_refused() -> None:
    with pytest.raises(TamperError):
        opened(snapshot(system="other", sequence=8), last=opened())
    with pytest.raises(TamperError, match="subject"):
        open_snapshot(signed(snapshot(), system="other"), KEYS)


def test_another_statement_is_no_snapshot() -> None:
    about = subject("system", system_digest("triage"))
    release = Release(action="admit", reason="because", at="2026-06-02T00:00:00Z")
    data = encode_envelope(sign_statement(Statement((about,), release), CONTROLLER))
    with pytest.raises(MalformedError, match="release statement"):
        open_snapshot(data, KEYS)


@pytest.mark.parametrize(
    "changes",
    [
        {"models": (served(version="aaaaaaaaaaaa"),)},
        {"models": (served("short"),)},
        {"models": (served(name="../x"),)},
        {"models": (served(name="Small"),)},
        {"models": (served(), served(CANARY))},
        {"models": (served(), served(role="canary"))},
        {"models": (served(), served(SHADOW, role="shadow"), served(CANARY, role="shadow"))},
        {
            "models": (
                served(role="canary", percent=60),
                served(CANARY, role="canary", percent=60),
            )
        },
        {"models": (served(percent=101),)},
        {"models": (served(percent=-1),)},
        {"models": (served(contract=contract(threshold=1.5)),)},
        {"models": (served(contract=contract(abstain_margin=-0.5)),)},
        {"models": (served(contract=contract(score_decimals=99)),)},
        {"models": (served(contract=contract(features=())),)},
        {"keys": (minted()[1],) * 2},
        {"keys": (minted(rate=0)[1],)},
        {"keys": (minted("")[1],)},
        {"expires": "tomorrow"},
    ],
)
def test_a_snapshot_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        opened(snapshot(**changes))


def test_what_is_both_served_and_refused_is_refused() -> None:
    found = opened(snapshot(refused=(refused(CHAMPION),)))
    assert found.digests == frozenset()
    assert "small" not in found.names


def test_a_bad_key_set_closes_the_door_for_tokens_only() -> None:
    found = opened(snapshot(issuer=issuer("{}")))
    assert found.tokens is None
    assert found.tokens_problem
    assert found.names
    good = opened(snapshot(issuer=issuer(signing.KEY_SET)))
    assert good.tokens is not None
    assert good.tokens_problem == ""


def small(*models: Any) -> Name:
    return opened(snapshot(models=models)).names["small"]


@pytest.mark.parametrize("percent", [0, 10, 50, 100])
def test_a_canary_answers_its_share_of_clients_and_the_same_ones(percent: int) -> None:
    name = small(served(), served(CANARY, role="canary", percent=percent))
    answers = {}
    for number in range(2000):
        client = f"client-{number}"
        found = choose(name, client=client, salt=SALT)
        assert found is choose(name, client=client, salt=SALT)
        assert found is not None
        answers[client] = found.digest
    share = sum(digest == CANARY for digest in answers.values()) / len(answers)
    assert share == {0: 0, 100: 1}.get(percent, pytest.approx(percent / 100, abs=0.04))


def test_a_growing_canary_keeps_its_clients() -> None:
    shares = []
    for percent in (10, 40):
        name = small(served(), served(CANARY, role="canary", percent=percent))
        shares.append(
            {
                number
                for number in range(500)
                if (found := choose(name, client=str(number), salt=SALT)) is not None
                and found.digest == CANARY
            }
        )
    assert shares[0] < shares[1]


def test_a_shadow_sees_its_share_of_requests() -> None:
    name = small(served(), served(SHADOW, role="shadow", percent=25))
    seen = [
        choose_shadow(name, answering=CHAMPION, request=str(number), salt=SALT)
        for number in range(1000)
    ]
    assert sum(found is not None for found in seen) == pytest.approx(250, abs=60)
    assert choose_shadow(name, answering=SHADOW, request="0", salt=SALT) is None
    assert name.listed == (CHAMPION[:12],)


@pytest.mark.parametrize(
    ("data", "everything", "model"),
    [
        (None, None, None),
        (b'{"model":"small","reason":"drift","at":"x"}\n', None, "drift"),
        (b'{"model":"other","reason":"drift"}\n', None, None),
        (b'{"model":"small"}', None, "no reason given"),
        (b'{"model":"*","reason":"all of it"}\n', "all of it", "all of it"),
        (b'{"model":"small","reason":"a\\nb"}', None, "a b"),
        (b'\n{"model":"small","reason":"x"}\n\n', None, "x"),
    ],
)
def test_a_stop_file_stops_what_it_names(
    data: bytes | None, everything: str | None, model: str | None
) -> None:
    found = read_stops(data)
    assert found.everything == everything
    assert found.reason("small") == model


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"stop",
        b"\xff",
        b"[]",
        b"{}",
        b'{"model":""}',
        b'{"model":7}',
        b'{"model":"small"}\n{"mod',
        b'{"model":"small","reason":null}',
        b"[" * 100_000,
        b" " * (MAX_BYTES + 1),
    ],
)
def test_an_odd_stop_file_stops_everything(data: bytes) -> None:
    assert read_stops(data).everything is not None


@given(st.binary(max_size=100))
def test_no_bytes_in_the_stop_file_let_everything_run(data: bytes) -> None:
    found = read_stops(data)
    assert isinstance(found, Stops)
    assert found.everything is not None or found.models
