"""`sealwright report`: what was done, by whom, on what evidence, and what is missing."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit


@click.command(epilog="Example: sealwright report --html report.html --json report.json")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write one page.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write JSON."
)
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
    from sealwright.files import write_atomically
    from sealwright.phases.governance.report.document import encode_report
    from sealwright.phases.governance.report.html import render_html
    from sealwright.phases.governance.report.summary import summary_lines
    from sealwright.project.reporting import report

    with opened(folder, passphrase_file) as project:
        found = report(project)
        lines = list(summary_lines(found))
        if html is not None:
            write_atomically(html, render_html(found).encode())
            lines.append(f"page: {html}")
        if json_file is not None:
            write_atomically(json_file, encode_report(found))
            lines.append(f"JSON: {json_file}")
        emit(found, lines, style=style)
