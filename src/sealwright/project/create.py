"""Starts an installation: keys, trust root and ledger, all of it or nothing."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from sealwright.clock import Clock, system_clock
from sealwright.errors import UsageError
from sealwright.evidence.dsse import encode_envelope
from sealwright.evidence.keyfile import Passphrase
from sealwright.evidence.predicates.governance import Person
from sealwright.ledger.ledger import Ledger
from sealwright.project.core import Project
from sealwright.project.keyring import Keyring
from sealwright.project.layout import STATE_FOLDER, Layout, write_atomically
from sealwright.project.people import first_trust_root, make_principal

OWNER_ROLES = ("root", "owner", "engineer", "steward")


def create(
    root: Path,
    *,
    system: str,
    owner: Person,
    roles: Sequence[str] = OWNER_ROLES,
    clock: Clock = system_clock,
    passphrase: Passphrase | None = None,
    encrypt: bool = False,
) -> Project:
    """Makes `.sealwright/` in `root`: the owner's and the log's key, trust root and a ledger that
    begins with it. The folder appears complete or not at all.

    UsageError if there is one already.
    """
    layout = Layout(root.resolve())
    if layout.state.exists():
        raise UsageError(
            f"{layout.state} is there already", advice="a project is started once; use `keys add`"
        )
    token = secrets.token_hex(4)
    nursery = Layout(layout.root / f"{STATE_FOLDER}.new-{token}")
    try:
        _fill(
            nursery,
            system=system,
            origin=f"sealwright.local/{system}/{token}",
            owner=owner,
            roles=roles,
            clock=clock,
            passphrase=passphrase,
            encrypt=encrypt,
        )
        nursery.state.rename(layout.state)
    finally:
        shutil.rmtree(nursery.root, ignore_errors=True)
    return Project.open(layout.root, clock=clock, passphrase=passphrase)


def _fill(
    layout: Layout,
    *,
    system: str,
    origin: str,
    owner: Person,
    roles: Sequence[str],
    clock: Clock,
    passphrase: Passphrase | None,
    encrypt: bool,
) -> None:
    layout.state.mkdir(parents=True, mode=0o700)
    (layout.state / ".gitignore").write_text("*\n", encoding="utf-8")
    keyring = Keyring(layout, passphrase=passphrase)
    key = keyring.create(owner.id, encrypt=encrypt)
    log_key = keyring.create_log()
    now = clock()
    envelope = first_trust_root(
        system=system,
        origin=origin,
        log_key=log_key,
        owner=owner,
        principal=make_principal(owner.id, key.public, person=owner.id, roles=roles, now=now),
        key=key,
        now=now,
    )
    with Ledger.create(layout.ledger, origin=origin, log_key=log_key, clock=clock) as ledger:
        ledger.append(envelope, public_key=key.public)
    write_atomically(layout.trust, encode_envelope(envelope))
