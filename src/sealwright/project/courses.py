"""Who finished which training, and until when that counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sealwright.clock import format_time, parse_time
from sealwright.errors import UsageError
from sealwright.evidence.predicates.governance import TrainingCompletion
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.record import training_completion
from sealwright.project.core import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The newest record of one person and course. `holds`: not yet expired."""

    item: Verified
    said: TrainingCompletion
    holds: bool


def record_completion(
    project: Project, person: str, *, course: str, score: int, days: int, signer: str
) -> Verified:
    """Records that a person finished a course; UsageError for somebody unknown, or for oneself."""
    if project.trust.person(person) is None:
        known = ", ".join(each.id for each in project.trust.root.people)
        raise UsageError(
            f"there is no person {person!r:.80}", advice=f"the trust root knows: {known}"
        )
    principal = project.trust.principal_named(signer)
    if principal is not None and principal.person == person:
        raise UsageError(
            "nobody certifies their own training", advice="somebody else records it: --as"
        )
    now = project.clock()
    statement = training_completion(
        project.lifecycle.system.name,
        person=person,
        course=course,
        score=score,
        expires=now + timedelta(days=days),
        now=now,
    )
    return project.record(statement, signer=signer)


def completions(project: Project) -> tuple[Completion, ...]:
    """The newest record of each person and course."""
    now = project.now()
    last: dict[tuple[str, str], Completion] = {}
    for item in project.evidence():
        said = item.predicate
        if isinstance(said, TrainingCompletion):
            holds = now < parse_time(said.expires)
            last[said.person, said.course] = Completion(item=item, said=said, holds=holds)
    return tuple(last.values())


def expiry(completion: Completion) -> str:
    """Until when it counts, as a day."""
    return format_time(parse_time(completion.said.expires))[:10]
