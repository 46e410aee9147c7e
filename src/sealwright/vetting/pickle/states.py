"""What the state that BUILD sets must be: predicates, by name.

A predicate gives the reason against, or nothing, for all that the state holds at the end of the
stream.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sealwright.patterns import regex
from sealwright.vetting.pickle import dtypes
from sealwright.vetting.pickle.called_later import kept_reason, transformer_reason
from sealwright.vetting.pickle.facts import Facts, Setting
from sealwright.vetting.pickle.kept_functions import calling_reason
from sealwright.vetting.pickle.library_states import LIBRARY_STATES
from sealwright.vetting.pickle.looked_at import looked_at_reason
from sealwright.vetting.pickle.policy import Entry
from sealwright.vetting.pickle.signatures import constant, is_signature, kind, matches
from sealwright.vetting.pickle.torch_states import TORCH_STATES
from sealwright.vetting.pickle.values import Dict, List, Made, Tuple, Value

State = Callable[[Setting, Facts], str]


def state_reason(setting: Setting, facts: Facts) -> str:
    """Why BUILD may not set a state; empty where it may."""
    text = setting.entry.state
    if text == "none":
        return "takes no state"
    if len(setting.target.states) > 1:
        return "takes one state"  # the second would be set with the attributes of the first
    place = (id(setting.state), setting.entry.name)
    if place not in facts.states:
        facts.states[place] = _refused(setting, facts)
    reason = facts.states[place]
    return reason or (dtypes.dtype_state(setting, facts) if text == OF_TARGET else "")


WITH_KEYWORDS = (".FunctionTransformer", ".FunctionSampler")
"""Classes that keep a function, and the keyword arguments that they call it with."""
OF_TARGET = "numpy dtype"
"""The state that depends on how the object was made."""


def _refused(setting: Setting, facts: Facts) -> str:
    text = setting.entry.state
    reason = _attributes(setting.entry, setting.state, facts)
    if not reason and text != "partial":
        reason = calling_reason(setting.state, facts)
    if not reason and setting.entry.name.endswith(WITH_KEYWORDS):
        reason = transformer_reason(setting.state, facts)
    if reason or text in {"any", OF_TARGET}:
        return reason
    predicate = STATES.get(text)
    if predicate is not None:
        return predicate(setting, facts)
    taken = is_signature(text) and matches(
        text, (setting.state,), keywords=False, by_new=False, facts=facts
    )
    return "" if taken else f"takes a state of {text}"


HARMLESS_ATTRIBUTES = frozenset(
    [
        "__doc__",
        "__name__",
        "__module__",
        "__qualname__",
        "__orig_class__",
        "__wrapped__",
        "__version__",
        "__networkx_cache__",
        "__annotations__",
        "__notes__",
        "__pydantic_fields_set__",
        "__pydantic_extra__",
        "__pydantic_private__",
        "__dict__",
    ]
)
_CALLED = frozenset({"append", "extend", "add"})
"""What APPEND and ADDITEMS look up on the object itself."""


def _attributes(entry: Entry, state: Value, facts: Facts) -> str:
    """Attributes that change what the unpickler or Python itself runs next.

    A __setstate__ that updates `__dict__` takes pairs, too: a list of them, or dicts of two keys.
    """
    if type(state) is Made and entry.state == "any" and not kind("bytes")(state, facts):
        return "takes a state that the stream holds itself"
    parts = state.items if isinstance(state, Tuple | List) else (state,)
    if len(parts) <= 2 and any(type(part) is Dict and part.elided for part in parts):
        return "has more attributes than can be looked at"
    for part in parts:
        if type(part) is Dict:
            pairs = part.items
        elif isinstance(part, Tuple | List) and len(part.items) == 2:
            pairs = [(part.items[0], part.items[1])] if type(part.items[0]) is not Made else []
        else:
            continue
        for name, value in pairs:
            if reason := _named(entry, name):
                return reason
            text = constant(name)
            if type(text) is str and (reason := looked_at_reason(entry, text, value, facts)):
                return reason
    return ""


def _named(entry: Entry, name: Value) -> str:
    """Why a state may not have something of that name; a made one could be any text."""
    text = constant(name)
    if type(text) is not str:
        return "names an attribute by what a call made" if type(name) is Made else ""
    if reason := attribute_reason(text):
        return reason
    if entry.changes and text in _CALLED:
        return f"sets {text}, which the next opcode would call"
    return ""


def attribute_reason(name: str) -> str:
    """Why a stream may not set an attribute, or an item that a class may give as an attribute."""
    special = name.startswith("__") and name.endswith("__") and name not in HARMLESS_ATTRIBUTES
    return f"sets {name[:60]}" if special else ""


def _dict(setting: Setting, facts: Facts) -> str:
    """What `object` itself does: the pairs of a dict become attributes."""
    return _plain_attributes(setting.state)


def _plain_attributes(state: Value) -> str:
    if type(state) is not Dict:
        return "takes a dict of attributes"
    for key, _ in state.items:
        text = constant(key)
        if type(text) is not str:
            return "takes attributes that are named by constants"
        if text == "__dict__":
            return "sets __dict__"
    return ""


def _slots(setting: Setting, facts: Facts) -> str:
    """The same, and a pair whose second dict is set by setattr."""
    state = setting.state
    if type(state) is not Tuple:
        return _plain_attributes(state)
    if len(state.items) != 2:
        return "takes a dict, or a pair of them"
    for part in state.items:
        if constant(part) is not None and (reason := _plain_attributes(part)):
            return reason
    return ""


def _exception(setting: Setting, facts: Facts) -> str:
    """An exception sets each attribute, some of which make tuples and numbers of what they get."""
    if reason := _plain_attributes(setting.state):
        return reason
    return "" if kind("inert")(setting.state, facts) else "takes attributes that are data"


_TEMPLATE = regex(
    r"\ndef _parse_args\(self, (?P<a>(?:[A-Za-z_]\w*, )*) (?P<l>loc=0(?:, scale=1)?)\):\n"
    r"    return \((?P=a)\), (?P<o>loc, scale|loc, 1)\n\n"
    r"def _parse_args_rvs\(self, (?P=a) (?P=l), size=None\):\n"
    r"    return self\._argcheck_rvs\((?P=a) (?P=o), size=size\)\n\n"
    r"def _parse_args_stats\(self, (?P=a) (?P=l), moments='mv'\):\n"
    r"    return \((?P=a)\), (?P=o), moments\n\Z",
    re.ASCII,
)


def _distribution(setting: Setting, facts: Facts) -> str:
    """scipy.stats executes the text `_parse_arg_template` of a distribution's state: it has to be
    the one that scipy itself writes (`_distn_infrastructure.parse_arg_template`)."""
    state = setting.state
    if reason := _plain_attributes(state):
        return reason
    assert type(state) is Dict
    for key, value in state.items:
        if constant(key) == "_parse_arg_template":
            text = constant(value)
            if type(text) is not str or len(text) > 4000 or _TEMPLATE.match(text) is None:
                return "holds program text that is not scipy's own"
    return ""


def _partial(setting: Setting, facts: Facts) -> str:
    """functools.partial.__setstate__: (function, args, keywords, __dict__)."""
    state = setting.state
    if type(state) is not Tuple or len(state.items) != 4:
        return "takes (function, args, keywords, attributes)"
    function, args, keywords, attributes = state.items
    if not kind("callable")(function, facts):
        return "holds a function that no pack allows as a value"
    if type(args) is not Tuple or not (type(keywords) is Dict or constant(keywords) is None):
        return "takes a tuple and a dict of arguments"
    if reason := kept_reason(setting.target, facts):
        return reason
    return "" if constant(attributes) is None else _plain_attributes(attributes)


STATES: dict[str, State] = {
    "dict": _dict,
    "slots": _slots,
    "exception": _exception,
    "partial": _partial,
    "scipy distribution": _distribution,
    "numpy dtype": dtypes.dtype_state,
    "numpy array": dtypes.array_state,
    "numpy masked array": dtypes.masked_state,
    "joblib array": dtypes.joblib_state,
    **TORCH_STATES,
    **LIBRARY_STATES,
}
"""States by name."""
