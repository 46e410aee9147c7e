"""The snapshot file: compiled from the ledger as it is now, signed, replaced atomically.

A gateway takes no snapshot with a smaller number than the one it has, so numbers grow across
restarts: they are milliseconds of the clock, or one more than the last where the clock is behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from sealwright.errors import EvidenceError
from sealwright.evidence.dsse import decode_envelope, encode_envelope, pae, sign_statement
from sealwright.evidence.keys import PublicKey
from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.predicates.governance import PolicyRecord
from sealwright.evidence.predicates.model import Custody
from sealwright.evidence.predicates.monitoring import Disagreement, Profile
from sealwright.evidence.predicates.serving import Snapshot
from sealwright.evidence.statement import decode_statement
from sealwright.files import write_atomically
from sealwright.phases.deployment.core.snapshot import Opened, open_snapshot
from sealwright.phases.monitoring.settings import WatchedModel
from sealwright.policy.duties import revoked_for_cause
from sealwright.policy.evidence_index import EvidenceIndex, index_evidence
from sealwright.project.core import Project
from sealwright.project.layout import Layout
from sealwright.project.serving.compile import compile_snapshot
from sealwright.project.serving.reopening import Reopening

MAX_FILE: Final = 64 * 1024 * 1024
PROFILE_ROLES: Final = ("engineer", "owner", "validator")
"""Whose reference profiles traffic is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the file holds now, as a gateway reads it, and what else the controller needs of the
    same evidence."""

    opened: Opened
    size: int
    """Entries of the ledger that it was compiled from."""
    files: Mapping[str, tuple[FileEntry, ...]]
    """Digest of each served model → its files, as they were taken into custody."""
    watched: tuple[WatchedModel, ...]
    """What the monitor compares the traffic of each answering version with."""


class Publisher:
    """Reads one ledger and writes one snapshot file. Used by one thread at a time.

    It has a project of its own: whoever waits for a turn to record keeps no revocation waiting.
    """

    def __init__(
        self,
        layout: Layout,
        open_project: Callable[[], Project],
        *,
        signer: str,
        valid_for: timedelta,
    ) -> None:
        self._layout = layout
        self._opened = Reopening(open_project)
        self._signer = signer
        self._valid_for = valid_for
        self._policies: int | None = None
        self._last: int | None = None

    def close(self) -> None:
        """Closes the ledger."""
        self._opened.close()

    def size(self) -> int:
        """Entries in the ledger now; reads its head alone. Errors as `Reopening.project`."""
        self._opened.project(self._layout)
        return self._opened.size

    def publish(self) -> Published:
        """Compiles, signs and puts the file into place. Raises what concerns everything, also what
        no gateway would take; the file that is there stays then, until it expires."""
        project = self._opened.project(self._layout)
        key = project.keyring.signer(self._signer)
        if self._last is None:
            self._last = number_in(self._layout.snapshot, key.public)
        self._take_policy(project)
        now = project.now()
        number = max(self._last + 1, int(now.timestamp() * 1000))
        statement = compile_snapshot(project, sequence=number, now=now, valid_for=self._valid_for)
        data = encode_envelope(sign_statement(statement, key))
        opened = open_snapshot(data, (key.public,))
        # Need not survive a power failure: whoever starts afterwards makes a new one.
        write_atomically(self._layout.snapshot, data, durable=False)
        self._last = number
        index = index_evidence(project.evidence())
        return Published(
            opened=opened,
            size=statement.predicate.ledger_size,
            files={digest: _files(index, digest) for digest in opened.digests},
            watched=_watched(index, opened.snapshot),
        )

    def _take_policy(self, project: Project) -> None:
        """Reads the policy file again once another policy was put on record."""
        said = sum(isinstance(item.predicate, PolicyRecord) for item in project.evidence())
        if self._policies not in (None, said):
            project.__dict__.pop("policy", None)
        self._policies = said


def number_in(path: Path, key: PublicKey) -> int:
    """The number of the snapshot that lies there, if this key signed it; 0 for anything else."""
    try:
        with path.open("rb") as file:
            envelope = decode_envelope(file.read(MAX_FILE))
        key.verify(pae(envelope.payload_type, envelope.payload), envelope.signature)
        snapshot = decode_statement(envelope.payload).predicate
    except (OSError, EvidenceError):
        return 0
    return snapshot.sequence if isinstance(snapshot, Snapshot) else 0


def _files(index: EvidenceIndex, digest: str) -> tuple[FileEntry, ...]:
    """The model's files; none where no record proves them, and then nothing verifies."""
    for item in index.about(digest, "custody"):
        held = item.statement.predicate
        if item.digest in index.proven and isinstance(held, Custody):
            return held.files
    return ()


def _watched(index: EvidenceIndex, snapshot: Snapshot) -> tuple[WatchedModel, ...]:
    shadows = {model.name: model.digest for model in snapshot.models if model.role == "shadow"}
    return tuple(
        WatchedModel(
            digest=model.digest,
            name=model.name,
            profile=_profile(index, model.digest),
            shadow=shadows.get(model.name, ""),
            disagreement=_disagreement(index, model.digest, shadows.get(model.name, "")),
        )
        for model in snapshot.models
        if model.role != "shadow"
    )


def _profile(index: EvidenceIndex, digest: str) -> Profile | None:
    for item in reversed(index.about(digest, "profile")):
        said = item.statement.predicate
        rightful = set(item.principal.roles) & set(PROFILE_ROLES) and not revoked_for_cause(item)
        if isinstance(said, Profile) and rightful:
            return said
    return None


def _disagreement(index: EvidenceIndex, digest: str, shadow: str) -> Disagreement | None:
    for item in reversed(index.about(digest, "disagreement")) if shadow else ():
        said = item.statement.predicate
        about = [each.sha256 for each in item.statement.subjects]
        rightful = set(item.principal.roles) & set(PROFILE_ROLES) and not revoked_for_cause(item)
        if isinstance(said, Disagreement) and about == [digest, shadow] and rightful:
            return said
    return None
