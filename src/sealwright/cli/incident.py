"""`sealwright incident`: see what went wrong, report it in time, and say when it is over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit, mark, styled

if TYPE_CHECKING:
    from sealwright.evidence.predicates.operation import Incident
    from sealwright.evidence.verify import Verified


@click.group(epilog="Example: sealwright incident list")
def group() -> None:
    """See what went wrong, report it in time, and say when it is over.

    While an incident is open, evidence about what it names does not count at a gate.
    """


@group.command("list", epilog="Example: sealwright incident list --all")
@click.option("--all", "everything", is_flag=True, help="Closed ones, too: the register.")
@shared
def list_incidents(
    everything: bool, folder: Path, style: str, passphrase_file: Path | None
) -> None:
    """Show the open incidents, and how long each may go unreported."""
    from sealwright.project.incidents import open_incidents, register

    with opened(folder, passphrase_file) as project:
        known = open_incidents(project)
        still = {said.id for _, said in known}
        found = register(project) if everything else known
        now = project.now()
        lines = [line for item, said in found for line in _lines(item, said, said.id in still, now)]
        emit(
            [_row(item, said, said.id in still, now) for item, said in found],
            lines or ["no incident is open"],
            style=style,
        )


def _lines(item: Verified, said: Incident, is_open: bool, now: datetime) -> list[str]:
    from sealwright.phases.governance.clocks import clock_text, report_clock

    word = "failed" if is_open else "passed"
    lines = [f" {mark(word)} {said.id}  {said.severity}: {said.title}"]
    lines.append(f"      {said.detail} (entry {item.index}, {said.at})")
    if text := clock_text(said, now):
        clock = report_clock(said, now)
        late = clock is not None and clock.overdue
        lines.append(f"      {styled(text, fg='red', bold=True) if late else text}")
    return lines


def _row(item: Verified, said: Incident, is_open: bool, now: datetime) -> dict[str, Any]:
    from sealwright.clock import format_time
    from sealwright.phases.governance.clocks import report_clock

    clock = report_clock(said, now)
    return {
        "index": item.index,
        "incident": said,
        "open": is_open,
        "report_by": format_time(clock.due) if clock else None,
        "overdue": clock.overdue if clock else False,
    }


@group.command(
    "open",
    epilog="Example: sealwright incident open model --as sam --severity high --serious unclear "
    "--title 'wrong advice for patients under 20'",
)
@click.argument("artifact")
@click.option("--title", required=True, help="What went wrong, in a few words.")
@click.option("--detail", default="", help="What was seen.")
@click.option(
    "--severity",
    type=click.Choice(["info", "low", "medium", "high", "critical"]),
    required=True,
    help="High and critical stop what it names from being served.",
)
@click.option(
    "--serious",
    type=click.Choice(["no", "unclear", "serious", "death", "widespread"]),
    default="no",
    help="Whether it may have to be reported (EU AI Act, Article 73): 15, 10 or 2 days.",
)
@click.option(
    "--aware",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]),
    help="When somebody became aware of it, in UTC (default: now).",
)
@signer
@shared
def open_(
    artifact: str,
    title: str,
    detail: str,
    severity: Any,
    serious: Any,
    aware: datetime | None,
    principal: str | None,
    key: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Open an incident about ARTIFACT (`model`, `system`, a data set, a path or a digest)."""
    from sealwright.project.incidents import open_incident
    from sealwright.project.resolve import resolve

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        recorded = open_incident(
            project,
            resolve(project, artifact),
            title=title,
            detail=detail,
            severity=severity,
            serious=serious,
            aware=aware.replace(tzinfo=UTC) if aware is not None else None,
            signer=principal or project.signer_for("governance"),
        )
        said: Any = recorded.predicate
        lines = _lines(recorded, said, True, project.now())
        emit({"index": recorded.index, "incident": said}, lines, style=style)


@group.command(
    "report",
    epilog="Example: sealwright incident report incident-9b1b --as lena "
    "--to 'market surveillance authority, form 4711'",
)
@click.argument("incident")
@click.option("--to", required=True, help="Whom it was reported to, and how.")
@signer
@shared
def report(
    incident: str,
    to: str,
    principal: str | None,
    key: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Record whom INCIDENT was reported to; it stays open."""
    from sealwright.project.incidents import report_incident

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        who = principal or project.signer_for("governance")
        recorded = report_incident(project, incident, to=to, signer=who)
        emit(
            {"index": recorded.index, "incident": recorded.predicate},
            [f"reported by {who} (entry {recorded.index})"],
            style=style,
        )


@group.command(
    "close",
    epilog="Example: sealwright incident close training-9b1b --as sam "
    "--reason 'download removed from train.py; nothing left the machine'",
)
@click.argument("incident")
@click.option("--as", "principal", required=True, metavar="PRINCIPAL", help="Who says so.")
@click.option("--reason", required=True, help="What was found and done; the report shows it.")
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="Your private key.")
@shared
def close(
    incident: str,
    principal: str,
    reason: str,
    key: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Close INCIDENT, named by its id or the beginning of it; who closed it, and why, is on record.

    Evidence about what it names counts again from then on.
    """
    from sealwright.project.incidents import close_incident

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        recorded = close_incident(project, incident, reason=reason, signer=principal)
        emit(
            {"index": recorded.index, "incident": recorded.predicate},
            [f"closed by {principal} (entry {recorded.index})"],
            style=style,
        )
