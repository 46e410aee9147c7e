"""Which signature belongs to the model, and whose keys may have made it."""

from __future__ import annotations

from pathlib import Path

from sealwright.errors import InputMissing
from sealwright.evidence.keys import PublicKey
from sealwright.evidence.manifest import oms_root
from sealwright.evidence.predicates.model import Custody, OmsSignature
from sealwright.project.core import Project


def last_bundle(project: Project) -> Path:
    """The OMS bundle of the model signed last: what the files on disk ought to be."""
    evidence = project.evidence()
    roots = {
        oms_root(item.predicate.files): item.statement.subjects[0].sha256
        for item in evidence
        if isinstance(item.predicate, Custody)
    }
    for item in reversed(evidence):
        if isinstance(item.predicate, OmsSignature):
            digest = roots.get(item.statement.subjects[0].sha256)
            if digest is not None:
                return project.layout.signatures / f"{digest}.sig"
    raise InputMissing("no model was signed yet", advice="run `sealwright model sign`")


def signing_keys(project: Project) -> tuple[PublicKey, ...]:
    """The keys of the trust root that may sign models: those not revoked for cause."""
    trust = project.trust
    return tuple(
        trust.key_of(principal)
        for principal in trust.root.principals
        if principal.revoked is None or not principal.revoked.for_cause
    )
