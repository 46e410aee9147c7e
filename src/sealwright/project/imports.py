"""Models from outside: quarantined, scanned and put on record first, used only once the gate says
so.

What is scanned, signed for and placed is one copy below `.sealwright/imports`, by digest. The files
that somebody downloaded are read once and never again.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sealwright import locks
from sealwright.clock import format_time
from sealwright.errors import InputMissing, Refused, UsageError
from sealwright.evidence.keys import PublicKey
from sealwright.evidence.manifest import Artifact, manifest_digest
from sealwright.evidence.predicates.model import Custody, ModelImport
from sealwright.evidence.statement import Statement, Subject, subject
from sealwright.evidence.tree import identify
from sealwright.evidence.verify import Verified
from sealwright.files import sync_folder
from sealwright.lifecycle.model import NAME_PATTERN
from sealwright.lifecycle.problem import shown
from sealwright.project import store
from sealwright.project.core import Project
from sealwright.project.decide import Asked, ask
from sealwright.project.named import Named
from sealwright.project.progress import Progress
from sealwright.project.resolve import imported

QUESTION: Literal["import"] = "import"
MAX_NAME = 64
"""Characters of a name, as in sealwright.toml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What whoever brings a model in says about it."""

    source: str
    revision: str
    licence: str
    publisher: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherSignature:
    """An OpenSSF Model Signing bundle, and the keys that the importer trusts for it."""

    bundle: bytes
    keys: Sequence[PublicKey] = ()
    inside: str = ""
    """Path of the bundle within the model's folder, if it lies there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A model in quarantine, what is on record about it, and the gate's answer."""

    model: Named
    record: Verified
    scan: Verified
    asked: Asked
    placed: Path | None
    """Where the run finds it; None while it is not admitted, or not declared."""


def bring_in(
    project: Project,
    path: Path,
    *,
    name: str,
    origin: Origin,
    signature: PublisherSignature | None,
    signer: str,
    progress: Progress,
) -> Brought:
    """Copies a model into quarantine, scans the copy, records all of it, and asks the gate.

    Raises what `tree.identify` raises; UsageError for a name that means something else here;
    SignatureError and TamperError where the publisher's signature does not hold: then nothing is
    brought in.
    """
    from sealwright.phases.model.record import record_artifact_scan

    _check_name(project, name)
    found = identify(path)
    verified = _verify(path, signature)
    store.keep(project.layout, found, shelf="imports")
    copy = _quarantined(project, found.digest)
    about = subject(name, found.digest)
    scan = record_artifact_scan(_folder(copy), clock=project.clock, name=name)
    for finding in scan.predicate.findings:
        progress.note(f"{finding.severity}: {finding.message} ({finding.location})")
    recorded = [
        project.record(statement, signer=signer)
        for statement in (
            *_statements(project, about, found, name, origin, signature, verified),
            Statement((about,), scan.predicate),
        )
    ]
    model = Named(name=name, digest=found.digest, artifact=copy, kind="model")
    asked, placed = admit(project, model)
    return Brought(model=model, record=recorded[0], scan=recorded[-1], asked=asked, placed=placed)


def _check_name(project: Project, name: str) -> None:
    """UsageError unless a model from outside may have this name."""
    if re.search(NAME_PATTERN, name) is None or len(name) > MAX_NAME:
        raise UsageError(
            f"--name: expected lower-case letters, digits and dashes, not starting with a dash, "
            f"{MAX_NAME} at most; found {shown(name)}",
            advice="it is also the name under [training.models]",
        )
    if name in (*project.lifecycle.data, "model", "system", project.lifecycle.system.name):
        raise UsageError(
            f"{name} means something else in this project", advice="choose another --name"
        )


def has_place(project: Project, name: str) -> bool:
    """Whether the project names a place for a model of this name."""
    return name in project.lifecycle.training.models


def admit(project: Project, model: Named) -> tuple[Asked, Path | None]:
    """Asks the gate whether a model in quarantine may be taken in; if so, and if the project names
    a place for it, copies it there. The answer, and the place.
    """
    asked = ask(project, model, QUESTION, signer=project.signer_for("governance"))
    if not asked.verdict.admitted:
        return asked, None
    declared = project.lifecycle.training.models.get(model.name)
    if declared is None:
        return asked, None
    target = project.layout.root / declared
    _place(project, _quarantined(project, model.digest), target)
    return asked, target


def in_quarantine(project: Project, name: str) -> Named:
    """The model that was last brought in under this name. InputMissing if none was."""
    found = imported(project, name)
    if found is None:
        raise InputMissing(
            f"no model was brought in under the name {name!r:.80}",
            advice="run `sealwright model import PATH --name NAME ...`",
        )
    copy = _quarantined(project, found.digest)
    return Named(name=name, digest=found.digest, artifact=copy, kind="model")


def _verify(path: Path, signature: PublisherSignature | None) -> str:
    """Hex sha256 of the key that signed the files; empty where no key was given to check with."""
    from sealwright.phases.model.oms import verify_model

    if signature is None or not signature.keys:
        return ""
    inside = (signature.inside,) if signature.inside else ()
    return verify_model(path, signature.bundle, signature.keys, signature_files=inside).key.keyid


def _statements(
    project: Project,
    about: Subject,
    found: Artifact,
    name: str,
    origin: Origin,
    signature: PublisherSignature | None,
    verified: str,
) -> tuple[Statement[ModelImport], Statement[Custody]]:
    at = format_time(project.clock())
    state: Literal["verified", "not-checked", "absent"] = "absent"
    if signature is not None:
        state = "verified" if verified else "not-checked"
    return (
        Statement(
            (about,),
            ModelImport(
                name=name,
                source=origin.source,
                revision=origin.revision,
                licence=origin.licence,
                publisher=origin.publisher,
                signature=state,
                signed_by=verified,
                files=len(found.files),
                bytes=found.size,
                at=at,
            ),
        ),
        Statement((about,), Custody(name=name, files=found.files, action="imported", at=at)),
    )


def _quarantined(project: Project, digest: str) -> Artifact:
    copy = store.kept(project.layout, digest, shelf="imports")
    if copy is None:
        raise InputMissing(
            f"the quarantined copy of {digest[:12]} is gone", advice="bring the model in again"
        )
    return copy


def _folder(copy: Artifact) -> Path:
    assert copy.root is not None
    return copy.root


def _place(project: Project, copy: Artifact, target: Path) -> None:
    """Puts an admitted model where the run finds it: whole, or not at all; never over another."""
    if target.exists():
        if identify(target).digest == copy.digest:
            return
        raise Refused(
            f"{target}: holds another model",
            advice="move it away, then run `sealwright model admit` again",
        )
    layout = project.layout
    layout.work.mkdir(exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with locks.work_folder(layout.work, prefix="import-") as nursery:
        draft = nursery / "model"
        shutil.copytree(_folder(copy), draft)
        if manifest_digest(identify(draft).files) != copy.digest:
            raise Refused(f"{target}: the copy is not the model", advice="try again")
        draft.rename(target)
    sync_folder(target.parent)
