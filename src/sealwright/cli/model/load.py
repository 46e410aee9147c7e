"""`sealwright model load`: what a serialised model holds, found out behind walls."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import answer_style
from sealwright.cli.render import emit, mark


@click.command(epilog="Example: sealwright model load pipeline.joblib")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--pack",
    "packs",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A policy pack for a library of your own. May be repeated.",
)
@answer_style
def command(path: Path, packs: tuple[Path, ...], style: str) -> None:
    """Load the model at PATH in the sandbox, and say what it is.

    It is scanned first, by the packs that come with Sealwright and those given. Loading finds the
    names that the scan saw and nothing else, without network and without other files. In a program
    the same is `sealwright.load(path)`, which gives the object. Exit code 1 when it is refused.
    """
    from sealwright.clock import system_clock
    from sealwright.phases.model.loading import checked, trial

    with checked(path, packs=packs) as ready:
        said = trial(ready, clock=system_clock)
    lines = [
        f" {mark('passed')} {path}: a {said.type}, loaded as {ready.form} in {said.seconds:.1f} s, "
        f"isolated by {said.level}; {said.names} names, each allowed by a pack"
    ]
    emit({"path": str(path), "form": ready.form, "trial": said}, lines, style=style)
