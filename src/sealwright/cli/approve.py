"""`sealwright approve`: one person's signed answer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import get_args

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit, show, styled
from sealwright.evidence.predicates.governance import Question


@click.command(
    epilog="Example: sealwright approve model --as sam --reason 'scans and attack results read'"
)
@click.argument("artifact")
@click.option("--as", "principal", required=True, metavar="PRINCIPAL", help="Who answers.")
@click.option(
    "--for",
    "question",
    type=click.Choice(get_args(Question)),
    default="release",
    show_default=True,
    help="The question.",
)
@click.option("--reason", required=True, help="Why; the report shows it.")
@click.option("--discipline", help="In which expertise (default: the person's only one).")
@click.option("--reject", "answer", flag_value="reject", help="Say no.")
@click.option("--abstain", "answer", flag_value="abstain", help="Say neither.")
@click.option("--condition", "conditions", multiple=True, help="What the answer depends on.")
@click.option("--dissent", default="", help="Where you differ, for the record.")
@click.option("--yes", is_flag=True, help="Do not ask to confirm.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="Your private key.")
@shared
def command(
    artifact: str,
    principal: str,
    question: Question,
    reason: str,
    discipline: str | None,
    answer: str | None,
    conditions: tuple[str, ...],
    dissent: str,
    yes: bool,
    key: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Answer the gate's question about ARTIFACT, on exactly the evidence there is now.

    ARTIFACT `policy` signs the project's policy instead: one that asks less than the one before it
    needs a second person.

    New evidence changes the question, and answers to the old one no longer count. Exit code 1 when
    the answer is recorded but does not count, with the reason.
    """
    import sys

    from sealwright.cli.verdicts import as_json, verdict_lines
    from sealwright.project.decide import approve, counts, discipline_of, sign_policy
    from sealwright.project.resolve import inputs_of, resolve

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        if artifact == "policy":
            if answer is not None:
                raise click.UsageError("a policy is signed or left; nothing is recorded against it")
            signed = sign_policy(project, signer=principal)
            text = f"policy {project.policy.digest[:12]} signed by {principal}, entry"
            emit({"index": signed.index}, [f"{text} {signed.index}"], style=style)
            return
        named = resolve(project, artifact)
        inputs = inputs_of(project, named)
        verdict = project.gate(named, question, inputs=inputs)
        displayed = sys.stdin.isatty() and sys.stderr.isatty() and not yes
        started = time.monotonic()
        if displayed:
            for line in verdict_lines(verdict):
                show(line, err=True)
            click.confirm(f"{answer or 'approve'} as {principal}?", abort=True, err=True)
        recorded = approve(
            project,
            named,
            question,
            inputs=inputs,
            signer=principal,
            discipline=discipline or discipline_of(project, principal),
            answer=answer or "approve",  # type: ignore[arg-type]
            reason=reason,
            conditions=conditions,
            dissent=dissent,
            seconds=int(time.monotonic() - started) if displayed else 0,
            seen=verdict.decision,
            displayed=displayed,
        )
        problem = counts(project, named, question, recorded, inputs=inputs)
        after = project.gate(named, question, inputs=inputs)
        lines = [f"{answer or 'approve'} by {principal} recorded as entry {recorded.index}"]
        if problem:
            lines.append(styled("it does not count: ", fg="red", bold=True) + problem)
        open_ones = [r.title for r in after.denied_by]
        lines.append(
            f"{named.name} is now admitted for {question}"
            if after.admitted
            else f"still open for {question}: {'; '.join(open_ones)}"
        )
        value = {"index": recorded.index, "counts": not problem, "problem": problem}
        emit({**value, "verdict": as_json(after)}, lines, style=style)
        if problem:
            raise click.exceptions.Exit(1)
