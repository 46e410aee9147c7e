"""`sealwright incident`: see what went wrong, and say when it is over."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit, mark


@click.group(epilog="Example: sealwright incident list")
def group() -> None:
    """See what went wrong, and say when it is over.

    While an incident is open, evidence about what it names does not count at a gate.
    """


@group.command("list", epilog="Example: sealwright incident list")
@shared
def list_incidents(folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Show the open incidents."""
    from sealwright.project.incidents import open_incidents

    with opened(folder, passphrase_file) as project:
        found = open_incidents(project)
        lines = []
        for item, said in found:
            lines.append(f" {mark('failed')} {said.id}  {said.severity}: {said.title}")
            lines.append(f"      {said.detail} (entry {item.index}, {said.at})")
        emit(
            [{"index": item.index, "incident": said} for item, said in found],
            lines or ["no incident is open"],
            style=style,
        )


@group.command(
    "close",
    epilog="Example: sealwright incident close training-9b1b --as sam "
    "--reason 'download removed from train.py; nothing left the machine'",
)
@click.argument("incident")
@click.option("--as", "principal", required=True, metavar="PRINCIPAL", help="Who says so.")
@click.option("--reason", required=True, help="What was found and done; the report shows it.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="Your private key.")
@shared
def close(
    incident: str,
    principal: str,
    reason: str,
    key: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Close INCIDENT, named by its id or the beginning of it; who closed it, and why, is on record.

    Evidence about what it names counts again from then on.
    """
    from sealwright.project.incidents import close_incident

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        recorded = close_incident(project, incident, reason=reason, signer=principal)
        emit(
            {"index": recorded.index, "incident": recorded.predicate},
            [f"closed by {principal} (entry {recorded.index})"],
            style=style,
        )
