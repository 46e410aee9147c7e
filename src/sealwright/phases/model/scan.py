"""Puts what vetting saw of a model's files or training code into a statement: the verdict, what was
found, how much was looked at, and by which rules and packs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from sealwright.clock import Clock, format_time
from sealwright.errors import TamperError, UsageError
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.manifest import Artifact
from sealwright.evidence.predicates.common import Tool
from sealwright.evidence.predicates.model import Coverage, Scan
from sealwright.evidence.predicates.model import Member as MemberRecord
from sealwright.evidence.statement import Statement, Subject, subject
from sealwright.evidence.tree import identify
from sealwright.phases.model.reports import Reports, Said, take_in
from sealwright.vetting.applied import code_rules_digest, secret_rules_digest
from sealwright.vetting.code.checks import CODE_CHECKS
from sealwright.vetting.interface import (
    CodeExamination,
    Member,
    Observation,
    conclude,
    findings,
    result_of,
)
from sealwright.vetting.outcome import MemberReport, Outcome
from sealwright.vetting.scan import scan_paths
from sealwright.vetting.secrets import check as secrets
from sealwright.vetting.session import Limits
from sealwright.vetting.sources import opened

SCANNER = "sealwright-model-scan"
_LISTED = 200
"""How many unexamined files, or members of containers, are named before the rest is counted."""


def scan_artifact(path: Path, *, clock: Clock, name: str = "") -> Statement[Scan]:
    """Scans every file of the model at `path` (a folder or one file), and what they hold.

    Raises what `tree.identify` raises, and TamperError if a file changes meanwhile.
    """
    artifact = identify(path)
    limits = Limits()
    outcome = scan_paths([path], limits=limits)
    _hold_to(artifact, path, outcome)
    said = outcome.coverage
    return Statement(
        (subject(name or path.name, artifact.digest),),
        Scan(
            kind="artifact",
            result=result_of(outcome.verdict, outcome.observations),
            scanner=Tool(name=SCANNER, version=version("sealwright"), digest=outcome.rules),
            findings=findings(_relative(outcome.observations, path)),
            coverage=Coverage(
                files=said.files,
                bytes_total=said.bytes_total,
                bytes_parsed=said.bytes_parsed,
                bytes_numbers=said.bytes_numbers,
                not_examined=tuple(_shown(line, path) for line in said.not_examined),
            ),
            packs=outcome.packs,
            limits=recorded_limits(limits),
            members=_members(outcome, path),
            at=format_time(clock()),
        ),
    )


def recorded_limits(limits: Limits) -> dict[str, int]:
    """What a scan might spend, as a statement names it."""
    return {
        "operations": limits.operations,
        "members": limits.members,
        "depth": limits.depth,
        "inflated": limits.inflated,
        "ratio": limits.ratio,
        "seconds": int(limits.seconds),
    }


def scan_code(
    paths: Sequence[Path], *, clock: Clock, reports: Reports | None = None
) -> Statement[Scan]:
    """Scans training code: files and folders, each a subject of the statement. `reports`: what
    other tools wrote about the same code.

    No Python file at all is inconclusive. Raises UsageError without paths, Unsupported without
    bandit, and what `tree.identify` and `reports.take_in` raise.
    """
    looks = [check.examine for check in CODE_CHECKS]
    digest = code_rules_digest()
    return _scan_sources(paths, looks, kind="code", digest=digest, clock=clock, reports=reports)


def scan_secrets(
    paths: Sequence[Path], *, clock: Clock, cache: Path | None = None
) -> Statement[Scan]:
    """Searches the same files for secrets; inconclusive without the detector.

    Neither the statement nor what it is made of holds a secret: only its type and place, and a
    fingerprint that means nothing outside of this scan. `cache`: a private folder for the
    detector's compiled rules. Errors as `scan_code`.
    """
    looks = [partial(secrets.examine, cache=cache)]
    return _scan_sources(paths, looks, kind="secret", digest=secret_rules_digest(), clock=clock)


def _scan_sources(
    paths: Sequence[Path],
    looks: Sequence[Callable[[tuple[Member, ...]], CodeExamination]],
    *,
    kind: Literal["code", "secret"],
    digest: str,
    clock: Clock,
    reports: Reports | None = None,
) -> Statement[Scan]:
    if not paths:
        raise UsageError("no code to scan", advice="list the training code in [training] code")
    subjects: list[Subject] = []
    files: list[Member] = []
    places: list[Path] = []
    for path in paths:
        artifact = identify(path)
        subjects.append(subject(path.name, artifact.digest))
        files += _sources(artifact, path)
        places += [path / entry.path if path.is_dir() else path for entry in artifact.files]
    said = take_in(reports, code=places) if reports else Said()
    seen: list[Observation] = [*said.observations]
    examined: set[str] = set()
    for look in looks:
        examination = look(tuple(files))
        seen.extend(examination.observations)
        examined |= examination.examined
    verdict = conclude(seen, complete=bool(examined))
    return Statement(
        tuple(subjects),
        Scan(
            kind=kind,
            result=result_of(verdict, seen),
            scanner=Tool(name=SCANNER, version=version("sealwright"), digest=digest),
            findings=findings(seen),
            coverage=Coverage(
                files=len(files),
                bytes_total=sum(len(file.data) for file in files),
                bytes_parsed=sum(len(file.data) for file in files if file.path in examined),
                not_examined=_named([f.path for f in files if f.path not in examined]),
            ),
            reports=said.reports,
            at=format_time(clock()),
        ),
    )


def _sources(artifact: Artifact, path: Path) -> list[Member]:
    """Every file of one part of the code, as the very bytes that its digest is of."""
    prefix = f"{path.name}/" if path.is_dir() else ""
    files = []
    for entry in artifact.files:
        place = path / entry.path if path.is_dir() else path
        with opened(place) as (data, _):
            held = Member(path=prefix + entry.path, data=bytes(data))
        if sha256_hex(bytes(held.data)) != entry.sha256:
            raise _changed(place)
        files.append(held)
    return files


def _hold_to(artifact: Artifact, path: Path, outcome: Outcome) -> None:
    """TamperError unless the files that were examined are those that the artifact consists of."""
    seen = {report.path: report.sha256 for report in _files(outcome)}
    folder = path.is_dir()
    said = {
        str(path / entry.path) if folder else str(path): entry.sha256 for entry in artifact.files
    }
    for place in sorted(said.keys() | seen.keys()):
        if said.get(place) != seen.get(place):
            raise _changed(Path(place))


def _changed(path: Path) -> TamperError:
    return TamperError(f"{path}: changed while it was scanned", advice="stop the writer, retry")


def _files(outcome: Outcome) -> list[MemberReport]:
    return [each for each in outcome.members if each.depth == 0 and each.formats != ("folder",)]


def _members(outcome: Outcome, path: Path) -> tuple[MemberRecord, ...]:
    held = [report for report in outcome.members if report.depth > 0]
    return tuple(
        MemberRecord(
            path=_shown(report.path, path),
            size=report.size,
            formats=report.formats,
            sha256=report.sha256,
        )
        for report in held[:_LISTED]
    )


def _relative(observations: Sequence[Observation], path: Path) -> list[Observation]:
    """With places within the artifact: a statement names nobody's folders."""
    from msgspec.structs import replace

    return [
        Observation(seen.rule, replace(seen.finding, location=_shown(seen.finding.location, path)))
        for seen in observations
    ]


def _shown(text: str, path: Path) -> str:
    root = f"{path}/" if path.is_dir() else f"{path.parent}/"
    return text.removeprefix(root) if root != "./" else text


def _named(paths: list[str]) -> tuple[str, ...]:
    more = len(paths) - _LISTED
    rest = (f"and {more} more",) if more > 0 else ()
    return (*paths[:_LISTED], *rest)
