"""`sealwright model review`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit, mark

if TYPE_CHECKING:
    pass


@click.command(
    epilog="Example: sealwright model review model --against 1a2b3c4d --as sam --reason '...'",
)
@click.argument("candidate")
@click.option("--against", "serving", required=True, help="The model that serves: its digest.")
@click.option("--reason", required=True, help="Why it is as it should be, or what is not.")
@shared
@signer
def command(
    candidate: str,
    serving: str,
    reason: str,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Sign the security review of CANDIDATE, a model that was trained anew.

    Says what differs from the serving model in data, findings, metrics and dependencies, as the
    ledger has it. Exit code 1 where an examination of the candidate failed, 3 where something is
    not known; the review is on record all the same.
    """
    from sealwright.evidence.predicates.monitoring import RetrainingReview
    from sealwright.project.resolve import resolve
    from sealwright.project.retraining import sign_review

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        recorded = sign_review(
            project,
            resolve(project, candidate),
            resolve(project, serving),
            signer=principal or project.signer_for("monitoring"),
            reason=reason,
        )
        said = recorded.predicate
        assert isinstance(said, RetrainingReview)
        lines = [f" {mark(said.result)} {said.result} (entry {recorded.index})"]
        lines += [f"    look at: {line}" for line in said.concerns]
        lines += [f"    not known: {line}" for line in said.unknown]
        lines.append(
            f"    compared: {len(said.data)} data sets, {len(said.metrics)} metrics; new: "
            f"{len(said.findings_added)} findings; changed: {len(said.dependencies)} dependencies"
        )
        emit({"index": recorded.index, "review": said}, lines, style=style)
        if said.result in ("failed", "inconclusive"):
            raise click.exceptions.Exit(1 if said.result == "failed" else 3)
