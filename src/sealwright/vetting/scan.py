"""Scans files and folders without loading them: by content, with all that they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sealwright.errors import InputMissing, LimitReached, MalformedError
from sealwright.evidence.digest import sha256_hex
from sealwright.vetting.applied import rules_digest
from sealwright.vetting.guard import bounded
from sealwright.vetting.interface import (
    Examining,
    Format,
    Member,
    Observation,
    Rule,
    conclude,
    observe,
)
from sealwright.vetting.outcome import Coverage, MemberReport, Outcome
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.recognise import (
    CONTRADICTED,
    DATA_ONLY,
    EMPTY,
    PLAIN,
    UNEXAMINED,
    UNKNOWN,
    candidates,
    claimants,
    compare,
)
from sealwright.vetting.session import Limits, Session, Spent

if TYPE_CHECKING:
    from sealwright.vetting.exclusion import Exclusion
    from sealwright.vetting.known import Known

HASHED = 16 * 1024 * 1024
"""Bytes of a container's member up to which it gets a digest of its own."""
_LISTED = 200

MORE = Rule(
    id="SW-SCAN-001",
    effect="note",
    severity="info",
    title="More findings than are listed",
    remediation="deal with the findings that are listed, and scan again",
    why="The verdict counts every finding; a report lists the gravest ones.",
    example="a pickle with 20,000 unknown names",
)
LIMIT = Rule(
    id="SW-SCAN-002",
    effect="inconclusive",
    severity="medium",
    title="A limit of the scan was reached",
    remediation="if you trust the source, scan again with a higher limit; the message names its "
    "option, where there is one",
    why="What lies beyond the limit was not examined. Archive bombs and deeply nested files are "
    "made to exhaust a scanner so that it gives up, or passes.",
    example="a gzip file of 1 MB that inflates to 1 TB",
    atlas=("AML.T0029",),
    cwe=(409, 400),
)
GAP = Rule(
    id="SW-SCAN-003",
    effect="inconclusive",
    severity="medium",
    title="A part of the file was not examined",
    remediation="see the message for what would examine it",
    why="The format is known, but this part of it is not read. The verdict does not cover it.",
    example="an encrypted member of a zip archive",
)
ERROR = Rule(
    id="SW-SCAN-004",
    effect="inconclusive",
    severity="high",
    title="A reader failed on the file",
    remediation="report it as a defect of the scanner, and do not load the file",
    why="A file that breaks its reader may have been made to. Nothing that a scanner could not "
    "finish is a pass.",
    example="(a defect: there is no known example)",
    cwe=(755,),
)
RULES = (MORE, LIMIT, GAP, ERROR)


def inspect(member: Member, session: Session) -> MemberReport:
    """Examines one member with every format that could take it. Its report is in `session.reports`,
    before those of what it holds."""
    from sealwright.vetting.registry import FORMATS

    work = Examining(member, session)
    place = len(session.reports)
    fits = candidates(member, FORMATS) if len(member.data) else []
    found = [form for form, _ in fits]
    if found:
        strong = [form for form, fit in fits if fit == "strong"]
        compare(work, strong or found, FORMATS)
    readers = found or _readers_by_name(work, FORMATS)
    for form in readers:
        _examine(form, work)
    report = _report(work, readers if found else ())
    session.reports.insert(place, report)
    return report


def _readers_by_name(work: Examining, formats: Sequence[Format]) -> Sequence[Format]:
    """What to try on bytes that nothing recognises: the readers that the name stands for, to learn
    what is wrong with them."""
    member = work.member
    claimed = [form for form in claimants(member, formats) if form.examine is not None]
    if not len(member.data):
        if any(form.id not in PLAIN for form in claimed):
            work.find(EMPTY, "the file has no bytes")
        return ()
    if len(claimed) == 1 and member.extension in DATA_ONLY:
        work.find(CONTRADICTED, f"the name ends in {member.extension}, the content is unknown")
        return claimed
    work.find(UNKNOWN, f"{len(member.data)} bytes of no known format")
    return ()


def _examine(form: Format, work: Examining) -> None:
    """Lets one reader look."""
    if form.examine is None:
        work.find(UNEXAMINED, f"{form.title}: {form.examines}")
        return
    guarded(partial(form.examine, work), work, title=form.title, malformed=form.malformed)


def guarded(
    action: Callable[[], None], work: Examining, *, title: str, malformed: Rule | None = None
) -> None:
    """Does one part of a scan. Whatever it runs into ends in an observation, never in a pass."""
    try:
        action()
    except MalformedError as error:
        work.find(malformed or CONTRADICTED, error.message)
    except (LimitReached, InputMissing) as error:
        work.find(LIMIT, error.message)
    except RecursionError:
        work.find(LIMIT, f"{title}: nested more deeply than is examined")
    except MemoryError:
        work.find(LIMIT, f"{title}: more memory than a scan may use")
    except Exception as error:  # the edge of the scan: one file never ends it
        if work.session.strict:
            raise
        work.find(ERROR, f"{title}: {type(error).__name__}")


def _report(work: Examining, formats: Iterable[Format]) -> MemberReport:
    for reason in work.gaps:
        work.find(LIMIT if reason in work.session.stopped else GAP, reason)
    member = work.member
    small = member.depth > 0 and len(member.data) <= HASHED
    return MemberReport(
        path=member.path,
        size=len(member.data),
        formats=tuple(form.id for form in formats),
        verdict=conclude(work.observations, complete=not work.gaps),
        parsed=min(work.parsed, len(member.data)),
        numbers=min(work.numbers, len(member.data)),
        sha256=sha256_hex(bytes(member.data)) if small else "",
        gaps=tuple(work.gaps),
        observations=tuple(work.observations),
        depth=member.depth,
        facts={kind: tuple(sorted(told)) for kind, told in work.facts.items()},
    )


Progress = Callable[[str, int, int], None]
"""Path, bytes done, bytes in all."""


def scan_paths(
    paths: Sequence[Path],
    *,
    policy: Policy | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
    exclusion: Exclusion | None = None,
    known: Known | None = None,
    strict: bool = False,
) -> Outcome:
    """Scans files and folders. Each path has the limits for itself, and where it breaks them, what
    was seen of it until then is kept. `known`: earlier findings.

    Raises InputMissing if none of the paths is there. One that is not there among others, and
    whatever can't be read, is reported in the outcome.
    """
    from sealwright.vetting.packs.load import builtin_policy
    from sealwright.vetting.sources import scan_source

    _must_be_there(paths)
    policy = policy or builtin_policy()
    reports: list[MemberReport] = []
    inflated = 0
    for path in paths:
        session = Session(
            policy=policy,
            inspect=inspect,
            limits=limits or Limits(),
            known=known,
            strict=strict,
        )
        try:
            with bounded(seconds=session.limits.seconds):
                scan_source(path, session, progress=progress, exclusion=exclusion)
        except (Spent, MemoryError, RecursionError) as error:
            said = error.message if isinstance(error, Spent) else type(error).__name__
            session.reports.append(_ended(str(path), said))
        reports += session.reports
        inflated += session.inflated
    return outcome(reports, policy=policy, inflated=inflated)


def _must_be_there(paths: Sequence[Path]) -> None:
    """InputMissing unless there is something at one of the paths."""
    absent: list[InputMissing] = []
    for path in paths:
        try:
            path.stat()
        except OSError as error:
            absent.append(InputMissing(f"{path}: {error.strerror}", advice="check the path"))
        else:
            return
    if absent:
        raise absent[0]


def _ended(path: str, reason: str) -> MemberReport:
    """Says that what lies at a path was not scanned to its end."""
    return MemberReport(
        path=path,
        size=0,
        formats=(),
        verdict="inconclusive",
        observations=(observe(LIMIT, f"the scan was ended: {reason}", location=path),),
    )


def outcome(reports: Sequence[MemberReport], *, policy: Policy, inflated: int = 0) -> Outcome:
    """Everything that was seen, drawn together. Nothing examined at all is inconclusive."""
    seen: list[Observation] = [each for report in reports for each in report.observations]
    files = [report for report in reports if report.depth == 0 and report.formats != ("folder",)]
    missing = [
        f"{report.path}: {_why(report)}" for report in reports if report.verdict == "inconclusive"
    ]
    more = len(missing) - _LISTED
    return Outcome(
        verdict=conclude(seen, complete=bool(files)),
        members=tuple(reports),
        observations=tuple(seen),
        coverage=Coverage(
            files=len(files),
            members=len(reports) - len(files),
            bytes_total=sum(report.size for report in files),
            bytes_parsed=sum(report.parsed for report in files),
            bytes_numbers=sum(report.numbers for report in files),
            inflated=inflated,
            not_examined=(
                *missing[:_LISTED],
                *((f"and {more} more",) if more > 0 else ()),
            ),
        ),
        rules=rules_digest(policy),
        packs=dict(policy.packs),
    )


def _why(report: MemberReport) -> str:
    for seen in report.observations:
        if seen.rule.effect == "inconclusive":
            return seen.finding.message
    return "not examined"
