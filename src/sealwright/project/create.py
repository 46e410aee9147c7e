"""Starts an installation: keys, trust root and ledger, all of it or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sealwright.clock import Clock, system_clock
from sealwright.errors import CannotLook, UsageError
from sealwright.evidence.dsse import encode_envelope
from sealwright.evidence.keyfile import Passphrase
from sealwright.evidence.predicates.governance import Person
from sealwright.files import write_atomically
from sealwright.ledger.ledger import Ledger
from sealwright.locks import work_folder
from sealwright.project.core import Project
from sealwright.project.keyring import Keyring, check_name
from sealwright.project.layout import STATE_FOLDER, Layout
from sealwright.project.people import check_disciplines, first_trust_root, make_principal

OWNER_ROLES = ("root", "owner", "engineer", "steward")


def create(
    root: Path,
    *,
    system: str,
    owner: Person,
    roles: Sequence[str] = OWNER_ROLES,
    lifecycle: str = "",
    clock: Clock = system_clock,
    passphrase: Passphrase | None = None,
    encrypt: bool = False,
) -> Project:
    """Makes `.sealwright/` in `root`: the owner's and the log's key, trust root and a ledger that
    begins with it. The folder appears complete or not at all; `lifecycle`, the text of
    `sealwright.toml` if there is one to write, just before it.

    Keys that are kept elsewhere (SEALWRIGHT_KEYS) and are there already are used.
    UsageError if the folder is there already.
    """
    layout = Layout(root.resolve())
    check_name(owner.id)
    check_disciplines(owner.disciplines)
    _check_free(layout)
    outside = [path for path in (layout.key(owner.id), layout.log_key) if not path.exists()]
    try:
        layout.root.mkdir(parents=True, exist_ok=True)
        with work_folder(layout.root, prefix=f"{STATE_FOLDER}.new-") as folder:
            nursery = Layout(folder)
            _fill(
                nursery,
                system=system,
                owner=owner,
                roles=roles,
                clock=clock,
                passphrase=passphrase,
                encrypt=encrypt,
            )
            if lifecycle:
                write_atomically(layout.lifecycle, lifecycle.encode())
            _check_free(layout)
            nursery.state.rename(layout.state)
    except OSError as error:
        raise CannotLook(f"{layout.state}: cannot be made: {error.strerror}") from error
    finally:
        if not layout.state.exists():
            for path in outside:
                with suppress(OSError):
                    path.unlink()
    return Project.open(layout.root, clock=clock, passphrase=passphrase)


def _check_free(layout: Layout) -> None:
    if layout.state.exists():
        raise UsageError(
            f"{layout.state} is there already", advice="a project is started once; use `keys add`"
        )


def _fill(
    layout: Layout,
    *,
    system: str,
    owner: Person,
    roles: Sequence[str],
    clock: Clock,
    passphrase: Passphrase | None,
    encrypt: bool,
) -> None:
    layout.state.mkdir(mode=0o700)
    (layout.state / ".gitignore").write_text("*\n", encoding="utf-8")
    keyring = Keyring(layout, passphrase=passphrase)
    key = keyring.obtain(owner.id, encrypt=encrypt)
    log_key = keyring.obtain_log()
    now = clock()
    origin = f"sealwright.local/{system}/{secrets.token_hex(4)}"
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
