"""`sealwright trace`: an artifact's lineage, up and down, with the evidence about each step."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit


@click.command(epilog="Example: sealwright trace model")
@click.argument("artifact")
@shared
def command(artifact: str, folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Show what ARTIFACT was made from, and what was made from it."""
    from sealwright.phases.governance.trace import lines, trace
    from sealwright.project.resolve import resolve

    with opened(folder, passphrase_file) as project:
        found = trace(project.graph(), project.evidence(), resolve(project, artifact).digest)
        emit(found, lines(found), style=style)
