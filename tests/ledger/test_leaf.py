from __future__ import annotations

import base64
import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import LimitReached, MalformedError, TamperError
from sealwright.evidence import canonical
from sealwright.evidence.dsse import encode_envelope, pae
from sealwright.evidence.keys import SigningKey
from sealwright.ledger.leaf import build_leaf, check_leaf, decode_leaf, envelope_bytes
from tests.ledger.house import house

ENVELOPE = house().envelope(1)
LEAF = build_leaf(ENVELOPE, house().key.public)


def test_the_leaf_is_the_canonical_hashedrekord() -> None:
    digest = hashlib.sha256(pae(ENVELOPE.payload_type, ENVELOPE.payload)).digest()

    def text(data: bytes) -> str:
        return base64.b64encode(data).decode()

    assert (
        canonical.encode(
            {
                "apiVersion": "0.0.2",
                "kind": "hashedrekord",
                "spec": {
                    "hashedRekordV002": {
                        "data": {"algorithm": "SHA2_256", "digest": text(digest)},
                        "signature": {
                            "content": text(ENVELOPE.signature),
                            "verifier": {
                                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                                "publicKey": {"rawBytes": text(house().key.public.der)},
                            },
                        },
                    }
                },
            }
        )
        == LEAF
    )
    leaf = check_leaf(LEAF, ENVELOPE)
    assert leaf == decode_leaf(LEAF)
    assert (leaf.digest, leaf.public_key) == (digest, house().key.public.der)


@given(st.binary(max_size=80), st.text(max_size=20), st.binary(max_size=80))
def test_envelope_bytes_are_dsses(payload: bytes, kind: str, signature: bytes) -> None:
    for payload_type in (ENVELOPE.payload_type, kind):
        envelope = dataclasses.replace(
            ENVELOPE, payload=payload, payload_type=payload_type, signature=signature
        )
        assert envelope_bytes(envelope) == encode_envelope(envelope)


@given(st.data())
def test_no_changed_byte_of_a_leaf_goes_unseen(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(LEAF) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda b: b != LEAF[at]))
    with pytest.raises((MalformedError, TamperError)):
        check_leaf(LEAF[:at] + bytes([value]) + LEAF[at + 1 :], ENVELOPE)


@pytest.mark.parametrize(
    "change",
    [
        {"payload": b"{}"},
        {"payload_type": "text/plain"},
        {"signature": b"\x00"},
        {"keyid": "0" * 64},
    ],
)
def test_no_other_envelope_fits(change: dict[str, object]) -> None:
    with pytest.raises(TamperError):
        check_leaf(LEAF, dataclasses.replace(ENVELOPE, **change))  # type: ignore[arg-type]


def test_a_leaf_is_made_under_the_signers_key() -> None:
    with pytest.raises(TamperError):
        build_leaf(ENVELOPE, SigningKey.generate().public)
    with pytest.raises(MalformedError):
        build_leaf(dataclasses.replace(ENVELOPE, signature=b"x" * 60_000), house().key.public)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises((MalformedError, LimitReached)):
        decode_leaf(data)


@pytest.mark.parametrize("value", [1, [], "x", {}, {"spec": 1}, {"spec": {"hashedRekordV002": []}}])
def test_other_json_is_refused(value: object) -> None:
    with pytest.raises(MalformedError):
        decode_leaf(canonical.encode(value))
