"""`sealwright model scan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import TerminalProgress, emit, mark

if TYPE_CHECKING:
    pass


@click.command(epilog="Example: sealwright model scan")
@shared
def command(folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Scan the model's files and put the result on record. Exit code 1 unless it passes."""
    from sealwright.evidence.predicates.model import Scan
    from sealwright.project.steps.model import scan_model

    with opened(folder, passphrase_file) as project:
        done = scan_model(project, TerminalProgress())
        (recorded,) = done.evidence
        said = recorded.predicate
        assert isinstance(said, Scan)
        lines = [
            f" {mark(said.result)} {said.result}: {said.coverage.files} files, "
            f"{said.coverage.bytes_parsed} of {said.coverage.bytes_total} bytes parsed "
            f"(entry {recorded.index})"
        ]
        lines += [f"    {f.rule} {f.severity}: {f.message} ({f.location})" for f in said.findings]
        lines += [f"    not examined: {name}" for name in said.coverage.not_examined]
        emit({"index": recorded.index, "scan": said}, lines, style=style)
        if said.result == "inconclusive":
            raise click.exceptions.Exit(3)
        if said.result == "failed":
            raise click.exceptions.Exit(1)
