"""Whether a requirement can mean anything. A policy that asks for a field that does not exist is
refused when it is read, and not when a gate stands open or shut by mistake."""

from __future__ import annotations

import math
import types
import typing
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from sealwright.evidence.predicates import PREDICATES
from sealwright.evidence.predicates.governance import Decision
from sealwright.policy.model import Condition, Requirement
from sealwright.policy.readings import has_result
from sealwright.policy.versions import numbers

NOT_ASKED_THIS_WAY = ("approval", "waiver", "trust-root")
"""Approvals and waivers have their own tables and rules; the trust root is the ledger's own."""


def problem_with(requirement: Requirement) -> str:
    """What is wrong with the requirement, in words; empty if nothing."""
    return _asked_for(requirement) or _fields(requirement) or _names(requirement)


def _asked_for(requirement: Requirement) -> str:
    """Whether there is such a statement, and it concludes what the requirement accepts."""
    if requirement.id.startswith("approval-"):
        return "ids that begin with `approval-` belong to the approvals"
    if requirement.predicate not in PREDICATES:
        return f"there is no predicate `{requirement.predicate}`"
    if requirement.predicate in NOT_ASKED_THIS_WAY:
        return f"`{requirement.predicate}` cannot be a requirement"
    kinds = kinds_of(requirement.predicate)
    if requirement.kind and requirement.kind not in kinds:
        return f"`{requirement.predicate}` has no kind `{requirement.kind}`"
    if bool(requirement.result) != has_result(requirement.predicate):
        return (
            f"`result` is needed: which results of `{requirement.predicate}` are accepted"
            if not requirement.result
            else f"`{requirement.predicate}` has no result"
        )
    return ""


def _fields(requirement: Requirement) -> str:
    for condition in requirement.where:
        if problem := _condition(PREDICATES[requirement.predicate], condition):
            return f"where `{condition.path}`: {problem}"
    return ""


def _names(requirement: Requirement) -> str:
    if requirement.criteria_first and requirement.predicate != "evaluation":
        return "`criteria_first` is for evaluations"
    for name in requirement.independent_of:
        if name != "author" and (name not in PREDICATES or name == requirement.predicate):
            return f"independent_of: `{name}` is neither `author` nor another predicate"
    for tool, version in requirement.min_versions.items():
        if numbers(version) is None:
            return f"min_versions: {tool} {version!r} is not a dotted version"
    return ""


def _condition(predicate: type[msgspec.Struct], condition: Condition) -> str:
    tests = (condition.among, condition.minimum, condition.maximum, condition.empty)
    if all(test is None or test == () for test in tests):
        return "says nothing; give `in`, `min`, `max` or `empty`"
    for bound in (condition.minimum, condition.maximum):
        if bound is not None and not math.isfinite(bound):
            return "a bound must be a finite number"
    kind: Any = predicate
    for part in condition.path.split("."):
        if not part:
            return "not a dotted path"
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            fields = get_type_hints(kind)
            if part not in kind.__struct_fields__:
                return f"there is no field `{part}`"
            kind = _without_none(fields[part])
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        elif kind is not Any:
            return f"nothing lies below, so there is no `{part}`"
    return ""


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (types.UnionType, typing.Union):
        (first, *_) = [part for part in get_args(kind) if part is not type(None)]
        return first
    return kind


@lru_cache(maxsize=64)
def kinds_of(predicate: str) -> frozenset[str]:
    """The values that `kind` may take for this predicate; a decision's kind is its question."""
    cls = PREDICATES[predicate]
    name = "question" if cls is Decision else "kind"
    hint = get_type_hints(cls).get(name)
    return frozenset(get_args(hint)) if get_origin(hint) is Literal else frozenset()
