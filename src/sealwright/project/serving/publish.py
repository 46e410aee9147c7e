"""The snapshot file: compiled from the ledger as it is now, signed, replaced atomically.

A gateway takes no snapshot with a smaller number than the one it has, so numbers grow across
restarts: they are milliseconds of the clock, or one more than the last where the clock is behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from sealwright.errors import EvidenceError, Refused
from sealwright.evidence.dsse import decode_envelope, encode_envelope, pae, sign_statement
from sealwright.evidence.keys import PublicKey, SigningKey
from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.predicates.governance import Decision, PolicyRecord
from sealwright.evidence.predicates.model import Custody
from sealwright.evidence.predicates.monitoring import Alert, Disagreement, Profile
from sealwright.evidence.predicates.operation import MonitorWindow, Release
from sealwright.evidence.predicates.serving import DecisionLogHead, Snapshot
from sealwright.evidence.statement import Statement, decode_statement
from sealwright.evidence.trust import valid_at
from sealwright.evidence.verify import Verified
from sealwright.files import write_atomically
from sealwright.phases.deployment.core.snapshot import REPLACED, Opened, open_snapshot
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the file could hold now."""

    published: Published
    data: bytes
    statement: Statement[Snapshot]
    adds: bool
    """Since the file was written nothing came into the ledger but releases and what takes nothing
    away: it may wait a moment until the new versions can answer."""


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
        self._size: int | None = None
        self._in_force: Draft | None = None

    def close(self) -> None:
        """Closes the ledger."""
        self._opened.close()

    def size(self) -> int:
        """Entries in the ledger now; reads its head alone. Errors as `Reopening.project`."""
        self._opened.project(self._layout)
        return self._opened.size

    def publish(self) -> Published:
        """Compiles, signs and puts the file into place; errors as `draft`."""
        return self.put(self.draft())

    def draft(self) -> Draft:
        """Compiles and signs. Raises what concerns everything, also what no gateway would take; the
        file that is there stays then, until it expires."""
        project = self._opened.project(self._layout)
        key = self._key()
        if self._last is None:
            self._last = number_in(self._layout.snapshot, key.public)
        self._take_policy(project)
        now = project.now()
        check_in_force(project, key.public, now=now)
        number = max(self._last + 1, int(now.timestamp() * 1000))
        statement = compile_snapshot(project, sequence=number, now=now, valid_for=self._valid_for)
        data = encode_envelope(sign_statement(statement, key))
        opened = open_snapshot(data, (key.public,))
        evidence, size = project.evidence(), statement.predicate.ledger_size
        index = index_evidence(evidence)
        published = Published(
            opened=opened,
            size=size,
            files={digest: _files(index, digest) for digest in opened.digests},
            watched=_watched(index, opened.snapshot),
        )
        since = evidence[self._size : size] if self._size is not None else ()
        adds = bool(since) and all(map(_adds, since))
        return Draft(published=published, data=data, statement=statement, adds=adds)

    def put(self, draft: Draft) -> Published:
        """Puts a draft into place. CannotLook where it cannot be written."""
        # Need not survive a power failure: whoever starts afterwards makes a new one.
        write_atomically(self._layout.snapshot, draft.data, durable=False)
        self._last = draft.published.opened.snapshot.sequence
        self._size = draft.published.size
        self._in_force = draft
        return draft.published

    def renew(self, waiting: Draft) -> None:
        """Gives the snapshot in force a later end while a release waits for its runtime; nothing
        where the ledger takes anything away by now. Errors as `put`."""
        held, key = self._in_force, self._key()
        if held is None or not _only_replaces(
            waiting.statement.predicate, held.statement.predicate
        ):
            return
        later = msgspec.structs.replace(
            held.statement.predicate,
            sequence=waiting.statement.predicate.sequence,
            at=waiting.statement.predicate.at,
            expires=waiting.statement.predicate.expires,
        )
        statement = msgspec.structs.replace(held.statement, predicate=later)
        data = encode_envelope(sign_statement(statement, key))
        published = replace(held.published, opened=open_snapshot(data, (key.public,)))
        self.put(Draft(published=published, data=data, statement=statement, adds=False))

    def _key(self) -> SigningKey:
        return self._opened.project(self._layout).keyring.signer(self._signer)

    def _take_policy(self, project: Project) -> None:
        """Reads the policy file again once another policy was put on record."""
        said = sum(isinstance(item.predicate, PolicyRecord) for item in project.evidence())
        if self._policies not in (None, said):
            project.__dict__.pop("policy", None)
        self._policies = said


class NotInForce(Refused):
    """The installation's own key was revoked, or its time is over: nothing it says counts."""


def check_in_force(project: Project, key: PublicKey, *, now: datetime) -> None:
    """NotInForce unless the ledger's trust root lets this key sign now. A gateway was given the
    key when it started and does not know better: whoever holds it must stop."""
    holder = project.trust.principal(key.keyid)
    if holder is None or not valid_at(holder, now):
        who = holder.id if holder is not None else "this installation"
        raise NotInForce(
            f"the key of {who} is not in force any more: nothing is served in its name",
            advice="name a principal whose key is in force under [governance.signers] deployment",
        )


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


def _only_replaces(new: Snapshot, old: Snapshot) -> bool:
    """Whether all that `old` serves and grants holds in `new`, or gave way to a release there."""
    answering = {model.digest for model in new.models}
    replaced = {each.digest for each in new.refused if each.reason.startswith(REPLACED)}
    served = {model.digest for model in old.models}
    return served <= answering | replaced and (new.keys, new.roles) == (old.keys, old.roles)


def _adds(item: Verified) -> bool:
    """Whether a statement takes nothing away from what is served."""
    said = item.statement.predicate
    if isinstance(said, Release):
        return said.action == "admit"
    if isinstance(said, MonitorWindow):
        return said.result in ("passed", "warned")
    return isinstance(said, Decision | Alert | DecisionLogHead)


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
    """The newest one that those who decided on the release could see: a later one would make the
    monitor compare traffic with whatever its signer likes."""
    until = _decided(index, digest)
    for item in reversed(index.about(digest, "profile")):
        said = item.statement.predicate
        if isinstance(said, Profile) and _is_rightful(item, before=until):
            return said
    return None


def _decided(index: EvidenceIndex, digest: str) -> int:
    """The place of the newest yes to a release of this version that a release followed."""
    released = _released(index, digest)
    return max(
        (
            item.index
            for item in index.about(digest, "decision")
            if isinstance(said := item.statement.predicate, Decision)
            and (said.question, said.outcome) == ("release", "admitted")
            and item.index < released
        ),
        default=0,
    )


def _released(index: EvidenceIndex, digest: str) -> int:
    return max(
        (
            item.index
            for item in index.about(digest, "release")
            if isinstance(said := item.statement.predicate, Release) and said.action == "admit"
        ),
        default=0,
    )


def _is_rightful(item: Verified, *, before: int) -> bool:
    roles = set(item.principal.roles) & set(PROFILE_ROLES)
    return item.index < before and bool(roles) and not revoked_for_cause(item)


def _disagreement(index: EvidenceIndex, digest: str, shadow: str) -> Disagreement | None:
    until = _released(index, shadow)
    for item in reversed(index.about(digest, "disagreement")) if shadow else ():
        said = item.statement.predicate
        about = [each.sha256 for each in item.statement.subjects]
        rightful = _is_rightful(item, before=until)
        if isinstance(said, Disagreement) and about == [digest, shadow] and rightful:
            return said
    return None
