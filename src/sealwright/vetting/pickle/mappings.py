"""Entries by name, wherever in a stream they stand: in dicts, attributes, and items of objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sealwright.vetting.pickle.trace import Asked, Called, Changed, Trace
from sealwright.vetting.pickle.values import Const, Dict, List, Made, Set, Tuple, Value
from sealwright.vetting.session import Session, Spent

_HOLDERS = frozenset({Tuple, List, Set, Dict, Made})
MAX_LONG = 1 << 26
"""Bytes of a text."""


def named_entries(
    trace: Trace, wanted: Callable[[str], bool], session: Session
) -> Iterator[dict[str, Value]]:
    """The entries with wanted names of every mapping that has one; of repeated names the last.

    May raise `Spent`.
    """
    stack = _roots(trace)
    seen: set[int] = set()
    passed: set[object] = set()
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        before = len(stack)
        kind = type(value)
        if kind is List or kind is Tuple or kind is Set:
            stack += [item for item in _parts(value) if type(item) in _HOLDERS]
        else:
            for pairs in _mapped(value, seen):
                found = _named(pairs, wanted, passed)
                if found:
                    yield found
                stack += [part for pair in pairs for part in pair if type(part) in _HOLDERS]
            if kind is Made:
                stack += [part for part in _parts(value) if type(part) in _HOLDERS]
        session.spend(1 + (max(0, len(stack) - before) >> 2))


def _named(
    pairs: list[tuple[Value, Value]], wanted: Callable[[str], bool], passed: set[object]
) -> dict[str, Value]:
    """The wanted ones of some pairs. `passed`: constants that are known not to be wanted."""
    found: dict[str, Value] = {}
    for key, held in pairs:
        if type(key) is Const and key.form == "":
            name: object = key.value
            if type(name) is not str or name in passed:
                continue
        else:
            name = text_of(key)
        if type(name) is str and wanted(name):
            found[name] = held
        elif len(passed) < MAX_PASSED:
            passed.add(name)
    return found


MAX_PASSED = 10_000


def text_of(value: Value) -> str | None:
    """The text that a constant is, also where a class of texts is made of it (`str`,
    `numpy.str_`). Raises `Spent` on one that is too long."""
    if type(value) is Made and type(value.args) is Tuple and len(value.args.items) == 1:
        value = value.args.items[0]
    if type(value) is not Const:
        return None
    if type(value.value) is str:
        return value.value
    if value.form == "str" and isinstance(value.value, bytes | memoryview):
        if len(value.value) > MAX_LONG:
            raise Spent(f"a text of more than {MAX_LONG} bytes")
        return bytes(value.value).decode("utf-8", "replace")
    return None


def _roots(trace: Trace) -> list[Value]:
    roots: list[Value] = []
    for event in trace.events:
        if type(event) is Called:
            roots.append(event.made)
        elif type(event) is Changed:
            roots += [event.target, *event.items]
        elif type(event) is Asked:
            roots.append(event.persistent.id)
    if trace.result is not None:
        roots.append(trace.result)
    return [root for root in roots if type(root) in _HOLDERS]


def _mapped(value: Value, seen: set[int]) -> list[list[tuple[Value, Value]]]:
    """The pairs of keys and values in a value: its own, and those that a dict is made of, which is
    a list that may be shared."""
    if type(value) is Dict:
        return [value.items]
    if type(value) is not Made:
        return []
    found = [value.pairs] if value.pairs else []
    first = value.args.items[:1] if type(value.args) is Tuple else ()
    for listed in first:
        if isinstance(listed, List | Tuple) and -id(listed) not in seen:
            seen.add(-id(listed))
            pairs = [
                (item.items[0], item.items[1])
                for item in listed.items
                if isinstance(item, List | Tuple) and len(item.items) == 2
            ]
            found += [pairs] if pairs else []
    return found


def _parts(value: Value) -> Sequence[Value]:
    """What a value holds beside its pairs."""
    if isinstance(value, List | Tuple | Set):
        return value.items
    if type(value) is not Made:
        return []
    keywords = [value.kwargs] if value.kwargs is not None else []
    return [value.args, *keywords, *value.states, *value.appended]
