"""Attributes that stand in for a method of the object, or that it calls: what they may not be.

An attribute hides the method of the same name. A model whose `forward` or `predict` is a function
of the file runs that function with the data, whatever its class would have done.
"""

from __future__ import annotations

from sealwright.vetting.pickle.facts import Facts
from sealwright.vetting.pickle.inert import inert
from sealwright.vetting.pickle.kept_functions import CALLING, FUNCTIONS, kept, may_be_called
from sealwright.vetting.pickle.policy import Entry
from sealwright.vetting.pickle.values import Const, Dict, Global, List, Made, Tuple, Value


def stand_in_reason(library: str, name: str, value: Value, facts: Facts) -> str:
    """Why an attribute may not have a value that will be called. `library`: a top-level module."""
    if name in METHODS and _is_function(value, facts):
        return f"sets {name}, which would stand in for its method"
    if name in OF_MODULES and library in NETWORKS and not _is_data(value, facts):
        return f"sets {name}, which would stand in for its method"
    if name in OF_ESTIMATORS and library in ESTIMATORS and not _is_data(value, facts):
        return f"sets {name}, which would stand in for its method"
    if name == "_modules" and (reason := _modules_reason(value, facts)):
        return reason
    if name in CALLED and (refused := _refused_class(value, facts)):
        return f"sets {name} to {refused}, which may only be built"
    return ""


def named_method_reason(entry: Entry, name: str, value: Value, facts: Facts) -> str:
    """Why an attribute may not be a text: numpy calls its function of that name."""
    if name != "__name__" or not entry.name.startswith(_BY_NAME):
        return ""
    text = value.value if type(value) is Const else None
    allowed = facts.policy.entry("numpy", text) if isinstance(text, str) else None
    if allowed is not None and allowed.role == "constant":
        return ""
    return "" if text in _OF_MASKED_ARRAYS else "names a function that is called with data"


_BY_NAME = ("numpy.ma.core._frommethod", "numpy.ma.extras._fromnxfunction")
_OF_MASKED_ARRAYS = ("anom", "count", "harden_mask", "ids", "shrink_mask", "soften_mask")
OF_MODULES = frozenset(
    [
        "_call_impl",
        "_check_input_dim",
        "_compiled_call_impl",
        "_conv_forward",
        "_forward_impl",
        "_slow_forward",
        "_wrapped_call_impl",
        "forward",
        "forward_features",
        "forward_head",
    ]
)
"""Methods of a module of torch that its call runs."""
OF_ESTIMATORS = frozenset(
    [
        "decision_function",
        "fit",
        "fit_predict",
        "fit_transform",
        "inverse_transform",
        "partial_fit",
        "predict",
        "predict_log_proba",
        "predict_proba",
        "score",
        "score_samples",
        "transform",
    ]
)
"""Methods of an estimator that its user calls."""
METHODS = OF_MODULES | {"predict", "predict_proba", "decision_function"}
"""Names of methods in every library."""
NETWORKS = frozenset(
    [
        "accelerate",
        "lightning",
        "pytorch_lightning",
        "sentence_transformers",
        "timm",
        "torch",
        "torchmetrics",
        "torchvision",
        "transformers",
    ]
)
ESTIMATORS = frozenset(
    ["category_encoders", "hmmlearn", "imblearn", "lightgbm", "sklearn", "sktime", "xgboost"]
)
CALLED = frozenset(
    [
        "activation",
        "analyzer",
        "collate_fn",
        "distance",
        "feature_names_out",
        "func",
        "inverse_func",
        "kernel",
        "lambd",
        "metric",
        "preprocessor",
        "pyfunc",
        "score_func",
        "tokenizer",
    ]
)
"""Attributes that hold a function, which the object calls with data."""


def _is_function(value: Value, facts: Facts) -> bool:
    return type(value) is Global or facts.made_by(value) in FUNCTIONS


def _is_data(value: Value, facts: Facts) -> bool:
    return not _is_function(value, facts) and inert(value, facts)


def _modules_reason(value: Value, facts: Facts) -> str:
    place = (id(value), "_modules")
    if place not in facts.states:
        functions = any(_is_function(part, facts) for part in _parts(value))
        facts.states[place] = "sets _modules to functions" if functions else ""
    return facts.states[place]


def _parts(value: Value) -> list[Value]:
    """The values of a dict, or of an OrderedDict."""
    if type(value) is Dict:
        return [part for _, part in value.items]
    if type(value) is not Made:
        return []
    parts = [part for _, part in value.pairs]
    for given in value.args.items if type(value.args) is Tuple else ():
        parts += _pairs(given)
    return parts


def _pairs(value: Value) -> list[Value]:
    """The second of each pair in a list of them."""
    if isinstance(value, Dict):
        return [part for _, part in value.items]
    rows = value.items if isinstance(value, List | Tuple) else ()
    return [row.items[-1] for row in rows if isinstance(row, List | Tuple) and row.items]


def _refused_class(value: Value, facts: Facts) -> str:
    """The name of a class that may be built and not called."""
    entry = facts.entry(kept(value, facts).function)
    if entry is None or entry.role != "class" or may_be_called(entry) or entry.name in CALLING:
        return ""
    return entry.name
