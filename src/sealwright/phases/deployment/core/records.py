"""The decision log's lines: each holds the hash of the one before it.

A line is `{"prev":HASH,"seq":N,"record":{...}}` and a line feed; its hash is the sha256 of the line
without the line feed. Whoever holds the hash of line n, which the ledger does for some, can prove
that no line up to n was changed, removed, added or moved. Segments of a log go on counting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from sealwright.errors import MalformedError, TamperError
from sealwright.evidence.digest import is_digest
from sealwright.phases.deployment.core.decision import DecisionRecord

MAX_LINE: Final = 64 * 1024 * 1024
"""Bytes; a reader takes no longer one. A body of 1 MiB makes a record of a few."""

BEGINNING: Final = "0" * 64
"""What the first line of a log holds in place of a hash."""


class Chain(msgspec.Struct, frozen=True, gc=False):
    """How far a log goes: `seq` lines, the newest with hash `head`."""

    seq: int = 0
    head: str = BEGINNING


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """One line. Fields are written in this order."""

    prev: str
    """Hash of the line before it."""
    seq: int
    """Its number; the log's first is 0."""
    record: DecisionRecord


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Entry).decode


def record_line(record: DecisionRecord, chain: Chain) -> tuple[bytes, Chain]:
    """The next line of a log, with its line feed, and how far the log goes with it."""
    line = _encode(Entry(prev=chain.head, seq=chain.seq, record=record))
    return line + b"\n", Chain(chain.seq + 1, hashlib.sha256(line).hexdigest())


def read_lines(lines: Iterable[bytes], *, after: Chain | None = None) -> Iterator[Entry]:
    """Each line's entry, checked against the line before; streams.

    `lines` end with a line feed each, as a binary file gives them. `after`: where they begin; the
    whole log's beginning by default. Raises MalformedError for what is no line of ours and
    TamperError for a line that does not follow.
    """
    for entry, _ in _walk(lines, after or Chain()):
        yield entry


def _walk(lines: Iterable[bytes], chain: Chain) -> Iterator[tuple[Entry, Chain]]:
    for line in lines:
        entry = _read_line(line, seq=chain.seq)
        if entry.seq != chain.seq:
            raise TamperError(
                f"line {chain.seq} of the decision log says that it is number {entry.seq}"
            )
        if entry.prev != chain.head:
            raise TamperError(
                f"line {chain.seq} of the decision log does not follow the line before it",
                advice="a line was changed, removed, added or moved; compare with a copy",
            )
        chain = Chain(chain.seq + 1, hashlib.sha256(line[:-1]).hexdigest())
        yield entry, chain


def _read_line(line: bytes, *, seq: int) -> Entry:
    if len(line) > MAX_LINE:
        raise MalformedError(f"line {seq} of the decision log is longer than {MAX_LINE} bytes")
    if not line.endswith(b"\n"):
        raise MalformedError(
            f"line {seq} of the decision log has no end",
            advice="it was being written when the gateway died; it was never acknowledged",
        )
    try:
        entry = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"line {seq} of the decision log cannot be read: {error}") from error
    # Another spelling, or a field given twice, could be read as something else elsewhere.
    if not is_digest(entry.prev) or _encode(entry) != line[:-1]:
        raise MalformedError(f"line {seq} of the decision log is not in its one spelling")
    return entry


def verify_lines(
    lines: Iterable[bytes],
    *,
    after: Chain | None = None,
    heads: Mapping[int, str] | None = None,
) -> Chain:
    """Reads a log, or a segment of one, to its end, and says how far it goes.

    `heads`: line number → hash, as the ledger has them; each that is not before `after` must be
    met, so that a log cannot lose its end. Raises MalformedError and TamperError.
    """
    reached = start = after or Chain()
    expected = {seq: head for seq, head in (heads or {}).items() if seq >= start.seq}
    newest = max(expected, default=-1)
    for entry, reached in _walk(lines, start):
        if expected.get(entry.seq, reached.head) != reached.head:
            raise TamperError(f"line {entry.seq} of the decision log is not the one on record")
    if newest >= reached.seq:
        raise TamperError(
            f"the decision log ends before line {reached.seq}; line {newest} is on record",
            advice="lines were removed from its end, or a segment is missing",
        )
    return reached
