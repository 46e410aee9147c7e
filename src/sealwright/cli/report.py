"""`sealwright report`: what was done, by whom, on what evidence, and what is missing."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import documents, opened, shared, written
from sealwright.cli.render import emit


@click.command(epilog="Example: sealwright report --html report.html --json report.json")
@documents
@shared
def command(
    html: Path | None,
    json_file: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Report on the system as of now: a summary here, the whole as one HTML page or JSON.

    The page needs no network and no script, and each statement in it names its ledger entry.
    """
    from sealwright.phases.governance.report.document import encode_report
    from sealwright.phases.governance.report.html import render_html
    from sealwright.phases.governance.report.summary import summary_lines
    from sealwright.project.reporting import report

    with opened(folder, passphrase_file) as project:
        found = report(project)
        lines = list(summary_lines(found))
        lines += written(
            html=html,
            page=lambda: render_html(found),
            json_file=json_file,
            data=lambda: encode_report(found),
        )
        emit(found, lines, style=style)
