"""Finds the statements about an artifact, newest last, under every name that is proved to be its.

An alias is never believed: files that a custody or data set version record lists must add up to
the artifact's digest before their OpenSSF Model Signing root counts as the same artifact. That
root ignores names, so a model signature must list exactly the artifact's files by name, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sealwright.evidence.manifest import manifest_digest, oms_root
from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.predicates.data import DatasetVersion
from sealwright.evidence.predicates.model import Custody, OmsSignature
from sealwright.evidence.verify import Verified

Files = tuple[FileEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceIndex:
    """A ledger's statements in the order of the ledger. Made by `index_evidence` alone."""

    items: tuple[Verified, ...]
    by_digest: dict[str, Verified] = field(repr=False)
    about_subject: dict[tuple[str, str], tuple[Verified, ...]] = field(repr=False)
    """(artifact digest, predicate's short name) → statements, oldest first."""
    of_kind: dict[str, tuple[Verified, ...]] = field(repr=False)
    """Predicate's short name → statements, oldest first."""
    subjects: dict[str, tuple[str, ...]] = field(repr=False)
    """Envelope digest → digests of the artifacts it is about, aliases resolved."""
    proven: frozenset[str] = field(repr=False)
    """Envelope digests of custody and data set records whose files add up to their subject."""
    names: dict[str, str] = field(repr=False)
    """Artifact digest → the name it was first given."""

    def about(self, subject: str, predicate: str) -> tuple[Verified, ...]:
        """Statements of one predicate (short name) about one artifact, oldest first."""
        return self.about_subject.get((subject, predicate), ())

    def kind(self, predicate: str) -> tuple[Verified, ...]:
        """All statements of one predicate (short name), oldest first."""
        return self.of_kind.get(predicate, ())

    def name(self, subject: str) -> str:
        """The artifact's name; the start of its digest if it was never given one."""
        return self.names.get(subject) or subject[:12]


def index_evidence(evidence: Iterable[Verified] | EvidenceIndex) -> EvidenceIndex:
    """The index of `evidence`. Statements that are in no ledger (index < 0) are left out.

    The same words signed by the same key count once, at their first place: an ECDSA signature can
    be altered into a second valid one by anybody, and an old pass must not come back as a new one.
    """
    if isinstance(evidence, EvidenceIndex):
        return evidence
    items = _in_order(evidence)
    roots: dict[str, list[tuple[str, Files]]] = defaultdict(list)
    proven: set[str] = set()
    for item in items:
        predicate = item.statement.predicate
        if isinstance(predicate, Custody | DatasetVersion):
            digest, root = _identities(predicate.files)
            if any(subject.sha256 == digest for subject in item.statement.subjects):
                proven.add(item.digest)
                roots[root].append((digest, predicate.files))
    about: dict[tuple[str, str], list[Verified]] = defaultdict(list)
    kinds: dict[str, list[Verified]] = defaultdict(list)
    subjects: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}
    for item in items:
        kind = item.statement.kind
        kinds[kind].append(item)
        subjects[item.digest] = _subjects(item, roots)
        for subject in subjects[item.digest]:
            about[subject, kind].append(item)
        for named in item.statement.subjects:
            names.setdefault(named.sha256, named.name)
    return EvidenceIndex(
        items=items,
        by_digest={item.digest: item for item in items},
        about_subject={key: tuple(found) for key, found in about.items()},
        of_kind={key: tuple(found) for key, found in kinds.items()},
        subjects=subjects,
        proven=frozenset(proven),
        names=names,
    )


def _in_order(evidence: Iterable[Verified]) -> tuple[Verified, ...]:
    first: dict[tuple[str, bytes], Verified] = {}
    for item in sorted(evidence, key=lambda item: item.index):
        if item.index >= 0:
            first.setdefault((item.envelope.keyid, item.envelope.payload), item)
    return tuple(first.values())


@lru_cache(maxsize=4096)
def _identities(files: Files) -> tuple[str, str]:
    """The artifact digest and the OMS root that these files add up to."""
    return manifest_digest(files), oms_root(files)


def _subjects(item: Verified, roots: dict[str, list[tuple[str, Files]]]) -> tuple[str, ...]:
    predicate = item.statement.predicate
    stated = tuple(dict.fromkeys(subject.sha256 for subject in item.statement.subjects))
    if not isinstance(predicate, OmsSignature):
        return stated
    # A model signature is about the artifact only through the files that prove the root.
    listed = sorted((resource.name, resource.digest) for resource in predicate.resources)
    if any(resource.algorithm != "sha256" for resource in predicate.resources):
        return ()
    return tuple(
        dict.fromkeys(
            artifact
            for root in stated
            for artifact, files in roots.get(root, ())
            if sorted((entry.path, entry.sha256) for entry in files) == listed
        )
    )


def newest(items: Sequence[Verified]) -> Verified | None:
    """The last one in ledger order."""
    return items[-1] if items else None
