"""`sealwright why`: from a denial to its root cause."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit
from sealwright.evidence.predicates.governance import Question


@click.command(epilog="Example: sealwright why model --for release")
@click.argument("artifact")
@click.option(
    "--for",
    "question",
    type=click.Choice(get_args(Question)),
    default="release",
    show_default=True,
    help="The question.",
)
@click.option("--requirement", help="Explain this requirement (default: the gravest denial).")
@shared
def command(
    artifact: str,
    question: Question,
    requirement: str | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Walk the shortest path from a denial to its root cause."""
    from sealwright.policy.why import why
    from sealwright.project.resolve import inputs_of, resolve

    with opened(folder, passphrase_file) as project:
        named = resolve(project, artifact)
        inputs = inputs_of(project, named)
        steps = why(
            project.policy,
            project.request(named, question, inputs=inputs),
            project.evidence(),
            project.clock(),
            requirement=requirement or "",
        )
        lines = [f"{'  ' * depth}{step.text}" for depth, step in enumerate(steps)]
        emit(
            {"artifact": named.digest, "question": question, "steps": steps},
            lines or [f"{named.name} is admitted for {question}: there is nothing to explain"],
            style=style,
        )
        if steps:
            raise click.exceptions.Exit(1)
