"""`sealwright dossier`: the technical documentation of EU AI Act Annex IV, from the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import documents, opened, shared, written
from sealwright.cli.render import emit, mark


@click.command(epilog="Example: sealwright dossier --html dossier.html --json dossier.json")
@documents
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
        lines += written(
            html=html,
            page=lambda: render_dossier(found),
            json_file=json_file,
            data=lambda: msgspec.json.format(msgspec.json.encode(found)),
        )
        emit(found, lines, style=style)
