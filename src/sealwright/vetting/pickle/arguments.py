"""What the arguments of a call must be where a signature cannot say it: predicates, by name.

A predicate gives the reason against, or nothing. It looks at values as they are at the end of the
stream: a container may have grown since the call, so each must hold for all that is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sealwright.patterns import regex
from sealwright.vetting.pickle import dtypes
from sealwright.vetting.pickle.attribute_paths import attrgetter, itemgetter
from sealwright.vetting.pickle.facts import Call, Facts
from sealwright.vetting.pickle.library_arguments import LIBRARY_ARGUMENTS
from sealwright.vetting.pickle.signatures import constant, is_signature, kind, matches
from sealwright.vetting.pickle.torch_arguments import TORCH_ARGUMENTS
from sealwright.vetting.pickle.values import Block, Const, Dict, Global, List, Made, Tuple, Value

Arguments = Callable[[Call, Facts], str]
MAX_PATTERN = 100_000
"""Characters of a regular expression that the stream may have compiled."""
MAX_MADE = 1 << 20
"""Bytes that a number alone may make."""


def call_reason(call: Call, facts: Facts) -> str:
    """Why a call is not allowed; empty where it is."""
    text = call.entry.args
    if text == "any":
        return ""
    predicate = ARGUMENTS.get(text)
    if predicate is not None:
        return predicate(call, facts)
    taken = is_signature(text) and matches(
        text, call.args, keywords=bool(call.keywords), by_new=call.by_new, facts=facts
    )
    if not taken:
        return f"takes {text}"
    further = FURTHER.get(call.entry.name)
    return further(call, facts) if further is not None else ""


FURTHER: dict[str, Arguments] = {
    "operator.itemgetter": itemgetter,
    "_operator.itemgetter": itemgetter,
}
"""What a call must also be, by the exact name of what is called."""
_BASES = frozenset(
    [
        "object",
        "list",
        "dict",
        "tuple",
        "set",
        "frozenset",
        "str",
        "int",
        "float",
        "complex",
        "bytes",
        "bytearray",
    ]
)


_BASE_STATES = {"object": "none", "dict": "dict|none", "list": "list", "tuple": "tuple|list"}
_BASE_STATES |= {"set": "list|set", "frozenset": "list|set"}


def _reconstructor(call: Call, facts: Facts) -> str:
    """`copyreg._reconstructor(cls, base, state)`: base.__new__(cls, state), base.__init__."""
    if len(call.args) != 3 or call.keywords:
        return "takes (class, base, state)"
    subject, base, state = call.args
    if type(base) is not Global or base.module != "builtins" or base.name not in _BASES:
        return "takes a built-in type as the base"
    if not kind(_BASE_STATES.get(base.name, "scalar"))(state, facts):
        return f"takes the contents of a plain {base.name}"
    return _new(subject, (), (), facts)


def _newobj(call: Call, facts: Facts) -> str:
    """`copyreg.__newobj__(cls, *args)`."""
    if not call.args or call.keywords:
        return "takes (class, *arguments)"
    return _new(call.args[0], call.args[1:], (), facts)


def _newobj_ex(call: Call, facts: Facts) -> str:
    """`copyreg.__newobj_ex__(cls, args, kwargs)`."""
    if len(call.args) != 3 or type(call.args[1]) is not Tuple or type(call.args[2]) is not Dict:
        return "takes (class, arguments, keyword arguments)"
    return _new(call.args[0], call.args[1].items, tuple(call.args[2].items), facts)


def _new(
    subject: Value,
    args: tuple[Value, ...],
    keywords: tuple[tuple[Value, Value], ...],
    facts: Facts,
) -> str:
    entry = facts.entry(subject)
    if entry is None:
        return "takes a class that a pack allows" if type(subject) is not Global else ""
    if entry.role != "class":
        return "takes a class"
    return call_reason(
        Call(entry=entry, subject=subject, args=args, keywords=keywords, by_new=True), facts
    )


def _enum(call: Call, facts: Facts) -> str:
    """An enumeration's member by its value, which may be a member of another one."""
    good = len(call.args) == 1 and not call.keywords
    entry = facts.entry(facts.maker(call.args[0])) if good else None
    member = entry is not None and entry.args == "enum"
    good = good and (member or kind("data")(call.args[0], facts))
    return "" if good else "takes one plain value"


_METHODS_OF_MEMBERS = frozenset(
    ["mro", "name", "value", "from_bytes", "to_bytes", "format", "format_map"]
)


def _getattr(call: Call, facts: Facts) -> str:
    """`getattr`, as picklers write it: a member of an allowed enumeration, or a pair that was
    reviewed."""
    if len(call.args) != 2 or call.keywords:
        return "is not for a stream to call"
    target, name = call.args
    text = constant(name)
    if type(text) is not str:
        return "takes a plain name"
    if facts.attribute(target, text) is not None or _bound(target, text, facts):
        return ""
    if not kind("name")(name, facts):
        return f"reaches .{text[:60]}"
    entry = facts.entry(target)
    if entry is not None and entry.args == "enum" and text not in _METHODS_OF_MEMBERS:
        return ""
    if isinstance(constant(target), str):
        return "" if facts.policy.entry("builtins", f"str.{text}") else f"reaches .{text[:60]}"
    return f"reaches .{text[:60]}"


def _bound(target: Value, name: str, facts: Facts) -> bool:
    """A method of an object that ordinary models keep as a function."""
    made_by = facts.made_by(target)
    if made_by == "re._compile":
        return facts.policy.entry("re", f"Pattern.{name}") is not None
    if made_by == "numpy.random._pickle.__randomstate_ctor":
        return name in _DRAWS
    maker = facts.maker(target)
    entry = facts.entry(maker)
    if maker is None or entry is None or entry.role != "class":
        return False
    if name == "_entropy" and entry.state == "scipy distribution":
        return True
    if facts.attribute(maker, name) is not None:
        return True
    return name in _MODEL_METHODS and maker.module.partition(".")[0] in _ESTIMATORS


_DRAWS = frozenset(
    ["uniform", "normal", "randint", "random", "random_sample", "rand", "randn", "choice"]
)
_ESTIMATORS = frozenset(
    ["sklearn", "lightgbm", "xgboost", "catboost", "imblearn", "category_encoders", "hmmlearn"]
)
"""Libraries whose objects give a method for its name without asking what they hold."""
_MODEL_METHODS = frozenset(
    [
        "predict",
        "predict_proba",
        "predict_log_proba",
        "decision_function",
        "transform",
        "inverse_transform",
    ]
)


def _ufunc(call: Call, facts: Facts) -> str:
    """`numpy.core._ufunc_reconstruct(module, name)` imports the module, whichever it is."""
    if len(call.args) != 2 or call.keywords:
        return "takes (module, name)"
    module, name = constant(call.args[0]), constant(call.args[1])
    if type(module) is str and type(name) is str:
        entry = facts.policy.entry(module, name)
        if entry is not None and entry.role == "constant":
            return ""
    return "takes the module and name of a function that a pack allows as a value"


def _encode(call: Call, facts: Facts) -> str:
    """`_codecs.encode(text, 'latin1')`: how protocols 0 to 2 spell bytes."""
    if call.keywords or not 1 <= len(call.args) <= 2 or not _is_text(call.args[0]):
        return "takes (text, 'latin1')"
    codec = constant(call.args[1]) if len(call.args) == 2 else "utf-8"
    good = type(codec) is str and codec.lower().replace("_", "-") in _CODECS
    return "" if good else "takes latin1 as the codec"


def _is_text(value: Value) -> bool:
    """A constant text, also one so long that it was not decoded."""
    return type(value) is Const and (type(value.value) is str or value.form == "str")


_CODECS = frozenset({"latin1", "latin-1", "iso-8859-1", "utf-8", "utf8", "ascii"})


def _pattern(call: Call, facts: Facts) -> str:
    """`re._compile(pattern, flags)`."""
    good = (
        len(call.args) == 2
        and not call.keywords
        and type(call.args[0]) is Const
        and type(call.args[0].value) in {str, bytes, memoryview}
        and type(constant(call.args[1])) is int
    )
    if not good:
        return "takes (pattern, flags)"
    assert type(call.args[0]) is Const
    value = call.args[0].value
    assert isinstance(value, str | bytes | memoryview)
    return "" if len(value) <= MAX_PATTERN else "takes a pattern of ordinary length"


def _getitem(call: Call, facts: Facts) -> str:
    """`operator.getitem(typing.List, int)`: how Python spells a generic type."""
    if len(call.args) == 2 and not call.keywords:
        target = call.args[0]
        typed = type(target) is Global and target.module in _TYPED
        if typed and kind("inert")(call.args[1], facts):
            return ""
    return "takes a name of typing"


_TYPED = frozenset({"typing", "collections.abc", "builtins"})


def _distance(call: Call, facts: Facts) -> str:
    """`newObj(class)` of sklearn's distances: obj.__new__(obj), so only for their classes."""
    entry = facts.entry(call.args[0]) if len(call.args) == 1 and not call.keywords else None
    if entry is not None and entry.role == "class" and _DISTANCES.match(entry.name):
        return ""
    return "takes a class of distances"


_DISTANCES = regex(r"sklearn\.(metrics|neighbors)\._?dist_metrics\.\w+\Z", re.ASCII)


def _parameters(call: Call, facts: Facts) -> str:
    """`inspect.Signature(parameters)` compares what its parameters say."""
    first = call.args[0] if len(call.args) == 1 and not call.keywords else None
    if type(first) is Tuple and all(
        facts.made_by(item) == "inspect.Parameter" for item in first.items
    ):
        return ""
    return "takes a tuple of parameters"


def _block(call: Call, facts: Facts) -> str:
    """The blocks of a frame: an array, its places and dimensions."""
    good = len(call.args) == 3 and not call.keywords
    if good and _is_array(call.args[0], facts) and kind("inert")(call.args[1], facts):
        return "" if kind("int")(call.args[2], facts) else "takes a number of dimensions"
    return "takes an array, places and a number of dimensions"


def _is_array(value: Value, facts: Facts) -> bool:
    """An array of numpy or of an extension type; what it holds is not looked at."""
    made_by = facts.made_by(value)
    if made_by.partition(".")[0] in {"pandas", "numpy"}:
        return made_by not in {"numpy.vectorize", "numpy.poly1d"}
    if made_by == "dill._dill._create_array":
        return True
    return type(value) is Block


def _union(call: Call, facts: Facts) -> str:
    """`functools.reduce(operator.or_, [types])`: how Python spells `int | str`."""
    if len(call.args) == 2 and not call.keywords:
        function, types = call.args
        if type(function) is Global and function.dotted in {"_operator.or_", "operator.or_"}:
            items = types.items if isinstance(types, List | Tuple) else [types]
            if all(facts.role(item) == "class" for item in items):
                return ""
    return "takes operator.or_ and types"


def _sizes(call: Call, facts: Facts) -> str:
    """Numbers that make large objects from few bytes are bounded: bytearray(10**12)."""
    for value in call.args:
        number = constant(value)
        if type(number) is int and number > MAX_MADE:
            return "takes contents, not a size"
    if call.keywords or len(call.args) > 2:
        return "takes contents"
    kinds = kind("scalar|list|tuple")
    if all(kinds(value, facts) and kind("inert")(value, facts) for value in call.args):
        return ""
    return "takes contents"


def _range(call: Call, facts: Facts) -> str:
    """A range: any integers."""
    good = not call.keywords and all(kind("none|int|str|float")(v, facts) for v in call.args)
    return "" if good else "takes plain values"


def _iterator(call: Call, facts: Facts) -> str:
    """`iter(values)` over what the stream made itself; the form with two arguments calls the
    first."""
    good = len(call.args) == 1 and not call.keywords
    target = call.args[0] if good else None
    if good and not isinstance(target, Made) and type(target) is not Global:
        return ""
    if facts.made_by(target) in _ITERABLES if isinstance(target, Made) else False:
        return ""
    return "takes a list, tuple, dict, set or text"


_ITERABLES = frozenset({"builtins.range", "builtins.iter", "collections.deque"})


def _dill_type(call: Call, facts: Facts) -> str:
    """`_load_type(name)`: a built-in type that a pack allows as a class."""
    name = constant(call.args[0]) if len(call.args) == 1 and not call.keywords else None
    if isinstance(name, str) and facts.builtin(name) is not None:
        return ""
    return "takes the name of a type of plain data"


def _dill_array(call: Call, facts: Facts) -> str:
    """`_create_array(function, arguments, state[, attributes])`."""
    if call.keywords or len(call.args) not in {3, 4}:
        return "takes (numpy's _reconstruct, arguments, state)"
    function, arguments, state = call.args[:3]
    entry = facts.entry(function)
    if entry is None or entry.args != "numpy array" or type(arguments) is not Tuple:
        return "takes (numpy's _reconstruct, arguments, state)"
    if len(call.args) == 4 and constant(call.args[3]) is not None:
        return "takes no attributes"
    inner = Call(entry=entry, subject=function, args=arguments.items)
    return call_reason(inner, facts) or dtypes.array_content(state, facts)


ARGUMENTS: dict[str, Arguments] = {
    "dill type": _dill_type,
    "dill array": _dill_array,
    "reconstructor": _reconstructor,
    "newobj": _newobj,
    "newobj_ex": _newobj_ex,
    "enum": _enum,
    "getattr": _getattr,
    "ufunc": _ufunc,
    "encode": _encode,
    "pattern": _pattern,
    "attrgetter": attrgetter,
    "getitem": _getitem,
    "union": _union,
    "distance class": _distance,
    "signature": _parameters,
    "pandas block": _block,
    "contents": _sizes,
    "plain": _range,
    "iterator": _iterator,
    "numpy dtype": dtypes.dtype_arguments,
    "numpy array": dtypes.array_arguments,
    "numpy scalar": dtypes.scalar_arguments,
    "numpy buffer": dtypes.buffer_arguments,
    **TORCH_ARGUMENTS,
    **LIBRARY_ARGUMENTS,
}
"""Arguments by name."""
