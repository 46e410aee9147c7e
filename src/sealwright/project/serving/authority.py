"""Who may say what about serving; told before anything is signed that would not count."""

from __future__ import annotations

from collections.abc import Sequence

from sealwright.errors import Refused, UsageError
from sealwright.evidence.predicates.governance import Principal
from sealwright.project.core import Project


def check_signer(project: Project, signer: str, roles: Sequence[str], *, to: str) -> Principal:
    """The principal, if one of `roles` is theirs; Refused if not, UsageError if nobody knows them.

    `to` says what for, as in "to release".
    """
    principal = known_signer(project, signer)
    if not set(principal.roles) & set(roles):
        raise Refused(
            f"it takes the role {' or '.join(roles)} to {to}, and {signer} has "
            f"{', '.join(principal.roles) or 'none'}",
            advice="let somebody sign who has it: --as PRINCIPAL",
        )
    return principal


def known_signer(project: Project, signer: str) -> Principal:
    """The principal of this name in the trust root, or UsageError."""
    principal = project.trust.principal_named(signer)
    if principal is None:
        raise UsageError(
            f"there is no principal {signer!r:.80}", advice="see `sealwright keys list`"
        )
    return principal
