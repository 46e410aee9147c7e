"""`sealwright model sign`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit

if TYPE_CHECKING:
    pass


@click.command(epilog="Example: sealwright model sign --as mina")
@shared
@signer
def command(
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Sign the model's files (OpenSSF Model Signing v1.0): on record, and as a bundle."""
    from sealwright.project.steps.model import bundle_path, sign_model

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        done = sign_model(project, signer=principal)
        bundle = bundle_path(project, signer=principal)
        emit(
            {"index": done.evidence[0].index, "bundle": bundle},
            [f"signed (entry {done.evidence[0].index}); bundle: {bundle}"],
            style=style,
        )
