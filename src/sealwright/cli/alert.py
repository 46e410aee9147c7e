"""`sealwright alert`: what the monitor and the controller were alarmed by."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import newest, opened, shared
from sealwright.cli.render import emit, mark

MARKS = {
    "critical": "failed",
    "high": "failed",
    "medium": "warned",
    "low": "warned",
    "info": "passed",
}


@click.group(epilog="Example: sealwright alert list")
def group() -> None:
    """See what the monitoring was alarmed by.

    Alerts are kept in .sealwright/serving/alerts.jsonl, as OCSF findings, and in the ledger.
    """


@group.command("list", epilog="Example: sealwright alert list --client mallory --limit 10")
@click.option("--client", default="", help="Only those about this caller.")
@click.option("--detector", default="", help="Only those of this detector, such as drift.")
@click.option("--correlation", default="", help="Only those whose requests carried this id.")
@newest(default=50, most=10_000)
@shared
def list_alerts(
    client: str,
    detector: str,
    correlation: str,
    limit: int,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
) -> None:
    """Show the newest alerts, oldest first, and where each is on record."""
    from sealwright.project.alarms import alarms

    with opened(folder, passphrase_file) as project:
        found = alarms(
            project, client=client, detector=detector, correlation=correlation, limit=limit
        )
    lines = []
    for alarm in found.alarms:
        place = f"entry {alarm.entry}" if alarm.entry is not None else "not in the ledger"
        trace = f", trace {alarm.correlation}" if alarm.correlation else ""
        lines.append(f" {mark(MARKS[alarm.severity])} {alarm.at[:19]}Z  {alarm.title}")
        lines.append(f"      {alarm.severity}, {alarm.detector}, {alarm.id} ({place}{trace})")
    if found.unreadable:
        lines.append(f"{found.unreadable} lines of the alert file could not be read")
    emit(
        {"alerts": found.alarms, "unreadable_lines": found.unreadable},
        lines or ["nobody was alarmed yet"],
        style=style,
    )
