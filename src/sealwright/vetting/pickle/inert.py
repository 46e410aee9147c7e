"""What library code may look at while it loads: values whose methods a stream cannot choose.

A loader that asks a value for its length, text or items runs what the value's class does for that.
An object that keeps functions of the stream (a filtered view, a pipeline, a namespace) would call
them. Inert are constants, plain containers of what is inert, and objects of classes that only
hold data, none of whose attributes can stand in for a method.
"""

from __future__ import annotations

from sealwright.vetting.pickle.facts import Facts
from sealwright.vetting.pickle.policy import Entry
from sealwright.vetting.pickle.values import (
    Block,
    Buffered,
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

MAX_REFUSED = 16
"""Values of one stream that are found not to be inert; after that none is, so that a stream cannot
have a large value looked at for ever."""
_LIBRARIES = frozenset(
    [
        "numpy",
        "pandas",
        "pyarrow",
        "datetime",
        "decimal",
        "fractions",
        "uuid",
        "ipaddress",
        "zoneinfo",
        "pytz",
        "dateutil",
        "pathlib",
        "ml_dtypes",
        "array",
        "time",
        "re",
        "_codecs",
        "types",
    ]
)
"""Modules whose allowed classes and functions give data."""
_NAMES = frozenset(
    [
        "builtins.complex",
        "builtins.frozenset",
        "builtins.bytes",
        "builtins.bytearray",
        "builtins.int",
        "builtins.float",
        "builtins.bool",
        "builtins.str",
        "builtins.slice",
        "builtins.range",
        "builtins.tuple",
        "builtins.list",
        "builtins.dict",
        "builtins.set",
        "builtins.type",
        "builtins.object",
        "collections.OrderedDict",
        "collections.deque",
        "collections.Counter",
        "collections.defaultdict",
        "functools.reduce",
        "_functools.reduce",
        "_operator.getitem",
        "inspect.Parameter",
        "torch.Size",
        "torch.device",
        "torch.Tensor",
        "torch.nn.parameter.Parameter",
        "torch.nn.parameter.Buffer",
        "torch.storage._load_from_bytes",
        "torch.serialization._get_layout",
        "torch.Generator",
        "torch._C.Generator",
        "torch.ScriptObject",
        "torch._C.ScriptObject",
        "jax._src.array._reconstruct_array",
        "dill._dill._create_array",
        "dill._dill._load_type",
    ]
)
_PREFIXES = (
    "torch._utils._rebuild_",
    "torch._tensor._rebuild_from_type",
    "scipy.spatial._ckdtree.",
    "scipy.spatial._kdtree.",
    "scipy.spatial.ckdtree.",
    "scipy.spatial.kdtree.",
    "sklearn.metrics._dist_metrics.",
    "sklearn.neighbors._dist_metrics.",
    "sklearn.neighbors.dist_metrics.",
    "sklearn.neighbors._kd_tree.",
    "sklearn.neighbors._ball_tree.",
    "statsmodels.tsa.statespace._",
    "spacy.tokens.doc.unpickle_doc",
    "spacy.vocab.unpickle_vocab",
    "spacy.strings.",
)
_NOT = frozenset({"types.SimpleNamespace", "numpy.vectorize", "types.MethodType"})
_PLAIN = frozenset({"builtins", "collections"})
"""Modules whose objects hold their contents, and attributes only to stand in for methods."""
_MISSING = frozenset({"NA", "NaT"})


def inert(value: Value, facts: Facts) -> bool:
    """Whether a value and all in it are data whose methods are the library's own."""
    known = facts.inert
    start = (id(value), False)
    if start in known:
        return bool(known[start])
    if known.get(_REFUSED, 0) >= MAX_REFUSED:
        return False
    seen: set[tuple[int, bool]] = set()
    stack: list[tuple[Value, bool]] = [(value, False)]
    while stack:
        item, in_state = stack.pop()
        if type(item) in _LEAVES:
            continue
        place = (id(item), in_state)
        if place in seen or known.get(place) == 1:
            continue
        seen.add(place)
        inside = None if known.get(place) == 0 else _inside(item, in_state, facts)
        if inside is None:
            known[place] = known[start] = False
            known[_REFUSED] = known.get(_REFUSED, 0) + 1
            return False
        stack.extend(inside)
    known.update(dict.fromkeys(seen, True))
    return True


_LEAVES = frozenset({Const, Buffered, Block, Persistent})
_REFUSED = (0, False)


def _inside(value: Value, in_state: bool, facts: Facts) -> list[tuple[Value, bool]] | None:
    """What a value holds; None where it is not inert itself."""
    if isinstance(value, Tuple | List | Set):
        return [(item, in_state) for item in value.items]
    if isinstance(value, Dict):
        return [(part, in_state) for pair in value.items for part in pair]
    if isinstance(value, Global):
        return [] if _is_kept(value, in_state, facts) else None
    if not isinstance(value, Made):
        return None
    maker = facts.maker(value)
    entry = facts.entry(maker if maker is not None else value.function)
    if entry is None or not _is_data(entry):
        return None
    module = entry.name.partition(".")[0]
    if value.states and module in _PLAIN:
        return None
    held: list[tuple[Value, bool]] = [(value.args, False)]
    if value.kwargs is not None:
        held.append((value.kwargs, False))
    held.extend((state, True) for state in value.states)
    held.extend((item, False) for item in value.appended)
    held.extend((part, False) for pair in value.pairs for part in pair)
    return held


def _is_kept(value: Global, in_state: bool, facts: Facts) -> bool:
    """A class or constant; as an attribute, one that stands in for no method."""
    if facts.role(value) not in {"class", "constant"}:
        return value.dotted in _REBUILDERS
    if not in_state or value.dotted in _DISTANCES:
        return True
    library = value.module.partition(".")[0] in {"numpy", "pandas", "pyarrow", "torch"}
    return library and (facts.role(value) == "class" or value.name in _MISSING)


_DISTANCES = frozenset(
    f"scipy.spatial.distance.{name}"
    for name in (
        *("braycurtis", "canberra", "chebyshev", "cityblock", "correlation", "cosine", "dice"),
        *("euclidean", "hamming", "jaccard", "jensenshannon", "mahalanobis", "minkowski"),
        *("seuclidean", "sqeuclidean"),
    )
)
"""What a tree of neighbours keeps as its metric: numbers from two arrays, whatever calls it."""
_REBUILDERS = frozenset(
    [f"torch._utils._rebuild_{name}" for name in ("tensor", "tensor_v2", "tensor_v3", "parameter")]
    + [f"numpy.{core}.multiarray._reconstruct" for core in ("core", "_core")]
    + ["numpy.memmap", "numpy.core.memmap.memmap", "numpy._core.memmap.memmap"]
    + ["numpy.random._pickle.__bit_generator_ctor"]
)
"""Functions that others are handed to call, which `walk.PASSED` checks."""


def _is_data(entry: Entry) -> bool:
    name = entry.name
    if name in _NOT or entry.role == "constant":
        return False
    return (
        name in _NAMES
        or name.partition(".")[0] in _LIBRARIES
        or entry.args == "enum"
        or name.startswith(_PREFIXES)
    )
