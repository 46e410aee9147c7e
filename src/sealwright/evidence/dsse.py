"""DSSE envelopes: exact payload bytes and one signature over their pre-authentication encoding.

Spec: secure-systems-lab/dsse, protocol.md and envelope.md. Ours carry one signature each; another
signer makes another envelope, so that each ledger leaf stands for one person's word.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from sealwright.errors import MalformedError
from sealwright.evidence import canonical
from sealwright.evidence.digest import is_digest, sha256_hex
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.statement import PAYLOAD_TYPE, Statement, encode_statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A signed payload. `keyid` is the hex sha256 of the signer's DER SubjectPublicKeyInfo; it only
    tells which key of the trust root to try."""

    payload: bytes
    payload_type: str
    signature: bytes
    keyid: str


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: `DSSEv1 len type len body`."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_statement(statement: Statement[Predicate], key: SigningKey) -> Envelope:
    """Signs the canonical bytes of a statement."""
    payload = encode_statement(statement)
    return Envelope(
        payload=payload,
        payload_type=PAYLOAD_TYPE,
        signature=key.sign(pae(PAYLOAD_TYPE, payload)),
        keyid=key.public.keyid,
    )


def encode_envelope(envelope: Envelope) -> bytes:
    """The envelope as canonical JSON."""
    return canonical.encode(
        {
            "payload": base64.b64encode(envelope.payload).decode(),
            "payloadType": envelope.payload_type,
            "signatures": [
                {
                    "keyid": envelope.keyid,
                    "sig": base64.b64encode(envelope.signature).decode(),
                }
            ],
        }
    )


def decode_envelope(data: bytes) -> Envelope:
    """Reads an envelope; MalformedError unless `encode_envelope` would give the same bytes."""
    value = canonical.decode(data)
    try:
        if set(value) != {"payload", "payloadType", "signatures"}:
            raise MalformedError("not a DSSE envelope: wrong set of fields")
        (signature,) = value["signatures"]
        if set(signature) != {"keyid", "sig"} or not is_digest(signature["keyid"]):
            raise MalformedError("not a DSSE envelope: its signature must have a keyid and a sig")
        envelope = Envelope(
            payload=base64.b64decode(value["payload"], validate=True),
            payload_type=value["payloadType"],
            signature=base64.b64decode(signature["sig"], validate=True),
            keyid=signature["keyid"],
        )
        same = encode_envelope(envelope) == data
    except (TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise MalformedError(f"not a DSSE envelope: {error}") from error
    if not same:
        raise MalformedError("the envelope's base64 is not in its one canonical form")
    return envelope


def envelope_digest(envelope: Envelope) -> str:
    """Hex sha256 of the envelope's bytes: how evidence is referred to."""
    return sha256_hex(encode_envelope(envelope))
