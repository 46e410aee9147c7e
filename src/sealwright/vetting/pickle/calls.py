"""Opcodes that look names up, call what they gave, and ask for what persistent ids stand for."""

from __future__ import annotations

from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

from sealwright.vetting.pickle.constants import Handler
from sealwright.vetting.pickle.decode import Refused
from sealwright.vetting.pickle.opcodes import CODES
from sealwright.vetting.pickle.stack import Machine
from sealwright.vetting.pickle.trace import Asked, Called, Reached
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
"""Characters of a name beyond which it is not kept."""
_DATA = (Const, Tuple, List, Dict, Set, Block)
"""What is certainly no callable."""


def _reach(m: Machine, module: str, name: str, offset: int) -> Global:
    """`find_class`."""
    raw = (module, name)
    if m.protocol < 3:
        if raw in NAME_MAPPING:
            module, name = NAME_MAPPING[raw]
        elif module in IMPORT_MAPPING:
            module = IMPORT_MAPPING[module]
    target = Global(module, name, offset, raw)
    m.weight += 2
    m.tell(Reached(target, offset))
    return target


def _named(m: Machine, encoding: str) -> Global | Computed:
    """The name in the next two lines."""
    offset = m.position - 1
    lines = m.line(), m.line()
    if any(len(line) > MAX_NAME for line in lines):
        computed = Computed("a name of thousands of characters", offset)
        m.tell(Reached(computed, offset))
        return computed
    try:
        module, name = (str(line, encoding) for line in lines)
    except UnicodeDecodeError:
        raise Refused("a name that is no text") from None
    return _reach(m, module, name, offset)


def _global(m: Machine) -> None:
    m.stack.append(_named(m, "utf-8"))


def _stack_global(m: Machine) -> None:
    stack = m.stack
    offset = m.position - 1
    name, module = stack.pop(), stack.pop()
    texts = _name_text(module), _name_text(name)
    if texts[0] is None or texts[1] is None:
        computed = Computed("a name that is no constant", offset)
        m.tell(Reached(computed, offset))
        stack.append(computed)
        return
    stack.append(_reach(m, texts[0], texts[1], offset))


def _name_text(value: Value) -> str | None:
    """The text of a constant; None if it is not known. Raises Refused for what is no text."""
    if not isinstance(value, Const):
        if isinstance(value, Tuple | List | Dict | Set | Global | Block):
            raise Refused("STACK_GLOBAL on what is no text")
        if isinstance(value, Made) and _no_text(value):
            raise Refused("STACK_GLOBAL on what is no text")
        return None
    inner = value.value
    if isinstance(inner, str):
        return inner if len(inner) <= MAX_NAME else None
    if value.form in ("str", "str8"):
        return None  # very long, or its text depends on the loader's encoding
    raise Refused("STACK_GLOBAL on what is no text")


def _no_text(value: Made) -> bool:
    """Whether an object cannot be exactly a `str`, which is what unpicklers ask for: an object of
    another class, a dtype, an array."""
    maker = value.function
    if not isinstance(maker, Global):
        return False
    if value.by == "NEWOBJ":
        return maker.dotted != "builtins.str"
    return maker.dotted in _NEVER_TEXT


_NEVER_TEXT = frozenset(
    (
        "numpy.dtype",
        "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray._reconstruct",
    )
)


def _extension(width: int) -> Handler:
    def handler(m: Machine) -> None:
        offset = m.position - 1
        code = m.number(width)
        if code == 0 or code >= 1 << 31:
            raise Refused("an extension code that cannot be")
        computed = Computed(f"extension code {code}", offset)
        m.tell(Reached(computed, offset))
        m.stack.append(computed)

    return handler


def _call(m: Machine, function: Value, args: Value, kwargs: Value | None, by: str) -> None:
    if isinstance(function, _DATA):
        raise Refused("a call of what is no function")
    if isinstance(args, Const) and not isinstance(args.value, str | bytes | memoryview):
        raise Refused("a call without arguments")  # Python takes any iterable for a tuple
    if isinstance(kwargs, Const | List | Tuple | Set):
        raise Refused("a call without named arguments")
    made = Made(function, args, kwargs, by, m.position - 1)
    m.weight += 3
    m.tell(Called(made, m.position - 1))
    m.stack.append(made)


def _reduce(m: Machine) -> None:
    args = m.stack.pop()
    _call(m, m.stack.pop(), args, None, "REDUCE")


def _newobj(m: Machine) -> None:
    args = m.stack.pop()
    _call(m, m.stack.pop(), args, None, "NEWOBJ")


def _newobj_ex(m: Machine) -> None:
    kwargs = m.stack.pop()
    args = m.stack.pop()
    _call(m, m.stack.pop(), args, kwargs, "NEWOBJ_EX")


def _inst(m: Machine) -> None:
    start = m.position
    function = _named(m, "ascii")
    end = m.position
    args = m.pop_mark()
    m.position = start
    _call(m, function, Tuple(tuple(args)), None, "INST")
    m.position = end


def _obj(m: Machine) -> None:
    items = m.pop_mark()
    function = items.pop(0)
    _call(m, function, Tuple(tuple(items)), None, "OBJ")


def _persistent(m: Machine, identifier: Value) -> None:
    value = Persistent(identifier, m.position - 1)
    m.tell(Asked(value, value.offset))
    m.stack.append(value)


def _persid(m: Machine) -> None:
    raw = bytes(m.line())
    if not raw.isascii():
        raise Refused("a persistent id that is not ASCII")
    _persistent(m, Const(raw.decode("ascii")))


def _binpersid(m: Machine) -> None:
    _persistent(m, m.stack.pop())


_BY_NAME: dict[str, Handler] = {
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "EXT1": _extension(1),
    "EXT2": _extension(2),
    "EXT4": _extension(4),
    "REDUCE": _reduce,
    "NEWOBJ": _newobj,
    "NEWOBJ_EX": _newobj_ex,
    "INST": _inst,
    "OBJ": _obj,
    "PERSID": _persid,
    "BINPERSID": _binpersid,
}
HANDLERS: dict[int, Handler] = {CODES[name]: handler for name, handler in _BY_NAME.items()}
