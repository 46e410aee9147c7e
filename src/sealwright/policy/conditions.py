"""Whether what a statement says is what a requirement asks: its result, fields and tool versions.

Who signed it, and whether it is still fresh, is asked elsewhere.
"""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.data import DatasetVersion
from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.predicates.model import Custody
from sealwright.evidence.verify import Verified
from sealwright.policy.evidence_index import EvidenceIndex
from sealwright.policy.model import Condition, Requirement, Scalar
from sealwright.policy.readings import detail_of, result_of

_MISSING: Final = object()


def content_problem(requirement: Requirement, item: Verified, index: EvidenceIndex) -> str:
    """Why the statement does not say what is asked, in one line; empty if it does."""
    predicate = item.statement.predicate
    if isinstance(predicate, Custody | DatasetVersion) and item.digest not in index.proven:
        return "the files that it lists do not add up to the artifact's digest"
    if isinstance(predicate, Decision) and (problem := _hollow(predicate, item, index)):
        return problem
    result = result_of(predicate)
    if requirement.result and result not in requirement.result:
        detail = detail_of(predicate)
        return f"the result is {result or 'none'}" + (f" ({detail})" if detail else "")
    for condition in requirement.where:
        problem = condition_problem(condition, predicate)
        if problem:
            return problem
    return ""


def _hollow(decision: Decision, item: Verified, index: EvidenceIndex) -> str:
    """Why a decision that says `admitted` cannot have been; empty if it can."""
    if decision.outcome != "admitted":
        return ""
    statuses = decision.requirements.values()
    if not statuses or any(status not in ("satisfied", "waived") for status in statuses):
        return "it says admitted, although not all of its requirements hold"
    for digest in decision.evidence:
        named = index.by_digest.get(digest)
        if named is None or named.index >= item.index:
            return f"it rests on evidence {digest[:12]}, which was not in the ledger before it"
    return ""


def condition_problem(condition: Condition, predicate: Predicate) -> str:
    """Why the predicate does not meet the condition; empty if it does."""
    value = value_at(condition.path, predicate)
    if value is _MISSING or value is None:
        return f"{condition.path} is not there"
    if condition.among and not any(_same(value, accepted) for accepted in condition.among):
        wanted = " or ".join(_text(accepted) for accepted in condition.among)
        return f"{condition.path} is {_text(value)}, not {wanted}"
    for bound, sign in ((condition.minimum, ">="), (condition.maximum, "<=")):
        if bound is not None and not _holds(value, sign, bound):
            return f"{condition.path} is {_text(value)}, not {sign} {bound:g}"
    if condition.empty is not None:
        if not isinstance(value, str | list | tuple | dict):
            return f"{condition.path} is {_text(value)}, not a text or list"
        empty = not (value.strip() if isinstance(value, str) else value)
        if empty != condition.empty:
            return (
                f"{condition.path} is not empty ({_text(value)})"
                if condition.empty
                else f"{condition.path} is empty"
            )
    return ""


def value_at(path: str, predicate: Predicate) -> Any:
    """What lies at a dotted path; a marker that equals nothing if there is nothing."""
    value: Any = predicate
    for part in path.split("."):
        if isinstance(value, msgspec.Struct):
            value = getattr(value, part, _MISSING) if part in value.__struct_fields__ else _MISSING
        elif isinstance(value, dict):
            value = value.get(part, _MISSING)
        else:
            return _MISSING
    return value


def _same(value: Any, accepted: Scalar) -> bool:
    return isinstance(value, bool) == isinstance(accepted, bool) and bool(value == accepted)


def _holds(value: Any, sign: str, bound: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return value >= bound if sign == ">=" else value <= bound


def _text(value: Any) -> str:
    """A value for a person, bounded."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        return f"{len(value)} entries"
    return f"{value!r}"[:60] if isinstance(value, str) else str(value)[:60]
