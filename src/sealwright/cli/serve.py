"""`sealwright serve`: the released models, behind a gateway that asks the ledger."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit, show

if TYPE_CHECKING:
    from sealwright.project.serving.serve import Started


@click.command(epilog="Example: sealwright serve")
@shared
def command(folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Serve what is released, to whom keys were given, as long as the gate admits it.

    Starts a runtime without network for each served version, a gateway and a monitor, and tells the
    addresses when they are ready. Ends with Ctrl-C or SIGTERM. What happens meanwhile is written to
    standard error, to .sealwright/serving/ and to the ledger.
    """
    from sealwright.clock import system_clock
    from sealwright.evidence.keyfile import passphrase_from
    from sealwright.project.serving.serve import serve

    def tell(text: str) -> None:
        show(text, err=True)

    def started(what: Started) -> None:
        emit(what, _lines(what), style=style)
        sys.stdout.flush()

    with opened(folder, passphrase_file) as project:
        serve(
            project,
            clock=system_clock,
            passphrase=passphrase_from(file=passphrase_file, prompt=None),
            started=started,
            say=tell,
        )


def _lines(started: Started) -> list[str]:
    lines = [f"serving {model} at {started.url}" for model in started.models]
    if not lines:
        lines = [
            f"at {started.url}, and nothing to serve: `sealwright release model` when you like"
        ]
    lines.append(f"operators: {started.admin}/readyz")
    return lines + [f"not ready yet: {name}" for name in started.missing]
