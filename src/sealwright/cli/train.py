"""`sealwright train`: ask the gate, train in the sandbox, scan and sign."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import shared


@click.command(epilog="Example: sealwright train --again")
@click.option("--again", is_flag=True, help="Train even if nothing changed.")
@click.option("--verbose", "-v", is_flag=True, help="Show what each step saw.")
@shared
def command(
    again: bool, verbose: bool, folder: Path, style: str, passphrase_file: Path | None
) -> None:
    """Train in the sandbox, if the gate lets the data through; then scan and sign the model.

    The same as `sealwright run model`.
    """
    from sealwright.cli.running import run_phases

    run_phases(
        folder,
        phases=("model",),
        style=style,
        passphrase_file=passphrase_file,
        again=again,
        ask_release=False,
        verbose=verbose,
    )
