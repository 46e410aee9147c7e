"""What BUILD may set on tensors and optimizers of torch, and on what transformers makes.

Follows `__setstate__` of torch/_tensor.py and torch/optim/optimizer.py, and attribute access in
transformers/configuration_utils.py.
"""

from __future__ import annotations

from collections.abc import Callable

from sealwright.vetting.pickle.facts import Facts, Setting
from sealwright.vetting.pickle.signatures import constant, kind
from sealwright.vetting.pickle.torch_arguments import elements, no_method
from sealwright.vetting.pickle.values import Dict, List, Tuple


def _tensor_state(setting: Setting, facts: Facts) -> str:
    """`Tensor.__setstate__`: (storage, offset, size, stride), or flags and hooks."""
    parts = setting.state.items if type(setting.state) is Tuple else ()
    if not 3 <= len(parts) <= 5:
        return "takes a storage and a view, or flags and hooks"
    if all(no_method(part, facts) or elements(part, facts) is not None for part in parts):
        return ""
    return "takes a storage and a view, or flags and hooks"


_MAPPINGS = frozenset({"collections.defaultdict", "collections.OrderedDict", "builtins.dict"})


def _optimizer_state(setting: Setting, facts: Facts) -> str:
    """What every `Optimizer.__getstate__` writes; __setstate__ calls methods of these, and of the
    optimizer itself, so that there may be nothing else."""
    if type(setting.state) is not Dict:
        return "takes defaults, state and param_groups"
    for key, value in setting.state.items:
        mapping = type(value) is Dict or facts.made_by(value) in _MAPPINGS
        groups = type(value) is List and all(type(group) is Dict for group in value.items)
        name = constant(key)
        if not (mapping if name in {"defaults", "state"} else groups and name == "param_groups"):
            return "takes defaults, state and param_groups"
        if not kind("inert")(value, facts):
            return f"takes tensors, numbers and texts in {name}"
    return ""


_REDIRECTING = frozenset(
    {"attribute_map", "SPECIAL_TOKENS_ATTRIBUTES", "convert_tokens_to_ids", "__dict__"}
)


def _transformers_state(setting: Setting, facts: Facts) -> str:
    """A configuration or tokenizer of transformers: nothing that gives its attributes other names,
    which Python itself would follow when it looks up `__setstate__`."""
    if type(setting.state) is not Dict:
        return "takes a dict of attributes"
    for key, _ in setting.state.items:
        name = constant(key)
        if type(name) is not str:
            return "takes attributes that are named by constants"
        if name in _REDIRECTING:
            return f"sets {name}"
    return ""


TORCH_STATES: dict[str, Callable[[Setting, Facts], str]] = {
    "torch tensor": _tensor_state,
    "torch optimizer": _optimizer_state,
    "transformers attributes": _transformers_state,
}
"""States by name, for `states.STATES`."""
