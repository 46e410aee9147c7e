"""`sealwright keys`: make keys, and say who may sign what."""

from __future__ import annotations

from pathlib import Path

import click

from sealwright.cli.options import opened, shared, signer
from sealwright.cli.render import emit

WORKING = frozenset({"engineer", "steward"})
"""Roles of those who make what is judged."""

JUDGING = frozenset({"approver", "granter", "validator"})
"""Roles of those who judge it."""


@click.group(
    epilog="Example: sealwright keys add sam --name 'Sam Okafor' --role approver "
    "--discipline security"
)
def group() -> None:
    """Make keys, and say who may sign what.

    The trust root lists people, their keys and what each key may do. Every change to it is a signed
    entry of the ledger, made by a key with the role `root`.
    """


@group.command("new", epilog="Example: sealwright keys new sam --out ~/sam.pem")
@click.argument("principal")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File for the private key.",
)
@click.option("--encrypt/--no-encrypt", default=True, help="Ask for a passphrase (the default).")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="First line is the passphrase (else SEALWRIGHT_PASSPHRASE).",
)
def new(principal: str, out: Path, encrypt: bool, passphrase_file: Path | None) -> None:
    """Make a key pair on your own machine.

    Writes the private key to OUT and the public one to OUT.pub; give only the latter away.
    """
    import sys

    from sealwright.evidence.keyfile import passphrase_from, write_key
    from sealwright.evidence.keys import SigningKey
    from sealwright.files import write_atomically
    from sealwright.project.keyring import check_name

    check_name(principal)

    def ask() -> str:
        answer: str = click.prompt(
            "Passphrase", hide_input=True, confirmation_prompt=True, err=True
        )
        return answer

    secret: bytes | None = None
    if encrypt:
        prompt = ask if sys.stdin.isatty() else None
        secret = passphrase_from(file=passphrase_file, prompt=prompt)()
    key = SigningKey.generate()
    write_key(key, out, passphrase=secret)
    public = out.with_name(out.name + ".pub")
    write_atomically(public, key.public.pem)
    click.echo(f"{out}: private key of {principal}{'' if secret else ', NOT encrypted'}")
    click.echo(f"{public}: public key {key.public.keyid[:16]}, for `sealwright keys add --public`")


@group.command(
    "add",
    epilog="Example: sealwright keys add sam --name 'Sam Okafor' --role approver "
    "--discipline security --public sam.pem.pub",
)
@click.argument("new_principal", metavar="PRINCIPAL")
@click.option("--person", help="Id of the person who holds the key (default: the principal's).")
@click.option("--name", help="The person's name.")
@click.option("--role", "roles", multiple=True, required=True, help="What the key may do.")
@click.option("--discipline", "disciplines", multiple=True, help="The person's expertise.")
@click.option("--days", type=click.IntRange(1, 3650), default=365, help="Validity of the key.")
@click.option(
    "--public",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The public key (PEM). Without it a key pair is made in the project's key folder.",
)
@click.option("--encrypt", is_flag=True, help="Encrypt the new key with the passphrase.")
@shared
@signer
def add(
    new_principal: str,
    person: str | None,
    name: str | None,
    roles: tuple[str, ...],
    disciplines: tuple[str, ...],
    days: int,
    public: Path | None,
    encrypt: bool,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Add a key, and the person who holds it, to the trust root."""
    from sealwright.errors import EvidenceError, InputMissing
    from sealwright.evidence.keys import PublicKey
    from sealwright.evidence.predicates.governance import Person
    from sealwright.project.people import (
        add_principal,
        add_with_new_key,
        make_principal,
        root_signer,
    )

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        who = person or new_principal
        holder = Person(id=who, name=name or who, disciplines=disciplines)
        signing = principal or root_signer(project)
        if public is None:
            recorded = add_with_new_key(
                project,
                new_principal,
                person=holder,
                roles=roles,
                days=days,
                encrypt=encrypt,
                signer=signing,
            )
        else:
            try:
                new_key = PublicKey.from_pem(public.read_bytes())
            except OSError as error:
                raise InputMissing(f"{public}: {error.strerror}") from error
            except EvidenceError as error:
                raise type(error)(f"{public}: {error.message}", advice=error.advice) from error
            added = make_principal(
                new_principal, new_key, person=who, roles=roles, now=project.clock(), days=days
            )
            recorded = add_principal(project, added, person=holder, signer=signing)
        entry = project.trust.principal_named(new_principal)
        lines = [
            f"{new_principal} added (entry {recorded.index}): roles {', '.join(roles)}"
            + (f"; disciplines {', '.join(disciplines)}" if disciplines else "")
        ]
        by = recorded.principal
        if who != by.person and set(by.roles) & WORKING and set(roles) & JUDGING:
            lines.append(
                f"note: {by.id} may train and add data, too; where {by.id} did, the verdict says"
                f" who introduced {who}, until another person's root key signs the trust root"
            )
        emit({"principal": entry, "index": recorded.index}, lines, style=style)


@group.command(
    "revoke", epilog="Example: sealwright keys revoke sam --reason 'laptop stolen' --for-cause"
)
@click.argument("target", metavar="PRINCIPAL")
@click.option("--reason", required=True, help="Why; the report shows it.")
@click.option(
    "--for-cause", is_flag=True, help="Nothing this key ever signed counts at a gate any more."
)
@shared
@signer
def revoke(
    target: str,
    reason: str,
    for_cause: bool,
    folder: Path,
    style: str,
    passphrase_file: Path | None,
    principal: str | None,
    key: Path | None,
) -> None:
    """Revoke a key from now on."""
    from sealwright.project.people import revoke_principal, root_signer

    with opened(folder, passphrase_file, principal=principal, key=key) as project:
        recorded = revoke_principal(
            project,
            target,
            reason=reason,
            for_cause=for_cause,
            signer=principal or root_signer(project),
        )
        emit(
            {"principal": target, "index": recorded.index, "for_cause": for_cause},
            [f"{target} revoked (entry {recorded.index})"],
            style=style,
        )


@group.command("list", epilog="Example: sealwright keys list")
@shared
def list_keys(folder: Path, style: str, passphrase_file: Path | None) -> None:
    """Show who may sign what."""
    with opened(folder, passphrase_file) as project:
        root = project.trust.root
        people = {person.id: person for person in root.people}
        lines = [f"trust root version {root.version}, {root.at}"]
        for entry in root.principals:
            holder = people.get(entry.person)
            state = (
                f"revoked {entry.revoked.at}" if entry.revoked else f"until {entry.not_after[:10]}"
            )
            lines.append(
                f"  {entry.id:16} {holder.name if holder else 'service':24} "
                f"{', '.join(entry.roles)}"
                + (f" ({', '.join(holder.disciplines)})" if holder and holder.disciplines else "")
                + f"  {state}"
            )
        emit(root, lines, style=style)
