"""A step of a run: what it depends on, and the work that turns it into evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.statement import Statement
from sealwright.evidence.verify import Verified
from sealwright.policy.readings import result_of
from sealwright.policy.verdict import Verdict
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.progress import Outcome, Progress

Phase = Literal["governance", "data", "model", "validation"]
PHASES: tuple[Phase, ...] = ("governance", "data", "model", "validation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a step left behind. `verdict` is set by a gate step alone; `halt` says why nothing that
    follows can be done."""

    evidence: tuple[Verified, ...] = ()
    outcome: Outcome = "done"
    detail: str = ""
    verdict: Verdict | None = None
    halt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. `inputs` gives a digest of all that its result depends on; a step whose inputs and
    evidence are both unchanged is current and is left out. `inputs` None: never left out."""

    id: str
    phase: Phase
    title: str
    work: Callable[[Progress], Done]
    inputs: Callable[[], str] | None = None
    holds: Callable[[Sequence[Verified]], bool] = field(default=lambda _: True)
    """Whether what the evidence speaks of is still so on disk."""


@dataclass(slots=True, kw_only=True)
class Agreed:
    """What the train gate was asked about, as it was then: training uses exactly this.

    Filled by the gate's step, read by those after it.
    """

    inputs: tuple[Named, ...] = ()
    code: dict[str, str] = field(default_factory=dict)
    """Path as declared → artifact digest, each of which a code scan on record speaks of."""


def digest_of(*parts: object) -> str:
    """A digest of JSON-like values, for `Step.inputs`."""
    return sha256_hex(canonical.encode(list(parts)))


def record_all(
    project: Project, statements: Sequence[Statement[Predicate]], *, signer: str
) -> Done:
    """Records statements as one person's word and sums up their results."""
    evidence = tuple(project.record(item, signer=signer) for item in statements)
    return Done(evidence=evidence, outcome=worst(evidence))


def worst(evidence: Sequence[Verified]) -> Outcome:
    """`failed` where anything failed or could not be concluded, else `warned`, else `done`."""
    results = {result_of(item.predicate) for item in evidence}
    if results & {"failed", "inconclusive"}:
        return "failed"
    return "warned" if "warned" in results else "done"
