"""`sealwright waive`: a dated exception to one requirement."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from sealwright.cli.options import opened, shared
from sealwright.cli.render import emit
from sealwright.evidence.predicates.governance import Question


@click.command(
    epilog="Example: sealwright waive model --requirement evaluation-privacy --as ida "
    "--asked-by mina --days 14 --reason 'attack tool broken' --compensating 31"
)
@click.argument("artifact")
@click.option("--requirement", required=True, help="The requirement's id, as the gate shows it.")
@click.option("--as", "principal", required=True, metavar="PRINCIPAL", help="Who grants it.")
@click.option("--asked-by", required=True, metavar="PRINCIPAL", help="Who asked; somebody else.")
@click.option("--reason", required=True, help="Why; the report shows it.")
@click.option(
    "--days", type=click.IntRange(1, 30), default=14, show_default=True, help="How long it holds."
)
@click.option("--compensating", type=int, required=True, help="Entry that proves what makes up.")
@click.option("--renews", type=int, help="Entry of the waiver that this one renews (once).")
@click.option(
    "--for",
    "question",
    type=click.Choice(get_args(Question)),
    default="release",
    show_default=True,
    help="The question.",
)
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="Your private key.")
@shared
def command(
    artifact: str,
    requirement: str,
    principal: str,
    asked_by: str,
    reason: str,
    days: int,
    compensating: int,
    renews: int | None,
    question: Question,
    key: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Grant an exception to one requirement for ARTIFACT, for at most 30 days.

    Never for signatures, the ledger's integrity, approvals or the separation of duties. Exit code 1
    when it is recorded but the gate does not accept it.
    """
    from sealwright.errors import UsageError
    from sealwright.project.decide import waive, waiver_refusal
    from sealwright.project.resolve import inputs_of, resolve

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        named = resolve(project, artifact)
        inputs = inputs_of(project, named)
        before = project.gate(named, question, inputs=inputs).statuses
        if requirement not in before:
            raise UsageError(
                f"the gate asks nothing called {requirement!r:.80} for {question}",
                advice=f"it asks: {', '.join(sorted(before))}",
            )
        recorded = waive(
            project,
            named,
            requirement=requirement,
            reason=reason,
            compensating=project.entry(compensating).digest,
            asked_by=asked_by,
            days=days,
            signer=principal,
            renews=project.entry(renews).digest if renews is not None else "",
        )
        after = project.gate(named, question, inputs=inputs)
        accepted = after.statuses[requirement] == "waived"
        reasons = []
        if not accepted:
            reasons = [
                waiver_refusal(project, named, question, recorded, inputs=inputs)
                or "; ".join(r.reason for r in after.results if r.id == requirement and not r.holds)
                or "the requirement holds without it"
            ]
        emit(
            {"index": recorded.index, "accepted": accepted, "reasons": reasons},
            [
                f"waiver of {requirement} recorded as entry {recorded.index}",
                "the gate accepts it"
                if accepted
                else f"the gate does not accept it: {'; '.join(reasons)}",
            ],
            style=style,
        )
        if not accepted:
            raise click.exceptions.Exit(1)
