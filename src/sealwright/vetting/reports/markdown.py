"""The report as a comment on a pull request: short, and nothing in it but our own structure.

Names are HTML code in which every character that Markdown knows is a numeric entity; messages stand
in a fenced block that is longer than any run of backticks in them.
"""

from __future__ import annotations

import re

from sealwright.vetting.reports.interface import (
    WORST,
    Scanned,
    Scope,
    count,
    coverage_of,
    left_out,
    scanner_version,
    scopes,
    seen_text,
)

MAX_FILES = 50
MAX_FINDINGS = 60
MAX_MESSAGE = 300
"""Characters of one message; a comment has room for 65,536 in all."""
_SIGNS = {"fail": "❌", "inconclusive": "❔", "review": "👀", "pass": "✅"}
MAX_PATTERNS = 20
"""Patterns that are named of those by which the caller left files out."""
_MEANINGS = {
    "fail": "Do not load these files.",
    "inconclusive": "Not everything was examined: that is no pass.",
    "review": "A person has to look before anything loads these files.",
    "pass": "Everything was examined and nothing was found.",
}


def render(scanned: Scanned) -> str:
    """Markdown of at most some 40,000 characters, ending with a line feed."""
    outcome = scanned.outcome
    groups = sorted(scopes(outcome), key=lambda scope: WORST.index(scope.verdict))
    covered = coverage_of(outcome, groups)
    lines = [
        f"## {_SIGNS[outcome.verdict]} Model scan: {outcome.verdict}",
        "",
        f"{_meaning(scanned, groups)} {count(covered.files, 'file')} with "
        f"{count(covered.members, 'member')}, {covered.bytes_total:,} bytes.",
        *_left_out(scanned, groups),
        "",
        *_table(groups),
        *_findings(groups),
        "",
        f"<sub>sealwright {escaped(scanner_version())}, rules {outcome.rules[:16]}</sub>",
    ]
    return "\n".join(lines) + "\n"


def _meaning(scanned: Scanned, groups: list[Scope]) -> str:
    """What the verdict means. Where files were left out, it does not cover everything."""
    if left_out(scanned, groups) and scanned.outcome.verdict == "pass":
        return "Nothing was found in what was examined."
    return _MEANINGS[scanned.outcome.verdict]


def _left_out(scanned: Scanned, groups: list[Scope]) -> list[str]:
    """By which patterns the caller left files out, and how many of each folder."""
    told = left_out(scanned, groups)
    if not told:
        return []
    shown = ", ".join(code(pattern) for pattern in scanned.exclude[:MAX_PATTERNS])
    more = len(scanned.exclude) - MAX_PATTERNS
    rest = f" and {count(more, 'more pattern')}" if more > 0 else ""
    lines = [
        f"**Not covered**, since the scan was asked to leave it out: {shown}{rest}.",
        "",
    ]
    lines += [
        f"- {code(seen.finding.location)}: {escaped(_cut(seen_text(seen.finding.message)))}"
        for seen in told[:MAX_PATTERNS]
    ]
    if len(told) > MAX_PATTERNS:
        lines.append(f"- and {count(len(told) - MAX_PATTERNS, 'more folder')}")
    return ["", *lines]


def _table(groups: list[Scope]) -> list[str]:
    shown = [scope for scope in groups if not scope.is_folder or scope.verdict != "pass"]
    lines = ["| | file | format | findings |", "|---|---|---|---|"]
    for scope in shown[:MAX_FILES]:
        formats = ", ".join(scope.reports[0].formats) or "unknown"
        told = sum(seen.rule.effect != "note" for seen in scope.observations)
        lines.append(
            f"| {_SIGNS[scope.verdict]} {scope.verdict} | {code(scope.path)} "
            f"| {escaped(formats)} | {told} |"
        )
    if len(shown) > MAX_FILES:
        rest = shown[MAX_FILES:]
        passed = sum(scope.verdict == "pass" for scope in rest)
        lines.append(f"| | and {count(len(rest), 'more file')}, {passed:,} of them passed | | |")
    return lines


def _findings(groups: list[Scope]) -> list[str]:
    told = [seen for scope in groups for seen in scope.observations if seen.rule.effect != "note"]
    if not told:
        return []
    body: list[str] = []
    explained: set[str] = set()
    for seen in told[:MAX_FINDINGS]:
        finding = seen.finding
        place = _cut(seen_text(finding.location))
        at = f" (byte {finding.offset})" if finding.offset is not None else ""
        body.append(f"{seen.rule.id} {seen.rule.effect}, {finding.severity}: {place}{at}")
        body.append(f"    {_cut(seen_text(finding.message))}")
        if seen.rule.id not in explained:
            explained.add(seen.rule.id)
            body.append(f"    do: {seen_text(finding.remediation)}")
    if len(told) > MAX_FINDINGS:
        body.append(f"and {len(told) - MAX_FINDINGS:,} more: see the JSON or SARIF report")
    runs = (len(run) for line in body for run in re.findall("`+", line))
    fence = "`" * max(3, 1 + max(runs, default=0))
    summary = count(len(told), "finding")
    return [
        *("", "<details open>", f"<summary>{summary}</summary>", ""),
        *(f"{fence}text", *body, fence, "", "</details>"),
    ]


def code(text: str) -> str:
    """A name as HTML code: no Markdown, HTML, link or mention can begin in it."""
    return f"<code>{escaped(_cut(seen_text(text)))}</code>"


def escaped(text: str) -> str:
    """Every character that is no letter, digit or space as a numeric entity."""
    return "".join(
        char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in seen_text(text)
    )


def _cut(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + "…"
