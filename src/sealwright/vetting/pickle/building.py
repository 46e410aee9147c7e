"""Opcodes that build containers, reach names, call, and change what was built.

Each follows C's unpickler and the pure Python one as far as either goes. Where it is certain that
both raise an error (a list is a key), the stream ends here as theirs does.
"""

from __future__ import annotations

from typing import Literal

from sealwright.vetting.pickle.constants import Handler
from sealwright.vetting.pickle.decode import Refused
from sealwright.vetting.pickle.joblib_blocks import is_wrapper, read_block
from sealwright.vetting.pickle.opcodes import CODES
from sealwright.vetting.pickle.stack import KEPT_ITEMS, Machine, plain
from sealwright.vetting.pickle.trace import Changed
from sealwright.vetting.pickle.values import (
    Block,
    Computed,
    Const,
    Dict,
    Global,
    List,
    Made,
    Persistent,
    Set,
    Tuple,
    Value,
)

MAX_NAME = 4096
_DATA = (Const, Tuple, List, Dict, Set, Block)
"""What is certainly no callable."""


def _tuple(m: Machine) -> None:
    items = tuple(m.pop_mark())
    m.weight += len(items)
    m.stack.append(Tuple(items))


def _tuple1(m: Machine) -> None:
    m.stack[-1] = Tuple((m.stack[-1],))
    m.weight += 1


def _tuple_of(size: int) -> Handler:
    def handler(m: Machine) -> None:
        stack = m.stack
        if len(stack) < size:
            raise IndexError
        stack[-size:] = (Tuple(tuple(stack[-size:])),)
        m.weight += size

    return handler


def _empty_list(m: Machine) -> None:
    m.stack.append(List())


def _empty_dict(m: Machine) -> None:
    m.stack.append(Dict())


def _empty_set(m: Machine) -> None:
    m.stack.append(Set())


def _list(m: Machine) -> None:
    items = m.pop_mark()
    m.weight += len(items)
    m.stack.append(List(items))


def _dict(m: Machine) -> None:
    made = Dict()
    _into_dict(m, made, _pairs(m.pop_mark()))
    m.stack.append(made)


def _frozenset(m: Machine) -> None:
    items = m.pop_mark()
    for item in items:
        _as_key(item)
    m.weight += len(items)
    m.stack.append(Set(items, frozen=True))


def _pairs(items: list[Value]) -> list[tuple[Value, Value]]:
    if len(items) % 2:
        raise Refused("a key without a value")
    return list(zip(items[::2], items[1::2], strict=True))


def _as_key(value: Value) -> None:
    """Raises Refused for what certainly has no hash."""
    unhashable = isinstance(value, List | Dict) or (isinstance(value, Set) and not value.frozen)
    if unhashable or (isinstance(value, Const) and value.form == "bytearray"):
        raise Refused("a key that has no hash")


def _keep(m: Machine, held: list[Value], new: list[Value]) -> int:
    """Adds items, but for plain ones where there are very many; returns how many were left out."""
    if len(held) < KEPT_ITEMS:
        held.extend(new)
        m.weight += len(new)
        return 0
    kept = [value for value in new if not plain(value)]
    held.extend(kept)
    m.weight += len(kept)
    return len(new) - len(kept)


def _keep_pairs(m: Machine, held: list[tuple[Value, Value]], new: list[tuple[Value, Value]]) -> int:
    if len(held) >= KEPT_ITEMS:
        kept = [pair for pair in new if not (plain(pair[0]) and plain(pair[1]))]
    else:
        kept = new
    held.extend(kept)
    m.weight += 2 * len(kept)
    return len(new) - len(kept)


def _into_dict(m: Machine, target: Dict, pairs: list[tuple[Value, Value]]) -> None:
    for key, _ in pairs:
        _as_key(key)
    target.elided += _keep_pairs(m, target.items, pairs)


def _append(m: Machine) -> None:
    value = m.stack.pop()
    _extend(m, m.stack[-1], [value])


def _appends(m: Machine) -> None:
    items = m.pop_mark()
    _extend(m, m.stack[-1], items)


def _extend(m: Machine, target: Value, items: list[Value]) -> None:
    if isinstance(target, List):
        target.elided += _keep(m, target.items, items)
        return
    if not items:
        return
    if isinstance(target, Tuple | Dict | Set) or _is_plain_const(target):
        raise Refused("APPEND to what is no list")
    _tell_items(m, target, "append", items)


def _tell_items(
    m: Machine, target: Value, how: Literal["append", "add"], items: list[Value]
) -> None:
    if isinstance(target, Made):
        before = len(target.appended)
        target.elided += _keep(m, target.appended, items)
        items = target.appended[before:]
    if items:
        m.weight += len(items)
        m.tell(Changed(target, how, tuple(items), m.position - 1))


def _is_plain_const(value: Value) -> bool:
    """A constant that cannot be changed."""
    return isinstance(value, Const) and value.form != "bytearray"


def _setitem(m: Machine) -> None:
    value = m.stack.pop()
    key = m.stack.pop()
    _set_items(m, m.stack[-1], [key, value])


def _setitems(m: Machine) -> None:
    items = m.pop_mark()
    _set_items(m, m.stack[-1], items)


def _set_items(m: Machine, target: Value, items: list[Value]) -> None:
    odd = len(items) % 2
    pairs = _pairs(items[:-1] if odd else items)  # Python sets the pairs before it sees the odd one
    if isinstance(target, Dict):
        _into_dict(m, target, pairs)
    elif isinstance(target, List):
        _set_list_items(m, target, pairs)
    elif pairs and (isinstance(target, Tuple | Set) or _is_plain_const(target)):
        raise Refused("SETITEM on what takes no items")
    elif pairs:
        if isinstance(target, Made):
            before = len(target.pairs)
            target.elided += _keep_pairs(m, target.pairs, pairs)
            pairs = target.pairs[before:]
        if pairs:
            flat = tuple(value for pair in pairs for value in pair)
            m.weight += len(flat)
            m.tell(Changed(target, "setitem", flat, m.position - 1))
    if odd:
        raise Refused("a key without a value")


def _set_list_items(m: Machine, target: List, pairs: list[tuple[Value, Value]]) -> None:
    for key, value in pairs:
        index = key.value if isinstance(key, Const) else None
        if isinstance(index, int) and target.elided == 0:
            if not -len(target.items) <= index < len(target.items):
                raise Refused("SETITEM beyond the end of a list")
            target.items[index] = value
        elif isinstance(key, Made | Global | Computed | Persistent) or target.elided:
            target.items.append(value)
            m.tell(Changed(target, "setitem", (key, value), m.position - 1))
        else:
            raise Refused("SETITEM on a list without an index")
        m.odd("SETITEM on a list")


def _additems(m: Machine) -> None:
    items = m.pop_mark()
    target = m.stack[-1]
    if not items:
        return
    if isinstance(target, Set) and not target.frozen:
        for item in items:
            _as_key(item)
        target.elided += _keep(m, target.items, items)
        return
    if isinstance(target, Tuple | List | Dict | Set | Const):
        raise Refused("ADDITEMS to what is no set")
    _tell_items(m, target, "add", items)


def _build(m: Machine) -> None:
    state = m.stack.pop()
    target = m.stack[-1]
    if isinstance(target, Const | Tuple | List | Dict | Set):
        if isinstance(state, Dict) and state.items:
            raise Refused("a state for what takes none")
        m.odd("BUILD on plain data")
    elif isinstance(target, Made):
        target.states.append(state)
    m.weight += 1
    m.tell(Changed(target, "build", (state,), m.position - 1))
    if m.arrays and is_wrapper(target):
        m.stack[-1] = read_block(m, target)


_BY_NAME: dict[str, Handler] = {
    "TUPLE": _tuple,
    "TUPLE1": _tuple1,
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "EMPTY_LIST": _empty_list,
    "EMPTY_DICT": _empty_dict,
    "EMPTY_SET": _empty_set,
    "LIST": _list,
    "DICT": _dict,
    "FROZENSET": _frozenset,
    "APPEND": _append,
    "APPENDS": _appends,
    "SETITEM": _setitem,
    "SETITEMS": _setitems,
    "ADDITEMS": _additems,
    "BUILD": _build,
}
HANDLERS: dict[int, Handler] = {CODES[name]: handler for name, handler in _BY_NAME.items()}
