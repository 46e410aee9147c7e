"""Calls in which a few bytes stand for numbers without end, where the library counts them all."""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.patterns import regex
from sealwright.vetting.interface import Examining, quoted
from sealwright.vetting.pickle import rules
from sealwright.vetting.pickle.facts import BY_CLASS, Facts
from sealwright.vetting.pickle.signatures import constant
from sealwright.vetting.pickle.trace import Called, Changed, Trace
from sealwright.vetting.pickle.values import Const, Dict, Global, List, Made, Set, Tuple, Value

MAX_RANGE = 1 << 20
"""Numbers that a range may give to what goes through it."""
MAX_BOUNDS = 8
"""Values of one bound that are compared; a stream that writes more hides something."""
_FRACTION = regex(r"\s*[-+]?\d{1,4000}(?:/\d{1,4000})?\s*\Z")
"""As `fractions.Fraction` spells itself; it also reads exponents."""
_NETWORK = "ipaddress."
_INDEXES = frozenset(
    f"{module}._new_Index"
    for module in ("pandas.core.indexes.base", "pandas.indexes.base", "pandas.core.index")
)
_COUNTING = frozenset({"exception", "numpy masked array"})
"""States of which a tuple or an array is made."""
_KEEPING = ("BlockManager", "ArrayManager", "MultiIndex")
"""Ends of the names of classes that keep an index as it is."""


def look(trace: Trace, examining: Examining) -> None:
    """Observes such calls, and such states."""
    facts = Facts(examining.session.policy)
    seen: set[int] = set()
    for event in trace.events:
        if type(event) is Called:
            subject, given = _given(event.made)
            about = _about(subject, given, facts, seen, state=False)
        elif type(event) is Changed and event.how == "build":
            maker = facts.maker(event.target)
            about = _about(maker, event.items, facts, seen, state=True) if maker is not None else ""
        else:
            continue
        if about:
            examining.find(rules.COSTLY, about, offset=event.offset)
            return


def _given(made: Made) -> tuple[Value, tuple[Value, ...]]:
    """What is called, or which class, and what it is given."""
    args = made.args.items if type(made.args) is Tuple else ()
    subject = made.function
    helper = subject.dotted if type(subject) is Global else ""
    if helper in BY_CLASS and args:
        subject, args = args[0], args[1:]
        if helper == "copyreg.__newobj_ex__" and args and type(args[0]) is Tuple:
            args = args[0].items
    return subject, args if made.kwargs is None else (*args, made.kwargs)


def _about(
    subject: Value, given: tuple[Value, ...], facts: Facts, seen: set[int], *, state: bool
) -> str:
    entry = facts.entry(subject)
    if entry is None:
        return ""
    if entry.name == "fractions.Fraction":
        spelled = constant(given[0]) if given else None
        plain = not isinstance(spelled, str) or _FRACTION.match(spelled)
        return "" if plain else f"{quoted(entry.name)} is made of {quoted(str(spelled)[:60])}"
    text = entry.state if state else entry.args
    if "inert" not in text and text not in _COUNTING:
        return ""
    kept = given[0] if entry.name in _INDEXES and given else subject
    if type(kept) is Global and kept.name.endswith(_KEEPING):
        return ""
    if entry.name in _INDEXES and _is_range(kept):
        return ""
    if any(_counted(value) > MAX_RANGE for value in _direct(given, seen)):
        return f"{quoted(entry.name)} goes through a range without end"
    return ""


def _direct(given: tuple[Value, ...], seen: set[int]) -> Iterator[Made]:
    """Objects among what is given, also in containers of the stream's own: each once, as others
    may be given the same."""
    stack = [value for value in given if type(value) in _HOLDING]
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is Made:
            yield value
        elif isinstance(value, Tuple | List | Set):
            stack += [item for item in value.items if type(item) in _HOLDING]
        elif isinstance(value, Dict):
            stack += [part for pair in value.items for part in pair if type(part) in _HOLDING]


_HOLDING = frozenset({Tuple, List, Set, Dict, Made})


def _is_range(value: Value) -> bool:
    return type(value) is Global and value.name == "RangeIndex"


def _counted(made: Made) -> int:
    """How many numbers a range, an index over one, or a network of addresses has."""
    subject, given = _given(made)
    if type(subject) is not Global:
        return 0
    if subject.dotted == "builtins.range":
        parts = given if len(given) > 1 else (Const(0), *given)
        return _longest([[constant(part)] for part in parts])
    if subject.dotted in _INDEXES and given and _is_range(given[0]):
        state = given[1] if len(given) > 1 else None
        bounds: dict[object, list[object]] = {"start": [], "stop": [], "step": []}
        for key, value in state.items if isinstance(state, Dict) else []:
            if constant(key) in bounds:
                bounds[constant(key)].append(constant(value))
        return _longest(list(bounds.values()))
    network = subject.dotted.startswith(_NETWORK) and subject.name.endswith("Network")
    return MAX_RANGE + 1 if network else 0


def _longest(bounds: list[list[object]]) -> int:
    """Of all that the stream writes for start, stop and step; what is no number may be any."""
    numbers: list[list[int]] = []
    for values, default in zip([*bounds, [], []], _DEFAULTS, strict=False):
        known = [default if value is None else value for value in values]
        numbers.append([value for value in known if isinstance(value, int)] or [default])
        if len(known) > MAX_BOUNDS or not all(isinstance(value, int) for value in known):
            return MAX_RANGE + 1
    start, stop, step = numbers
    return max(
        (-((first - last) // by) for first in start for last in stop for by in step if by),
        default=0,
    )


_DEFAULTS = (0, 0, 1)
