"""How drills read a ledger: what was decided, said and found under one correlation id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from sealwright.drill.declaration import Sight, Trace
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.governance import Decision, Question
from sealwright.evidence.verify import Verified

P = TypeVar("P", bound=Predicate)

HOLDS: Final = ("satisfied", "waived")


def said(entries: Iterable[Verified], kind: type[P]) -> Iterator[tuple[Verified, P]]:
    """The statements of one kind, in order."""
    for item in entries:
        if isinstance(item.predicate, kind):
            yield item, item.predicate


def decisions(sight: Sight, question: Question) -> list[tuple[Verified, Decision]]:
    """What the gate answered to one question."""
    return [pair for pair in said(sight.entries, Decision) if pair[1].question == question]


def admitted(found: Iterable[tuple[Verified, Decision]]) -> bool:
    """Whether the gate said yes at least once."""
    return any(decision.outcome == "admitted" for _, decision in found)


def denials(found: Iterable[tuple[Verified, Decision]], *requirements: str) -> tuple[Trace, ...]:
    """Denials in which one of these requirements did not hold: it is what stopped the artifact."""
    traces = []
    for item, decision in found:
        how = decision.requirements
        broken = [name for name in requirements if name in how and how[name] not in HOLDS]
        if decision.outcome == "denied" and broken:
            words = ", ".join(f"{name} is {how[name]}" for name in broken)
            traces.append(trace(item, f"the gate's denial (entry {item.index}): {words}"))
    return tuple(traces)


def trace(item: Verified, what: str) -> Trace:
    """An entry as a trace."""
    return Trace(what, item.digest)
