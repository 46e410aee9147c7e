"""`sealwright decisions`: what the gateway decided, and whether anybody changed it since."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import newest, opened, shared
from sealwright.cli.render import emit, mark, styled

if TYPE_CHECKING:
    from sealwright.phases.deployment.core.decision import DecisionRecord
    from sealwright.project.decision_logs import LogReport

_FOLDER = click.Path(path_type=Path, file_okay=False)
_OUTCOMES = ["answered", "abstained", "held", "refused", "failed"]
_MARKS = {
    "answered": "passed",
    "abstained": "inconclusive",
    "held": "inconclusive",
    "refused": "failed",
    "failed": "failed",
}


@click.group(epilog="Example: sealwright decisions verify")
def group() -> None:
    """Verify and show what the gateway decided.

    Every request is one line of a log that is chained by hashes, in .sealwright/serving/decisions;
    the ledger has the hash of the newest line every minute.
    """


@group.command("verify", epilog="Example: sealwright decisions verify")
@click.argument("logs", type=_FOLDER, required=False)
@click.option("--ledger", "export", type=_FOLDER, help="An exported ledger to hold the logs to.")
@click.option(
    "--trust",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The trust root that you chose, for --ledger.",
)
@shared
def verify(
    logs: Path | None,
    export: Path | None,
    trust: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Read every line of the project's decision logs, or of those in LOGS, against the ledger.

    A line that was changed, removed, added or moved, a log that lost its end, and one that only the
    ledger knows are told; exit code 4. With --ledger and --trust no project is needed.
    """
    from sealwright.project import audit, decision_logs

    if (export is None) != (trust is None) or (export is not None and logs is None):
        raise click.UsageError("an exported ledger is given as LOGS --ledger FOLDER --trust FILE")
    if export is not None and trust is not None and logs is not None:
        entries = audit.verify_export(export, trust=trust).report.require().entries
        reports = decision_logs.verify_logs(logs, decision_logs.heads_in(entries))
    else:
        with opened(folder, passphrase_file) as project:
            heads = decision_logs.heads_in(project.evidence())
            reports = decision_logs.verify_logs(logs or project.layout.decision_log, heads)
    whole = not any(report.problem for report in reports)
    emit({"verified": whole, "logs": reports}, _verified(reports, whole), style=style)
    if not whole:
        raise click.exceptions.Exit(4)


def _verified(reports: tuple[LogReport, ...], whole: bool) -> Iterator[str]:
    for report in reports:
        if report.problem:
            yield f" {mark('failed')} log {report.gateway}: {report.problem}"
            continue
        held = f"{report.heads} heads on record" if report.heads else "no head on record yet"
        yield (
            f" {mark('passed')} log {report.gateway}: {report.records:,} decisions, "
            f"segments: {report.segments}, {held}"
        )
    colour = "green" if whole else "red"
    yield styled("VERIFIED" if whole else "NOT VERIFIED", fg=colour, bold=True)


@group.command("show", epilog="Example: sealwright decisions show --caller mallory --limit 10")
@click.option("--caller", default="", help="Only those of this caller.")
@click.option("--model", default="", help="Only those about this model.")
@click.option("--id", "identity", default="", help="Only this decision, or this correlation id.")
@click.option("--outcome", type=click.Choice(_OUTCOMES), help="Only those that ended so.")
@newest(default=20, most=100_000)
@shared
def show(
    caller: str,
    model: str,
    identity: str,
    outcome: str | None,
    limit: int,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Show the newest decisions, oldest first. Exit code 4 where a log was changed."""
    from heapq import nlargest

    from sealwright.project.decision_logs import decisions_in

    with opened(folder, passphrase_file) as project:
        place = project.layout.decision_log
    chosen = (
        record
        for record in decisions_in(place)
        if caller in ("", record.client)
        and model in ("", record.name)
        and identity in ("", record.id, record.correlation)
        and outcome in (None, record.outcome)
    )
    found = nlargest(limit, chosen, key=lambda record: record.at)[::-1]
    emit(found, [_line(each) for each in found] or ["no such decision"], style=style)


def _line(record: DecisionRecord) -> str:
    asked = f"{record.name} {record.digest[:12]}".strip() or "-"
    said = record.decisions or record.reason
    return (
        f" {mark(_MARKS[record.outcome])} {record.at[:23]}  {record.client or '-':16} {asked:32} "
        f"{record.outcome:9} {record.status}  {said[:24]:24} {record.latency_us:>7} us  {record.id}"
    )
