"""`sealwright run`: the phases, in order, up to the gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import shared

if TYPE_CHECKING:
    from sealwright.project.steps.step import Phase

NAMES = ("governance", "data", "model", "validation")


@click.command(epilog="Example: sealwright run data model")
@click.argument("phases", nargs=-1, type=click.Choice(NAMES))
@click.option("--again", is_flag=True, help="Repeat steps whose evidence is current, too.")
@click.option("--verbose", "-v", is_flag=True, help="Show what each step saw.")
@shared
def command(
    phases: tuple[Phase, ...],
    again: bool,
    verbose: bool,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Run PHASES (default: all) in order and record signed evidence of each step.

    Steps whose inputs and evidence are unchanged are skipped; a run that was stopped goes on where
    it was. Stops at a gate that says no (exit code 1) and says what is missing.
    """
    from sealwright.cli.running import run_phases

    ordered = tuple(name for name in NAMES if name in phases) if phases else NAMES
    run_phases(
        folder,
        phases=ordered,  # type: ignore[arg-type]
        style=style,
        passphrase_file=passphrase_file,
        again=again,
        ask_release=True,
        verbose=verbose,
    )
