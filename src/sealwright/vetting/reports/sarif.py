"""The report as SARIF 2.1.0 (OASIS), for code scanning services and other consumers.

One result per finding, at most 5,000 (what the large services show). Its fingerprint leaves out
offsets and lines, so that it stays the same finding when a file grows.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sealwright.patterns import regex
from sealwright.vetting.interface import Observation
from sealwright.vetting.reports.interface import (
    WORST,
    Place,
    Places,
    Scanned,
    coverage_of,
    exit_code,
    ordered,
    scanner_version,
    scopes,
    seen_text,
    whole_text,
)
from sealwright.vetting.reports.sarif_rules import LEVELS, descriptors, taxonomies

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 5_000
MAX_NOTIFICATIONS = 1_000
_ROOT = "SRCROOT"
_PLACEHOLDER = regex(r"\{(\d+)\}")
_Json = dict[str, Any]


def render(scanned: Scanned) -> str:
    """One SARIF log with one run, and a line feed."""
    text = json.dumps(log(scanned), indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f") + "\n"


def log(scanned: Scanned) -> _Json:
    """The log as JSON types."""
    every = ordered(seen for scope in scopes(scanned.outcome) for seen in scope.observations)
    every = _distinct(every, scanned)
    shown = every[:MAX_RESULTS]
    rules = {seen.rule.id: seen.rule for seen in every}
    index = {name: number for number, name in enumerate(sorted(rules))}
    taxa = taxonomies(rules.values())
    version = scanner_version()
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "sealwright",
                        "version": version,
                        "semanticVersion": version,
                        "rules": descriptors((rules[name] for name in index), taxonomies=taxa),
                        "supportedTaxonomies": [
                            {"name": each["name"], "index": number}
                            for number, each in enumerate(taxa)
                        ],
                    }
                },
                "automationDetails": {"id": "sealwright/scan/"},
                "invocations": [_invocation(scanned, every, index)],
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The folder that paths are relative to."}}
                },
                "artifacts": _artifacts(scanned),
                "results": _results(scanned, shown, index),
                "taxonomies": taxa,
                "columnKind": "utf16CodeUnits",
                "properties": _properties(scanned, omitted=len(every) - len(shown)),
            }
        ],
    }


def _distinct(every: list[Observation], scanned: Scanned) -> list[Observation]:
    """Each finding once, under whatever names its file was given."""
    places = Places(scanned.outcome)
    found: dict[tuple[object, ...], Observation] = {}
    for seen in every:
        place = places.of(seen.finding.location, default=".")
        uri = _artifact(place.file, base=scanned.base)["uri"]
        said = seen.finding.message.replace(place.file, "")
        key = (seen.rule.id, uri, place.inside, place.line, seen.finding.offset, said)
        found.setdefault(key, seen)
    return list(found.values())


def _properties(scanned: Scanned, *, omitted: int) -> _Json:
    outcome = scanned.outcome
    covered = coverage_of(outcome, scopes(outcome))
    return {
        "verdict": outcome.verdict,
        "rulesDigest": outcome.rules,
        "packs": dict(sorted(outcome.packs.items())),
        "files": covered.files,
        "members": covered.members,
        "bytesTotal": covered.bytes_total,
        "bytesParsed": covered.bytes_parsed,
        "bytesNumbers": covered.bytes_numbers,
        "resultsOmitted": omitted,
        "exclude": [whole_text(pattern) for pattern in scanned.exclude],
    }


def _invocation(scanned: Scanned, every: list[Observation], index: dict[str, int]) -> _Json:
    """What was not examined stands here as well: a run with gaps was not successful."""
    places = Places(scanned.outcome)
    open_ones = [seen for seen in every if seen.rule.effect == "inconclusive"]
    notifications = [
        {
            "associatedRule": {"id": seen.rule.id, "index": index[seen.rule.id]},
            "level": "error",
            "message": {"text": message(seen.finding.message)},
            "locations": [
                location(places.of(seen.finding.location, default="."), base=scanned.base)
            ],
        }
        for seen in open_ones[:MAX_NOTIFICATIONS]
    ]
    if scanned.outcome.verdict == "inconclusive" and not notifications:
        text = "nothing was examined"
        notifications.append({"level": "error", "message": {"text": text}})
    return {
        "executionSuccessful": not open_ones and scanned.outcome.verdict != "inconclusive",
        "exitCode": exit_code(scanned.outcome.verdict, fail_on=scanned.fail_on),
        "exitCodeDescription": scanned.outcome.verdict,
        "toolExecutionNotifications": notifications,
    }


def _artifacts(scanned: Scanned) -> list[_Json]:
    """The files on disk with their digests. Each is there once, with its strongest
    verdict: they must be unique."""
    made: dict[str, _Json] = {}
    for scope in scopes(scanned.outcome):
        whole = scope.reports[0]
        place = _artifact(whole.path, base=scanned.base)
        known = made.get(place["uri"])
        if scope.is_folder or (len(made) >= MAX_RESULTS and known is None):
            continue
        if known and WORST.index(scope.verdict) >= WORST.index(known["properties"]["verdict"]):
            continue
        entry: _Json = {
            "location": place,
            "length": whole.size,
            "roles": ["analysisTarget"],
            "properties": {"verdict": scope.verdict, "formats": list(whole.formats)},
        }
        if whole.sha256:
            entry["hashes"] = {"sha-256": whole.sha256}
        made[place["uri"]] = entry
    return list(made.values())


def _results(scanned: Scanned, shown: list[Observation], index: dict[str, int]) -> list[_Json]:
    places = Places(scanned.outcome)
    times: dict[str, int] = {}
    made = []
    for seen in shown:
        place = places.of(seen.finding.location, default=".")
        print_ = _fingerprint(seen, place, base=scanned.base)
        times[print_] = times.get(print_, 0) + 1
        made.append(
            {
                "ruleId": seen.rule.id,
                "ruleIndex": index[seen.rule.id],
                "kind": "fail",
                "level": LEVELS[seen.rule.effect],
                "message": {"text": message(_message(seen, place))},
                "locations": [
                    location(place, base=scanned.base, offset=seen.finding.offset),
                ],
                "partialFingerprints": {"sealwright/v1": f"{print_}:{times[print_]}"},
                "properties": _result_properties(seen),
            }
        )
    return made


def _result_properties(seen: Observation) -> _Json:
    more: _Json = {
        "effect": seen.rule.effect,
        "severity": seen.finding.severity,
        "confidence": seen.finding.confidence,
        "remediation": seen.finding.remediation,
    }
    if seen.finding.offset is not None:
        more["offset"] = seen.finding.offset
    if seen.finding.atlas:
        more["atlas"] = list(seen.finding.atlas)
    return more


def _message(seen: Observation, place: Place) -> str:
    where = [f"in {place.inside}"] if place.inside else []
    if seen.finding.offset is not None:
        where.append(f"byte {seen.finding.offset}")
    return seen.finding.message + (f" ({', '.join(where)})" if where else "")


def location(place: Place, *, base: Path, offset: int | None = None) -> _Json:
    """Where in which file. Services want a line even for a binary file: 1 where there is none.

    A byte offset within the file itself is an address; within a member it is only in the message.
    """
    physical: _Json = {
        "artifactLocation": _artifact(place.file, base=base),
        "region": {"startLine": place.line or 1},
    }
    if offset is not None and not place.inside:
        physical["address"] = {"absoluteAddress": offset, "kind": "data"}
    found: _Json = {"physicalLocation": physical}
    if place.inside:
        names = place.inside.split("!")
        found["logicalLocations"] = [
            {
                "name": seen_text(names[-1]),
                "fullyQualifiedName": seen_text(place.inside),
                "kind": "member",
            }
        ]
    return found


def _artifact(path: str, *, base: Path) -> _Json:
    """A path below the base as a relative URI; any other as an absolute one."""
    absolute = os.path.normpath(Path.cwd() / path)
    root = os.path.normpath(Path.cwd() / base)
    relative = os.path.relpath(absolute, root)
    if relative == os.pardir or relative.startswith(os.pardir + os.sep):
        return {"uri": "file://" + quote(os.fsencode(absolute))}
    return {"uri": quote(os.fsencode(relative)), "uriBaseId": _ROOT}


def _fingerprint(seen: Observation, place: Place, *, base: Path) -> str:
    """The same for the same finding when bytes or lines before it were added."""
    parts: Iterable[str] = (
        seen.rule.id,
        _artifact(place.file, base=base)["uri"],
        place.inside,
        re.sub(r"\d+", "#", seen.finding.message),
    )
    text = "\0".join(whole_text(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def message(text: str) -> str:
    """Plain text of a message (§3.11): brackets could be links and `{0}` a placeholder."""
    plain = seen_text(text).replace("[", "\\[").replace("]", "\\]")
    return _PLACEHOLDER.sub(r"{{\1}}", plain)
