"""`sealwright model verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit, mark

if TYPE_CHECKING:
    from sealwright.evidence.manifest import Artifact


@click.command(epilog="Example: sealwright model verify --bundle model.sig --path model")
@click.option(
    "--path", type=click.Path(path_type=Path), help="The model's folder (default: training's)."
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An OMS bundle (default: the signature of the model last signed, from the ledger).",
)
@shared
def command(
    path: Path | None, bundle: Path | None, folder: Path, style: str, passphrase_file: Path | None
) -> None:
    """Check the model's files against their signature, by an engineer's or owner's key.

    Names each file that was changed, added, renamed or removed, also where an earlier model was put
    back. Exit code 4 if anything differs, 1 if the model was revoked, retired or quarantined.
    """
    from sealwright.errors import InputMissing
    from sealwright.project.custody import check_bundle, check_last

    with opened(folder, passphrase_file) as project:
        place = path or project.layout.root / project.lifecycle.training.output
        if bundle is None:
            found = check_last(project, place)
        else:
            try:
                data = bundle.read_bytes()
            except OSError as error:
                raise InputMissing(f"{bundle}: {error.strerror}") from error
            found = check_bundle(project, place, data)
        emit(
            {
                "verified": True,
                "model": found.artifact.digest,
                "files": found.artifact.files,
                "keyid": found.key.keyid,
                "bundle": bundle,
            },
            [f" {mark('passed')} {place}: as signed, {_files(found.artifact)}"],
            style=style,
        )


def _files(artifact: Artifact) -> str:
    count = len(artifact.files)
    return "1 file" if count == 1 else f"{count} files"
