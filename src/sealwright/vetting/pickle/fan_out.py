"""How much a value is to somebody who goes through it: shared parts count as often as they are
reached, so that a few bytes can stand for more steps than anybody has time for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sealwright.vetting.pickle.values import Dict, List, Set, Tuple, Value

TUPLES = frozenset({Tuple})
"""What the hash of a key goes through."""
CONTAINERS = frozenset({Tuple, List, Set, Dict})
"""What a program goes through that prints, copies or compares a value. Objects decide themselves
what they show, and ordinary ones refer to each other in circles."""
MAX_STEPS = 10**15
"""Where counting ends."""


def steps(
    value: Value,
    kinds: frozenset[type],
    known: dict[int, int],
    spend: Callable[[int], None],
    *,
    circle: int,
) -> int:
    """Values that are met on the way through `value`, at most `MAX_STEPS`; others than of `kinds`
    are one step. `circle`: what a value counts that is reached from within itself.

    `known`: id → steps of what was counted before, and minus the id of what is being counted.
    """
    stack = [value]
    while stack:
        one = stack[-1]
        if id(one) in known:
            stack.pop()
            continue
        known[-id(one)] = 0
        inside = parts(one)
        inner = [item for item in inside if type(item) in kinds]
        waiting = [item for item in inner if id(item) not in known and -id(item) not in known]
        if waiting:
            stack.extend(waiting)
            continue
        spend(1 + len(inner))
        below = sum(known.get(id(item), circle) for item in inner)
        known[id(one)] = min(len(inside) + 1 + below, MAX_STEPS)
        stack.pop()
    return known[id(value)]


def parts(value: Value) -> Sequence[Value]:
    """What a plain container holds."""
    if isinstance(value, Dict):
        return [part for pair in value.items for part in pair]
    return value.items if isinstance(value, Tuple | List | Set) else ()
