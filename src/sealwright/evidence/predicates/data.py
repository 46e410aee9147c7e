"""What the data phase says."""

from __future__ import annotations

from typing import ClassVar, Literal

from sealwright.evidence.finding import Finding, Result
from sealwright.evidence.predicates.common import FileEntry, Predicate, Record, Resource, Tool


class Column(Record, frozen=True, kw_only=True):
    """A column as the engine sees it."""

    name: str
    type: str
    nullable: bool = True


class Labelling(Record, frozen=True, kw_only=True, omit_defaults=True):
    """How the labels came to be, and who made them."""

    column: str
    method: str
    by: tuple[str, ...] = ()
    """People or principals who labelled: authors, who may not approve what descends from it."""
    protocol: str = ""
    tool: str = ""


class Provenance(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Where data came from and on what ground it may be used."""

    source: str
    licence: str
    legal_basis: str
    collected: str = ""
    purpose: str = ""
    contains_personal_data: Literal["yes", "no", "unknown"] = "unknown"


class DatasetVersion(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """An immutable version of a data set. Subject: the data set's artifact."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:dataset-version:v1"

    name: str
    files: tuple[FileEntry, ...]
    rows: int
    schema: tuple[Column, ...]
    provenance: Provenance
    labelling: Labelling | None = None
    sensitive_columns: tuple[str, ...] = ()
    group_columns: tuple[str, ...] = ()
    parent: str = ""
    """Artifact digest of the version before, if there is one."""
    role: str = ""
    """What it was declared for (train, test, ...): how a set is known under another name."""
    path: str = ""
    """Where it was declared to lie, relative to the project."""
    at: str


class Lineage(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """A processing step. Subjects: what came out."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:lineage:v1"

    step: str
    inputs: tuple[Resource, ...]
    code: tuple[Resource, ...] = ()
    command: tuple[str, ...] = ()
    description: str = ""
    at: str


class CheckResult(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One declared check. `violations` of `n` examined; no `n`, or n = 0, never passes."""

    id: str
    check: str
    expected: str
    result: Result
    column: str = ""
    n: int = 0
    violations: int | None = None
    known: int | None = None
    """Of the `n`, those that the version before has, too, where the check compares both."""
    detail: str = ""


class Quarantine(Record, frozen=True, kw_only=True):
    """Rows that failed, kept aside: file name, its sha256 and how many rows."""

    name: str
    sha256: str
    rows: int


class DatasetValidation(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """What an examination of a data set found. Subject: the data set (both, for an overlap)."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:dataset-validation:v1"

    kind: Literal["constraints", "overlap", "labels", "personal-data"]
    result: Result
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...] = ()
    engine: Tool
    quarantine: Quarantine | None = None
    config: str
    """sha256 of the canonical declaration that was checked."""
    at: str


class DataAccess(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody opened a data set. Subject: the data set."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:data-access:v1"

    actor: str
    purpose: str
    outcome: Literal["granted", "denied"]
    columns: tuple[str, ...] = ()
    """Empty: all of them."""
    reason: str = ""
    at: str
