"""Who asks, once it is proved, and what they may ask."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from sealwright.evidence.predicates.serving import Action


class Permit(msgspec.Struct, frozen=True):
    """Actions on models at a rate, together: a caller with two permits may not mix them."""

    actions: frozenset[Action]
    models: frozenset[str]
    """Names of models; `*` for all."""
    requests_per_minute: int

    def covers(self, action: Action, model: str) -> bool:
        """Whether this allows `action` on `model`."""
        return action in self.actions and (model in self.models or "*" in self.models)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A caller whose credential was verified."""

    client: str
    """Limits and monitoring count by this."""
    key: str
    """Id of the API key, or `token`."""
    permits: tuple[Permit, ...]
    what_if: bool = False


def permit(actions: Iterable[Action], models: Iterable[str], requests_per_minute: int) -> Permit:
    """A permit from what a grant or a role says."""
    return Permit(frozenset(actions), frozenset(models), requests_per_minute)


def rate_for(caller: Caller, action: Action, model: str) -> int:
    """Requests per minute that the caller may make; 0 where it may not at all."""
    rate = 0
    for held in caller.permits:
        if held.covers(action, model) and held.requests_per_minute > rate:
            rate = held.requests_per_minute
    return rate


def largest_rate(caller: Caller) -> int:
    """Requests per minute of the widest permit; 0 where there is none."""
    return max((held.requests_per_minute for held in caller.permits), default=0)


def knows(caller: Caller, model: str) -> bool:
    """Whether any permit of the caller is about this model."""
    return any(model in held.models or "*" in held.models for held in caller.permits)
