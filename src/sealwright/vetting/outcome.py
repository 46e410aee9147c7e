"""What a scan says: the records behind the text, the JSON, the SARIF and the attestation."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sealwright.vetting.interface import FactKind, Observation, Verdict


class MemberReport(msgspec.Struct, frozen=True, kw_only=True):
    """One file, or one member of a container."""

    path: str
    size: int
    formats: tuple[str, ...]
    """Every format that could take the bytes; empty if none is known."""
    verdict: Verdict
    """Of these bytes alone, without what they hold."""
    parsed: int = 0
    numbers: int = 0
    sha256: str = ""
    """Hex; empty where the member is part of a larger file and was not hashed for itself."""
    gaps: tuple[str, ...] = ()
    observations: tuple[Observation, ...] = ()
    depth: int = 0
    facts: Mapping[FactKind, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """What `Examining.fact` was told, sorted."""


class Found(msgspec.Struct, frozen=True):
    """What the scan of one file gave: its report and those of its members, and how many bytes they
    inflated to."""

    reports: tuple[MemberReport, ...]
    inflated: int = 0


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much was looked at. Bytes of the outermost files; `inflated` is what members gave."""

    files: int
    members: int
    bytes_total: int
    bytes_parsed: int
    bytes_numbers: int
    inflated: int = 0
    not_examined: tuple[str, ...] = ()
    """`path: why`."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A whole scan of the paths that were given."""

    verdict: Verdict
    members: tuple[MemberReport, ...]
    observations: tuple[Observation, ...]
    """Of all members, and of the folders and code that hold them."""
    coverage: Coverage
    rules: str
    """Hex sha256 over all rules, tables and packs that were applied."""
    packs: dict[str, str]
    """Pack name → hex sha256."""
