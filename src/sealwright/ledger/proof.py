"""Proofs as values, and the `.tlog-proof` file that carries one beside its checkpoint.

Spec: C2SP tlog-proof. Who holds the entry, this file and the log's verifier key needs nothing else.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from sealwright.errors import LimitReached, MalformedError
from sealwright.ledger import merkle
from sealwright.ledger.checkpoint import SignedCheckpoint, open_checkpoint
from sealwright.ledger.note import MAX_NOTE, VerifierKey, decode_base64

MAX_HASHES = 64
_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That the leaf at `index` is in the tree of `size`: hashes from its sibling to the root."""

    index: int
    size: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the tree of size `new` begins with the tree of size `old`."""

    old: int
    new: int
    hashes: tuple[bytes, ...]


def encode_proof(proof: InclusionProof, checkpoint: SignedCheckpoint) -> bytes:
    """The bytes of a `.tlog-proof` file; the proof must be for the checkpoint's size."""
    if proof.size != checkpoint.size:
        raise MalformedError(
            f"a proof for size {proof.size} beside a checkpoint of size {checkpoint.size}"
        )
    lines = [_HEADER, f"index {proof.index}"]
    lines += [base64.b64encode(item).decode() for item in proof.hashes]
    return "\n".join(lines).encode() + b"\n\n" + checkpoint.note


def check_proof(data: bytes, *, entry: bytes, key: VerifierKey) -> tuple[int, SignedCheckpoint]:
    """Checks a proof file for `entry` (the leaf's bytes) under the log's key.

    Returns the entry's index and the checkpoint. Raises MalformedError, LimitReached,
    SignatureError or TamperError.
    """
    if len(data) > 2 * MAX_NOTE:
        raise LimitReached(f"a proof of {len(data)} bytes; at most {2 * MAX_NOTE} are read")
    head, blank, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedError("the proof is not ASCII") from error
    index = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
    if not blank or lines[0] != _HEADER or index is None:
        raise MalformedError(f"not a proof file: expected {_HEADER}, then the index")
    if len(lines) > MAX_HASHES + 2:
        raise LimitReached(f"a proof of {len(lines) - 2} hashes; at most {MAX_HASHES}")
    checkpoint = open_checkpoint(note, key)
    merkle.check_inclusion(
        merkle.leaf_hash(entry),
        index=int(index[1]),
        size=checkpoint.size,
        proof=[decode_base64(line) for line in lines[2:]],
        root=checkpoint.root,
    )
    return int(index[1]), checkpoint
