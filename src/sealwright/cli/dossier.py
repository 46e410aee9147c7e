"""`sealwright dossier`: the technical documentation of EU AI Act Annex IV, from the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit, mark


@click.command(epilog="Example: sealwright dossier --html dossier.html --json dossier.json")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write one page.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write JSON."
)
@shared
def command(
    html: Path | None,
    json_file: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Write the technical documentation (Annex IV) from the ledger; say what people must add.

    Each sentence links to the signed statement that it rests on. What nobody stated is listed, and
    stands nowhere else.
    """
    import msgspec

    from sealwright.files import write_atomically
    from sealwright.phases.governance.dossier.page import render_dossier
    from sealwright.project.coverage import dossier

    with opened(folder, passphrase_file) as project:
        found = dossier(project)
        marks = {"evidenced": "passed", "partly": "warned", "stale": "stale", "against": "failed"}
        lines = [
            f" {mark(marks.get(item.status, 'missing'))} {item.id:<6} {item.text}"
            for item in found.items
        ]
        done = sum(item.status == "evidenced" for item in found.items)
        lines.append(f"{done} of {len(found.items)} items are evidenced as of {found.as_of[:10]}")
        if html is not None:
            write_atomically(html, render_dossier(found).encode())
            lines.append(f"page: {html}")
        if json_file is not None:
            write_atomically(json_file, msgspec.json.format(msgspec.json.encode(found)))
            lines.append(f"JSON: {json_file}")
        emit(found, lines, style=style)
