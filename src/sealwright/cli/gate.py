"""`sealwright gate`: may this artifact pass?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit
from sealwright.errors import InputMissing
from sealwright.evidence.predicates.governance import Question

if TYPE_CHECKING:
    from sealwright.project.core import Project


@click.command(epilog="Example: sealwright gate model --for release")
@click.argument("artifact")
@click.option(
    "--for", "question", type=click.Choice(get_args(Question)), required=True, help="The question."
)
@click.option("--record/--no-record", default=None, help="Put the decision into the ledger.")
@click.option("--denied-only", is_flag=True, help="Show only what does not hold.")
@shared
@signer
def command(
    artifact: str,
    question: Question,
    record: bool | None,
    denied_only: bool,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Ask whether ARTIFACT may be trained on, released or served.

    ARTIFACT is `model`, `system`, a data set's name, a path, or digits of a digest. The decision is
    recorded where a key to sign it is at hand. Exit code 0 admits, 1 denies.
    """
    from sealwright.cli.verdicts import as_json, verdict_lines
    from sealwright.project.decide import ask
    from sealwright.project.resolve import inputs_of, resolve

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        named = resolve(project, artifact)
        who, why_not = _who_records(project, record, principal)
        asked = ask(project, named, question, signer=who, inputs=inputs_of(project, named))
        lines = list(verdict_lines(asked.verdict, everything=not denied_only))
        if asked.recorded is not None:
            lines.append(f"recorded as entry {asked.recorded.index}")
        else:
            lines.append(f"not recorded: {why_not or 'its policy is not on record'}")
        emit(as_json(asked.verdict), lines, style=style)
        if not asked.verdict.admitted:
            raise click.exceptions.Exit(1)


def _who_records(
    project: Project, record: bool | None, principal: str | None
) -> tuple[str | None, str]:
    """Who signs the decision, or None and why it is not recorded.

    InputMissing where it was asked to be recorded and cannot be.
    """
    if record is False:
        return None, "--no-record"
    why_not = project.ledger.why_reading
    who = principal or project.signer_at_hand("governance")
    if not why_not and who is None:
        why_not = "no key to sign it is here"
    if not why_not:
        return who, ""
    if record:
        key = project.layout.log_key
        raise InputMissing(
            f"the decision cannot be recorded: {why_not}",
            advice=f"restore {key}, sign with --as and --key, or leave out --record",
        )
    return None, why_not
