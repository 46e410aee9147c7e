"""The report in a few lines for a terminal: plain text, safe to print."""

from __future__ import annotations

from collections import Counter

from sealwright.phases.governance.report.describe import counted
from sealwright.phases.governance.report.records import Report
from sealwright.readable import readable


def summary_lines(report: Report) -> tuple[str, ...]:
    """Is it admitted, who answers for it, what is missing. One entry per line, no control
    characters whatever the evidence holds."""
    return tuple(_plain(line) for line in _lines(report))


def _lines(report: Report) -> list[str]:
    ledger = report.ledger
    lines = [
        f"{report.system.name} (tier {report.system.tier}), as of {report.as_of}",
        f"ledger {ledger.origin}: {counted(ledger.size, 'entry', 'entries')}, root {ledger.root}",
    ]
    for answer in report.answers:
        held = sum(each.status in ("satisfied", "waived") for each in answer.requirements)
        outcome = "admitted" if answer.admitted else "DENIED"
        lines.append(
            f"{answer.question} {answer.artifact.name} {answer.artifact.digest[:12]}: {outcome}, "
            f"{held} of {counted(len(answer.requirements), 'requirement')} hold"
        )
        lines += [f"  note: {note}" for note in answer.notes]
    if not report.answers:
        lines.append("no question was put to the gate; nothing is admitted by default")
    lines += _missing(report)
    standing = [row for row in report.approvals if row.standing == "stands"]
    for row in standing:
        lines.append(f"{row.answer}: {row.person_name} as {row.discipline}, {row.question}")
        if row.dissent:
            lines.append(f"  dissent: {row.dissent}")
    if not standing:
        lines.append("no approval stands for a present question")
    lines += _troubles(report)
    results = Counter(row.result for row in report.evaluations)
    if results:
        counts = ", ".join(f"{count} {result}" for result, count in sorted(results.items()))
        lines.append(f"evaluations: {counts}")
    return lines


def _missing(report: Report) -> list[str]:
    lines = []
    for row in report.missing:
        lines.append(f"{row.status}: {row.requirement} ({row.question}): {row.reason}")
        if row.command:
            lines.append(f"  {row.command}")
    return lines


def _troubles(report: Report) -> list[str]:
    lines = [
        f"open incident {row.id} ({row.severity}): {row.title}"
        for row in report.incidents
        if row.status == "open"
    ]
    lines += [
        f"waiver of {row.requirement} until {row.expires}"
        for row in report.waivers
        if row.state == "open"
    ]
    lines += [f"remaining risk: {row.text}" for row in report.risks]
    return lines


def _plain(line: str) -> str:
    return readable(line.replace("\n", " ").replace("\t", " "), limit=400)
