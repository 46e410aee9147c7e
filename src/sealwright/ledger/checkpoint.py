"""Checkpoints: what the log said its tree was, as a signed note.

Spec: C2SP tlog-checkpoint. Ours have no extension lines, and a reader refuses them, so that a
checkpoint of one tree has exactly one text.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from sealwright.errors import MalformedError
from sealwright.evidence.keys import LogKey
from sealwright.ledger.merkle import HASH_SIZE, MAX_SIZE
from sealwright.ledger.note import (
    VerifierKey,
    check_name,
    decode_base64,
    finish_note,
    open_note,
    verifier_key,
)

_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the log's name, the number of entries, the 32-byte root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A tree head and the signed note that states it, byte by byte. Comes from `Signer.sign` or
    `open_checkpoint` alone, both of which vouch for the signature."""

    tree: Checkpoint
    note: bytes

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.tree.size

    @property
    def root(self) -> bytes:
        """The root, 32 bytes."""
        return self.tree.root


class Signer:
    """Signs checkpoints of one log."""

    def __init__(self, origin: str, key: LogKey) -> None:
        self._key = key
        self.vkey = verifier_key(origin, key.public)

    def sign(self, size: int, root: bytes) -> SignedCheckpoint:
        """The signed checkpoint; the same tree always gives the same bytes (Ed25519)."""
        tree = Checkpoint(self.vkey.name, size, root)
        text = checkpoint_text(tree)
        note = finish_note(
            text, name=tree.origin, keyid=self.vkey.keyid, signature=self._key.sign(text.encode())
        )
        return SignedCheckpoint(tree, note)


def checkpoint_text(tree: Checkpoint) -> str:
    """The text that is signed: origin, size, base64 root, one line each."""
    return f"{tree.origin}\n{tree.size}\n{base64.b64encode(tree.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Reads a checkpoint's text; MalformedError for any other spelling."""
    lines = text.split("\n")
    if len(lines) != _LINES + 1 or lines[-1]:
        raise MalformedError("a checkpoint has three lines: origin, size, root")
    origin, size, root = lines[:_LINES]
    check_name(origin)
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise MalformedError(f"{size[:40]!r} is not the size of a tree")
    raw = decode_base64(root)
    if len(raw) != HASH_SIZE:
        raise MalformedError(f"a root of {len(raw)} bytes instead of {HASH_SIZE}")
    return Checkpoint(origin, int(size), raw)


def open_checkpoint(data: bytes, key: VerifierKey) -> SignedCheckpoint:
    """Checks a checkpoint note under the log's key, whose name must be the checkpoint's origin.

    Raises SignatureError, MalformedError or LimitReached.
    """
    tree = parse_checkpoint(open_note(data, [key]).text)
    if tree.origin != key.name:
        raise MalformedError(f"a checkpoint of {tree.origin} signed with the key of {key.name}")
    return SignedCheckpoint(tree, data)
