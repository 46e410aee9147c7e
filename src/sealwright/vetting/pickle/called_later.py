"""What a function may be kept with: arguments that it will be called with when the model is used.

A call that a stream makes itself is held against its entry. A `functools.partial`, or a
transformer with keyword arguments, only puts the call off, so that the same is asked of it.
"""

from __future__ import annotations

from math import prod

from sealwright.vetting.pickle.arguments import MAX_MADE, call_reason
from sealwright.vetting.pickle.facts import Call, Facts
from sealwright.vetting.pickle.inert import inert
from sealwright.vetting.pickle.kept_functions import (
    DEFAULTDICT,
    GETTERS,
    Kept,
    built_only,
    calling,
    calling_reason,
    kept,
    may_be_called,
)
from sealwright.vetting.pickle.policy import Entry
from sealwright.vetting.pickle.signatures import begins, constant, is_signature, kind
from sealwright.vetting.pickle.values import Dict, Global, List, Made, Tuple, Value

FILES_AND_CODE = frozenset(
    ["allow_pickle", "exe_file", "filename", "model_file", "stan_file", "trust_remote_code"]
)
"""Keyword arguments that name files and programs, or have code loaded."""
MAX_PARAMETERS = 1 << 34
"""Product of the sizes that a layer of torch is kept with."""


def kept_reason(
    value: Value, facts: Facts, *, keywords: tuple[tuple[Value, Value], ...] = ()
) -> str:
    """Why a function may not be kept with what it is kept with; empty where it may."""
    found = kept(value, facts)
    one = Kept(found.function, found.args, (*found.keywords, *keywords))
    if name := calling(value, facts):
        return f"keeps {name}, which would call what it is handed"
    if (one.args or one.keywords) and facts.made_by(one.function) in GETTERS:
        return "keeps what a getter would be called with"
    reason = _named(one) or _looked_through(one, facts) or _sized(one, one.name(facts))
    if reason:
        return reason
    entry = facts.entry(one.function)
    if entry is None or entry.role != "class":
        return ""
    if not may_be_called(entry) and entry.name != DEFAULTDICT:
        return f"keeps {entry.name} to be called, which may only be built"
    return _class(one, entry, facts)


def _named(one: Kept) -> str:
    for key, value in one.keywords:
        name = constant(key)
        if type(name) is not str:
            return "takes keyword arguments that are named by constants"
        held = constant(value)
        if name in FILES_AND_CODE and held is not None and held is not False:
            return f"keeps {name}"
    return ""


def _looked_through(one: Kept, facts: Facts) -> str:
    """No function that calls what it is handed among the arguments; defaultdict calls its first
    without any."""
    given = one.args[1:] if one.name(facts) == DEFAULTDICT else one.args
    for value in (*given, *(value for _, value in one.keywords)):
        if reason := calling_reason(value, facts):
            return reason
        if facts.made_by(value) == "builtins.range" and type(value) is Made:
            parts = value.args.items if type(value.args) is Tuple else ()
            if any(_size(part) > MAX_MADE for part in parts):
                return "keeps a range of more than an ordinary length"
    return ""


# -- classes -------------------------------------------------------------------------


def _class(one: Kept, entry: Entry, facts: Facts) -> str:
    """Its arguments, by the rules of a call of the class itself: more may follow them."""
    if entry.name == DEFAULTDICT:
        good = len(one.args) <= 2 and kind("factory")(one.args[0], facts)
        return "" if good else "keeps a factory that is not allowed"
    if built_only(entry):
        return _stored(one, entry, facts)
    rest = tuple(pair for pair in one.keywords if not _is_codec(pair[0]))
    if is_signature(entry.args):
        good = begins(entry.args, one.args, facts)
        good = good and all(inert(value, facts) for _, value in rest)
        return "" if good else f"keeps {entry.name} with other arguments than {entry.args}"
    if entry.args == "any" or not (one.args or rest):
        return ""
    call = Call(entry=entry, subject=one.function, args=one.args, keywords=rest)
    reason = call_reason(call, facts)
    return f"keeps {entry.name}, which {reason}" if reason else ""


def _is_codec(key: Value) -> bool:
    return constant(key) in ("encoding", "errors")


def _stored(one: Kept, entry: Entry, facts: Facts) -> str:
    given = (*one.args, *(value for _, value in one.keywords))
    if not entry.name.startswith(_COMPUTING):
        return ""
    if entry.name.startswith("torch."):
        sizes = prod(max(_size(value), 1) for value in given)
        return "" if sizes <= MAX_PARAMETERS else "keeps sizes that are not ordinary"
    plain = all(type(value) is Global or inert(value, facts) for value in given)
    return "" if plain else f"keeps {entry.name} with other arguments than data"


_COMPUTING = ("numpy.", "pandas.", "scipy.", "torch.nn.")
"""Libraries whose constructors look at what they get."""

# -- sizes ---------------------------------------------------------------------------

_SHAPE = ((0,), ("shape",))
_LIKE = ((), ("shape",))
_SPACED = ((2,), ("num",))
_SIZES: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "numpy.zeros": _SHAPE,
    "numpy.ones": _SHAPE,
    "numpy.empty": _SHAPE,
    "numpy.full": _SHAPE,
    "numpy.zeros_like": _LIKE,
    "numpy.ones_like": _LIKE,
    "numpy.empty_like": _LIKE,
    "numpy.full_like": _LIKE,
    "numpy.arange": ((0, 1), ("start", "stop")),
    "numpy.linspace": _SPACED,
    "numpy.logspace": _SPACED,
    "numpy.geomspace": _SPACED,
    "numpy.eye": ((0, 1), ("N", "M")),
    "numpy.tri": ((0, 1), ("N", "M")),
    "numpy.identity": ((0,), ("n",)),
    "numpy.vander": ((1,), ("N",)),
    "numpy.repeat": ((1,), ("repeats",)),
    "numpy.tile": ((1,), ("reps",)),
    "numpy.resize": ((1,), ("new_shape",)),
    "numpy.broadcast_to": ((1,), ("shape",)),
    "numpy.pad": ((1,), ("pad_width",)),
    "builtins.pow": ((1,), ("exp",)),
    "builtins.str.zfill": ((1,), ()),
    "operator.pow": ((1,), ()),
    "_operator.pow": ((1,), ()),
    "scipy.special.comb": ((0, 1), ("N", "k")),
    "scipy.special.factorial": ((0,), ("n",)),
    "torch._C._nn.one_hot": ((1,), ("num_classes",)),
    "torch._C._nn.pad": ((1,), ("pad",)),
    "torch.nn.functional.pad": ((1,), ("pad",)),
    "torch.nn.functional.interpolate": ((1, 2), ("size", "scale_factor")),
    "torch.nn.functional.upsample": ((1, 2), ("size", "scale_factor")),
}
"""Function → the positions and names of the arguments that say how much it makes."""
_REPEATING = frozenset({"operator.mul", "_operator.mul"})


def _sized(one: Kept, name: str) -> str:
    """Numbers that make large objects from few bytes are bounded as in a call of the stream."""
    positions, names = _SIZES.get(name, ((), ()))
    sizes = [one.args[place] for place in positions if place < len(one.args)]
    sizes += [value for key, value in one.keywords if constant(key) in names]
    if name in _REPEATING and any(_is_sequence(value) for value in one.args):
        sizes += [value for value in one.args if not _is_sequence(value)]
    total = max if name == "numpy.arange" else prod
    if total((1, *(max(_size(value), 1) for value in sizes))) > MAX_MADE:
        return "keeps a size, and not contents"
    return ""


def _is_sequence(value: Value) -> bool:
    return isinstance(value, Tuple | List) or isinstance(constant(value), str | bytes)


def _size(value: Value, *, depth: int = 2) -> int:
    """The number that a value is, or the product of those in it."""
    number = constant(value)
    if isinstance(number, int | float):
        return int(min(abs(number), float(1 << 62))) if number == number else 0
    if isinstance(value, Tuple | List) and depth:
        return prod(max(_size(item, depth=depth - 1), 1) for item in value.items[:100])
    return 0


def transformer_reason(state: Value, facts: Facts) -> str:
    """A transformer or sampler calls `func` with the data and with `kw_args`."""
    if type(state) is not Dict:
        return ""
    held = {constant(key): value for key, value in state.items if type(constant(key)) is str}
    for function, named in (("func", "kw_args"), ("inverse_func", "inv_kw_args")):
        value, more = held.get(function), held.get(named)
        if value is None or constant(value) is None:
            continue
        keywords = tuple(more.items) if type(more) is Dict else ()
        if reason := kept_reason(value, facts, keywords=keywords):
            return f"{reason} in {function}"
    return ""
