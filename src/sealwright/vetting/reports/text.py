"""The report for people: the verdict first, then each file with what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sealwright.vetting.interface import Observation, Verdict
from sealwright.vetting.reports.interface import (
    WORST,
    Scanned,
    Scope,
    count,
    coverage_of,
    left_out,
    scopes,
)

MAX_BAD = 100
"""Files listed that did not pass."""
MAX_GOOD = 20
MAX_FINDINGS = 12
"""Findings listed for one file."""
_MEANINGS: dict[Verdict, str] = {
    "fail": "do not load what failed",
    "inconclusive": "not everything was examined, and that is no pass",
    "review": "a person has to look before anything loads it",
    "pass": "everything was examined, and nothing was found",
}


class Line(msgspec.Struct, frozen=True):
    """One line. `verdict` is set where it is about a whole file (or all of them)."""

    text: str
    verdict: Verdict | None = None
    head: bool = False
    """The first line, with the verdict of the whole scan."""
    warned: bool = False
    """Passed, with a warning."""


def render(scanned: Scanned) -> Iterator[Line]:
    """The lines, without colour; names in them are as they were found."""
    outcome = scanned.outcome
    groups = scopes(outcome)
    files = [scope for scope in groups if not scope.is_folder]
    yield Line(f"{_summary(files)}; {_meaning(scanned, groups)}", outcome.verdict, head=True)
    yield from _bad(groups)
    yield from _good([scope for scope in groups if not scope.is_folder or _warnings(scope)])
    yield from _rest(scanned, groups)


def _meaning(scanned: Scanned, groups: list[Scope]) -> str:
    """What the verdict means. Where files were left out, it does not cover everything."""
    if left_out(scanned, groups) and scanned.outcome.verdict == "pass":
        return "nothing was found in what was examined, and files were left out"
    return _MEANINGS[scanned.outcome.verdict]


def _summary(files: list[Scope]) -> str:
    counts = {verdict: sum(scope.verdict == verdict for scope in files) for verdict in WORST}
    parts = [f"{number:,} {verdict}" for verdict, number in counts.items() if number]
    return f"{count(len(files), 'file')}" + (f" ({', '.join(parts)})" if len(parts) > 1 else "")


def _bad(groups: list[Scope]) -> Iterator[Line]:
    bad = sorted(
        (scope for scope in groups if scope.verdict != "pass"),
        key=lambda scope: WORST.index(scope.verdict),
    )
    advised: set[str] = set()
    for scope in bad[:MAX_BAD]:
        yield Line(f"{scope.path}  {_formats(scope)}  {scope.verdict}", scope.verdict)
        yield from _told(scope, advised)
    if len(bad) > MAX_BAD:
        yield Line(f"and {count(len(bad) - MAX_BAD, 'more file')} that did not pass")


def _told(scope: Scope, advised: set[str]) -> Iterator[Line]:
    told = [seen for seen in scope.observations if seen.rule.effect != "note"]
    for seen in told[:MAX_FINDINGS]:
        yield Line(f"   {_finding(seen, scope)}")
        if seen.rule.id not in advised:
            advised.add(seen.rule.id)
            yield Line(f"      do: {seen.finding.remediation}")
    if len(told) > MAX_FINDINGS:
        yield Line(f"   and {count(len(told) - MAX_FINDINGS, 'more finding')} in this file")


def _finding(seen: Observation, scope: Scope) -> str:
    finding = seen.finding
    inside = _inside(finding.location, scope.path)
    where = [inside] if inside else []
    if finding.offset is not None:
        where.append(f"byte {finding.offset}")
    place = f" ({', '.join(where)})" if where else ""
    return f"{seen.rule.id} {finding.severity}: {finding.message}{place}"


def _inside(location: str, path: str) -> str:
    """The way from the file or folder at `path` to a place in it; the place where it is not in it.
    Never a path that looks as if it began at the root."""
    rest = location[len(path) :] if location.startswith(path) else ""
    if rest[:1] == ":":
        return f"line {rest[1:]}"
    inside = rest[1:] if rest[:1] in ("!", "/") else location
    return f"in {inside}" if location not in ("", path) else ""


def _good(listed: list[Scope]) -> Iterator[Line]:
    good = [scope for scope in listed if scope.verdict == "pass"]
    warned = [scope for scope in good if _warnings(scope)]
    advised: set[str] = set()
    for scope in warned[:MAX_GOOD]:
        yield Line(f"{scope.path}  {_formats(scope)}", "pass", warned=True)
        yield from _told(scope, advised)
    plain = [scope for scope in good if not _warnings(scope)]
    for scope in plain[:MAX_GOOD]:
        yield Line(f"{scope.path}  {_formats(scope)}", "pass")
    more = max(0, len(warned) - MAX_GOOD) + max(0, len(plain) - MAX_GOOD)
    if more:
        yield Line(f"and {count(more, 'more file')} that passed")


def _warnings(scope: Scope) -> bool:
    return any(seen.rule.effect == "warn" for seen in scope.observations)


def _rest(scanned: Scanned, groups: list[Scope]) -> Iterator[Line]:
    covered = coverage_of(scanned.outcome, groups)
    for seen in left_out(scanned, groups):
        yield Line(f"not covered: {seen.finding.location}: {seen.finding.message}")
    store = sum(_to_look_at(scope) and ".git" in scope.path.split("/") for scope in groups)
    if store:
        yield Line(
            f"{count(store, 'file')} of these: Git's own store, which no model is loaded from; "
            "--exclude .git leaves it out, and the report says so"
        )
    inflated = f", {covered.inflated:,} inflated" if covered.inflated else ""
    yield Line(
        f"{covered.bytes_total:,} bytes: {covered.bytes_parsed:,} parsed, "
        f"{covered.bytes_numbers:,} numbers{inflated}; rules {scanned.outcome.rules[:12]}"
    )


def _to_look_at(scope: Scope) -> bool:
    return scope.verdict != "pass" or _warnings(scope)


def _formats(scope: Scope) -> str:
    return "+".join(scope.reports[0].formats) or "unknown format"
