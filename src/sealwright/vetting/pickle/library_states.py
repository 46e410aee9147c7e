"""What the state of some libraries' objects must be: their __setstate__ loads it natively,
evaluates a formula of it, or names files and programs that are opened later."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sealwright.patterns import regex
from sealwright.vetting.pickle.facts import Facts, Setting
from sealwright.vetting.pickle.formula_names import CALLS
from sealwright.vetting.pickle.signatures import Test, constant, kind
from sealwright.vetting.pickle.values import Const, Dict, Global, List, Made, Tuple, Value


def _fields(**kinds: str) -> Callable[[Setting, Facts], str]:
    """A dict with plain names in which those of `kinds` hold what they say, whenever they occur."""
    tests = {name: kind(text) for name, text in kinds.items()}
    return lambda setting, facts: _held(setting.state, tests, facts, kinds)


def _held(state: Value, tests: Mapping[str, Test], facts: Facts, kinds: Mapping[str, str]) -> str:
    if type(state) is not Dict:
        return "takes a dict of attributes"
    for key, value in state.items:
        name = constant(key)
        if type(name) is not str:
            return "takes attributes that are named by constants"
        test = tests.get(name)
        if test is not None and not test(value, facts):
            return f"takes {name} as {kinds[name]}"
    return ""


_lightgbm = _fields(_handle="str|none", handle="str|none", network="bool", _network="bool")
"""lightgbm.Booster loads the text `_handle` (`handle`, before 4.0) natively, and frees the pointer
that it is given for it."""
_xgboost = _fields(handle="bytes|none")
"""xgboost.Booster loads the bytes natively, and frees the pointer that it is given for it."""
_catboost = _fields(__model="bytes", _test_eval="list", _test_evals="list")
"""catboost gives the bytes to its own loader."""


# -- formulas ------------------------------------------------------------------------

_FRAMES = frozenset({"frame", "orig_endog", "orig_exog"})


def _columns(value: Value, facts: Facts) -> bool:
    """A frame, or a dict of columns: a formula finds its names there first, also those that it
    calls."""
    if not kind("inert")(value, facts):
        return False
    if type(value) is not Dict:
        return facts.made_by(value).partition(".")[0] not in {"builtins", "collections"}
    return all(
        type(constant(name)) is str
        and constant(name) not in _NAMES_OF_FORMULAS
        and type(column) not in {Global, Const}
        for name, column in value.items
    )


_NAMES_OF_FORMULAS = CALLS | {"np", "numpy", "contr"}


def _statsmodels(setting: Setting, facts: Facts) -> str:
    """statsmodels.base.data.ModelData evaluates `formula` again where the state asks for it."""
    from sealwright.vetting.pickle.formulas import formula_reason  # a scan rarely needs it

    state = setting.state
    if type(state) is not Dict:
        return "takes a dict of attributes"
    for key, value in state.items:
        name = constant(key)
        if type(name) is not str:
            return "takes attributes that are named by constants"
        if name in _FRAMES and not _columns(value, facts):
            return f"takes {name} as a frame of data"
        if name == "formula" and constant(value) is not None:
            text = constant(value)
            if type(text) is not str:
                return "takes a formula as text"
            if reason := formula_reason(text):
                return reason
    return ""


# -- files beside the pickle ---------------------------------------------------------

_PARTS = frozenset({"__numpys", "__scipys", "__ignoreds", "__recursive_saveloads"})
_PLAIN = regex(r"[A-Za-z_]\w{0,99}\Z", re.ASCII)


def _gensim(setting: Setting, facts: Facts) -> str:
    """gensim's `load` reads the arrays that these lists name from files beside the pickle, as
    `model.name.npy`."""
    state = setting.state
    if type(state) is not Dict:
        return "takes a dict of attributes"
    for key, value in state.items:
        name = constant(key)
        if type(name) is not str:
            return "takes attributes that are named by constants"
        if name in _PARTS and not _plain_names(value):
            return f"takes plain names of attributes in {name}"
    return ""


def _plain_names(value: Value) -> bool:
    if not isinstance(value, List | Tuple) or (type(value) is List and value.elided):
        return False
    texts = [constant(item) for item in value.items]
    return all(type(text) is str and _PLAIN.match(text) is not None for text in texts)


_PROGRAM = regex(r"/(?:[\w.+@-]+/)*prophet/stan_model/prophet_model\.bin\Z", re.ASCII)


def _cmdstan(setting: Setting, facts: Facts) -> str:
    """cmdstanpy.CmdStanModel runs the program that it names when a model is fitted."""
    if type(setting.state) is not Dict:
        return "takes a dict of attributes"
    for key, value in setting.state.items:
        name, path = constant(key), constant(value)
        if type(name) is not str:
            return "takes attributes that are named by constants"
        if name.startswith("_exe") and path is not None:
            plain = isinstance(path, str) and len(path) < 4096 and "/../" not in path
            if not plain or _PROGRAM.match(str(path)) is None:
                return "names a program that is not prophet's own"
    return ""


# -- images and frames ---------------------------------------------------------------

_MODES = frozenset(
    [
        "1",
        "L",
        "P",
        "LA",
        "PA",
        "RGB",
        "RGBA",
        "RGBX",
        "RGBa",
        "La",
        "CMYK",
        "YCbCr",
        "LAB",
        "HSV",
        "I",
        "F",
        "I;16",
        "I;16L",
        "I;16B",
        "I;16N",
    ]
)
MAX_PIXELS_PER_BYTE = 8


def _pillow(setting: Setting, facts: Facts) -> str:
    """PIL.Image.Image makes an image of a mode and size, then fills it: the bytes have to be
    there."""
    state = setting.state
    if not isinstance(state, List | Tuple) or not 5 <= len(state.items) <= 8:
        return "takes a list of info, mode, size, palette and bytes"
    info, mode, size, palette, data = state.items[:5]
    if type(info) is not Dict or constant(mode) not in _MODES:
        return "takes a dict and a mode of pillow's own"
    if not kind("shape")(size, facts) or not kind("list|bytes|none")(palette, facts):
        return "takes a size and a palette"
    assert isinstance(size, List | Tuple)
    sides = [constant(side) for side in size.items]
    if len(sides) != 2 or not all(isinstance(side, int) and side >= 0 for side in sides):
        return "takes a size of two numbers"
    pixels = int(str(sides[0])) * int(str(sides[1]))
    held = length(data, facts)
    if held is None or pixels > held * MAX_PIXELS_PER_BYTE:
        return "takes as many bytes as the size says"
    return ""


def length(value: Value, facts: Facts) -> int | None:
    """Bytes that a value has, however a pickler spells them; None where it is no bytes."""
    if not kind("bytes")(value, facts):
        return None
    if type(value) is Const and isinstance(value.value, bytes | bytearray | memoryview):
        return len(value.value)
    if type(value) is Made and type(value.args) is Tuple and value.args.items:
        text = constant(value.args.items[0])
        return len(text) if isinstance(text, str | bytes) else None
    return None


_OBJECTS = b"POLARS_EXTENSION_TYPE"


def _polars(setting: Setting, facts: Facts) -> str:
    """polars reads an arrow stream. Objects of Python in it would be addresses of memory."""
    value = setting.state
    if not kind("bytes")(value, facts):
        return "takes bytes of an arrow stream"
    raw = value.value if type(value) is Const else b""
    if isinstance(raw, memoryview) and raw.nbytes > _MAX_LOOK:
        raw = raw[:_MAX_LOOK]
    if isinstance(raw, bytes | bytearray | memoryview) and _OBJECTS in bytes(raw):
        return "holds addresses of memory"
    return ""


_MAX_LOOK = 1 << 26


# -- views, frames, hooks ------------------------------------------------------------


def _edges(setting: Setting, facts: Facts) -> str:
    """networkx's views of edges call their own __init__, which asks the graph for `nbunch`."""
    state = setting.state
    if type(state) is not Dict:
        return "takes a dict of attributes"
    for key, value in state.items:
        name = constant(key)
        if name == "nbunch" and constant(value) is not None:
            return "takes no nodes of its own"
        if name == "viewer" and not facts.made_by(value).startswith(_VIEWS):
            return "takes a view of networkx's own"
        if name not in {"nbunch", "viewer"} and not kind("inert")(value, facts):
            return "takes plain data"
    return ""


_VIEWS = "networkx.classes.reportviews."


def _frame(setting: Setting, facts: Facts) -> str:
    """pandas' NDFrame sets each attribute, some by setters that make dicts and indexes of them."""
    if type(setting.state) is not Dict:
        good = facts.made_by(setting.state).rpartition(".")[2] in _MANAGERS
        return "" if good else "takes a dict of attributes"
    for key, value in setting.state.items:
        name = constant(key)
        if type(name) is not str:
            return "takes attributes that are named by constants"
        if name in {"_mgr", "_data"} and facts.made_by(value).rpartition(".")[2] in _MANAGERS:
            continue
        if not kind("inert")(value, facts):
            return f"takes plain data in {name[:60]}"
    return ""


_MANAGERS = frozenset(["BlockManager", "SingleBlockManager", "ArrayManager", "SingleArrayManager"])


def _handle(setting: Setting, facts: Facts) -> str:
    """torch's RemovableHandle: (hooks, number[, more hooks]), of which it keeps weak references."""
    parts = setting.state.items if type(setting.state) is Tuple else ()
    more = parts[2] if len(parts) > 2 else None
    if not 2 <= len(parts) <= 3 or type(constant(parts[1])) is not int:
        return "takes (hooks, number, more hooks)"
    good = more is None or constant(more) is None or isinstance(more, Tuple | List | Dict)
    return "" if good else "takes (hooks, number, more hooks)"


def _pipe(setting: Setting, facts: Facts) -> str:
    """cython's state of a spacy component: (name, attributes), or what its class takes itself."""
    state = setting.state
    if type(state) is Dict:
        return ""
    parts = state.items if type(state) is Tuple else (state,)
    good = type(state) is Tuple and all(type(part) in {Const, Dict} for part in parts)
    return "" if good else "takes a name and a dict of attributes"


_TREE = frozenset(
    (
        *("_attrs", "_children", "_close", "_data_variables", "_encoding", "_name", "_parent"),
        *("_node_coord_variables", "_node_dims", "_node_indexes"),
    )
)


def _tree(setting: Setting, facts: Facts) -> str:
    """xarray.DataTree: (nothing, slots). Other names have setters, which copy nodes that the
    stream made, or would stand in for methods that they call."""
    parts = setting.state.items if type(setting.state) is Tuple else ()
    if len(parts) != 2 or constant(parts[0]) is not None or type(parts[1]) is not Dict:
        return "takes nothing and a dict of slots"
    good = all(constant(key) in _TREE for key, _ in parts[1].items)
    return "" if good else "takes the slots of a tree"


LIBRARY_STATES: dict[str, Callable[[Setting, Facts], str]] = {
    "lightgbm booster": _lightgbm,
    "xgboost booster": _xgboost,
    "catboost model": _catboost,
    "statsmodels data": _statsmodels,
    "gensim parts": _gensim,
    "cmdstan model": _cmdstan,
    "pillow image": _pillow,
    "polars frame": _polars,
    "networkx edges": _edges,
    "pandas frame": _frame,
    "torch handle": _handle,
    "spacy pipe": _pipe,
    "xarray tree": _tree,
}
"""States by name."""
