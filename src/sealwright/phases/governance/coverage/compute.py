"""Holds the catalogues against the ledger. Pure; fails closed: old, withdrawn or failed evidence
evidences nothing, and a class that the product cannot produce is never filled in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sealwright.clock import format_time
from sealwright.evidence.predicates import SHORT_NAMES
from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.operation import DrillResult, Release
from sealwright.evidence.predicates.serving import Oversight
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.catalogues.classes import CLASSES, COMPUTED, NOT_PRODUCED, Kind
from sealwright.phases.governance.catalogues.load import (
    Control,
    catalogue,
    catalogue_digest,
    safeguards,
)
from sealwright.phases.governance.coverage.records import (
    ClassRow,
    ControlRow,
    Coverage,
    FrameworkRow,
    SafeguardRow,
    Status,
    TechniqueRow,
)
from sealwright.policy.readings import kind_of, result_of
from sealwright.policy.standing import WITHDRAWN

_SHOWN: Final = 5
_WATCHING: Final = frozenset({"monitor-window", "decision"})
"""Statements that evidence a control however they came out: that it was watched, or asked."""


@dataclass(frozen=True, slots=True)
class _Said:
    """One statement as coverage reads it. `problem`: why it does not count; `against`: it failed"""

    item: Verified
    problem: str = ""
    against: bool = False


def coverage(
    evidence: Sequence[Verified],
    frameworks: Iterable[str],
    *,
    system: str,
    tier: str,
    max_age_days: int,
    now: datetime,
) -> Coverage:
    """What of each framework the evidence speaks for at `now`. UsageError for unknown frameworks.

    `evidence` is in the order of the ledger.
    """
    said = _by_kind(evidence, now=now, max_age=timedelta(days=max_age_days))
    classes = {name: _class_row(name, said) for name in (*CLASSES, *COMPUTED, *NOT_PRODUCED)}
    return Coverage(
        as_of=format_time(now),
        system=system,
        tier=tier,
        max_age_days=max_age_days,
        ledger_size=len(evidence),
        frameworks=tuple(_framework(name, classes, now=now) for name in dict.fromkeys(frameworks)),
        safeguards=_safeguards(classes, said),
        techniques=_techniques(evidence),
    )


def _by_kind(
    evidence: Sequence[Verified], *, now: datetime, max_age: timedelta
) -> Mapping[Kind, list[_Said]]:
    """Each kind → its statements, newest first; every statement also under its predicate alone."""
    withdrawn = _withdrawn(evidence)
    found: dict[Kind, list[_Said]] = defaultdict(list)
    for item in reversed(evidence):
        predicate = item.statement.predicate
        short = SHORT_NAMES[predicate.TYPE]
        problem = _problem(item, withdrawn, now=now, max_age=max_age)
        failed = result_of(predicate) in ("failed", "inconclusive") and short not in _WATCHING
        read = _Said(item, problem, failed and not problem)
        found[Kind(short)].append(read)
        if kind := _kind(item):
            found[Kind(short, kind)].append(read)
    return found


def _kind(item: Verified) -> str:
    predicate = item.statement.predicate
    if isinstance(predicate, Release | Oversight):
        return predicate.action
    return predicate.id if isinstance(predicate, DrillResult) else kind_of(predicate)


def _withdrawn(evidence: Sequence[Verified]) -> Mapping[str, str]:
    """Digest of each artifact that is withdrawn → the action. `restore` lifts all but `revoke`."""
    found: dict[str, str] = {}
    for item in evidence:
        said = item.statement.predicate
        if not isinstance(said, Release):
            continue
        for subject in item.statement.subjects:
            if said.action in WITHDRAWN and found.get(subject.sha256) != "revoke":
                found[subject.sha256] = said.action
            elif said.action == "restore" and found.get(subject.sha256) != "revoke":
                found.pop(subject.sha256, None)
    return found


def _problem(
    item: Verified, withdrawn: Mapping[str, str], *, now: datetime, max_age: timedelta
) -> str:
    revoked = item.principal.revoked
    if revoked is not None and revoked.for_cause:
        return f"signed with the key of {item.principal.id}, which was revoked for cause"
    predicate = item.statement.predicate
    if not isinstance(predicate, Release | Decision):
        subjects = item.statement.subjects
        gone = [withdrawn[each.sha256] for each in subjects if each.sha256 in withdrawn]
        if gone and len(gone) == len(subjects):
            return f"about an artifact that was withdrawn ({gone[0]})"
    if now - item.at > max_age:
        return f"{(now - item.at).days} days old"
    return ""


def _class_row(name: str, said: Mapping[Kind, list[_Said]]) -> ClassRow:
    if name in NOT_PRODUCED:
        return ClassRow(name=name, status="human", entries=(), note=NOT_PRODUCED[name])
    if name in COMPUTED:
        return ClassRow(name=name, status="evidenced", entries=(), note=COMPUTED[name])
    kinds = [found for kind in CLASSES[name] if (found := said.get(kind))]
    if not kinds:
        return ClassRow(name=name, status="not-evidenced", entries=(), note="nothing is on record")
    # The newest statement of each kind is its last word.
    good = [found[0] for found in kinds if not found[0].problem and not found[0].against]
    against = [found[0] for found in kinds if found[0].against]
    if against:
        return _row(name, "against", against, "the newest examination did not pass")
    if good:
        return _row(name, "evidenced", good, "")
    stale = [found[0] for found in kinds]
    return _row(name, "stale", stale, stale[0].problem)


def _row(name: str, status: Status, said: Sequence[_Said], note: str) -> ClassRow:
    entries = sorted((each.item.index for each in said), reverse=True)[:_SHOWN]
    return ClassRow(name=name, status=status, entries=tuple(entries), note=note)


def _framework(name: str, classes: Mapping[str, ClassRow], *, now: datetime) -> FrameworkRow:
    found = catalogue(name)
    rows = tuple(_control(each, classes, now=now) for each in found.controls)
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.due:
            counts[row.status] += 1
    return FrameworkRow(
        id=found.id,
        title=found.title,
        source=found.source,
        licence=found.licence,
        date=found.date,
        verification=found.verification,
        digest=catalogue_digest(name),
        controls=rows,
        counts=dict(sorted(counts.items())),
    )


def _control(control: Control, classes: Mapping[str, ClassRow], *, now: datetime) -> ControlRow:
    rows = tuple(classes[name] for name in control.evidence)
    return ControlRow(
        id=control.id,
        text=control.text,
        group=control.group,
        role=control.role,
        how=control.how,
        applies_from=control.applies_from,
        due=control.applies_from <= f"{now:%Y-%m-%d}",
        status=status_of(rows),
        classes=rows,
    )


def status_of(rows: Sequence[ClassRow]) -> Status:
    """What several classes come to: the whole is no better than what is missing from it."""
    statuses = {row.status for row in rows}
    if not statuses:
        return "not-evidenced"
    if "against" in statuses:
        return "against"
    if len(statuses) == 1:
        return next(iter(statuses))
    if "evidenced" in statuses:
        return "partly"
    return "stale" if "stale" in statuses else "not-evidenced"


def _safeguards(
    classes: Mapping[str, ClassRow], said: Mapping[Kind, list[_Said]]
) -> tuple[SafeguardRow, ...]:
    found = []
    for row in safeguards().rows:
        rows = tuple(classes[name] for name in row.evidence)
        found.append(
            SafeguardRow(
                id=row.id,
                text=row.text,
                system=row.system,
                status=status_of(rows),
                classes=rows,
                drills={drill: _newest_verdict(drill, said) for drill in row.drills},
            )
        )
    return tuple(found)


def _newest_verdict(drill: str, said: Mapping[Kind, list[_Said]]) -> str:
    runs = said.get(Kind("drill", drill))
    if not runs:
        return "not run"
    predicate = runs[0].item.statement.predicate
    verdict = predicate.verdict if isinstance(predicate, DrillResult) else "error"
    return f"{verdict}, stale" if runs[0].problem else verdict


def _techniques(evidence: Sequence[Verified]) -> tuple[TechniqueRow, ...]:
    """ATLAS techniques that alerts and drills name, in the order of their ids."""
    names = {each.id: each.text for each in catalogue("mitre-atlas").controls}
    seen: dict[str, dict[str, int]] = defaultdict(dict)
    for item in evidence:
        said = item.statement.predicate
        if isinstance(said, Alert):
            label = f"detector {said.detector}"
        elif isinstance(said, DrillResult):
            label = f"drill {said.id}: {said.verdict}"
        else:
            continue
        for technique in getattr(said, "atlas", ()):
            seen[technique][label] = item.index
    return tuple(
        TechniqueRow(
            id=technique,
            name=names.get(technique, "not in this catalogue"),
            entries=tuple(sorted(labels.values(), reverse=True)[:_SHOWN]),
            said="; ".join(sorted(labels)),
        )
        for technique, labels in sorted(seen.items())
    )
