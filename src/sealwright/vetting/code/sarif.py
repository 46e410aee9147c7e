"""Reads SARIF 2.1.0 of other tools (ruff, semgrep, CodeQL …) as findings of a code scan.

Spec: https://docs.oasis-open.org/sarif/sarif/v2.1.0/ (sections 3.14 runs, 3.20 invocations, 3.27
results, 3.35 suppressions). What another tool left out, or could not run, is not taken for a pass.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal
from urllib.parse import unquote

import msgspec

from sealwright.errors import LimitReached, MalformedError
from sealwright.evidence.finding import Finding, Severity
from sealwright.vetting.interface import Observation, Rule, observe

MAX_BYTES = 64 * 1024 * 1024
MAX_RESULTS = 100_000
MAX_RUNS = 100
_ORDER: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
_LEVELS: dict[str, Severity] = {
    "error": "high",
    "warning": "medium",
    "note": "low",
    "none": "info",
}
Threshold = Literal["low", "medium", "high", "critical", "never"]
"""From which severity on a finding of another tool fails the scan."""


def _rule(suffix: str, effect: Literal["fail", "warn", "note"], severity: Severity) -> Rule:
    words = {"fail": "that fails", "warn": "below the threshold", "note": "for information"}
    return Rule(
        id=f"SW-SARIF-{suffix}",
        effect=effect,
        severity=severity,
        title=f"A finding of another tool, {words[effect]}",
        why="Another scanner reports it; its own documentation says what it means.",
        example="a result of semgrep with level error",
        remediation="follow the documentation of that tool's rule",
    )


FAILS = _rule("001", "fail", "high")
WARNS = _rule("002", "warn", "medium")
NOTED = _rule("003", "note", "low")
INCOMPLETE = Rule(
    id="SW-SARIF-010",
    effect="inconclusive",
    severity="medium",
    title="Another tool did not finish its run, or does not say so",
    why="Findings of a run that broke off are not all the findings that there are.",
    example='"invocations": [{"executionSuccessful": false}]',
    remediation="run the tool again, and see its own messages",
)
SUPPRESSED = Rule(
    id="SW-SARIF-011",
    effect="note",
    severity="info",
    title="Another tool's findings were suppressed",
    why="Somebody decided that they do not count; the file says where.",
    example='"suppressions": [{"kind": "inSource"}]',
    remediation="make sure that who suppressed them may",
)
STALE = Rule(
    id="SW-SARIF-012",
    effect="inconclusive",
    severity="medium",
    title="The report of another tool is not there, or is older than the code",
    why="A report says nothing of code that was changed after it was written.",
    example='[training] reports = ["semgrep.sarif"], and train.py was edited since',
    remediation="run the tool again, and then the scan",
)
RULES = (FAILS, WARNS, NOTED, INCOMPLETE, SUPPRESSED, STALE)


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What a SARIF file says."""

    observations: tuple[Observation, ...]
    tools: tuple[tuple[str, str], ...]
    """(name, version) of each run's tool."""
    results: int
    suppressed: int


def read_sarif(data: bytes, *, fail_from: Threshold = "high") -> Imported:
    """Findings of every run in a SARIF file.

    Raises MalformedError for what is not SARIF 2.1.0, and LimitReached above `MAX_BYTES` or
    `MAX_RESULTS`.
    """
    if len(data) > MAX_BYTES:
        raise LimitReached(f"a SARIF file of more than {MAX_BYTES} bytes is not read")
    try:
        document = json.loads(data.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise MalformedError("the SARIF file is not JSON") from error
    if not isinstance(document, dict) or document.get("version") != "2.1.0":
        raise MalformedError("not SARIF 2.1.0", advice="let the tool write SARIF 2.1.0")
    runs = _list(document, "runs", MAX_RUNS)
    read = [_run(run, fail_from) for run in runs]
    if sum(one.results for one in read) > MAX_RESULTS:
        raise LimitReached(f"more than {MAX_RESULTS} SARIF results")
    empty = () if runs else (observe(INCOMPLETE, "the file holds no run", location=""),)
    return Imported(
        observations=(*empty, *(seen for one in read for seen in one.observations)),
        tools=tuple(tool for one in read for tool in one.tools),
        results=sum(one.results for one in read),
        suppressed=sum(one.suppressed for one in read),
    )


def _run(run: Any, fail_from: Threshold) -> Imported:
    if not isinstance(run, dict):
        raise MalformedError("a SARIF run is no object")
    tool = _tool(run)
    observations = list(_completeness(run, tool[0][0]))
    results = [] if run.get("results") is None else _list(run, "results", MAX_RESULTS)
    suppressed = 0
    for result in results:
        if not isinstance(result, dict):
            raise MalformedError("a SARIF result is no object")
        if _is_suppressed(result):
            suppressed += 1
        elif (found := _observation(result, tool, fail_from)) is not None:
            observations.append(found)
    if suppressed:
        text = f"{tool[0][0]}: {suppressed} findings are suppressed"
        observations.append(observe(SUPPRESSED, text, location=""))
    return Imported(
        observations=tuple(observations),
        tools=(tool[0],),
        results=len(results),
        suppressed=suppressed,
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _list(table: dict[str, Any], key: str, most: int) -> list[Any]:
    value = table.get(key)
    if not isinstance(value, list):
        raise MalformedError(f"SARIF: {key} is no list")
    if len(value) > most:
        raise LimitReached(f"SARIF: more than {most} {key}")
    return value


Described = tuple[tuple[str, str], list[dict[str, Any]]]


def _tool(run: dict[str, Any]) -> Described:
    """((name, version), its rules in order)."""
    tool = run.get("tool")
    driver = tool.get("driver") if isinstance(tool, dict) else None
    if not isinstance(driver, dict) or not isinstance(driver.get("name"), str):
        raise MalformedError("a SARIF run names no tool")
    version = driver.get("semanticVersion") or driver.get("version") or ""
    rules = driver.get("rules")
    known = [one for one in rules if isinstance(one, dict)] if isinstance(rules, list) else []
    return (_line(driver["name"], 80), _line(version, 40)), known


def _completeness(run: dict[str, Any], name: str) -> Iterator[Observation]:
    if run.get("results") is None:
        # 3.14.23: null or absent says that no results were asked for or could be given.
        yield observe(INCOMPLETE, f"{name}: the run has no results", location="")
    invocations = run.get("invocations")
    for one in invocations if isinstance(invocations, list) else ():
        if not isinstance(one, dict) or one.get("executionSuccessful") is not True:
            yield observe(INCOMPLETE, f"{name}: the run was not successful", location="")
            continue
        for key in ("toolExecutionNotifications", "toolConfigurationNotifications"):
            notes = one.get(key)
            for note in notes if isinstance(notes, list) else ():
                if isinstance(note, dict) and note.get("level") == "error":
                    text = _line(_text(note.get("message")), 200)
                    yield observe(INCOMPLETE, f"{name}: {text}", location="")


def _is_suppressed(result: dict[str, Any]) -> bool:
    """3.27.23: suppressed if there is a suppression and none is rejected or under review."""
    items = result.get("suppressions")
    if not isinstance(items, list) or not items:
        return False
    states = {one.get("status", "accepted") for one in items if isinstance(one, dict)}
    return states == {"accepted"}


def _observation(
    result: dict[str, Any], tool: Described, fail_from: Threshold
) -> Observation | None:
    """None for what a tool says was in order (`pass`, `notApplicable`)."""
    kind = result.get("kind", "fail")
    if kind in ("pass", "notApplicable", "informational"):
        return None
    rule = _rule_of(result, tool[1])
    severity = _severity(result, rule)
    fails = fail_from != "never" and _ORDER.index(severity) >= _ORDER.index(fail_from)
    ours = FAILS if fails else (NOTED if severity in ("info", "low") else WARNS)
    identity = result.get("ruleId") or (rule or {}).get("id") or "unnamed"
    (name, version), _ = tool
    by = f"{name} {version}".strip()
    message = _line(
        _text(result.get("message")) or _text((rule or {}).get("shortDescription")), 400
    )
    return Observation(
        ours,
        Finding(
            rule=f"{name}:{_line(identity, 120)}".replace(" ", "-"),
            severity=severity,
            confidence="medium",
            message=f"{message or 'no message'} ({by})",
            location=_place(result),
            remediation=_line((rule or {}).get("helpUri") or "", 300) or ours.remediation,
        ),
    )


def _rule_of(result: dict[str, Any], rules: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    reference = result.get("rule")
    index = result.get("ruleIndex")
    if index is None and isinstance(reference, dict):
        index = reference.get("index")
    if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(rules):
        return rules[index]
    wanted = result.get("ruleId") or (reference.get("id") if isinstance(reference, dict) else None)
    return next((one for one in rules if wanted and one.get("id") == wanted), None)


def _severity(result: dict[str, Any], rule: dict[str, Any] | None) -> Severity:
    """`security-severity` (0 to 10, by CVSS levels) before `level`; a level that is none is
    high."""
    for part in (result, rule or {}):
        properties = part.get("properties")
        value = properties.get("security-severity") if isinstance(properties, dict) else None
        try:
            score = float(value) if value is not None else -1.0
        except (TypeError, ValueError):
            continue
        if 0 <= score <= 10:
            return _scored(score)
    level = result.get("level")
    if level is None and rule is not None:
        settings = rule.get("defaultConfiguration")
        level = settings.get("level") if isinstance(settings, dict) else None
    return _LEVELS.get("warning" if level is None else str(level), "high")


def _scored(score: float) -> Severity:
    levels: tuple[tuple[float, Severity], ...] = (
        (9.0, "critical"),
        (7.0, "high"),
        (4.0, "medium"),
        (0.1, "low"),
    )
    return next((name for least, name in levels if score >= least), "info")


def _place(result: dict[str, Any]) -> str:
    """`path:line` of the first location; paths are shown, never opened."""
    places = result.get("locations")
    first = places[0] if isinstance(places, list) and places else None
    physical = first.get("physicalLocation") if isinstance(first, dict) else None
    if not isinstance(physical, dict):
        return ""
    artifact = physical.get("artifactLocation")
    uri = artifact.get("uri") if isinstance(artifact, dict) else None
    path = ""
    if isinstance(uri, str):
        path = _line(unquote(re.sub(r"^[a-z][a-z0-9+.-]*:(?://[^/]*)?", "", uri[:4000])), 300)
    region = physical.get("region")
    line = region.get("startLine") if isinstance(region, dict) else None
    return f"{path}:{line}" if isinstance(line, int) and not isinstance(line, bool) else path


def _text(message: Any) -> str:
    if not isinstance(message, dict):
        return ""
    return str(message.get("text") or message.get("markdown") or message.get("id") or "")


def _line(text: Any, limit: int) -> str:
    """One line of text from elsewhere, with nothing in it that a terminal would obey."""
    words = " ".join(str(text).split())[:limit]
    return "".join(c if c.isprintable() else "?" for c in words)
