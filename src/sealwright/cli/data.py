"""`sealwright data`: add, check and open data sets."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import TerminalProgress, emit, mark


@click.group(epilog="Example: sealwright data check train")
def group() -> None:
    """Add, check and open the data sets that sealwright.toml declares."""


def _examine(
    names: tuple[str, ...], folder: Path, style: str, passphrase_file: Path | None
) -> bool:
    """Examines data sets, shows every check, and tells whether all passed."""
    from sealwright.evidence.predicates.data import DatasetValidation
    from sealwright.project.resolve import data_set
    from sealwright.project.run import perform
    from sealwright.project.steps.data import steps

    with opened(folder, passphrase_file) as project:
        chosen = names or tuple(project.lifecycle.data)
        for name in chosen:
            data_set(project, name)  # an unknown name is an error before anything is recorded
        progress = TerminalProgress()
        found = perform(project, steps(project, chosen), progress=progress, again=True)
        lines = []
        for step, done in ((each.step, each.done) for each in found):
            lines.append(f" {mark(done.outcome)} {step.title}  {done.detail}")
            for item in done.evidence:
                said = item.predicate
                if isinstance(said, DatasetValidation):
                    lines.append(f"    {mark(said.result)} {said.kind} (entry {item.index})")
                    lines += [
                        f"       {check.id}: {check.result}; {check.detail or check.expected}"
                        for check in said.checks
                        if check.result != "passed"
                    ]
        value = [
            {
                "data": each.step.id,
                "outcome": each.outcome,
                "entries": [item.index for item in each.done.evidence],
            }
            for each in found
        ]
        emit({"data": value}, lines, style=style)
        return all(each.outcome != "failed" for each in found)


@group.command("add", epilog="Example: sealwright data add train")
@click.argument("name")
@shared
def add(name: str, folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Record the present files of NAME as a new version, with provenance, lineage and checks."""
    if not _examine((name,), folder, style, passphrase_file):
        raise click.exceptions.Exit(1)


@group.command("check", epilog="Example: sealwright data check train test")
@click.argument("names", nargs=-1)
@shared
def check(names: tuple[str, ...], folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Examine data sets (default: all) and record what was found. Exit code 1 if one fails."""
    if not _examine(names, folder, style, passphrase_file):
        raise click.exceptions.Exit(1)


@group.command("open", epilog="Example: sealwright data open train --purpose 'label review'")
@click.argument("name")
@click.option("--purpose", required=True, help="What the data is opened for; goes on record.")
@click.option("--column", "columns", multiple=True, help="Only these columns.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the rows here as CSV (default: only record the access and print the path).",
)
@shared
@signer
def open_command(  # the name `open` is taken
    name: str,
    purpose: str,
    columns: tuple[str, ...],
    out: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Open a data set, on record: who, when, which version, for what.

    The files must be those of a version on record; anything else is refused, and that is on record,
    too.
    """
    from sealwright.project.access import open_data

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        granted = open_data(
            project,
            name,
            purpose=purpose,
            columns=columns,
            out=out,
            signer=principal or project.signer_for("data"),
        )
        emit(
            {"index": granted.index, "path": granted.path, "rows": granted.rows},
            [f"access recorded (entry {granted.index}): {granted.path}"],
            style=style,
        )
