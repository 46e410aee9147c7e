"""The small language in which packs say what arguments a call may have.

    new                       NEWOBJ (or a form that comes to the same) without arguments
    (int, str?)               any call with these arguments; `?`: may be left out
    call(...)  new(...)       only REDUCE, only NEWOBJ
    (class:a.B, any*)         `*`: any number more of this kind
    (scalar, **)              keyword arguments, too
    new; (bytes, none|dict)   alternatives; `|` between kinds

Kinds: any (is stored and not looked at), inert (may be looked at: `inert.py`), data, none, bool,
int, float, str, bytes, text (str or bytes), scalar, name, tuple, list, pairs (a list of pairs),
dict, set, shape, empty (the shape (0,)), search (a method of a pattern, or None), class, constant,
factory, callable, dtype, class:X, constant:X, object:X (made by X), ='literal'. Where a kind
names X, the name is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec

from sealwright.patterns import regex
from sealwright.vetting.pickle.facts import Facts
from sealwright.vetting.pickle.inert import inert
from sealwright.vetting.pickle.kept_functions import (
    CALLING,
    DEFAULTDICT,
    LOOKUP,
    PARTIAL,
    may_be_called,
)
from sealwright.vetting.pickle.values import (
    Block,
    Buffered,
    Const,
    Dict,
    Global,
    List,
    Made,
    Set,
    Tuple,
    Value,
)

Test = Callable[[Value, Facts], bool]
"""Whether a value is of a kind."""
MAX_DATA = 10_000
"""Values that one look into plain data goes through."""
_ALTERNATIVE = regex(r"\s*(new|call)?\s*(?:\(([^()]*)\))?\s*\Z")
_NAME = regex(r"[A-Za-z][A-Za-z0-9_]*\Z")


class Signature(msgspec.Struct, frozen=True):
    """One alternative."""

    how: str
    """`new`, `call` or nothing: either."""
    needed: tuple[Test, ...]
    optional: tuple[Test, ...]
    rest: Test | None
    keywords: bool


class _Reading(msgspec.Struct):
    needed: list[Test] = msgspec.field(default_factory=list)
    optional: list[Test] = msgspec.field(default_factory=list)
    rest: Test | None = None
    keywords: bool = False


def is_signature(text: str) -> bool:
    """Whether `text` is in this language, and not a predicate's name."""
    return "(" in text or text in {"new", "call"}


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Signature, ...]:
    """The alternatives of `text`; ValueError with the place where it is wrong."""
    return tuple(_alternative(piece) for piece in text.split(";"))


def matches(
    text: str,
    args: tuple[Value, ...],
    *,
    keywords: bool,
    by_new: bool,
    facts: Facts,
) -> bool:
    """Whether some alternative takes the arguments."""
    return any(
        _takes(signature, args, keywords=keywords, by_new=by_new, facts=facts)
        for signature in parse(text)
    )


def begins(text: str, args: tuple[Value, ...], facts: Facts) -> bool:
    """Whether some alternative of a call takes these as its first arguments, with more to come."""
    for signature in parse(text):
        positions = signature.needed + signature.optional
        tests = positions + (signature.rest,) * (len(args) - len(positions))
        if signature.how != "new" and all(
            test is not None and test(value, facts)
            for test, value in zip(tests, args, strict=False)
        ):
            return True
    return False


def kind(text: str) -> Test:
    """The test for one kind or several with `|`; ValueError for an unknown one."""
    tests = tuple(_kind(piece.strip()) for piece in text.split("|"))
    if len(tests) == 1:
        return tests[0]
    return lambda value, facts: any(test(value, facts) for test in tests)


def _alternative(piece: str) -> Signature:
    found = _ALTERNATIVE.match(piece)
    if found is None or not (found[1] or found[2] is not None):
        raise ValueError(f"not a signature: {piece.strip()!r}")
    reading = _Reading()
    for part in (found[2] or "").split(","):
        _position(part.strip(), reading)
    return Signature(
        found[1] or "",
        tuple(reading.needed),
        tuple(reading.optional),
        reading.rest,
        reading.keywords,
    )


def _position(part: str, reading: _Reading) -> None:
    if not part:
        return
    if reading.keywords or (reading.rest and part != "**"):
        raise ValueError(f"nothing may follow here: {part!r}")
    if part == "**":
        reading.keywords = True
    elif part.endswith("*"):
        reading.rest = kind(part[:-1])
    elif part.endswith("?"):
        reading.optional.append(kind(part[:-1]))
    elif reading.optional:
        raise ValueError(f"{part!r} is needed and follows what may be left out")
    else:
        reading.needed.append(kind(part))


def _takes(
    signature: Signature, args: tuple[Value, ...], *, keywords: bool, by_new: bool, facts: Facts
) -> bool:
    if signature.how == ("call" if by_new else "new") or (keywords and not signature.keywords):
        return False
    positions = signature.needed + signature.optional
    if len(args) < len(signature.needed):
        return False
    if len(args) > len(positions) and signature.rest is None:
        return False
    if not all(test(value, facts) for test, value in zip(positions, args, strict=False)):
        return False
    rest = signature.rest
    return rest is None or all(rest(value, facts) for value in args[len(positions) :])


def _kind(text: str) -> Test:
    test = _KINDS.get(text)
    if test is not None:
        return test
    what, colon, name = text.partition(":")
    if colon and "." in name:
        if what in {"class", "constant"}:
            return lambda value, facts: type(value) is Global and value.dotted == name
        if what == "object":
            return lambda value, facts: facts.made_by(value) == name
    if text.startswith("='") and text.endswith("'"):
        literal = text[2:-1]
        return lambda value, facts: constant(value) == literal
    raise ValueError(f"unknown kind: {text!r}")


def constant(value: Value) -> object:
    """The constant's value; for anything else, an object that equals nothing."""
    return value.value if type(value) is Const else _NOTHING


_NOTHING = object()


def _of(*types: type) -> Test:
    return lambda value, facts: type(value) is Const and type(value.value) in types


def _bytes(value: Value, facts: Facts) -> bool:
    """Bytes, however a pickler spells them: `_codecs.encode` in protocols 0 to 2."""
    if type(value) is Const:
        return type(value.value) in {bytes, bytearray, memoryview}
    if type(value) is Made:
        return facts.made_by(value) in _BYTES
    return type(value) in {Buffered, Block}


_BYTES = {"_codecs.encode", "builtins.bytes", "builtins.bytearray"}


def _text(value: Value, facts: Facts) -> bool:
    return (type(value) is Const and type(value.value) is str) or _bytes(value, facts)


def _name(value: Value, facts: Facts) -> bool:
    text = constant(value)
    return type(text) is str and len(text) < 200 and _NAME.match(text) is not None


def _shape(value: Value, facts: Facts) -> bool:
    return isinstance(value, Tuple | List) and all(
        type(constant(item)) is int for item in value.items
    )


def _pairs(value: Value, facts: Facts) -> bool:
    """A list of pairs, as a dict is made of them: anything else in it would be asked for items."""
    return isinstance(value, Tuple | List) and all(
        isinstance(item, Tuple | List) for item in value.items
    )


def _search(value: Value, facts: Facts) -> bool:
    """A method of a compiled pattern, or None: a tokenizer calls it while it is made."""
    if constant(value) is None:
        return True
    made = type(value) is Made and type(value.function) is Global and type(value.args) is Tuple
    if not made or facts.made_by(value) != "builtins.getattr":
        return False
    assert type(value) is Made
    assert type(value.args) is Tuple
    return len(value.args.items) == 2 and facts.made_by(value.args.items[0]) == "re._compile"


def _empty(value: Value, facts: Facts) -> bool:
    return type(value) is Tuple and [constant(item) for item in value.items] == [0]


def _data(value: Value, facts: Facts) -> bool:
    """Constants and plain containers of them, and nothing that was looked up or called."""
    if not isinstance(value, Tuple | List | Set | Dict):
        return type(value) is Const or _bytes(value, facts)
    known = facts.known.get(id(value))
    if not isinstance(known, bool):
        known = facts.known[id(value)] = _all_data(value, facts)
    return known


def _all_data(value: Value, facts: Facts) -> bool:
    seen: set[int] = set()
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is Const:
            continue
        if id(item) in seen:
            continue
        seen.add(id(item))
        if len(seen) + len(stack) > MAX_DATA:
            return False
        if type(item) is Dict:
            stack.extend(part for pair in item.items for part in pair)
        elif isinstance(item, Tuple | List | Set):
            stack.extend(item.items)
        elif not _bytes(item, facts):
            return False
    return True


def _class(value: Value, facts: Facts) -> bool:
    return facts.role(value) == "class"


def _constant_role(value: Value, facts: Facts) -> bool:
    return facts.role(value) == "constant"


def _callable(value: Value, facts: Facts) -> bool:
    """What a partial may keep in order to call it later; `called_later` asks with what."""
    entry = facts.entry(value)
    if entry is None:
        return facts.made_by(value) == PARTIAL
    if entry.role == "class":
        return may_be_called(entry) or entry.name == DEFAULTDICT
    return entry.role == "constant" and (entry.name not in CALLING or entry.name == LOOKUP)


def _factory(value: Value, facts: Facts) -> bool:
    """What may be called without arguments: None stands for no factory."""
    if constant(value) is None or facts.role(value) == "constant":
        return True
    entry = facts.entry(value)
    if entry is None or entry.role != "class":
        return facts.made_by(value) == PARTIAL
    if entry.name in CALLING and entry.name != DEFAULTDICT:
        return False
    return entry.args == "any" or (
        is_signature(entry.args)
        and matches(entry.args, (), keywords=False, by_new=False, facts=facts)
    )


def _dtype(value: Value, facts: Facts) -> bool:
    if type(value) is Global:
        return value.module in {"numpy", "numpy.dtypes"} and facts.role(value) == "class"
    return facts.made_by(value) in _DTYPES


_DTYPES = {
    "numpy.dtype",
    "numpy._core._internal._convert_to_stringdtype_kwargs",
    "numpy.core._internal._convert_to_stringdtype_kwargs",
}

_NONE = _of(type(None))
_KINDS: dict[str, Test] = {
    "any": lambda value, facts: True,
    "inert": inert,
    "data": _data,
    "none": _NONE,
    "bool": _of(bool),
    "int": _of(int),
    "float": _of(float, int),
    "str": _of(str),
    "bytes": _bytes,
    "text": _text,
    "scalar": lambda value, facts: type(value) is Const or _bytes(value, facts),
    "name": _name,
    "tuple": lambda value, facts: type(value) is Tuple,
    "list": lambda value, facts: type(value) is List,
    "dict": lambda value, facts: type(value) is Dict,
    "set": lambda value, facts: type(value) is Set,
    "shape": _shape,
    "pairs": _pairs,
    "search": _search,
    "empty": _empty,
    "class": _class,
    "constant": _constant_role,
    "factory": _factory,
    "callable": _callable,
    "dtype": _dtype,
}
