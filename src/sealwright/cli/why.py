"""`sealwright why`: from a denial to its root cause."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit
from sealwright.evidence.predicates.governance import Question

if TYPE_CHECKING:
    from sealwright.policy.verdict import Verdict


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
    from sealwright.errors import UsageError
    from sealwright.policy.why import why
    from sealwright.project.resolve import inputs_of, resolve

    with opened(folder, passphrase_file) as project:
        named = resolve(project, artifact)
        inputs = inputs_of(project, named)
        verdict = project.gate(named, question, inputs=inputs)
        if requirement and requirement not in verdict.statuses:
            raise UsageError(
                f"the gate asks nothing called {requirement!r:.80} for {question}",
                advice=f"it asks: {', '.join(sorted(verdict.statuses))}",
            )
        steps = why(
            project.policy,
            project.request(named, question, inputs=inputs),
            project.evidence(),
            verdict.at,
            requirement=requirement or "",
        )
        lines = [f"{'  ' * depth}{step.text}" for depth, step in enumerate(steps)]
        emit(
            {
                "artifact": named.digest,
                "question": question,
                "admitted": verdict.admitted,
                "steps": steps,
            },
            lines or [_nothing(verdict, requirement)],
            style=style,
        )
        if not verdict.admitted:
            raise click.exceptions.Exit(1)


def _nothing(verdict: Verdict, requirement: str | None) -> str:
    """What there is to say where no denial has to be explained."""
    name, question = verdict.artifact_name, verdict.question
    if verdict.admitted:
        holds = f"`{requirement}` holds; " if requirement else ""
        return f"{holds}{name} is admitted for {question}: there is nothing to explain"
    others = ", ".join(dict.fromkeys(result.id for result in verdict.denied_by))
    return f"`{requirement}` holds; {name} is denied for {question} by: {others or 'nothing asked'}"
