"""`sealwright validate`: evaluate the model against its criteria."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import shared


@click.command(epilog="Example: sealwright validate --verbose")
@click.option("--again", is_flag=True, help="Evaluate even if nothing changed.")
@click.option("--verbose", "-v", is_flag=True, help="Show each criterion as it is judged.")
@shared
def command(
    again: bool, verbose: bool, folder: Path, style: str, passphrase_file: Path | None
) -> None:
    """Evaluate the model against criteria that were fixed before there was one.

    The same as `sealwright run validation`, without asking for the release.
    """
    from sealwright.cli.running import run_phases

    run_phases(
        folder,
        phases=("validation",),
        style=style,
        passphrase_file=passphrase_file,
        again=again,
        ask_release=False,
        verbose=verbose,
    )
