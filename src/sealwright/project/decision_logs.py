"""The gateways' decision logs as an auditor reads them: each chain from its first line to its last,
held to the heads that the ledger has.

What the ledger has not told yet, at most the last minute of a running gateway, is only chained.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from sealwright.errors import EvidenceError, InputMissing, TamperError
from sealwright.evidence.predicates.serving import DecisionLogHead
from sealwright.evidence.verify import Verified
from sealwright.phases.deployment.core.decision import DecisionRecord
from sealwright.phases.deployment.core.records import MAX_LINE, read_lines, verify_lines

_SEGMENT = re.compile(r"(?P<gateway>[0-9A-Za-z]+)-(?P<number>0|[1-9][0-9]{0,8})\.jsonl")


class LogReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of reading one gateway's log."""

    gateway: str
    segments: int
    records: int
    """Lines that are whole and follow each other; 0 where there is a problem."""
    heads: int
    """Heads in the ledger; without a problem, each was met."""
    problem: str = ""


def heads_in(evidence: Iterable[Verified]) -> dict[str, dict[int, str]]:
    """Gateway → line number → hash, as the ledger has them."""
    found: dict[str, dict[int, str]] = {}
    for item in evidence:
        said = item.predicate
        if isinstance(said, DecisionLogHead):
            found.setdefault(said.gateway, {})[said.seq] = said.head
    return found


def verify_logs(folder: Path, heads: Mapping[str, Mapping[int, str]]) -> tuple[LogReport, ...]:
    """Reads every log in `folder`, and those that only the ledger knows of, by gateway.

    Read `heads` before: a running gateway writes on. InputMissing if there is no log at all.
    """
    logs = _logs(folder)
    if not logs and not heads:
        raise InputMissing(f"{folder}: no decision log", advice="has the gateway ever run?")
    names = sorted(logs.keys() | heads.keys())
    return tuple(_report(name, logs.get(name, {}), heads.get(name, {})) for name in names)


def decisions_in(folder: Path) -> Iterator[DecisionRecord]:
    """Every record of every log, one log after the other, each line held to the one before it.

    Raises what `read_lines` raises, and TamperError where a segment is missing.
    """
    for gateway, segments in sorted(_logs(folder).items()):
        for entry in read_lines(_lines(gateway, segments)):
            yield entry.record


def _report(gateway: str, segments: Mapping[int, Path], heads: Mapping[int, str]) -> LogReport:
    try:
        if not segments:
            raise TamperError("the ledger knows this log, and it is not there")
        reached = verify_lines(_lines(gateway, segments), heads=heads)
    except EvidenceError as error:
        return LogReport(
            gateway=gateway,
            segments=len(segments),
            records=0,
            heads=len(heads),
            problem=error.message,
        )
    return LogReport(gateway=gateway, segments=len(segments), records=reached.seq, heads=len(heads))


def _logs(folder: Path) -> dict[str, dict[int, Path]]:
    """Gateway → number → segment."""
    found: dict[str, dict[int, Path]] = {}
    try:
        places = sorted(folder.iterdir())
    except FileNotFoundError:
        return found
    except OSError as error:
        raise InputMissing(f"{folder}: cannot be read: {error.strerror}") from error
    for place in places:
        name = _SEGMENT.fullmatch(place.name)
        if name is not None:
            found.setdefault(name["gateway"], {})[int(name["number"])] = place
    return found


def _lines(gateway: str, segments: Mapping[int, Path]) -> Iterator[bytes]:
    """The lines of all segments, streamed. A last line without its end is left out: its gateway
    died while it wrote, and nobody was ever told of it."""
    last = max(segments)
    for number in range(last + 1):
        if number not in segments:
            raise TamperError(f"segment {number} of the log {gateway} is missing")
        try:
            with segments[number].open("rb") as file:
                while line := file.readline(MAX_LINE + 1):
                    if line.endswith(b"\n") or number < last or len(line) > MAX_LINE:
                        yield line
        except OSError as error:
            raise TamperError(
                f"segment {number} of the log {gateway} cannot be read: {error.strerror}"
            ) from error
