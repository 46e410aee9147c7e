"""How one requirement stands for one artifact, by everything that was said about it.

Each signer's statements are read in ledger order. A failure stands until the same signer has
recorded a later statement about the same artifact that counts: nobody outvotes another's failure,
and no second opinion launders it. A check of a data set that did not pass is done with when that
very check has passed since: a run that leaves it out clears nothing. A failure counts whoever
signed it, whatever its date; a success counts only if its signer is the right one and it is fresh.
So adding a negative statement can turn an admission into a denial and never the other way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from sealwright.evidence.predicates.data import DatasetValidation
from sealwright.evidence.verify import Verified
from sealwright.policy.case import Case, Input
from sealwright.policy.commands import command_for
from sealwright.policy.conditions import content_problem
from sealwright.policy.criteria import criteria_problem
from sealwright.policy.duties import actor_of
from sealwright.policy.model import Requirement
from sealwright.policy.readings import kind_of, result_of
from sealwright.policy.staleness import (
    Stale,
    policy_stricter,
    signer_revoked,
    staleness,
    subject_changed,
)
from sealwright.policy.targets import known_by_a_pass, targets_of
from sealwright.policy.verdict import RequirementResult, Status
from sealwright.policy.waivers import standing_waiver

CHECKS_NAMED = 3
"""So many checks that a later run left out are named in a reason."""

LAPSED: Final = frozenset({1, 4, 5, 6, 7, 9, 10})
"""Codes of `staleness` that leave true what a statement said when it was made: time passed, or
something happened since. Not those that speak against its subject's origin or its signer."""

State = Literal["good", "failed", "stale", "wrong-signer", "future"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What one statement is worth for one requirement."""

    item: Verified
    state: State
    reason: str = ""
    stale: Stale | None = None
    negative: bool = False
    """What it says is not what is asked: it counts against the artifact, whoever signed it."""
    left_out: tuple[str, ...] = ()
    """Ids of checks that failed here and that a later success of the same signer did not run."""

    @property
    def supersedes(self) -> bool:
        """Whether an earlier failure of the same signer is done with: the re-run passed, even if
        that has lost its edge since and does not count by itself."""
        lapsed = self.stale is not None and self.stale.code in LAPSED and not self.negative
        return self.state == "good" or lapsed


def judge(case: Case, requirement: Requirement) -> tuple[RequirementResult, ...]:
    """One result for each artifact that the requirement speaks of; none only where it speaks of
    base models and there are none."""
    targets = targets_of(case, requirement.of)
    others: tuple[Input | None, ...] = (None,)
    if requirement.together_with is not None:
        others = targets_of(case, requirement.together_with)
    results = [
        _judge_one(case, requirement, target, together_with=other)
        for target in targets
        for other in others
    ]
    if not results and requirement.of == "base-model":
        return ()  # it starts from nothing that came from elsewhere
    asked = (requirement.of, requirement.together_with or requirement.of)
    if not results or not all(known_by_a_pass(case, of) for of in asked):
        results.append(_unknown(case, requirement))
    return tuple(_unless_waived(case, requirement, result) for result in results)


def _unless_waived(
    case: Case, requirement: Requirement, result: RequirementResult
) -> RequirementResult:
    waiver = None if result.holds else standing_waiver(case, requirement, result.subject)
    return result if waiver is None else _waived(result, waiver)


def _judge_one(
    case: Case, requirement: Requirement, target: Input, *, together_with: Input | None
) -> RequirementResult:
    found = [
        item
        for item in case.index.about(target.digest, requirement.predicate)
        if _speaks_of(case, requirement, item, together_with)
    ]
    assessed = [assess(case, requirement, item) for item in found]
    if not assessed:
        assessed = _by_name(case, requirement)
    if together_with is not None and _is_source(case, target, of=together_with):
        return _same_data(case, requirement, target, together_with)
    return _conclude(case, requirement, target, assessed, with_name=together_with)


def _is_source(case: Case, target: Input, *, of: Input) -> bool:
    return target.digest == of.digest or target.digest in case.graph.ancestors(of.digest)


def _same_data(
    case: Case, requirement: Requirement, target: Input, other: Input
) -> RequirementResult:
    """A thing and what it was made from share everything: no statement shows that they do not."""
    made = "is also used as" if target.digest == other.digest else "went into"
    return RequirementResult(
        id=requirement.id,
        status="failed",
        title=requirement.title,
        reason=f"{target.name} {made} {other.name}: the two cannot be apart",
        subject=target.digest,
        subject_name=target.name,
        command=command_for(case, requirement, target),
        cause=other.digest if other.digest != target.digest else "",
    )


def _speaks_of(
    case: Case, requirement: Requirement, item: Verified, together_with: Input | None
) -> bool:
    if requirement.kind and kind_of(item.statement.predicate) != requirement.kind:
        return False
    return together_with is None or together_with.digest in case.index.subjects[item.digest]


def assess(case: Case, requirement: Requirement, item: Verified) -> Assessment:
    """What one statement about the right artifact is worth. What it says is asked first, so that a
    failure counts even where a success by the same hand would not."""
    problem = content_problem(requirement, item, case.index)
    if not problem and requirement.criteria_first:
        problem = criteria_problem(item, case.index, system=case.request.system)
    if problem:
        newer_policy = policy_stricter(case, requirement, item)
        if newer_policy is not None:
            return Assessment(item=item, state="stale", stale=newer_policy, negative=True)
        return Assessment(item=item, state="failed", reason=problem, negative=True)
    if case.is_future(item):
        return Assessment(
            item=item, state="future", reason=f"it is dated {item.at:%Y-%m-%d %H:%M}, in the future"
        )
    revoked = signer_revoked(case, requirement, item)
    if revoked is not None:
        return Assessment(item=item, state="stale", stale=revoked)
    wrong = _wrong_signer(case, requirement, item)
    if wrong:
        return Assessment(item=item, state="wrong-signer", reason=wrong)
    stale = staleness(case, requirement, item)
    if stale is not None:
        return Assessment(item=item, state="stale", stale=stale)
    return Assessment(item=item, state="good")


def _wrong_signer(case: Case, requirement: Requirement, item: Verified) -> str:
    """Why this signer's word does not count here; empty if it does."""
    signer, actor = item.principal, actor_of(item)
    if requirement.signer_roles and not set(signer.roles) & set(requirement.signer_roles):
        return f"{signer.id} signed it without the role {' or '.join(requirement.signer_roles)}"
    if actor in case.authors and _separated(requirement, item):
        return f"{signer.id} signed it and {case.authors[actor]}: nobody judges their own work"
    for kind in requirement.independent_of:
        for digest in (*case.index.subjects[item.digest], *_lineage(case)):
            if any(actor == actor_of(other) for other in case.index.about(digest, kind)):
                return f"{signer.id} signed it and a {kind}: they must be independent"
    return ""


def _separated(requirement: Requirement, item: Verified) -> bool:
    """Whether an author's word does not count here. In code, whatever the policy says: who is taken
    for the role of validator is no author."""
    accepted = set(item.principal.roles) & set(requirement.signer_roles)
    return accepted == {"validator"} or "author" in requirement.independent_of


def _lineage(case: Case) -> tuple[str, ...]:
    return (case.request.artifact, *case.graph.ancestors(case.request.artifact))


def _by_name(case: Case, requirement: Requirement) -> list[Assessment]:
    """Statements about earlier artifacts of the same name: what there was is not `missing`."""
    found: list[Assessment] = []
    for item in case.index.kind(requirement.predicate):
        if requirement.kind and kind_of(item.statement.predicate) != requirement.kind:
            continue
        changed = subject_changed(case, requirement, item)
        if changed is not None:
            found.append(Assessment(item=item, state="stale", stale=changed))
    return found


def _conclude(
    case: Case,
    requirement: Requirement,
    target: Input,
    assessed: Sequence[Assessment],
    *,
    with_name: Input | None,
) -> RequirementResult:
    last = _last_words(assessed)
    failed = [each for each in last if each.negative]
    good = [each for each in last if each.state == "good"]
    about = f"{target.name} and {with_name.name}" if with_name else target.name
    kind = f"{requirement.predicate} ({requirement.kind})" if requirement.kind else ""
    status: Status
    decisive: Assessment | None = None
    if failed:
        decisive = failed[-1]
        status = "stale" if decisive.stale else "failed"
        reason = f"{_signed(decisive)}: {_wrong(decisive)}"
    elif len(good) >= requirement.min_signers:
        status, reason = "satisfied", "; ".join(_good(each) for each in good)
    elif good:
        status = "missing"
        reason = f"{len(good)} of {requirement.min_signers} independent signers: {_good(good[-1])}"
    else:
        decisive = _foremost(last)
        if decisive is None:
            status, reason = "missing", f"no {kind or requirement.predicate} about {about}"
        elif decisive.stale is not None:
            status, reason = "stale", f"{_signed(decisive)}: {decisive.stale.text}"
        elif decisive.state == "future":
            status, reason = "missing", f"{_signed(decisive)}: {decisive.reason}"
        else:
            status, reason = "wrong-signer", decisive.reason
    stale = decisive.stale if decisive else None
    holds = status == "satisfied"
    return RequirementResult(
        id=requirement.id,
        status=status,
        title=requirement.title,
        reason=reason,
        subject=target.digest,
        subject_name=target.name,
        stale_code=stale.code if stale and status == "stale" else None,
        evidence=tuple(each.item.digest for each in reversed(good if holds else last)),
        command="" if holds else _command(case, requirement, target, status, stale),
        cause=stale.subject if stale and stale.subject != target.digest else "",
        because="" if holds or not decisive else (stale and stale.because) or decisive.item.digest,
    )


def _command(
    case: Case, requirement: Requirement, target: Input, status: Status, stale: Stale | None
) -> str:
    if stale is not None and status == "stale" and stale.command:
        return stale.command
    return command_for(case, requirement, target)


def _last_words(assessed: Iterable[Assessment]) -> list[Assessment]:
    """Each signer's last word, in ledger order: a failure unless a later one is done with it, else
    what counts, else the newest of what does not."""
    words: dict[str, Assessment] = {}
    owed: dict[str, frozenset[str]] = {}
    for each in assessed:
        actor = actor_of(each.item)
        before = words.get(actor)
        if not _replaces(each, before):
            continue
        open_checks = owed.get(actor, frozenset())
        if each.negative:
            owed[actor] = open_checks | _checks(each, passed=False)
        elif left_out := open_checks - _checks(each, passed=True):
            assert before is not None
            words[actor] = replace(before, left_out=tuple(sorted(left_out)))
            continue
        else:
            owed.pop(actor, None)
        words[actor] = each
    return sorted(words.values(), key=lambda each: each.item.index)


def _checks(assessment: Assessment, *, passed: bool) -> frozenset[str]:
    """Ids of a data set's checks, if `passed` those that came out well enough, else those that did
    not pass outright; none of any other statement."""
    said = assessment.item.statement.predicate
    if not isinstance(said, DatasetValidation):
        return frozenset()
    return frozenset(
        check.id
        for check in said.checks
        if (check.result in ("passed", "warned") if passed else check.result != "passed")
    )


def _replaces(later: Assessment, earlier: Assessment | None) -> bool:
    """Whether a signer's later statement takes the place of an earlier one."""
    if earlier is None or later.negative or later.state == "good":
        return True
    if earlier.negative:
        return later.supersedes
    if earlier.state == "good":
        return False
    return later.state == "stale" or earlier.state != "stale"


def _foremost(assessed: Sequence[Assessment]) -> Assessment | None:
    """The newest of what comes nearest to counting."""
    for state in ("stale", "wrong-signer", "future"):
        found = [each for each in assessed if each.state == state]
        if found:
            return found[-1]
    return None


def _signed(assessment: Assessment) -> str:
    return f"signed by {assessment.item.principal.id} on {assessment.item.at:%Y-%m-%d}"


def _wrong(assessment: Assessment) -> str:
    text = assessment.stale.text if assessment.stale else assessment.reason
    if not assessment.left_out:
        return text
    more = ", …" if len(assessment.left_out) > CHECKS_NAMED else ""
    named = ", ".join(assessment.left_out[:CHECKS_NAMED])
    return f"{text}; a later run passed without repeating {named}{more}"


def _good(assessment: Assessment) -> str:
    result = result_of(assessment.item.statement.predicate)
    return f"{result or 'recorded'}, {_signed(assessment)}"


def _waived(result: RequirementResult, waiver: Verified) -> RequirementResult:
    said = waiver.statement.predicate
    until = getattr(said, "expires", "")[:10]
    return RequirementResult(
        id=result.id,
        status="waived",
        title=result.title,
        reason=f"waived by {waiver.principal.id} until {until}; without it: {result.reason}",
        subject=result.subject,
        subject_name=result.subject_name,
        evidence=(waiver.digest, *result.evidence),
        because=waiver.digest,
    )


def _unknown(case: Case, requirement: Requirement) -> RequirementResult:
    """Nothing says which artifacts are meant, so nothing can be shown about them."""
    what = requirement.of.replace("-", " ")
    return RequirementResult(
        id=requirement.id,
        status="missing",
        title=requirement.title,
        reason=f"nothing that counts says which {what} belongs to {case.name}",
        subject=case.request.artifact,
        subject_name=case.name,
        command=command_for(case, requirement, None),
    )
