"""Which signature belongs to the model, and whose keys may have made it.

The ledger says it, not the bundle on disk: a bundle is a copy for other people's verifiers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sealwright.errors import InputMissing, Refused, TamperError
from sealwright.evidence.keys import PublicKey
from sealwright.evidence.predicates.governance import Principal
from sealwright.evidence.predicates.model import Custody, OmsSignature, Scan
from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.trust import valid_at
from sealwright.evidence.verify import Verified
from sealwright.policy.case import open_case
from sealwright.policy.duties import actor_of
from sealwright.policy.standing import WITHDRAWN, withdrawal
from sealwright.project.core import Project
from sealwright.project.named import Named

if TYPE_CHECKING:
    from sealwright.phases.model.oms import VerifiedModel

SIGNING_ROLES: Final = ("engineer", "owner")
"""Roles that answer for a model; an approver's key signs answers and no models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The model that was signed last, as the ledger has it."""

    digest: str
    """Artifact digest of exactly the files that were signed, under their names."""
    item: Verified
    key: PublicKey


def last_signed(project: Project) -> Signed:
    """The model signed last by somebody who may: what the files on disk ought to be.

    InputMissing if no such signature of a model in custody is on record.
    """
    evidence = project.evidence()
    taken = {
        frozenset((entry.path, entry.sha256) for entry in said.files): item
        for item in evidence
        if isinstance(said := item.predicate, Custody)
    }
    for item in reversed(evidence):
        said = item.predicate
        if isinstance(said, OmsSignature) and _rightful(item.principal):
            custody = taken.get(frozenset((file.name, file.digest) for file in said.resources))
            if custody is not None:
                return Signed(
                    digest=custody.statement.subjects[0].sha256,
                    item=item,
                    key=project.trust.key_of(item.principal),
                )
    raise InputMissing("no model was signed yet", advice="run `sealwright model sign`")


def _rightful(principal: Principal) -> bool:
    stolen = principal.revoked is not None and principal.revoked.for_cause
    return may_sign(principal) and not stolen


def may_sign(principal: Principal) -> bool:
    """Whether a model's signature is this principal's to give."""
    return bool(set(SIGNING_ROLES) & set(principal.roles))


def signing_keys(project: Project) -> tuple[PublicKey, ...]:
    """The keys of the trust root that may sign models now: a bundle tells no time of its own."""
    trust, now = project.trust, project.now()
    return tuple(
        trust.key_of(principal)
        for principal in trust.root.principals
        if may_sign(principal) and valid_at(principal, now)
    )


def bundle_place(project: Project, digest: str, *, keyid: str) -> Path:
    """Where the OMS bundle of one signer's signature of one model is kept."""
    return project.layout.signatures / f"{digest}-{keyid[:16]}.sig"


def check_last(project: Project, folder: Path) -> VerifiedModel:
    """Checks that `folder` holds exactly the files of the model signed last, as the ledger has it.

    TamperError naming each file that differs, Refused for a model that was withdrawn.
    """
    from sealwright.phases.model.oms import bundle_bytes, verify_model

    signed = last_signed(project)
    bundle = bundle_bytes(signed.item.envelope, public_key=signed.key)
    found = verify_model(folder, bundle, (signed.key,))
    if found.artifact.digest != signed.digest:
        raise TamperError(f"{folder}: is not the model that was signed last")
    _check_standing(project, found)
    return found


def check_bundle(project: Project, folder: Path, bundle: bytes) -> VerifiedModel:
    """Checks `folder` against a bundle by a key that may sign models now; errors as `check_last`.

    Which of several signed models it ought to be is for the caller to know, who brought the bundle.
    """
    from sealwright.phases.model.oms import verify_model

    found = verify_model(folder, bundle, signing_keys(project))
    _check_standing(project, found)
    return found


def _check_standing(project: Project, found: VerifiedModel) -> None:
    digest, name = found.artifact.digest, found.name
    request = project.request(Named(name=name, digest=digest), "serve")
    case = open_case(project.policy, request, project.evidence(), now=project.now())
    item = withdrawal(case, digest)
    if item is not None and isinstance(item.predicate, Release):
        raise Refused(
            f"{name} ({digest[:16]}) was {WITHDRAWN[item.predicate.action]} by "
            f"{item.principal.id} (entry {item.index}): {item.predicate.reason}",
            advice="do not load it",
        )


def signing_problem(project: Project, digest: str) -> str:
    """Why the model with this digest is not to be signed; empty if nothing speaks against it.

    The newest artifact scan by each person counts. An inconclusive one does not forbid it: somebody
    may answer for files that no check reads, and the gate asks for the scan in any case.
    """
    newest = {
        actor_of(item): item
        for item in project.evidence()
        if isinstance(item.predicate, Scan)
        and item.predicate.kind == "artifact"
        and digest in {subject.sha256 for subject in item.statement.subjects}
    }
    if not newest:
        return "the model was not scanned yet"
    for item in newest.values():
        if isinstance(item.predicate, Scan) and item.predicate.result == "failed":
            return f"the scan of these files failed (entry {item.index})"
    return ""
