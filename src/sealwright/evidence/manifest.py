"""What an artifact is: the sorted list of its files. Its identity is the digest of that list.

Unlike the root of OpenSSF Model Signing, which hashes contents alone, this covers names and sizes:
a renamed file is another artifact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.common import FileEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Content with an identity. `digest` is the hex sha256 of the canonical manifest of `files`."""

    digest: str
    files: tuple[FileEntry, ...]
    root: Path | None = None
    """Where it was read; None when only its manifest is known."""

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return sum(entry.size for entry in self.files)


def manifest_bytes(files: Iterable[FileEntry]) -> bytes:
    """The canonical manifest: version 1, files sorted by path in code point order."""
    ordered = sorted(files, key=lambda entry: entry.path)
    return canonical.encode(
        {
            "files": [{"path": f.path, "sha256": f.sha256, "size": f.size} for f in ordered],
            "manifest": 1,
        }
    )


def manifest_digest(files: Iterable[FileEntry]) -> str:
    """The identity (hex sha256) of an artifact with these files."""
    return sha256_hex(manifest_bytes(files))


def oms_root(files: Iterable[FileEntry]) -> str:
    """The same files' root in OpenSSF Model Signing v1.0: sha256 over the raw digests by path."""
    joined = b"".join(
        bytes.fromhex(entry.sha256) for entry in sorted(files, key=lambda entry: entry.path)
    )
    return hashlib.sha256(joined).hexdigest()


def system_digest(name: str) -> str:
    """The identity of a system, which has no files: statements about it name this digest."""
    return sha256_hex(canonical.encode({"name": name, "sealwright": "system"}))
