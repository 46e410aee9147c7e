"""What the model phase says: how it was trained, from what, and what scanning found."""

from __future__ import annotations

from typing import ClassVar, Literal

from sealwright.evidence.finding import Finding, Result
from sealwright.evidence.predicates.common import (
    FileEntry,
    JsonObject,
    Predicate,
    Record,
    Resource,
    Tool,
)


class BuildDefinition(Record, frozen=True, kw_only=True, rename="camel"):
    """SLSA v1: all inputs of the training run. `resolved_dependencies` carry `annotations.kind`."""

    build_type: str
    external_parameters: JsonObject
    internal_parameters: JsonObject
    resolved_dependencies: tuple[Resource, ...]


class Builder(Record, frozen=True, kw_only=True):
    """Who ran it: the sandbox that we are."""

    id: str
    version: dict[str, str] = {}


class BuildMetadata(Record, frozen=True, kw_only=True, rename="camel"):
    """When; the invocation id is unique per run."""

    invocation_id: str
    started_on: str
    finished_on: str


class RunDetails(Record, frozen=True, kw_only=True, omit_defaults=True):
    """How it went. Byproducts: logs and violations, by digest."""

    builder: Builder
    metadata: BuildMetadata
    byproducts: tuple[Resource, ...] = ()


class SlsaProvenance(Predicate, frozen=True, kw_only=True, rename="camel"):
    """A training run, as SLSA provenance v1 (https://slsa.dev/spec/v1.0/provenance).

    Subjects: the outputs. `internal_parameters` hold what the sandbox enforced and saw:
    isolation {level, network, mechanisms, limits}, violations [...], exit {...}.
    """

    TYPE: ClassVar[str] = "https://slsa.dev/provenance/v1"

    build_definition: BuildDefinition
    run_details: RunDetails


class OmsResource(Record, frozen=True, kw_only=True):
    """One signed file."""

    name: str
    digest: str
    algorithm: str = "sha256"


class OmsSerialization(Record, frozen=True, kw_only=True):
    """How the files were hashed; always `files`, sha256 and no symlinks."""

    method: str = "files"
    hash_type: str = "sha256"
    allow_symlinks: bool = False
    ignore_paths: tuple[str, ...] = ()


class OmsSignature(Predicate, frozen=True, kw_only=True):
    """OpenSSF Model Signing v1.0. Subject: the model's folder with the OMS root."""

    TYPE: ClassVar[str] = "https://model_signing/signature/v1.0"

    resources: tuple[OmsResource, ...]
    serialization: OmsSerialization


class CycloneDxBom(Predicate, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A CycloneDX bill of materials as the predicate itself. Subject: the model."""

    TYPE: ClassVar[str] = "https://cyclonedx.org/bom"

    bom_format: Literal["CycloneDX"]
    spec_version: str
    serial_number: str
    version: int
    metadata: JsonObject
    components: tuple[JsonObject, ...] = ()
    dependencies: tuple[JsonObject, ...] = ()


class Coverage(Record, frozen=True, kw_only=True, omit_defaults=True):
    """How much was looked at. What was not parsed is said, never implied."""

    files: int
    bytes_total: int
    bytes_parsed: int
    bytes_numbers: int = 0
    """Measured as tensor data; not judged."""
    not_examined: tuple[str, ...] = ()


class Member(Record, frozen=True, kw_only=True, omit_defaults=True):
    """What a container held: `file!inner/path`, its size, and its hex sha256 where it was read."""

    path: str
    size: int
    formats: tuple[str, ...] = ()
    sha256: str = ""


class Report(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A report of other tools whose findings a code scan took in."""

    name: str
    """Its path in the project."""
    sha256: str
    tools: tuple[Tool, ...]
    results: int
    suppressed: int = 0
    """Of the results, those that somebody decided not to count."""


class Scan(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """What a scanner said. Subject: what was scanned."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:scan:v1"

    kind: Literal["artifact", "code", "secret", "dependency"]
    result: Result
    scanner: Tool
    """Its digest covers every rule, table and pack."""
    findings: tuple[Finding, ...] = ()
    coverage: Coverage
    packs: dict[str, str] = {}
    """Pack → hex sha256: what was allowed in serialised objects."""
    limits: dict[str, int] = {}
    """What the scan might spend."""
    members: tuple[Member, ...] = ()
    """What containers held, as far as it was examined."""
    reports: tuple[Report, ...] = ()
    """What other tools said of the code."""
    at: str


class VulnScanner(Record, frozen=True, kw_only=True, rename="camel"):
    """in-toto vulns v0.2: the scanner and its database."""

    uri: str
    version: str
    db: JsonObject
    result: tuple[JsonObject, ...]


class VulnMetadata(Record, frozen=True, kw_only=True, rename="camel"):
    """in-toto vulns v0.2: when."""

    scan_started_on: str
    scan_finished_on: str


class Vulns(Predicate, frozen=True, kw_only=True):
    """Known vulnerabilities, in-toto vulns v0.2. Subject: the model or environment."""

    TYPE: ClassVar[str] = "https://in-toto.io/attestation/vulns/v0.2"

    scanner: VulnScanner
    metadata: VulnMetadata


class ModelImport(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """A model from outside, as it was brought in. Subject: the model, by its files."""

    TYPE: ClassVar[str] = "urn:sealwright:predicate:model-import:v1"

    name: str
    source: str
    """Where it was taken from: an address, a registry, a person."""
    revision: str
    """Which version there: a commit, a tag, a date."""
    licence: str
    publisher: str = ""
    """Who answers for it there, as its page says."""
    signature: Literal["verified", "not-checked", "absent"] = "absent"
    """Of the publisher, by OpenSSF Model Signing: verified with a key that the importer gave;
    there, but no key was given; or not there."""
    signed_by: str = ""
    """Hex sha256 of the DER public key that verified it."""
    files: int
    bytes: int
    at: str


class Custody(Predicate, frozen=True, kw_only=True, omit_defaults=True):
    """The model's files as they were taken into custody.

    Subject: the model, whose digest is that of `files`; their OMS root is its alias.
    """

    TYPE: ClassVar[str] = "urn:sealwright:predicate:custody:v1"

    name: str
    files: tuple[FileEntry, ...]
    action: Literal["trained", "imported", "moved"]
    at: str
