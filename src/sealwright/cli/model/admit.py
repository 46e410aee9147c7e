"""`sealwright model admit`: from quarantine to its place, once the gate says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit
from sealwright.cli.verdicts import as_json, verdict_lines

if TYPE_CHECKING:
    from sealwright.project.decide import Asked


@click.command(epilog="Example: sealwright model admit base")
@click.argument("name")
@shared
def command(name: str, folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Ask the gate about NAME, a model in quarantine, and put it in its place if it is admitted.

    The place is the folder that [training.models] declares for the name. Exit code 1 when it is
    denied.
    """
    from sealwright.project.imports import admit, in_quarantine

    with opened(folder, passphrase_file) as project:
        asked, placed = admit(project, in_quarantine(project, name))
        data, lines = tell(asked, placed, name)
        emit(data, lines, style=style)
        if not asked.verdict.admitted:
            raise click.exceptions.Exit(1)


def tell(asked: Asked, placed: Path | None, name: str) -> tuple[dict[str, Any], list[str]]:
    """The gate's answer about a model from outside: for programs, and in lines."""
    lines = list(verdict_lines(asked.verdict))
    if placed is not None:
        lines.append(f"{name} is at {placed}")
    elif asked.verdict.admitted:
        lines.append(
            f"{name} is admitted and stays where it is: name a place for it under [training.models]"
        )
    else:
        lines.append(f"{name} stays in quarantine; then: sealwright model admit {name}")
    return {"verdict": as_json(asked.verdict), "placed": placed}, lines
