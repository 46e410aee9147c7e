"""A ledger as a folder of static files, which anybody can serve, copy and verify."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

from sealwright.errors import CannotLook, UsageError
from sealwright.evidence.trust import load_trust
from sealwright.ledger.checkpoint import SignedCheckpoint
from sealwright.ledger.leaf import envelope_bytes
from sealwright.ledger.ledger import Ledger
from sealwright.ledger.note import encode_vkey
from sealwright.ledger.tiles import HASH_SIZE, WIDTH, bundles_of, encode_bundle, tile_path, tiles_of

CHECKPOINT = PurePosixPath("checkpoint")
TRUST = PurePosixPath("trust.json")


def envelope_path(leaf_hash: bytes) -> PurePosixPath:
    """`envelopes/<first two hex digits>/<leaf hash>.json`."""
    name = leaf_hash.hex()
    return PurePosixPath("envelopes", name[:2], f"{name}.json")


def export(ledger: Ledger, folder: Path, *, trust: bytes) -> SignedCheckpoint:
    """Writes the ledger as it stands at its head into `folder`, which must not exist or be empty;
    it appears whole or not at all. `trust` are the bytes of the trust file.

    Returns the checkpoint that was exported. Raises TamperError naming an entry that cannot be
    exported, UsageError for a folder in use or another log's trust.
    """
    if load_trust(trust).log_vkey != encode_vkey(ledger.vkey):
        raise UsageError("the trust root names another log's key")
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise UsageError(f"{folder}: something is there already")
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    try:
        draft.mkdir(parents=True)
        head = ledger.head()
        _write_tree(ledger, draft, head.size)
        _write(draft / TRUST, trust)
        _write(draft / CHECKPOINT, head.note)
        draft.rename(folder)
    except OSError as error:
        raise CannotLook(f"{folder}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return head


def _write_tree(ledger: Ledger, folder: Path, size: int) -> None:
    for bundle in bundles_of(size):
        start = bundle.number * WIDTH
        leaves: list[bytes] = []
        for entry in ledger.entries(start, start + bundle.width):
            leaves.append(entry.leaf)
            _write(folder / envelope_path(entry.leaf_hash), envelope_bytes(entry.envelope))
        _write(folder / tile_path(bundle), encode_bundle(leaves))
    for tile in tiles_of(size):
        content = ledger.store.tile(tile.level, tile.number)[: tile.width * HASH_SIZE]
        _write(folder / tile_path(tile), content)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
