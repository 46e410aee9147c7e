"""What a caller hands in, until it is an entry.

Whatever can be wrong with an envelope is found in the caller's thread, who gets the error. The
encoding and hashing of a small one is left to the committer: one thread that does a hundred in a
row takes a third of the time that a hundred threads take for one each, and `hashlib` would hold
the interpreter lock for it anyway.
"""

from __future__ import annotations

from sealwright.errors import LimitReached
from sealwright.evidence import canonical
from sealwright.evidence.dsse import Envelope, pae
from sealwright.evidence.keys import PublicKey
from sealwright.evidence.statement import PAYLOAD_TYPE
from sealwright.evidence.verify import Verified
from sealwright.ledger import merkle
from sealwright.ledger.interface import NewEntry
from sealwright.ledger.leaf import build_leaf, envelope_bytes

_SMALL = 2000
"""Bytes of payload and signature. `hashlib` lets other threads run from 2,048 bytes on: larger
ones are better hashed in parallel, by their callers."""


class Draft:
    """An envelope on its way in, its signature checked."""

    __slots__ = ("_entry", "_envelope", "_public_key")

    def __init__(self, evidence: Envelope | Verified, public_key: PublicKey) -> None:
        """Raises SignatureError, TamperError for another key's envelope, MalformedError and
        LimitReached for one that the log could not hold."""
        if isinstance(evidence, Verified):
            envelope = evidence.envelope
        else:
            envelope = evidence
            public_key.verify(pae(envelope.payload_type, envelope.payload), envelope.signature)
        self._envelope = envelope
        self._public_key = public_key
        self._entry: NewEntry | None = None
        if (
            len(envelope.payload) + len(envelope.signature) > _SMALL
            or envelope.payload_type != PAYLOAD_TYPE
            or envelope.keyid != public_key.keyid
        ):
            self.entry()

    def entry(self) -> NewEntry:
        """The entry's bytes and hashes, made at the first call. One thread at a time asks."""
        if self._entry is None:
            self._entry = _prepare(self._envelope, self._public_key)
        return self._entry


def _prepare(envelope: Envelope, public_key: PublicKey) -> NewEntry:
    leaf = build_leaf(envelope, public_key)
    content = envelope_bytes(envelope)
    if len(content) > canonical.MAX_BYTES:
        raise LimitReached(
            f"an envelope of {len(content)} bytes; the ledger takes {canonical.MAX_BYTES}",
            advice="put the content in a file and its digest in the statement",
        )
    return NewEntry(leaf, merkle.leaf_hash(leaf), content)
