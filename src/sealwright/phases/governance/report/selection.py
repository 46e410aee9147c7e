"""Finding one's way in a sequence of verified statements, with their types kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sealwright.evidence.predicates import Predicate
from sealwright.evidence.statement import Subject
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.report.records import Named

P_co = TypeVar("P_co", bound=Predicate, covariant=True)


@dataclass(frozen=True, slots=True)
class Said(Generic[P_co]):
    """A verified statement together with its predicate in its own type."""

    item: Verified
    predicate: P_co

    @property
    def subject(self) -> Named:
        """The first subject: what the statement is mainly about."""
        return named(self.item.statement.subjects[0])


def of_type(evidence: Iterable[Verified], wanted: type[P_co]) -> list[Said[P_co]]:
    """The statements with this predicate, in the order given."""
    return [
        Said(item, predicate)
        for item in evidence
        if isinstance(predicate := item.statement.predicate, wanted)
    ]


def latest(
    said: Sequence[Said[P_co]], key: Callable[[Said[P_co]], Hashable]
) -> list[tuple[Said[P_co], list[Said[P_co]]]]:
    """Per key the last statement with those before it, in the order in which keys first occur."""
    groups: dict[Hashable, list[Said[P_co]]] = {}
    for each in said:
        groups.setdefault(key(each), []).append(each)
    return [(group[-1], group[:-1]) for group in groups.values()]


def in_order(evidence: Iterable[Verified]) -> list[Verified]:
    """By place in the ledger; what is in none comes last, by time; equal entries once."""
    unique = {(item.index, item.digest): item for item in evidence}
    return sorted(
        unique.values(), key=lambda item: (item.index < 0, item.index, item.at, item.digest)
    )


def named(subject: Subject) -> Named:
    """A subject as the report writes it."""
    return Named(digest=subject.sha256, name=subject.name)
