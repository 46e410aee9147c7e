"""in-toto Statement v1: who is spoken of (subjects) and what is said (one typed predicate).

Spec: in-toto/attestation, spec/v1/statement.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec

from sealwright.clock import parse_time
from sealwright.errors import MalformedError
from sealwright.evidence import canonical
from sealwright.evidence.digest import is_digest
from sealwright.evidence.predicates import PREDICATES, SHORT_NAMES, Predicate

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_SUBJECTS = 10_000

P_co = TypeVar("P_co", bound=Predicate, covariant=True)


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An artifact by name and digest; the digest (`{"sha256": hex}`) is what counts."""

    name: str
    digest: dict[str, str]

    @property
    def sha256(self) -> str:
        """The hex sha256 that identifies the artifact."""
        return self.digest["sha256"]


class Statement(msgspec.Struct, Generic[P_co], frozen=True):
    """A predicate about subjects (at least one)."""

    subjects: tuple[Subject, ...]
    predicate: P_co

    @property
    def kind(self) -> str:
        """The predicate's short name, as policies and the command line say it."""
        return SHORT_NAMES[self.predicate.TYPE]


def subject(name: str, sha256: str) -> Subject:
    """A subject with a sha256."""
    return Subject(name, {"sha256": sha256})


def encode_statement(statement: Statement[Predicate]) -> bytes:
    """The canonical JSON bytes that are signed. Refuses what `decode_statement` would refuse."""
    _check_subjects(statement.subjects)
    predicate = msgspec.to_builtins(statement.predicate)
    _check_time(statement.predicate)
    return canonical.encode(
        {
            "_type": STATEMENT_TYPE,
            "predicate": predicate,
            "predicateType": statement.predicate.TYPE,
            "subject": [{"digest": dict(s.digest), "name": s.name} for s in statement.subjects],
        }
    )


def decode_statement(data: bytes) -> Statement[Predicate]:
    """Reads signed bytes into a typed statement.

    Raises MalformedError for another spelling, an unknown predicate type, unknown or missing
    fields, or a subject without a sha256.
    """
    return _remembered(data) if len(data) <= _REMEMBERED_BYTES else _decode(data)


def _decode(data: bytes) -> Statement[Predicate]:
    value = canonical.decode(data)
    if not isinstance(value, dict) or set(value) != {
        "_type",
        "predicate",
        "predicateType",
        "subject",
    }:
        raise MalformedError("not an in-toto statement: wrong set of fields")
    if value["_type"] != STATEMENT_TYPE:
        raise MalformedError(f"not an in-toto Statement v1: _type is {value['_type']!r:.80}")
    name = SHORT_NAMES.get(value["predicateType"]) if _is_text(value["predicateType"]) else None
    if name is None:
        raise MalformedError(
            f"unknown predicate type {value['predicateType']!r:.120}",
            advice="this version cannot read it; use the version that wrote it, or a newer one",
        )
    try:
        subjects = msgspec.convert(value["subject"], tuple[Subject, ...])
        predicate = msgspec.convert(value["predicate"], PREDICATES[name])
    except msgspec.ValidationError as error:
        raise MalformedError(f"a {name} statement is malformed: {error}") from error
    _check_subjects(subjects)
    _check_time(predicate)
    return Statement(subjects, predicate)


_REMEMBERED_BYTES = 128 * 1024
_remembered = lru_cache(maxsize=512)(_decode)
"""The same bytes mean the same statement: a ledger is opened again and again in one process."""


def predicate_time(predicate: Predicate) -> str | None:
    """When the predicate says it was made; None for upstream types that have no place for it."""
    at: Any = getattr(predicate, "at", None)
    if at is None:
        run: Any = getattr(predicate, "run_details", None)
        at = run.metadata.finished_on if run is not None else None
    if at is None:
        metadata: Any = getattr(predicate, "metadata", None)
        if isinstance(metadata, dict):
            at = metadata.get("timestamp")
        elif metadata is not None:
            at = getattr(metadata, "scan_finished_on", None)
    return at if _is_text(at) else None


def _check_time(predicate: Predicate) -> None:
    at = predicate_time(predicate)
    if at is not None:
        parse_time(at)


def _check_subjects(subjects: tuple[Subject, ...]) -> None:
    if not 1 <= len(subjects) <= MAX_SUBJECTS:
        raise MalformedError(f"a statement has 1 to {MAX_SUBJECTS} subjects, not {len(subjects)}")
    for item in subjects:
        if not is_digest(item.digest.get("sha256", "")):
            raise MalformedError(
                f"subject {item.name!r:.80} has no sha256 digest in lower-case hex"
            )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
