"""`sealwright coverage`: which controls of which framework the ledger evidences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import documents, opened, shared, written
from sealwright.cli.render import emit

if TYPE_CHECKING:
    from sealwright.phases.governance.coverage.records import Coverage


@click.command(epilog="Example: sealwright coverage --framework eu-ai-act --html coverage.html")
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    help="A catalogue, as `eu-ai-act` (default: [governance] frameworks). May be repeated.",
)
@documents
@shared
def command(
    frameworks: tuple[str, ...],
    html: Path | None,
    json_file: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Say which controls the ledger evidences as of now, which not, and which people must write.

    A control is evidenced by current statements that you can look up; whether that satisfies a law
    is not for a program to say.
    """
    import msgspec

    from sealwright.phases.governance.coverage.page import render_coverage
    from sealwright.project.coverage import with_report

    with opened(folder, passphrase_file) as project:
        report, found = with_report(project, frameworks)
        lines = _lines(found)
        lines += written(
            html=html,
            page=lambda: render_coverage(report, found),
            json_file=json_file,
            data=lambda: msgspec.json.format(msgspec.json.encode(found)),
        )
        emit(found, lines, style=style)


def _lines(found: Coverage) -> list[str]:
    from sealwright.phases.governance.coverage.page import WORDS

    lines = []
    for row in found.frameworks:
        due = sum(row.counts.values())
        parts = ", ".join(f"{number} {WORDS[status]}" for status, number in row.counts.items())
        later = len(row.controls) - due
        lines.append(f"{row.id}: {due} controls due now: {parts or 'none'}")
        if later:
            lines.append(f"  {later} apply later")
    counts: dict[str, int] = {}
    for each in found.safeguards:
        counts[each.status] = counts.get(each.status, 0) + 1
    parts = ", ".join(f"{counts[word]} {WORDS[word]}" for word in WORDS if word in counts)
    lines.append(f"safeguards: {len(found.safeguards)} of this product: {parts}")
    lines.append(f"techniques (MITRE ATLAS) tried or seen: {len(found.techniques)}")
    return lines
