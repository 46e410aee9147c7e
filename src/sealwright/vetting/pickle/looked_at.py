"""Attributes that a library's own code looks at, or calls, while it loads an object.

Most states are stored and nothing else. Where a `__setstate__` or `__getattr__` does more, what it
looks at has to be inert: otherwise an object of the stream decides what runs.
"""

from __future__ import annotations

from collections.abc import Callable

from sealwright.vetting.pickle.facts import Facts
from sealwright.vetting.pickle.inert import inert
from sealwright.vetting.pickle.policy import Entry
from sealwright.vetting.pickle.stand_ins import named_method_reason, stand_in_reason
from sealwright.vetting.pickle.values import (
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

Look = Callable[[Value, Facts], bool]


def looked_at_reason(entry: Entry, name: str, value: Value, facts: Facts) -> str:
    """Why an attribute may not have a value: the library calls methods of it while it loads."""
    if type(value) in {Const, Persistent}:
        return named_method_reason(entry, name, value, facts)
    if name in CALLED_ON_ITSELF:
        return f"sets {name}, which its own loading calls"
    library = entry.name.partition(".")[0]
    if reason := stand_in_reason(library, name, value, facts):
        return reason
    look = EVERYWHERE.get(name)
    if look is None:
        look = BY_LIBRARY.get(library, {}).get(name)
    if look is None or look(value, facts):
        return ""
    return f"sets {name} to what the library would call while it loads"


def _plain(value: Value, facts: Facts) -> bool:
    """A container that the stream made itself, or one of the same kind without attributes."""
    if isinstance(value, Dict | List | Tuple | Set):
        return True
    return (
        type(value) is Made
        and not value.states
        and facts.made_by(value) in {"collections.OrderedDict", "builtins.dict", "builtins.set"}
    )


def _rows(value: Value, facts: Facts) -> bool:
    """A list of tuples, as the steps of a pipeline are, or a number."""
    if isinstance(value, List | Tuple):
        return all(type(item) in {Tuple, List, Const, Global} for item in value.items)
    return inert(value, facts)


def _filter(value: Value, facts: Facts) -> bool:
    """One of networkx's own filters of nodes and edges; views call it when they are counted."""
    module = "networkx.classes.filters"
    if type(value) is Global:
        return value.module == module and facts.role(value) is not None
    return facts.made_by(value).startswith(f"{module}.")


def _container(value: Value, facts: Facts) -> bool:
    return _plain(value, facts) or inert(value, facts)


CALLED_ON_ITSELF = frozenset(
    {
        "_attach_methods",
        "_attach_argparser_methods",
        "_updated_ctor_param",
        "_build_f",
        "_initialize",
        "_patch_step_function",
        "_post_setstate",
    }
)
"""Methods that a __setstate__ calls after it took the attributes of the stream."""
EVERYWHERE: dict[str, Look] = {
    "_sklearn_version": inert,  # is compared, and put into the text of a warning
    "NODE_OK": _filter,
    "EDGE_OK": _filter,
    "_parameters": _container,  # Module.__getattr__ looks names up in these three
    "_buffers": _container,
    "_modules": _container,
    "fill_value": inert,  # setters make arrays of it
    "numargs": inert,
    "moment_type": inert,
    "loglike_method": inert,
}
BY_LIBRARY: dict[str, dict[str, Look]] = {
    "sklearn": {"steps": _rows, "_final_estimator": inert, "nodes": inert},
    "imblearn": {"steps": _rows, "_final_estimator": inert},
    "torch": {
        "_non_persistent_buffers_set": _container,
        "_all_weights": inert,
        "all_weights": inert,
        "_flat_weights_names": inert,
        "_flat_weights": _container,
        "num_layers": inert,
        "bidirectional": inert,
        "mode": inert,
        "bias": _container,
    },
    "omegaconf": {
        "_metadata": lambda value, facts: facts.made_by(value).startswith("omegaconf.base."),
        "ref_type": inert,
        "key_type": inert,
        "element_type": inert,
    },
    "builtins": {"args": inert},  # exceptions set every attribute
}
"""Top-level module → attribute → what it may be."""
