"""Reads advisories in the OSV format, of which only what concerns PyPI is kept.

Schema: https://ossf.github.io/osv-schema/ (1.6). Records come from outside: sizes are bounded, and
what is not as the schema says is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from packaging.utils import canonicalize_name

from sealwright.errors import MalformedError
from sealwright.evidence.finding import Severity
from sealwright.patterns import regex
from sealwright.vetting.dependencies.cvss import base_score, level

MAX_RECORD = 8 * 1024 * 1024
MAX_VERSIONS = 20_000
MAX_EVENTS = 5_000
MAX_ALIASES = 500
_ID = regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{2,99}")
_TIME = regex(r"\d{4}-\d\d-\d\d(?:[Tt ][\d:.]+(?:Z|z|[+-]\d\d:?\d\d)?)?")
_WORDS: dict[str, Severity] = {
    "CRITICAL": "critical",
    "HIGH": "high",
    "MODERATE": "medium",
    "MEDIUM": "medium",
    "LOW": "low",
}
LEVELS: tuple[str, ...] = ("", "info", "low", "medium", "high", "critical")
"""Severities in order; the empty one: not known."""
_KINDS = ("introduced", "fixed", "last_affected", "limit")


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """One package that an advisory is about. `package` is normalised (PEP 503)."""

    package: str
    ranges: tuple[tuple[tuple[str, str], ...], ...] = ()
    """For each ECOSYSTEM range its events (kind, version), in the order of the record."""
    versions: tuple[str, ...] = ()


class Advisory(msgspec.Struct, frozen=True, kw_only=True):
    """One advisory, as far as it concerns PyPI."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    modified: str
    """RFC 3339, as the record has it."""
    severity: str
    """A level, or empty where the record says none."""
    vector: str
    """The CVSS vector that the level is from, if it is from one."""
    malicious: bool
    affected: tuple[Affected, ...]


def advisory(record: Any) -> Advisory | None:
    """The advisory in a parsed record; None if it is withdrawn or not about PyPI.

    Raises MalformedError for what is no OSV record.
    """
    if not isinstance(record, dict):
        raise MalformedError("an advisory is not an object")
    name, modified = record.get("id"), record.get("modified")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise MalformedError("an advisory has no id")
    if not isinstance(modified, str) or not _TIME.fullmatch(modified):
        raise MalformedError(f"{name}: an advisory without the time of its last change")
    if record.get("withdrawn"):
        return None
    affected = tuple(_affected(record, name))
    if not affected:
        return None
    aliases = tuple(sorted(set(_texts(record.get("aliases"), MAX_ALIASES, name))))
    malicious = any(one.startswith("MAL-") for one in (name, *aliases))
    severity, vector = _severity(record)
    text = record.get("summary") or record.get("details") or ""
    return Advisory(
        id=name,
        aliases=tuple(one for one in aliases if one != name and _ID.fullmatch(one)),
        summary=" ".join(str(text).split())[:200],
        modified=modified,
        severity="critical" if malicious else severity,
        vector=vector,
        malicious=malicious,
        affected=affected,
    )


def _affected(record: dict[str, Any], name: str) -> Iterator[Affected]:
    items = record.get("affected")
    for item in items if isinstance(items, list) else ():
        package = item.get("package") if isinstance(item, dict) else None
        if not isinstance(package, dict):
            continue
        if str(package.get("ecosystem", "")).partition(":")[0] != "PyPI":
            continue
        if not isinstance(package.get("name"), str) or not package["name"]:
            raise MalformedError(f"{name}: an affected package has no name")
        ranges = item.get("ranges")
        yield Affected(
            package=str(canonicalize_name(package["name"]))[:200],
            ranges=tuple(_ranges(ranges if isinstance(ranges, list) else [], name)),
            versions=tuple(_texts(item.get("versions"), MAX_VERSIONS, name)),
        )


def _ranges(items: list[Any], name: str) -> Iterator[tuple[tuple[str, str], ...]]:
    for item in items[:MAX_EVENTS]:
        if not isinstance(item, dict) or item.get("type") not in ("ECOSYSTEM", "SEMVER"):
            continue  # commits of a repository say nothing of versions
        events = item.get("events")
        if not isinstance(events, list) or len(events) > MAX_EVENTS:
            raise MalformedError(f"{name}: a range without events, or with too many")
        found = [
            (kind, str(event[kind])[:200])
            for event in events
            if isinstance(event, dict)
            for kind in _KINDS
            if kind in event
        ]
        yield tuple(found)


def _texts(value: Any, most: int, name: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > most:
        raise MalformedError(f"{name}: a list is missing, or longer than {most}")
    return [str(one)[:200] for one in value]


def _severity(record: dict[str, Any]) -> tuple[str, str]:
    """The highest level that any part of the record gives, with its vector."""
    found: list[tuple[str, str]] = [(_word(record), "")]
    parts = [record, *(a for a in record.get("affected") or () if isinstance(a, dict))]
    for part in parts:
        found.append((_word(part), ""))
        scores = part.get("severity")
        for one in scores if isinstance(scores, list) else ():
            vector = str(one.get("score", ""))[:300] if isinstance(one, dict) else ""
            score = base_score(vector)
            if score is not None:
                found.append((level(score), vector))
    # The publisher's own word goes before a score of ours, where it gives one.
    best = max(found, key=lambda one: (LEVELS.index(one[0]), bool(one[1])))
    said = _word(record)
    vector = best[1] or next((vector for _, vector in found if vector), "")
    return (said or best[0]), vector


def _word(part: dict[str, Any]) -> str:
    for key in ("database_specific", "ecosystem_specific"):
        table = part.get(key)
        if isinstance(table, dict) and (word := _WORDS.get(str(table.get("severity")).upper())):
            return word
    return ""
