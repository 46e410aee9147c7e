"""Holds what is locked and installed against the local database. No database, or one that is too
old, is inconclusive: "nothing known" is only said by data that would know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from packaging.utils import canonicalize_name

from sealwright.clock import Clock, format_time
from sealwright.evidence.predicates.common import JsonObject
from sealwright.evidence.predicates.model import VulnMetadata, Vulns, VulnScanner
from sealwright.vetting.dependencies.osv import LEVELS, Advisory, Affected
from sealwright.vetting.dependencies.ranges import fixed_in, judge
from sealwright.vetting.dependencies.vulndb import MAX_AGE_DAYS, Database
from sealwright.vetting.interface import Observation, Rule, observe

SCANNER_URI = "pkg:pypi/sealwright"
_PREFERRED = ("MAL-", "CVE-", "GHSA-", "PYSEC-")

MALICIOUS = Rule(
    id="SW-VULN-001",
    effect="fail",
    severity="critical",
    title="A package is known to be malicious",
    why="It was published to attack whoever installs it. Installing may already have run its code.",
    example="a record MAL-2024-1 about the installed version",
    remediation="remove it, treat the machine as compromised, and change its keys",
    atlas=("AML.T0010.001", "AML.T0011.001"),
    cwe=(506,),
)
SEVERE = Rule(
    id="SW-VULN-002",
    effect="fail",
    severity="high",
    title="A package has a known vulnerability of high or critical severity",
    why="The weakness and often its exploit are public.",
    example="an advisory with CVSS 9.8 about the locked version",
    remediation="update to the fixed version and lock again, or waive it with a reason and a date",
    atlas=("AML.T0010.001",),
    cwe=(1395,),
)
KNOWN = Rule(
    id="SW-VULN-003",
    effect="warn",
    severity="medium",
    title="A package has a known vulnerability",
    why="The weakness is public; its severity is medium, low, or not told.",
    example="an advisory with CVSS 5.3 about the locked version",
    remediation="update to the fixed version and lock again",
    atlas=("AML.T0010.001",),
    cwe=(1395,),
)
UNDECIDED = Rule(
    id="SW-VULN-004",
    effect="inconclusive",
    severity="medium",
    title="Whether an advisory applies cannot be decided",
    why="The version, or the advisory's ranges, are not in the order that PEP 440 defines.",
    example="an installed version called `2023b-custom`",
    remediation="install a release with a version that PEP 440 knows",
)
NO_DATABASE = Rule(
    id="SW-VULN-010",
    effect="inconclusive",
    severity="medium",
    title="There is no vulnerability database",
    why="Without one, that nothing was found would mean nothing.",
    example="a project whose [training] vulndb names no file",
    remediation="run `sealwright vulndb import` with an OSV export",
)
TOO_OLD = Rule(
    id="SW-VULN-011",
    effect="inconclusive",
    severity="medium",
    title="The vulnerability database is too old",
    why="It cannot know what was published since.",
    example="a database from an export of last year",
    remediation="run `sealwright vulndb import` with a fresh OSV export",
)
NOT_LOOKED_UP = Rule(
    id="SW-VULN-012",
    effect="warn",
    severity="low",
    title="Known vulnerabilities were not looked for",
    why="There is no database, and the project demands none: such a scan cannot pass.",
    example="a project without [training] vulndb_days and without a database",
    remediation="run `sealwright vulndb import` with an OSV export, and set [training] vulndb_days",
)
RULES = (MALICIOUS, SEVERE, KNOWN, UNDECIDED, NO_DATABASE, TOO_OLD, NOT_LOOKED_UP)


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """Something to look up: a release that is locked, installed, or both."""

    name: str
    version: str
    where: str = ""
    """Shown as the location; the name if empty."""


class Vulnerability(msgspec.Struct, frozen=True, kw_only=True):
    """One weakness of one release: all advisories about it, told as one."""

    package: Package
    id: str
    aliases: tuple[str, ...]
    severity: str
    vector: str
    malicious: bool
    summary: str
    fixed: str
    undecided: bool = False


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says, and whether it could say it."""

    observations: tuple[Observation, ...]
    statement: Vulns | None
    """None where nothing was looked up."""


def look_up(database: Database, packages: Iterable[Package]) -> tuple[Vulnerability, ...]:
    """Every known weakness of `packages`, sorted; each release is looked up once."""
    found: list[Vulnerability] = []
    once = {(str(canonicalize_name(one.name)), one.version): one for one in packages}
    for (name, version), package in sorted(once.items()):
        matched: list[tuple[Advisory, Affected, bool]] = []
        for advisory, affected in database.about(name):
            answer = judge(version, affected)
            if answer != "not-affected":
                matched.append((advisory, affected, answer == "undecided"))
        found += sorted(
            (_merged(package, group) for group in _groups(matched)), key=lambda one: one.id
        )
    return tuple(found)


def examine(
    database: Database | None,
    packages: Sequence[Package],
    *,
    clock: Clock,
    max_age_days: int = MAX_AGE_DAYS,
    demanded: bool = True,
) -> Examined:
    """Looks everything up and says so; inconclusive without a database of the last days.

    Where none is `demanded` and none is at hand, it is a warning.
    """
    started = clock()
    if database is None:
        rule = NO_DATABASE if demanded else NOT_LOOKED_UP
        seen = observe(rule, "no vulnerability database is at hand", location="")
        return Examined(observations=(seen,), statement=None)
    if problem := database.problem(started, max_age_days=max_age_days):
        return Examined(observations=(observe(TOO_OLD, problem, location=""),), statement=None)
    found = look_up(database, packages)
    return Examined(
        observations=tuple(_observation(one) for one in found),
        statement=_statement(database, found, started=started, finished=clock()),
    )


def _groups(
    matched: list[tuple[Advisory, Affected, bool]],
) -> list[list[tuple[Advisory, Affected, bool]]]:
    """Advisories that name each other, or the same third one, are about one weakness."""
    groups: list[tuple[set[str], list[tuple[Advisory, Affected, bool]]]] = []
    for item in matched:
        names = {item[0].id, *item[0].aliases}
        joined = [group for group in groups if group[0] & names]
        members = [one for group in joined for one in group[1]]
        names = names.union(*(group[0] for group in joined))
        groups = [group for group in groups if group not in joined]
        groups.append((names, [*members, item]))
    return [members for _, members in groups]


def _merged(package: Package, group: list[tuple[Advisory, Affected, bool]]) -> Vulnerability:
    names = sorted({name for one, _, _ in group for name in (one.id, *one.aliases)}, key=_rank)
    worst = max((one for one, _, _ in group), key=lambda one: LEVELS.index(one.severity))
    fixes = [text for _, where, _ in group if (text := fixed_in(package.version, where))]
    return Vulnerability(
        package=package,
        id=names[0],
        aliases=tuple(names[1:]),
        severity=worst.severity,
        vector=worst.vector,
        malicious=any(one.malicious for one, _, _ in group),
        summary=next((one.summary for one, _, _ in group if one.summary), ""),
        fixed=fixes[0] if fixes else "",
        undecided=all(undecided for _, _, undecided in group),
    )


def _rank(name: str) -> tuple[int, str]:
    place = next((n for n, start in enumerate(_PREFERRED) if name.startswith(start)), 9)
    return place, name


def _observation(one: Vulnerability) -> Observation:
    rule = KNOWN
    if one.malicious:
        rule = MALICIOUS
    elif one.undecided:
        rule = UNDECIDED
    elif one.severity in ("high", "critical"):
        rule = SEVERE
    also = f" ({', '.join(one.aliases[:4])})" if one.aliases else ""
    fix = f"; fixed in {one.fixed}" if one.fixed else ""
    severity = one.severity or "severity not told"
    text = f"{one.package.name} {one.package.version}: {one.id}{also}, {severity}{fix}"
    if one.summary:
        text += f": {one.summary.encode('ascii', 'backslashreplace').decode()}"
    seen = observe(rule, text, location=one.package.where or one.package.name)
    if rule in (SEVERE, KNOWN) and one.severity:
        from msgspec.structs import replace

        return Observation(rule, replace(seen.finding, severity=one.severity))
    return seen


def _statement(
    database: Database, found: Sequence[Vulnerability], *, started: datetime, finished: datetime
) -> Vulns:
    """in-toto vulns v0.2 (https://in-toto.io/attestation/vulns/v0.2)."""
    from importlib.metadata import version

    info = database.info
    return Vulns(
        scanner=VulnScanner(
            uri=SCANNER_URI,
            version=version("sealwright"),
            db={
                "uri": f"urn:sealwright:vulndb:{info.source_sha256}",
                "version": str(info.format),
                "lastUpdate": info.newest,
                "imported": info.imported,
                "sha256": database.sha256,
                "advisories": info.advisories,
            },
            result=tuple(_result(one) for one in found),
        ),
        metadata=VulnMetadata(
            scan_started_on=format_time(started), scan_finished_on=format_time(finished)
        ),
    )


def _result(one: Vulnerability) -> JsonObject:
    severities = [{"method": "level", "score": one.severity or "unknown"}]
    if one.vector:
        severities.append({"method": one.vector.partition("/")[0], "score": one.vector})
    return {
        "id": one.id,
        "severity": severities,
        "annotations": [
            {
                "package": f"pkg:pypi/{one.package.name}@{one.package.version}",
                "aliases": list(one.aliases),
                "fixed": one.fixed,
                "undecided": one.undecided,
            }
        ],
    }
