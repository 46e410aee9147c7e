"""`sealwright release`: put an admitted model into service."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit, mark


@click.command(epilog="Example: sealwright release model --as olga --reason 'first version'")
@click.argument("artifact", default="model")
@click.option(
    "--role",
    type=click.Choice(["champion", "canary", "shadow"]),
    default="champion",
    show_default=True,
    help="Whom it answers: everybody, a fixed share of clients, or nobody.",
)
@click.option(
    "--percent",
    type=click.IntRange(1, 100),
    help="Share of clients for a canary (default 10), of requests for a shadow (default 100).",
)
@click.option("--reason", required=True, help="Why; the report shows it.")
@shared
@signer
def command(
    artifact: str,
    role: Literal["champion", "canary", "shadow"],
    percent: int | None,
    reason: str,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Serve ARTIFACT (default: the model that training wrote) from now on.

    Asks the gate whether it may be released and served, keeps a copy of its files to serve from,
    and records both the decision and the release. A running `sealwright serve` follows by itself.
    Exit code 1 where the gate says no.
    """
    from sealwright.cli.verdicts import as_json, verdict_lines
    from sealwright.project.resolve import resolve
    from sealwright.project.serving.releases import NotAdmitted, release

    share = percent or (10 if role == "canary" else 100)
    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        try:
            done = release(
                project,
                resolve(project, artifact),
                signer=principal or project.signer_for("deployment"),
                reason=reason,
                role=role,
                percent=share,
            )
        except NotAdmitted as error:
            lines = [*verdict_lines(error.verdict, everything=False), "nothing was released"]
            emit({"released": False, "verdict": as_json(error.verdict)}, lines, style=style)
            raise click.exceptions.Exit(1) from error
        route = done.route
        what = {
            "champion": "answers everybody",
            "canary": f"answers {route.percent} % of the clients, always the same ones",
            "shadow": f"sees {route.percent} % of the requests and answers none",
        }[route.role]
        line = f" {mark('done')} {route.name} version {route.version} {what}"
        lines = [f"{line} (entry {done.recorded.index})"]
        if done.replaces and route.role == "champion" and done.replaces != route.digest:
            lines.append(f"      instead of version {done.replaces[:12]}")
        value = {
            "released": True,
            "index": done.recorded.index,
            "name": route.name,
            "version": route.version,
            "digest": route.digest,
            "role": route.role,
            "percent": route.percent,
            "replaces": done.replaces,
        }
        emit(value, lines, style=style)
