"""What other tools said about the training code: SARIF reports as findings of the code scan.

Their words are somebody else's: where the secret detector sees a secret in one, or cannot look, the
words are left out, since statements are there for everybody to read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from sealwright.errors import InputMissing, LimitReached, MalformedError
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.common import Tool
from sealwright.evidence.predicates.model import Report
from sealwright.vetting.code import sarif
from sealwright.vetting.interface import Member, Observation, observe
from sealwright.vetting.secrets import check as secrets

WITHHELD = "the words of this finding are left out: they may hold a secret"


class Reports(msgspec.Struct, frozen=True, kw_only=True):
    """Where reports lie, and what their findings mean."""

    places: Mapping[str, Path] = msgspec.field(default_factory=dict)
    """Path in the project → file."""
    fail_from: sarif.Threshold = "high"
    cache: Path | None = None
    """A private folder for the secret detector's compiled rules."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What all reports say together."""

    observations: tuple[Observation, ...] = ()
    reports: tuple[Report, ...] = ()


def take_in(asked: Reports, *, code: Sequence[Path]) -> Said:
    """The findings of every report, in order; `code` are the files that they are about.

    A report that is not there, or was written before a file of the code, is a finding of its own
    (inconclusive). MalformedError or LimitReached names a report that cannot be read.
    """
    if not asked.places:
        return Said()
    newest = max((path.stat().st_mtime_ns for path in code), default=0)
    seen: list[Observation] = []
    reports: list[Report] = []
    for name, place in asked.places.items():
        try:
            written = place.stat().st_mtime_ns
            data = _read(place)
        except FileNotFoundError:
            seen.append(observe(sarif.STALE, "there is no such report", location=name))
            continue
        except OSError as error:
            raise InputMissing(f"{name}: cannot be read: {error.strerror}") from error
        if written < newest:
            seen.append(observe(sarif.STALE, "code was changed after it", location=name))
        told = _told(name, data, asked)
        seen += told.observations
        reports.append(
            Report(
                name=name,
                sha256=sha256_hex(data),
                tools=tuple(Tool(name=tool, version=version) for tool, version in told.tools),
                results=told.results,
                suppressed=told.suppressed,
            )
        )
    return Said(observations=_without_secrets(seen, cache=asked.cache), reports=tuple(reports))


def _read(place: Path) -> bytes:
    with place.open("rb") as file:
        return file.read(sarif.MAX_BYTES + 1)


def _told(name: str, data: bytes, asked: Reports) -> sarif.Imported:
    try:
        return sarif.read_sarif(data, fail_from=asked.fail_from)
    except (MalformedError, LimitReached) as error:
        raise type(error)(f"{name}: {error.message}", advice=error.advice) from error


def _without_secrets(seen: Sequence[Observation], *, cache: Path | None) -> tuple[Observation, ...]:
    """The same, without words in which the detector sees a secret or could not look."""
    words = tuple(
        Member(path=f"finding-{index}.txt", data=each.finding.message.encode())
        for index, each in enumerate(seen)
    )
    looked = secrets.examine(words, cache=cache)
    marked = {each.finding.location.partition(":")[0] for each in looked.observations}
    kept = [
        each if word.path in looked.examined and word.path not in marked else _withheld(each)
        for each, word in zip(seen, words, strict=True)
    ]
    return tuple(kept)


def _withheld(seen: Observation) -> Observation:
    return Observation(seen.rule, replace(seen.finding, message=WITHHELD))
