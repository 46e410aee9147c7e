"""The report as JSON, in the shape of `records.ScanReport`: ASCII, ordered, without times."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec.structs import asdict

from sealwright.patterns import regex
from sealwright.vetting.interface import Observation
from sealwright.vetting.outcome import Coverage, MemberReport
from sealwright.vetting.reports.interface import (
    Places,
    Scanned,
    Scope,
    coverage_of,
    exit_code,
    ordered,
    scanner_version,
    scopes,
    whole_text,
)
from sealwright.vetting.reports.records import (
    CoverageEntry,
    FoundEntry,
    LimitsEntry,
    MemberCoverage,
    MemberEntry,
    Scanner,
    ScanReport,
    Target,
)

MAX_FINDINGS = 5_000
MAX_MEMBERS = 50_000
_MORE = regex(r"and (\d+) more")
"""How a scan ends its list of what was not examined; every other entry is `path: why`."""


def render(scanned: Scanned) -> str:
    """One JSON object and a line feed."""
    value = _whole(msgspec.to_builtins(report(scanned)))
    text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f") + "\n"


def report(scanned: Scanned) -> ScanReport:
    """The report as records."""
    outcome = scanned.outcome
    groups = scopes(outcome)
    found = [seen for scope in groups for seen in scope.observations]
    findings = _findings(groups, Places(outcome))
    every = tuple(report for scope in groups for report in scope.reports)
    members = _chosen(every)
    return ScanReport(
        schema=1,
        scanner=Scanner(name="sealwright", version=scanner_version()),
        verdict=outcome.verdict,
        exit_code=exit_code(outcome.verdict, fail_on=scanned.fail_on),
        fail_on=scanned.fail_on,
        paths=scanned.targets,
        targets=tuple(_target(scope) for scope in groups),
        findings=findings,
        findings_omitted=len(found) - len(findings),
        members=tuple(_member(each) for each in members),
        members_omitted=len(every) - len(members),
        coverage=_coverage(coverage_of(outcome, groups)),
        exclude=scanned.exclude,
        rules=outcome.rules,
        packs=dict(sorted(outcome.packs.items())),
        limits=LimitsEntry(**asdict(scanned.limits)),
    )


def _coverage(covered: Coverage) -> CoverageEntry:
    """With the number of what is not listed in a field of its own."""
    listed = covered.not_examined
    more = _MORE.fullmatch(listed[-1]) if listed else None
    omitted = int(more[1]) if more else 0
    fields = asdict(covered) | {"not_examined": listed[:-1] if more else listed}
    return CoverageEntry(**fields, not_examined_omitted=omitted)


def _target(scope: Scope) -> Target:
    return Target(
        path=scope.path, kind="folder" if scope.is_folder else "file", verdict=scope.verdict
    )


def _findings(groups: list[Scope], places: Places) -> tuple[FoundEntry, ...]:
    holders = {id(seen): scope for scope in groups for seen in scope.observations}
    every = ordered(seen for scope in groups for seen in scope.observations)
    return tuple(_found(seen, holders[id(seen)], places) for seen in every[:MAX_FINDINGS])


def _found(seen: Observation, scope: Scope, places: Places) -> FoundEntry:
    rule, finding = seen.rule, seen.finding
    place = places.of(finding.location, default=scope.path)
    return FoundEntry(
        rule=rule.id,
        title=rule.title,
        effect=rule.effect,
        severity=finding.severity,
        confidence=finding.confidence,
        message=finding.message,
        location=finding.location or scope.path,
        file=place.file,
        member=place.inside,
        line=place.line,
        offset=finding.offset,
        remediation=finding.remediation or rule.remediation,
        atlas=finding.atlas or rule.atlas,
        cwe=rule.cwe,
    )


def _chosen(members: tuple[MemberReport, ...]) -> list[MemberReport]:
    """As many as are listed; those that passed inside a container are left out first."""
    if len(members) <= MAX_MEMBERS:
        return list(members)
    numbered = sorted(
        enumerate(members), key=lambda pair: pair[1].verdict == "pass" and pair[1].depth > 0
    )
    return [member for _, member in sorted(numbered[:MAX_MEMBERS], key=lambda pair: pair[0])]


def _member(report: MemberReport) -> MemberEntry:
    return MemberEntry(
        path=report.path,
        size=report.size,
        sha256=report.sha256 or None,
        formats=report.formats,
        verdict=report.verdict,
        coverage=MemberCoverage(
            parsed=report.parsed,
            numbers=report.numbers,
            rest=max(0, report.size - report.parsed - report.numbers),
        ),
        gaps=report.gaps,
    )


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, dict):
        return {whole_text(key): _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value
