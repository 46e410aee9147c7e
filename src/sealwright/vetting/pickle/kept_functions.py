"""Functions that objects keep in order to call them later: which they are, and which none may keep.

Most functions that a pack allows as a value do something to the data they get. A few call what they
are handed, or make an object that does: in a row of steps they turn data into a call.
"""

from __future__ import annotations

import msgspec

from sealwright.vetting.pickle.facts import Facts
from sealwright.vetting.pickle.policy import Entry
from sealwright.vetting.pickle.values import Dict, Global, List, Made, Set, Tuple, Value

PARTIAL = "functools.partial"
DEFAULTDICT = "collections.defaultdict"
LOOKUP = "spacy.util._get_attr_unless_lookup"
"""Calls its first argument with its third."""
GETTERS = frozenset(
    [
        f"{module}.{name}"
        for module in ("operator", "_operator")
        for name in ("attrgetter", "itemgetter", "methodcaller")
    ]
)
CALLING = GETTERS | {
    PARTIAL,
    DEFAULTDICT,
    LOOKUP,
    "builtins.filter",
    "builtins.map",
    "builtins.type",
    "numpy.lib._function_base_impl.vectorize",
    "numpy.lib.function_base.vectorize",
    "numpy.vectorize",
}
"""Names that, called with data, call it or give what calls it."""
FUNCTIONS = (
    GETTERS
    | {PARTIAL, "builtins.getattr", "numpy.vectorize"}
    | {f"numpy.lib.{name}.vectorize" for name in ("_function_base_impl", "function_base")}
)
"""What makes functions, for an object that the stream made."""
MAX_PARTIALS = 16
"""Partials within one another."""
MAX_GIVEN = 256
"""Arguments that a partial keeps."""


class Kept(msgspec.Struct, frozen=True):
    """A function with the first of the arguments that it will get."""

    function: Value
    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[Value, Value], ...] = ()

    def name(self, facts: Facts) -> str:
        """The function's dotted name; empty for what has none."""
        entry = facts.entry(self.function)
        if entry is not None:
            return entry.name
        return self.function.dotted if type(self.function) is Global else ""


def kept(value: Value, facts: Facts) -> Kept:
    """What a call of `value` comes to: partials are looked through, unless they are too many or
    keep too much."""
    found = Kept(value)
    for _ in range(MAX_PARTIALS):
        made = found.function
        if type(made) is not Made or facts.made_by(made) != PARTIAL:
            break
        inner = _held(made)
        if len(inner.args) + len(found.args) > MAX_GIVEN or len(inner.keywords) > MAX_GIVEN:
            break
        found = Kept(inner.function, (*inner.args, *found.args), (*inner.keywords, *found.keywords))
    return found


def _held(made: Made) -> Kept:
    """What a partial holds: its state replaces what it was made with."""
    state = made.states[-1] if made.states else None
    if type(state) is Tuple and len(state.items) == 4:
        function, args, keywords, _ = state.items
        return Kept(
            function,
            args.items if type(args) is Tuple else (),
            tuple(keywords.items) if type(keywords) is Dict else (),
        )
    first, *rest = made.args.items if type(made.args) is Tuple and made.args.items else (made,)
    named = tuple(made.kwargs.items) if type(made.kwargs) is Dict else ()
    return Kept(first, tuple(rest), named)


def calling(value: Value, facts: Facts) -> str:
    """The name of what would call what it is handed; empty for any other value."""
    place = (id(value), _CALLING)
    if place not in facts.states:
        facts.states[place] = _calling(value, facts)
    return facts.states[place]


_CALLING = "what calls"


def _calling(value: Value, facts: Facts) -> str:
    one = kept(value, facts)
    name = one.name(facts)
    if name == DEFAULTDICT:
        return "" if one.args else name
    if name == LOOKUP:
        first = one.args[0] if one.args else None
        own = type(first) is Global and first.module.startswith("spacy.")
        return "" if own and facts.role(first) == "constant" else name
    if type(one.function) is Made and facts.made_by(one.function) == PARTIAL:
        return PARTIAL  # too many within one another, or too much in it
    return name if name in CALLING else ""


def calling_reason(state: Value, facts: Facts) -> str:
    """Why a state may not hold what it holds, in plain containers however deep."""
    waiting = [state]
    while waiting:
        value = waiting.pop()
        if type(value) is Made or type(value) is Global:
            if name := calling(value, facts):
                return f"keeps {name}, which would call what it is handed"
            if type(value) is Global or facts.made_by(value) not in _CONTAINERS:
                continue
        if type(value) not in _LOOKED_AT:
            continue
        place = (id(value), _LOOKED_FOR)
        if place not in facts.states:
            facts.states[place] = ""
            waiting.extend(item for item in _inside(value, facts) if type(item) in _LOOKED_AT)
    return ""


_LOOKED_FOR = "kept functions"
_LOOKED_AT = frozenset({Tuple, List, Set, Dict, Made, Global})
_CONTAINERS = frozenset(
    [f"builtins.{name}" for name in ("dict", "frozenset", "list", "set", "tuple")]
    + [f"collections.{name}" for name in ("Counter", "OrderedDict", "defaultdict", "deque")]
)


def _inside(value: Value, facts: Facts) -> list[Value]:
    """What a container holds; of a dict, the values."""
    if isinstance(value, Tuple | List | Set):
        return list(value.items)
    if isinstance(value, Dict):
        return [part for _, part in value.items]
    if not isinstance(value, Made):
        return []
    given = value.args.items if type(value.args) is Tuple else ()
    plain = [part for part in given if type(part) is not Global]  # its class, or a factory
    return [*plain, *value.appended, *(part for _, part in value.pairs)]


def may_be_called(entry: Entry) -> bool:
    """Whether a class may be kept to be called: what a pack only builds empty, by `__new__`, has an
    `__init__` that nobody vouched for, other than those of libraries that only store there."""
    if entry.name in CALLING or entry.role != "class":
        return False
    return not built_only(entry) or stores(entry)


def built_only(entry: Entry) -> bool:
    """Whether a pack allows a class to be built and never called."""
    return all(piece.strip().startswith("new") for piece in entry.args.split(";"))


def stores(entry: Entry) -> bool:
    """Whether a class is of a library whose constructors store what they get, and compute."""
    if entry.name.startswith(_NOT_STORING) or entry.name.rpartition(".")[2].startswith("_"):
        return False
    return entry.name.startswith(_STORING)


_STORING = (
    "category_encoders.",
    "collections.",
    "hmmlearn.",
    "imblearn.",
    "lightgbm.sklearn.",
    "numpy.ma.MaskedArray",
    "numpy.ma.core.MaskedArray",
    "numpy.matrix",
    "numpy.ndarray",
    "numpy.poly",
    "optuna.pruners.",
    "optuna.samplers.",
    "pandas.Categorical",
    "pandas.DataFrame",
    "pandas.DatetimeIndex",
    "pandas.Index",
    "pandas.MultiIndex",
    "pandas.RangeIndex",
    "pandas.Series",
    "pandas.core.arrays.",
    "pandas.core.frame.",
    "pandas.core.indexes.",
    "pandas.core.series.",
    "scipy.interpolate.",
    "scipy.sparse.",
    "sklearn.",
    "timm.layers.",
    "timm.loss.",
    "timm.models.",
    "timm.optim.",
    "timm.scheduler.",
    "torch.ao.",
    "torch.distributions.",
    "torch.nn.",
    "torch.optim.",
    "torch.quantization.",
    "torchvision.models.",
    "torchvision.ops.",
    "torchvision.transforms.",
    "xgboost.XGB",
    "xgboost.sklearn.",
)
_NOT_STORING = ("sklearn.externals.", "torch.nn.parallel.")
