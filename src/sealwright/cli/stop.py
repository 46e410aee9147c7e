"""`sealwright stop`: stop serving at once, with or without the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit, mark

if TYPE_CHECKING:
    from sealwright.evidence.verify import Verified


@click.command(epilog="Example: sealwright stop small --reason 'odd answers since 14:00'")
@click.argument("name", default="*")
@click.option("--reason", required=True, help="Why; callers are told.")
@click.option("--resume", is_flag=True, help="Serve again, if the gate admits it.")
@shared
@signer
def command(
    name: str,
    reason: str,
    resume: bool,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Stop serving NAME, or everything.

    Writes a file that gateways look at ten times a second: that works with the ledger out of reach
    and without a key. Then, where the ledger can be reached and a key to sign is here, what is
    served under the name is quarantined on record. Needs no approval.

    `--resume` lifts the quarantine, asks the gate and takes the file's line out last. It takes an
    operator, owner or approver who had no part in making the model; exit code 1 where the gate or
    the separation of duties says no.
    """
    if resume:
        _resume(name, reason, folder, style, passphrase_file, principal, key)
        return
    from sealwright.clock import system_clock
    from sealwright.project.layout import Layout, find_root
    from sealwright.project.serving.halt import stop

    layout = Layout(find_root(folder))
    said = stop(layout, name, reason=reason, clock=system_clock)
    what = "everything" if name == "*" else name
    recorded, problem = _record(name, reason, folder, passphrase_file, principal, key)
    lines = [f" {mark('failed')} {what} is stopped: {layout.stop_file}"]
    lines += [
        f"      {item.statement.subjects[0].name} quarantined (entry {item.index})"
        for item in recorded
    ]
    if problem:
        lines.append(f"      not on record: {problem}")
    elif not recorded:
        lines.append("      nothing that is served was left to quarantine")
    value = {
        "stopped": said.model,
        "file": layout.stop_file,
        "at": said.at,
        "entries": [item.index for item in recorded],
        "problem": problem,
    }
    emit(value, lines, style=style)


def _record(
    name: str,
    reason: str,
    folder: Path,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> tuple[tuple[Verified, ...], str]:
    """What was put on record, or why nothing was. The stop stands either way."""
    from sealwright.errors import SealwrightError
    from sealwright.project.layout import Layout, find_root
    from sealwright.project.serving.halt import record_stop, wait_for_ledger

    try:
        wait_for_ledger(Layout(find_root(folder)))
        with opened(folder, passphrase_file, principal=principal, key=key) as project:
            who = principal or project.signer_for("deployment")
            return record_stop(project, name, reason=reason, signer=who), ""
    except SealwrightError as error:
        return (), error.message
    except OSError as error:
        return (), error.strerror or str(error)


def _resume(
    name: str,
    reason: str,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    from sealwright.project.serving.halt import resume

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        who = principal or project.signer_for("deployment")
        done = resume(project, name, reason=reason, signer=who)
        what = "everything" if name == "*" else name
        lines = [f" {mark('done')} {what} is served again"]
        lines += [
            f"      quarantine of {item.statement.subjects[0].name} lifted by {who}"
            f" (entry {item.index})"
            for item in done.restored
        ]
        lines += [f"      still refused: {each}" for each in done.refused]
        value = {
            "resumed": name,
            "entries": [item.index for item in done.restored],
            "lines": done.lines,
            "refused": done.refused,
        }
        emit(value, lines, style=style)
