"""`sealwright revoke`: take an artifact out of use, with all that came from it."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit, mark


@click.command(epilog="Example: sealwright revoke train --as dana --reason 'consent withdrawn'")
@click.argument("artifact")
@click.option("--reason", required=True, help="Why; callers of what falls are told.")
@shared
@signer
def command(
    artifact: str,
    reason: str,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Take ARTIFACT out of use for good, and everything that descends from it.

    ARTIFACT is `model`, a data set's name, a path, or digits of a digest: data, code, environment
    or model. Needs no approval and cannot be undone. A running `sealwright serve` follows by
    itself.
    """
    from sealwright.project.serving.withdraw import named, revoke

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        found = named(project, artifact)
        who = principal or project.signer_for("deployment")
        done = revoke(project, found, reason=reason, signer=who)
        lines = [
            f" {mark('failed')} {found.name} ({found.digest[:12]}) is revoked by {who}"
            f" (entry {done.recorded.index})"
        ]
        lines += [
            f"      {node.kind} {node.name} ({node.digest[:12]}) descends from it"
            for node in done.descendants
        ]
        lines += [
            f"      {each.route.name} version {each.route.version} is not served any more:"
            f" {each.reason}"
            for each in done.fallen
        ]
        if not done.fallen:
            lines.append("      nothing that is served descends from it")
        value = {
            "index": done.recorded.index,
            "artifact": {"name": found.name, "digest": found.digest},
            "descendants": [
                {"kind": node.kind, "name": node.name, "digest": node.digest}
                for node in done.descendants
            ],
            "fallen": [
                {
                    "name": each.route.name,
                    "version": each.route.version,
                    "digest": each.route.digest,
                    "role": each.route.role,
                    "reason": each.reason,
                }
                for each in done.fallen
            ],
        }
        emit(value, lines, style=style)
