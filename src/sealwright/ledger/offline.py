"""Verifies an exported folder with a trust file and nothing else: no operator, no network.

What is shown: the checkpoint is the log's, the leaves are the tiles are the root, each envelope is
its leaf's, each signature is of a principal whom the trust root knew, and nothing is missing or
added. What cannot be shown: statements that were never submitted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from sealwright.errors import CannotLook, EvidenceError, InputMissing
from sealwright.evidence import canonical
from sealwright.evidence.dsse import encode_envelope
from sealwright.evidence.predicates.governance import TrustRoot
from sealwright.evidence.trust import load_trust
from sealwright.ledger.checkpoint import SignedCheckpoint, open_checkpoint
from sealwright.ledger.examine import (
    Finding,
    Findings,
    Report,
    compare_roots,
    conclude,
    walk_tree,
)
from sealwright.ledger.export import CHECKPOINT, TRUST, envelope_path
from sealwright.ledger.note import MAX_NOTE, decode_vkey
from sealwright.ledger.tiles import (
    HASH_SIZE,
    MAX_ENTRY,
    Tile,
    bundles_of,
    decode_bundle,
    tile_path,
    tiles_of,
)

MAX_ENTRIES = 4_000_000
"""A folder with more is refused: it would not fit a laptop's memory."""


def verify_folder(folder: Path, *, trust: bytes) -> Report:
    """Examines an exported folder under `trust`, the bytes of the trust file that the reader chose
    (not the folder's own).

    Raises InputMissing if there is no folder, and EvidenceError if `trust` itself is bad. What is
    wrong with the folder is in the report; `Report.require()` raises it.
    """
    if not folder.is_dir():
        raise InputMissing(f"{folder}: there is no such folder")
    anchor, findings = load_trust(trust), Findings()
    source = _FolderSource(folder, findings)
    head = _read_head(source, anchor.log_vkey)
    if head is None:
        return Report(None, findings.all())
    walk = walk_tree(source, size=head.size, sizes=(), findings=findings)
    compare_roots(walk, {head.size: (str(CHECKPOINT), head.root)})
    expected = {CHECKPOINT, TRUST}
    expected.update(map(tile_path, tiles_of(head.size)), map(tile_path, bundles_of(head.size)))
    expected.update(map(envelope_path, walk.leaf_hashes))
    _check_extent(folder, expected, findings)
    own = source.read(TRUST, limit=canonical.MAX_BYTES)
    report = conclude(walk, checkpoint=head, anchor=anchor)
    known = {
        encode_envelope(e.envelope) for e in report.entries if isinstance(e.predicate, TrustRoot)
    }
    if own is None or own == trust or own in known:
        return report
    message = "neither the trust root that was handed in, nor one that the ledger holds"
    return Report(head, (Finding(str(TRUST), message), *report.findings))


def _read_head(source: _FolderSource, vkey: str) -> SignedCheckpoint | None:
    note = source.read(CHECKPOINT, limit=MAX_NOTE)
    if note is None:
        return None
    try:
        key = decode_vkey(vkey)
        head = open_checkpoint(note, key)
    except (EvidenceError, CannotLook) as error:
        source.findings.add(str(CHECKPOINT), error.message)
        return None
    if head.size > MAX_ENTRIES:
        source.findings.add(str(CHECKPOINT), f"{head.size} entries; at most {MAX_ENTRIES} are read")
        return None
    return head


class _FolderSource:
    """Leaves, tiles and envelopes out of files; sizes are bounded and links are not followed."""

    def __init__(self, folder: Path, findings: Findings) -> None:
        self._folder = folder
        self.findings = findings

    def leaves(self, bundle: Tile) -> Sequence[bytes | None]:
        path = tile_path(bundle)
        data = self.read(path, limit=bundle.width * (MAX_ENTRY + 2))
        if data is not None:
            try:
                return decode_bundle(data, count=bundle.width)
            except EvidenceError as error:
                self.findings.add(str(path), error.message)
        return [None] * bundle.width

    def hashes(self, tile: Tile) -> bytes | None:
        return self.read(tile_path(tile), limit=tile.width * HASH_SIZE)

    def envelope(self, index: int, leaf_hash: bytes) -> bytes | None:
        return self.read(envelope_path(leaf_hash), limit=canonical.MAX_BYTES, entry=index)

    def envelope_name(self, index: int, leaf_hash: bytes) -> str:
        return str(envelope_path(leaf_hash))

    def read(self, path: PurePosixPath, *, limit: int, entry: int = -1) -> bytes | None:
        """A regular file of at most `limit` bytes; None, and a finding, for anything else."""
        try:
            descriptor = os.open(
                self._folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            )
        except OSError as error:
            self.findings.add(str(path), f"cannot be read: {error.strerror}", entry=entry)
            return None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                self.findings.add(str(path), "is not a regular file", entry=entry)
                return None
            if status.st_size > limit:
                self.findings.add(
                    str(path), f"{status.st_size} bytes where at most {limit} belong", entry=entry
                )
                return None
            return file.read(limit + 1)


def _check_extent(folder: Path, expected: set[PurePosixPath], findings: Findings) -> None:
    """Notes files and folders that have no business here. What is missing was noted on reading."""
    folders = {parent for path in expected for parent in path.parents}
    for path, is_folder, is_link in _names(folder):
        if findings.full:
            return
        if is_link:
            findings.add(str(path), "a symbolic link: links are refused")
        elif path not in (folders if is_folder else expected):
            findings.add(str(path), "does not belong here")


def _names(folder: Path) -> Iterator[tuple[PurePosixPath, bool, bool]]:
    """(path, is a folder, is a link) of everything below a folder; foreign folders are looked at
    one by one as they come, and links are not followed."""
    waiting = [PurePosixPath()]
    while waiting:
        here = waiting.pop()
        with os.scandir(folder / here) as found:
            for item in found:
                path = here / item.name
                is_folder = item.is_dir(follow_symlinks=False)
                yield path, is_folder, item.is_symlink()
                if is_folder:
                    waiting.append(path)
