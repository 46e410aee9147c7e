"""The tensors of a torch pickle by their names: the leaves of its dicts, without building any."""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.vetting.formats.torch_storages import STORAGES, numbers, text_of
from sealwright.vetting.pickle.values import (
    Const,
    Dict,
    Global,
    List,
    Made,
    Persistent,
    Tuple,
    Value,
)

MAX_LEAVES = 200_000
MAX_NESTING = 32
MORE = ("", "…")
"""Stands for leaves beyond the limit."""
_PARAMETER = "torch._utils._rebuild_parameter"
_REBUILDS = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3")
_VERSIONS = "_metadata"
"""Attribute of a state dict: the versions of the modules that wrote it."""


def leaves(value: Value) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Everything that the dicts of a pickle hold, by its path of keys, in their order.

    Dicts with other keys than text, and all that is no dict, are leaves. Where there are more than
    `MAX_LEAVES`, the last path is `MORE`.
    """
    pending: list[tuple[tuple[str, ...], Value]] = [((), value)]
    for _ in range(MAX_LEAVES):
        if not pending:
            return
        path, one = pending.pop()
        items = mapping(one) if len(path) < MAX_NESTING else None
        if items is None:
            yield path, one
        else:
            pending.extend(((*path, key), inner) for key, inner in reversed(items.items()))
    if pending:
        yield MORE, value


def mapping(value: Value) -> dict[str, Value] | None:
    """The items of a dict or an OrderedDict whose keys are text; None for anything else."""
    pairs: list[tuple[Value, Value]]
    if type(value) is Dict and not value.elided:
        pairs = value.items
    elif type(value) is Made and _ordered(value):
        pairs = [*_given(value.args), *value.pairs]
    else:
        return None
    found: dict[str, Value] = {}
    for key, inner in pairs:
        name = text_of(key)
        if name is None:
            return None
        found[name] = inner
    return found


def _ordered(made: Made) -> bool:
    """An OrderedDict that carries nothing but its items and the versions of modules."""
    if type(made.function) is not Global or made.function.dotted != "collections.OrderedDict":
        return False
    plain = all(
        (held := mapping(state)) is not None and set(held) == {_VERSIONS}
        for state in made.states
        if not _none(state)
    )
    given = type(made.args) is Tuple and (not made.args.items or len(_given(made.args)) > 0)
    return plain and given and not made.appended and not made.elided


def _given(args: Value) -> list[tuple[Value, Value]]:
    """The pairs that old pickles give to the call: OrderedDict([[key, value], …])."""
    listed = args.items[0] if type(args) is Tuple and len(args.items) == 1 else None
    found: list[tuple[Value, Value]] = []
    for item in listed.items if isinstance(listed, List | Tuple) else ():
        if not isinstance(item, List | Tuple) or len(item.items) != 2:
            return []
        found.append((item.items[0], item.items[1]))
    return found


def has_versions(value: Value) -> bool:
    """Whether a state dict carries the versions of its modules."""
    return type(value) is Made and any(not _none(state) for state in value.states)


def rebuilt(value: Value) -> tuple[str, tuple[Value, ...]] | None:
    """Function and arguments that rebuild a plain tensor, also within a parameter; else None."""
    if type(value) is not Made or type(value.function) is not Global:
        return None
    if value.states or value.pairs or value.appended or type(value.args) is not Tuple:
        return None
    name, args = value.function.dotted, value.args.items
    if name == _PARAMETER and len(args) == 3 and _without_hooks(args[2]):
        inner = args[0]
        function = inner.function if type(inner) is Made else None
        nested = type(function) is Global and function.dotted == _PARAMETER
        return None if nested else rebuilt(inner)
    if name not in _REBUILDS or len(args) < 6 or not _without_hooks(args[5]):
        return None
    metadata = args[7:] if name.endswith("_v3") else args[6:]
    if not all(_none(one) or mapping(one) == {} for one in metadata):
        return None  # conjugated or negated views: the bytes are not the numbers
    return name, args


def needs_gradient(value: Value) -> bool:
    """Whether a tensor or parameter is to be trained."""
    if type(value) is not Made or type(value.args) is not Tuple:
        return False
    args = value.args.items
    parameter = type(value.function) is Global and value.function.dotted == _PARAMETER
    flag = args[1] if parameter and len(args) > 1 else args[4] if len(args) > 4 else None
    return type(flag) is Const and flag.value is True


def _without_hooks(value: Value) -> bool:
    return _none(value) or mapping(value) == {}


def _none(value: Value) -> bool:
    return type(value) is Const and value.value is None


def element_type(name: str, args: tuple[Value, ...]) -> str:
    """torch's name of the element type (`FloatStorage`, `uint16`); empty if it is not plain."""
    if name.endswith("_v3"):
        given = args[6] if len(args) > 6 else None
        return given.name if type(given) is Global and given.module == "torch" else ""
    storage = args[0]
    if type(storage) is not Persistent or type(storage.id) is not Tuple:
        return ""
    kind = storage.id.items[1] if len(storage.id.items) > 1 else None
    return kind.name if type(kind) is Global and kind.name in STORAGES else ""


def described(value: Value | None) -> Iterator[str]:
    """`name type shape` of every tensor in the dicts of a pickle: what tells two models apart."""
    for path, one in leaves(value) if value is not None else ():
        found = rebuilt(one)
        shape = numbers(found[1][2]) if found else None
        if found and shape is not None:
            kind = element_type(*found).removesuffix("Storage").lower()
            yield f"{'.'.join(path)} {kind} {list(shape)}"
