"""What a serve verdict means for a model that is being served: go on, go on with an alarm, or stop.

The gate answers yes or no. A no because evidence aged is answered as the tier's policy says; a no
for any other reason stops the model at every tier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sealwright.evidence.predicates.operation import Incident
from sealwright.evidence.predicates.serving import OnLoss
from sealwright.evidence.verify import Verified
from sealwright.policy.model import ServingRules
from sealwright.policy.standing import GRAVE
from sealwright.policy.verdict import RequirementResult, Verdict

AGEING: Final = frozenset({1, 4, 5, 6, 7, 9})
"""Codes of `policy.staleness` that say that evidence lost its edge, not that something is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How a model may be served now. `served` false: not at all."""

    served: bool
    loss: OnLoss | None
    """None where everything holds."""
    reasons: tuple[str, ...]
    """One line for each requirement that does not hold."""


def serving(verdict: Verdict, rules: ServingRules, evidence: Mapping[str, Verified]) -> Serving:
    """How to serve by this verdict. `evidence`: envelope digest → statement."""
    failing = [result for result in verdict.results if not result.holds]
    reasons = tuple(f"{result.title}: {result.reason}" for result in failing)
    if verdict.admitted:
        return Serving(served=True, loss=None, reasons=())
    tolerable = bool(failing) and all(_has_aged(result, evidence) for result in failing)
    if not tolerable or rules.stale == "stop":
        return Serving(served=False, loss="stop", reasons=reasons)
    return Serving(served=True, loss=rules.stale, reasons=reasons)


def _has_aged(result: RequirementResult, evidence: Mapping[str, Verified]) -> bool:
    if result.status != "stale":
        return False
    cause = evidence.get(result.because)
    said = cause.statement.predicate if cause is not None else None
    if isinstance(said, Incident):
        return said.severity not in GRAVE
    return result.stale_code in AGEING
