"""`sealwright rollback`: serve the last version that the gate admits now."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit, mark


@click.command(epilog="Example: sealwright rollback small --as olga --reason 'drift since noon'")
@click.argument("name")
@click.option("--to", default="", metavar="VERSION", help="Which version (8 or more digits).")
@click.option("--reason", required=True, help="Why; the report shows it.")
@shared
@signer
def command(
    name: str,
    to: str,
    reason: str,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Go back under NAME to the newest earlier version that the gate admits for serving now and
    whose kept files are what they were.

    Needs no approval, and ends a canary. `--to` with the version that is served now ends the canary
    alone. Exit code 1 where there is no version to go back to, saying why for each.
    """
    from sealwright.project.serving.releases import rollback

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        done = rollback(
            project,
            name,
            to=to,
            reason=reason,
            signer=principal or project.signer_for("deployment"),
        )
        line = f" {mark('done')} {name} is version {done.route.version} again"
        value = {
            "index": done.recorded.index,
            "name": name,
            "version": done.route.version,
            "digest": done.route.digest,
            "replaces": done.replaces,
        }
        emit(value, [f"{line} (entry {done.recorded.index})"], style=style)
