from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as PeerEnvelope
from securesystemslib.signer._key import SSlibKey
from tests.evidence.people import actor

from sealwright.errors import (
    CannotLook,
    EvidenceError,
    MalformedError,
    SealwrightError,
    SignatureError,
)
from sealwright.evidence.dsse import Envelope, decode_envelope, encode_envelope, pae
from sealwright.evidence.keys import PublicKey, SigningKey

ENVELOPE = actor("mina").release()
BYTES = encode_envelope(ENVELOPE)


def test_pae_as_in_the_specification() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_an_envelope_survives_the_trip() -> None:
    assert decode_envelope(BYTES) == ENVELOPE


def test_securesystemslib_verifies_our_envelope() -> None:
    signer = actor("mina")
    envelope = signer.release()
    value = json.loads(encode_envelope(envelope))
    peer = PeerEnvelope.from_dict(value)
    key = SSlibKey(
        envelope.keyid,
        "ecdsa",
        "ecdsa-sha2-nistp256",
        {"public": signer.key.public.pem.decode()},
    )
    assert list(peer.verify([key], 1)) == [envelope.keyid]


@given(st.integers(0, len(BYTES) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_any_changed_byte_is_refused_or_breaks_the_signature(place: int, flip: int) -> None:
    changed = bytearray(BYTES)
    changed[place] ^= flip
    try:
        envelope = decode_envelope(bytes(changed))
    except SealwrightError:
        return
    # What still is an envelope must differ in a part that verification looks at.
    assert envelope != ENVELOPE
    assert (envelope.payload, envelope.payload_type, envelope.signature, envelope.keyid) != (
        ENVELOPE.payload,
        ENVELOPE.payload_type,
        ENVELOPE.signature,
        ENVELOPE.keyid,
    )


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises((EvidenceError, CannotLook)):
        decode_envelope(data)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "1",
        "{}",
        '{"payload":"","payloadType":"x","signatures":[]}',
        '{"payload":"","payloadType":"x","signatures":[1]}',
        '{"payload":1,"payloadType":"x","signatures":[{"keyid":"","sig":""}]}',
        '{"payload":"","payloadType":"x","signatures":[{"keyid":"zz","sig":""}]}',
    ],
)
def test_what_is_no_envelope(text: str) -> None:
    with pytest.raises(MalformedError):
        decode_envelope(text.encode())


def test_spare_bits_of_base64_are_refused() -> None:
    value = json.loads(BYTES)
    padded = base64.b64encode(b"a").decode()
    assert padded == "YQ=="
    value["payload"] = "YR=="  # decodes to the same byte
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(MalformedError, match="canonical form"):
        decode_envelope(data)


def test_two_signatures_are_refused() -> None:
    value = json.loads(BYTES)
    value["signatures"] *= 2
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(MalformedError):
        decode_envelope(data)


def test_a_signature_of_another_key_is_refused() -> None:
    envelope = actor("mina").release()
    other = SigningKey.generate().public
    with pytest.raises(SignatureError):
        other.verify(pae(envelope.payload_type, envelope.payload), envelope.signature)


def test_keys_have_one_spelling() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    wrong_curve = ec.generate_private_key(ec.SECP384R1()).public_key()
    wrong_kind = ed25519.Ed25519PrivateKey.generate().public_key()
    for key in (wrong_curve, wrong_kind):
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(MalformedError):
            PublicKey.from_der(der)
    with pytest.raises(MalformedError):
        PublicKey.from_der(b"nonsense")
    with pytest.raises(MalformedError):
        PublicKey.from_pem(b"nonsense")


def test_a_private_key_does_not_show_itself() -> None:
    key = SigningKey.generate()
    assert "private" not in repr(key).replace("SigningKey", "")


def test_envelope_is_a_plain_value() -> None:
    assert Envelope(payload=b"", payload_type="", signature=b"", keyid="") != ENVELOPE
    assert issubclass(SignatureError, EvidenceError)
