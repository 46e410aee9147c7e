"""The JSON report as it is declared. Its schema and its page are generated from these records."""

from __future__ import annotations

from typing import Literal

import msgspec

from sealwright.evidence.finding import Confidence, Severity

Verdict = Literal["pass", "review", "fail", "inconclusive"]
Effect = Literal["fail", "inconclusive", "review", "warn", "note"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all records of a report."""


class Scanner(Entry, frozen=True, kw_only=True):
    """Who scanned."""

    name: str
    """`sealwright`."""
    version: str
    """The installed version."""


class Target(Entry, frozen=True, kw_only=True):
    """One file on disk, with all that it holds, or one folder."""

    path: str
    """As it was given, or below what was given."""
    kind: Literal["file", "folder"]
    """A folder's entry says only how its files belong together; they have entries of their own."""
    verdict: Verdict
    """The strongest of its own and of its members'."""


class FoundEntry(Entry, frozen=True, kw_only=True):
    """One thing that a rule saw."""

    rule: str
    """Stable id. Each rule has a page."""
    title: str
    """What the rule is about."""
    effect: Effect
    """What it does to the verdict."""
    severity: Severity
    """How grave it is."""
    confidence: Confidence
    """How sure the rule is."""
    message: str
    """What was seen. Names out of the file are quoted."""
    location: str
    """Path; inside a container `file!member`; for source code `path:line`."""
    file: str
    """The file on disk that `location` is in."""
    member: str
    """The way into the file: names joined by `!`. Empty for the file itself."""
    line: int | None
    """1-based line of a text; null where there is none."""
    offset: int | None
    """Byte within the member; null where there is none."""
    remediation: str
    """What to do."""
    atlas: tuple[str, ...]
    """MITRE ATLAS technique ids."""
    cwe: tuple[int, ...]
    """CWE numbers."""


class MemberCoverage(Entry, frozen=True, kw_only=True):
    """How many of the member's bytes were looked at."""

    parsed: int
    """Understood as structure."""
    numbers: int
    """Measured as tensor data and not judged."""
    rest: int
    """Neither: padding, what members of a container hold (see theirs), or not examined."""


class MemberEntry(Entry, frozen=True, kw_only=True):
    """One file, or one member of a container."""

    path: str
    """`file`, or `file!member!member`."""
    size: int
    """Bytes."""
    sha256: str | None
    """Hex; null where the member was not hashed for itself."""
    formats: tuple[str, ...]
    """Every format that could take the bytes; empty if none is known, `folder` for a folder."""
    verdict: Verdict
    """Of these bytes alone, without what they hold."""
    coverage: MemberCoverage
    """How much was looked at."""
    gaps: tuple[str, ...]
    """What was not examined, and what would examine it."""


class CoverageEntry(Entry, frozen=True, kw_only=True):
    """How much was looked at in all. Bytes are those of the files on disk."""

    files: int
    """On disk."""
    members: int
    """Inside of them, and folders."""
    bytes_total: int
    """Size of the files."""
    bytes_parsed: int
    """Understood as structure."""
    bytes_numbers: int
    """Measured as tensor data and not judged."""
    inflated: int
    """Bytes that decompression gave."""
    not_examined: tuple[str, ...]
    """`path: why`."""
    not_examined_omitted: int
    """Of what was not examined, beyond the first 200."""


class LimitsEntry(Entry, frozen=True, kw_only=True):
    """What each path may spend. What lies beyond is inconclusive."""

    operations: int
    """Steps of interpreters and parsers."""
    members: int
    """Members of containers."""
    depth: int
    """Containers within containers."""
    inflated: int
    """Bytes that decompression gives in all."""
    ratio: int
    """Inflated bytes for each compressed one."""
    large: int
    """Inflated bytes of one member from which on `large_ratio` is the limit."""
    large_ratio: int
    """Inflated bytes for each compressed one, of a large member."""
    grace: float
    """Seconds for the rest of a path once something inflated like a bomb."""
    member: int
    """Bytes of one inflated member."""
    seconds: float
    """Wall clock."""


class ScanReport(Entry, frozen=True, kw_only=True):
    """A scan: what was asked, what was seen, and what was looked at."""

    schema: Literal[1]
    """Version of this shape. Fields may be added; none changes its meaning without a new number."""
    scanner: Scanner
    """Who scanned."""
    verdict: Verdict
    """`pass`: everything was examined and nothing was found; `review`: a person has to look first;
    `fail`: do not load it; `inconclusive`: not everything was examined, so it is no pass."""
    exit_code: int
    """Of the command: 0 pass, 1 fail (and review, unless `fail_on` is `fail`), 3 inconclusive."""
    fail_on: Literal["review", "fail"]
    """The threshold that was asked for."""
    paths: tuple[str, ...]
    """What was asked about: the paths as they were given."""
    targets: tuple[Target, ...]
    """Files on disk and folders, each with its verdict."""
    findings: tuple[FoundEntry, ...]
    """Gravest first."""
    findings_omitted: int
    """Findings beyond the first 5,000; the verdict counts them."""
    members: tuple[MemberEntry, ...]
    """Files on disk, each followed by its members, in the order of the scan."""
    members_omitted: int
    """Members that passed and are not listed, where there are more than 50,000 in all."""
    coverage: CoverageEntry
    """How much was looked at in all."""
    exclude: tuple[str, ...]
    """Patterns of paths that were left out because the caller said so."""
    rules: str
    """Hex sha256 over all rules, tables and packs that were applied."""
    packs: dict[str, str]
    """Policy pack → hex sha256."""
    limits: LimitsEntry
    """What each path may spend."""
