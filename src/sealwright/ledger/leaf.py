"""The ledger's leaf: a Rekor v2 `hashedrekord` 0.0.2 that binds one envelope's signature.

Source: sigstore rekor-tiles, HashedRekordLogEntryV002. The leaf is small (about 485 bytes), and
together with the payload it determines the whole envelope, so an envelope can be kept beside the
log, keyed by leaf hash, and cannot be exchanged unnoticed.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from sealwright.errors import MalformedError, TamperError
from sealwright.evidence import canonical
from sealwright.evidence.digest import is_digest
from sealwright.evidence.dsse import Envelope, encode_envelope, pae
from sealwright.evidence.keys import PublicKey
from sealwright.evidence.statement import PAYLOAD_TYPE
from sealwright.ledger.note import decode_base64
from sealwright.ledger.tiles import MAX_ENTRY

# RFC 8785 orders keys by code unit; base64 needs no escaping. A test holds this to rfc8785's bytes.
_TEMPLATE = (
    b'{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":'
    b'{"algorithm":"SHA2_256","digest":"%b"},"signature":{"content":"%b","verifier":'
    b'{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"%b"}}}}}}'
)
_ENVELOPE = (
    b'{"payload":"%b","payloadType":"application/vnd.in-toto+json",'
    b'"signatures":[{"keyid":"%b","sig":"%b"}]}'
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a leaf says: the sha256 of the PAE, the DER signature over it, the DER public key."""

    digest: bytes
    signature: bytes
    public_key: bytes


def build_leaf(envelope: Envelope, public_key: PublicKey) -> bytes:
    """The leaf's bytes for an envelope and the key that signed it.

    TamperError if the envelope names another key; MalformedError for a leaf too large for a tile.
    The signature itself is not checked here.
    """
    if envelope.keyid != public_key.keyid:
        raise TamperError("the envelope names another key than the one it is entered under")
    return _fill(envelope, public_key.der)


def envelope_bytes(envelope: Envelope) -> bytes:
    """The envelope's canonical bytes, as `dsse.encode_envelope`, many times faster for our usual
    payload type: this runs once per append."""
    if envelope.payload_type != PAYLOAD_TYPE or not is_digest(envelope.keyid):
        return encode_envelope(envelope)
    return _ENVELOPE % (
        b64encode(envelope.payload),
        envelope.keyid.encode(),
        b64encode(envelope.signature),
    )


def decode_leaf(entry: bytes) -> Leaf:
    """Reads a leaf; MalformedError unless it is the canonical form of our one kind."""
    value = canonical.decode(entry, max_bytes=MAX_ENTRY)
    try:
        record = value["spec"]["hashedRekordV002"]
        verifier = record["signature"]["verifier"]
        leaf = Leaf(
            decode_base64(record["data"]["digest"]),
            decode_base64(record["signature"]["content"]),
            decode_base64(verifier["publicKey"]["rawBytes"]),
        )
    except (KeyError, TypeError) as error:
        raise MalformedError("not a hashedrekord 0.0.2 entry") from error
    parts = (leaf.digest, leaf.signature, leaf.public_key)
    if _TEMPLATE % tuple(b64encode(part) for part in parts) != entry:
        raise MalformedError("not a hashedrekord 0.0.2 entry in its canonical form")
    return leaf


def check_leaf(entry: bytes, envelope: Envelope) -> Leaf:
    """TamperError unless `entry` is exactly the leaf of `envelope`. The key is the one the leaf
    carries, and the envelope's keyid must be its digest; whether anybody trusts it is asked
    elsewhere."""
    leaf = decode_leaf(entry)
    if sha256(leaf.public_key).hexdigest() != envelope.keyid:
        raise TamperError("the envelope names another key than its leaf")
    if _fill(envelope, leaf.public_key) != entry:
        raise TamperError("the envelope is not the one that its leaf was made from")
    return leaf


def _fill(envelope: Envelope, der: bytes) -> bytes:
    digest = sha256(pae(envelope.payload_type, envelope.payload)).digest()
    entry = _TEMPLATE % (b64encode(digest), b64encode(envelope.signature), _encoded(der))
    if len(entry) > MAX_ENTRY:
        raise MalformedError(f"a leaf of {len(entry)} bytes; the log takes {MAX_ENTRY}")
    return entry


@lru_cache(maxsize=256)
def _encoded(der: bytes) -> bytes:
    return b64encode(der)
