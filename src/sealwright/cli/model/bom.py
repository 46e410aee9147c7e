"""`sealwright model bom`."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit


@click.command(epilog="Example: sealwright model bom --out model.cdx.json")
@click.argument("reference", metavar="MODEL", default="model")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The CycloneDX 1.6 JSON file to write.",
)
@click.option("--record", is_flag=True, help="Sign it, too, and put it on record.")
@shared
@signer
def command(
    reference: str,
    out: Path,
    record: bool,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Write the bill of materials of MODEL with its model card: packages, data, metrics, risks.

    Everything in it is said by statements in the ledger, which it names.
    """
    from sealwright.files import write_output
    from sealwright.phases.model.ml_bom import as_json
    from sealwright.project.ml_bom import write_bom
    from sealwright.project.resolve import resolve

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        statement = write_bom(project, resolve(project, reference))
        bill = statement.predicate
        lines = [f"bill of materials: {out}, {len(bill.components)} packages"]
        index = None
        if record:
            recorded = project.record(statement, signer=principal or project.signer_for("training"))
            index = recorded.index
            lines.append(f"on record (entry {index})")
        write_output(out, as_json(bill))
        emit({"bom": out, "serial": bill.serial_number, "index": index}, lines, style=style)
