"""Looks once at every value of a stream: functions kept as values, and what is hashed as a key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from sealwright.vetting.interface import Examining, Rule, quoted
from sealwright.vetting.pickle import fan_out, rules
from sealwright.vetting.pickle.facts import Facts
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.pickle.torch_arguments import RETYPED, TENSORS
from sealwright.vetting.pickle.values import (
    Buffered,
    Dict,
    Global,
    List,
    Made,
    Persistent,
    Set,
    Tuple,
    Value,
)

PersistentCheck = Callable[[Persistent, Facts], str]
"""Why a format's loader does not take a persistent id; empty where it does."""


class Judging(msgspec.Struct):
    """The work on one stream."""

    examining: Examining
    facts: Facts
    persistent: PersistentCheck | None
    said: set[tuple[str, str]] = msgspec.field(default_factory=set)
    """(rule, what): each is said once for a stream, at its first place."""
    seen: set[int] = msgspec.field(default_factory=set)
    """Ids of values that were walked. Events keep all values alive, so ids stay theirs."""
    keys: set[int] = msgspec.field(default_factory=set)
    """Ids of values that were walked as keys."""
    hashes: dict[int, int] = msgspec.field(default_factory=dict)
    """Steps of the hashes of tuples, as `fan_out.steps` knows them."""
    hashed: dict[int, int] = msgspec.field(default_factory=dict)
    """Id of a container whose items became keys, and how many of them were walked."""
    sizes: dict[int, int] = msgspec.field(default_factory=dict)
    """Steps through containers."""
    shared: int = 0
    """How often a container was reached again."""

    @property
    def policy(self) -> Policy:
        """All packs."""
        return self.facts.policy

    def say(self, rule: Rule, about: str, message: str, offset: int) -> None:
        """Observes a rule, unless it was said of the same thing before."""
        if (rule.id, about) not in self.said:
            self.said.add((rule.id, about))
            self.examining.find(rule, message, offset=offset)


def walk(roots: Sequence[Value], offset: int, work: Judging, *, within: str = "") -> None:
    """Looks at plain containers and what they hold: functions kept as values, keys with a hash.
    `within`: what they are handed to."""
    stack = [value for value in roots if type(value) in LOOKED_AT]
    seen = work.seen
    steps = 0
    while stack:
        value = stack.pop()
        steps += 1
        if type(value) is Global:
            entry = work.facts.entry(value)
            if entry is not None and entry.role == "reduce":
                _kept(value, offset, within, work)
        elif type(value) is Buffered:
            work.say(rules.BUFFER, "buffer", "a buffer from outside is taken", value.offset)
        elif id(value) in seen:
            work.shared += 1
        else:
            seen.add(id(value))
            inside = _inside(value, offset, work)
            steps += len(inside)
            stack.extend(item for item in inside if type(item) in LOOKED_AT)
    work.examining.session.spend(steps)
    if work.shared >= FEW_SHARED:
        _measure(roots, offset, work)


def _measure(roots: Sequence[Value], offset: int, work: Judging) -> None:
    """Looks for values that are small where they lie and endless for whoever goes through them."""
    spend = work.examining.session.spend
    for value in roots:
        if type(value) in fan_out.CONTAINERS:
            counted = fan_out.steps(value, fan_out.CONTAINERS, work.sizes, spend, circle=0)
            if counted > MAX_SIZE:
                message = "going through it takes over 10^12 steps"
                work.say(rules.ENDLESS, "value", message, offset)


MAX_SIZE = 10**12
"""Steps through one value: more than a program could take."""
FEW_SHARED = 16
"""Parts reached again, below which no file is long enough for so many steps."""
LOOKED_AT = frozenset({Tuple, List, Set, Dict, Global, Buffered})
"""What may hold something, or be something that may not stand there; objects have events of their
own."""


def _inside(value: Value, offset: int, work: Judging) -> Sequence[Value]:
    """What a container holds; its keys are looked at as such."""
    if isinstance(value, Dict):
        walk_keys((key for key, _ in value.items), offset, work)
    elif isinstance(value, Set):
        walk_keys(value.items, offset, work)
    return fan_out.parts(value)


def _kept(value: Global, offset: int, within: str, work: Judging) -> None:
    if within not in PASSED.get(value.dotted, ()):
        name = quoted(value.dotted)
        work.say(rules.KEPT, name, f"{name} is kept as a value", value.offset or offset)


_ARRAYS = frozenset(
    {
        "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray._reconstruct",
        "joblib.numpy_pickle.NumpyArrayWrapper",
        "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper",
    }
)
_GENERATORS = frozenset(
    f"numpy.random._pickle.__{kind}_ctor" for kind in ("randomstate", "generator")
)
_REBUILT = frozenset({"dill._dill._create_array", "jax._src.array._reconstruct_array"})
PASSED = {
    **dict.fromkeys(TENSORS, RETYPED),
    "numpy.core.multiarray._reconstruct": _REBUILT,
    "numpy._core.multiarray._reconstruct": _REBUILT,
    "numpy.random._pickle.__bit_generator_ctor": _GENERATORS,
    "numpy.memmap": _ARRAYS,
    "numpy.core.memmap.memmap": _ARRAYS,
    "numpy._core.memmap.memmap": _ARRAYS,
}
"""Names that ordinary pickles hand to some functions, and to these alone."""


def walk_keys(keys: Iterable[Value], offset: int, work: Judging) -> None:
    """Keys of dicts and members of sets: their hash runs as they are put there."""
    stack = [key for key in keys if type(key) in HASHED]
    spend = work.examining.session.spend
    for key in stack:
        if type(key) is Tuple:
            counted = fan_out.steps(key, fan_out.TUPLES, work.hashes, spend, circle=MAX_HASHED)
            if counted > MAX_HASHED:
                work.say(rules.COSTLY, "key", "hashing a key takes over a million steps", offset)
    while stack:
        value = stack.pop()
        if id(value) in work.keys:
            continue
        work.keys.add(id(value))
        work.examining.session.spend()
        if isinstance(value, Tuple | Set):
            stack.extend(item for item in value.items if type(item) in HASHED)
        elif type(value) is Made:
            maker = work.facts.maker(value)
            entry = work.facts.entry(maker)
            if entry is None or not entry.hashable:
                name = quoted(maker.dotted) if maker is not None else "a call"
                work.say(rules.KEY, name, f"an object of {name} is a key", offset)
            elif entry.role == "class" and type(value.args) is Tuple:
                stack.append(value.args)
                if entry.name.partition(".")[0] in HASHED_BY_STATE:
                    stack.extend(_attributes(value))


def _attributes(value: Made) -> list[Value]:
    """What the attributes of a key hold that a hash or comparison would go through."""
    found: list[Value] = []
    waiting: list[Value] = list(value.states)
    seen: set[int] = set()
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Dict):
            waiting.extend(part for pair in item.items for part in pair)
        elif isinstance(item, Tuple | List | Set):
            waiting.extend(item.items)
        elif type(item) is Made:
            found.append(item)
    return found


HASHED_BY_STATE = frozenset({"nltk", "polars", "dateutil"})
"""Libraries with classes whose hash and comparison go through what they hold."""
HASHED = frozenset({Tuple, Made, Set})
"""Values whose hash goes through others."""
MAX_HASHED = 1_000_000
"""Steps that the hash of one key may take."""
