"""What was found in a file before, so that scanning it again costs only its digest.

An entry is found by the digest and path of the file, and all that the verdict depends on. Whoever
can write an entry can forge a verdict: the folder and its files must belong to the user alone.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec
from msgspec.structs import asdict

from sealwright.errors import UsageError
from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.files import write_atomically
from sealwright.vetting.outcome import Found, MemberReport
from sealwright.vetting.session import Limits

MAX_ENTRY = 64 * 1024 * 1024
_FORM = 2
_TRANSIENT = ("SW-SCAN-", "SW-SRC-")
"""Rules whose findings may be others the next time: limits, defects, files that cannot be read."""


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file as it was found."""

    key: str
    reports: tuple[MemberReport, ...]
    inflated: int


class Known:
    """A folder of entries. What cannot be read there, or is not whole, counts as not known."""

    def __init__(self, folder: Path, *, rules: str, limits: Limits, version: str) -> None:
        """`rules`: hex digest over all rules and packs. UsageError if others may write there."""
        self._folder = folder
        self._context = {"rules": rules, "limits": asdict(limits), "version": version}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = folder.stat()
        except OSError as error:
            raise UsageError(f"{folder}: cannot be the cache: {error.strerror}") from error
        if not stat.S_ISDIR(status.st_mode) or not _own(status):
            raise UsageError(
                f"{folder}: cannot be the cache: others may write there",
                advice="take a folder of your own, with mode 700",
            )

    def load(self, path: str, digest: str) -> Found | None:
        """What was found in a file and all that it holds, if the same file was scanned before."""
        key = self._key(path, digest)
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(self._folder / f"{key}.json", flags)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            whole = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_ENTRY
            if not whole or not _own(status):
                return None
            data = file.read(MAX_ENTRY)
        try:
            entry = msgspec.json.decode(data, type=_Entry)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if entry.key != key or not entry.reports or entry.reports[0].sha256 != digest:
            return None
        return Found(entry.reports, entry.inflated)

    def store(self, path: str, digest: str, found: Found) -> None:
        """Keeps what was found, unless it may be different the next time."""
        if any(
            seen.rule.id.startswith(_TRANSIENT)
            for each in found.reports
            for seen in each.observations
        ):
            return
        key = self._key(path, digest)
        try:
            entry = _Entry(key=key, reports=found.reports, inflated=found.inflated)
            data = msgspec.json.encode(entry)
        except UnicodeEncodeError:  # a name that is no UTF-8
            return
        if len(data) <= MAX_ENTRY:
            write_atomically(self._folder / f"{key}.json", data, mode=0o600, durable=False)

    def _key(self, path: str, digest: str) -> str:
        name = path.encode("utf-8", "surrogateescape").hex()
        parts = {**self._context, "form": _FORM, "path": name, "file": digest}
        return sha256_hex(canonical.encode(parts))


def _own(status: os.stat_result) -> bool:
    """Whether the user owns it and nobody else may write it."""
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022
