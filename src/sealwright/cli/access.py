"""`sealwright access`: who may call, by which key, and who may not any more."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit, mark, styled
from sealwright.evidence.predicates.serving import Action, Grant

ACTIONS = click.Choice(["infer", "metadata", "review", "admin"])


@click.group(epilog="Example: sealwright access grant clinic-7 --role caller --as olga")
def group() -> None:
    """Let clients in with keys that are shown once, narrow them, and lock them out again."""


@group.command("grant", epilog="Example: sealwright access grant clinic-7 --role caller --as olga")
@click.argument("client")
@click.option("--role", default="", help="A role of [deployment.roles]: what the key may do.")
@click.option("--parent", default="", metavar="ID", help="Grant that this one narrows.")
@click.option("--action", "actions", type=ACTIONS, multiple=True, help="Only this (repeatable).")
@click.option("--model", "models", multiple=True, help="Only this model (repeatable).")
@click.option("--requests-per-minute", type=click.IntRange(min=1), help="At most so many.")
@click.option("--what-if", is_flag=True, help="Declared to send series of similar cases.")
@click.option(
    "--expires-days",
    type=click.IntRange(1, 366),
    default=90,
    show_default=True,
    help="How long the key is good for.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the key to this file, readable by you alone, and do not show it.",
)
@shared
@signer
def grant(
    client: str,
    role: str,
    parent: str,
    actions: tuple[Action, ...],
    models: tuple[str, ...],
    requests_per_minute: int | None,
    what_if: bool,
    expires_days: int,
    out: Path | None,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Make a key for CLIENT and show it: once, here, and never again.

    The ledger holds its HMAC alone. A key never does more than its role and its parent.
    """
    from sealwright.errors import UsageError
    from sealwright.files import write_atomically
    from sealwright.project.serving import grants

    if out is not None and out.exists():
        raise UsageError(f"{out} is there already", advice="keys are never replaced: another name")
    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        minted = grants.grant(
            project,
            client,
            signer=principal or project.signer_for("deployment"),
            role=role,
            parent=parent,
            actions=actions,
            models=models,
            requests_per_minute=requests_per_minute,
            what_if=what_if,
            days=expires_days,
        )
        said = minted.grant
        if out is not None:
            write_atomically(out, f"{minted.key}\n".encode(), mode=0o600)
        lines = [
            str(out) if out is not None else minted.key,
            f" {mark('done')} for {said.client}, grant {said.id} (entry {minted.recorded.index}):"
            f" {_bounds(said)}",
        ]
        value = {"index": minted.recorded.index, "grant": _public(said)}
        if out is None:
            lines.append(
                styled("      keep the key now: it is shown once and kept nowhere", bold=True)
            )
            value["key"] = minted.key
        emit(value, lines, style=style)


@group.command("list", epilog="Example: sealwright access list --all")
@click.option("--all", "everything", is_flag=True, help="Also what opens nothing any more.")
@shared
def list_grants(everything: bool, folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Show the grants: who, what, until when. No key and no HMAC of one is shown."""
    from sealwright.project.serving.grants import standings

    with opened(folder, passphrase_file) as project:
        found = [
            each
            for each in standings(project.evidence(), now=project.now())
            if everything or each.status == "in force"
        ]
        lines = []
        for each in found:
            said = each.grant
            word = "done" if each.status == "in force" else "failed"
            under = f", under {said.parent}" if said.parent else ""
            lines.append(f" {mark(word)} {said.id}  {said.client}  {each.status}{under}")
            lines.append(
                f"      {_bounds(said)} (entry {each.item.index}, by {each.item.principal.id})"
            )
        value = [
            {"index": each.item.index, "status": each.status, "grant": _public(each.grant)}
            for each in found
        ]
        emit(value, lines or ["nobody may call"], style=style)


@group.command("revoke", epilog="Example: sealwright access revoke 1f3a --reason 'laptop lost'")
@click.argument("grant_id", metavar="ID")
@click.option("--reason", required=True, help="Why; the report shows it.")
@shared
@signer
def revoke(
    grant_id: str,
    reason: str,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Lock out the key with this ID (or the beginning of one), and all that were narrowed from it.

    Needs no approval: anybody whom the trust root knows may say it.
    """
    from sealwright.project.serving.grants import revoke_grant

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        who = principal or project.signer_for("deployment")
        recorded, fallen = revoke_grant(project, grant_id, reason=reason, signer=who)
        lines = [f" {mark('failed')} revoked by {who} (entry {recorded.index})"]
        lines += [f"      {said.id}  {said.client}  opens nothing any more" for said in fallen]
        value = {"index": recorded.index, "fallen": [said.id for said in fallen]}
        emit(value, lines, style=style)


def _bounds(said: Grant) -> str:
    models = "all models" if "*" in said.models else ", ".join(said.models)
    what_if = ", declared what-if series" if said.what_if else ""
    return (
        f"{', '.join(said.actions)} of {models}, {said.requests_per_minute} a minute{what_if}, "
        f"until {said.not_after[:10]}"
    )


def _public(said: Grant) -> dict[str, object]:
    """A grant without its HMAC."""
    return {
        "id": said.id,
        "client": said.client,
        "actions": said.actions,
        "models": said.models,
        "requests_per_minute": said.requests_per_minute,
        "what_if": said.what_if,
        "parent": said.parent,
        "not_after": said.not_after,
        "at": said.at,
    }
