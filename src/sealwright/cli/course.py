"""`sealwright course`: who finished which training; a policy may ask approvers for it."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit, mark


@click.group(epilog="Example: sealwright course list")
def group() -> None:
    """Record who finished which training; a policy may ask approvers for one (`training`)."""


@group.command(
    "record",
    epilog="Example: sealwright course record hugo --course oversight-basics --score 92 --as lena",
)
@click.argument("person")
@click.option("--course", required=True, help="Name of the course, as the policy has it.")
@click.option("--score", type=click.IntRange(0, 100), required=True, help="Result in percent.")
@click.option(
    "--days",
    type=click.IntRange(1, 1095),
    default=365,
    show_default=True,
    help="How long it counts.",
)
@signer
@shared
def record(
    person: str,
    course: str,
    score: int,
    days: int,
    principal: str | None,
    key: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Record that PERSON finished a course. Somebody else than PERSON signs."""
    from sealwright.project.courses import record_completion

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        who = principal or project.signer_for("governance")
        recorded = record_completion(
            project, person, course=course, score=score, days=days, signer=who
        )
        emit(
            {"index": recorded.index, "completion": recorded.predicate},
            [f"recorded by {who} (entry {recorded.index})"],
            style=style,
        )


@group.command("list", epilog="Example: sealwright course list")
@shared
def list_(folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Show who finished what, and until when it counts."""
    from sealwright.project.courses import completions, expiry

    with opened(folder, passphrase_file) as project:
        found = completions(project)
        lines = [
            f" {mark('passed' if each.holds else 'stale')} {each.said.person}  {each.said.course}"
            f"  {each.said.score} %, {'until' if each.holds else 'expired'} {expiry(each)}"
            for each in found
        ]
        emit(
            [{"index": each.item.index, "completion": each.said, "holds": each.holds}
             for each in found],
            lines or ["nobody has finished a course"],
            style=style,
        )  # fmt: skip
