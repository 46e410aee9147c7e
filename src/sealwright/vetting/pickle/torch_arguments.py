"""What the functions that rebuild torch's tensors and storages may be given.

Follows torch/_utils.py, torch/_tensor.py and torch/storage.py. They call methods of what they are
given, so tensors and storages must be ones that a stream can only make through them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from sealwright.vetting.pickle.facts import Call, Facts
from sealwright.vetting.pickle.payloads import holds_file
from sealwright.vetting.pickle.signatures import constant, kind
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

Arguments = Callable[[Call, Facts], str]

FROM_BYTES = "torch.storage._load_from_bytes"
MAGIC = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
"""torch's magic number, as protocol 2 writes it: the first pickle of a file before torch 1.6."""
ZIP = b"PK\x03\x04"
PER_BYTE = 4
"""The most elements that one byte holds (quint2x4)."""
TENSORS = frozenset(
    f"torch._utils._rebuild_{name}"
    for name in (
        "tensor",
        "tensor_v2",
        "tensor_v3",
        "qtensor",
        "sparse_tensor",
        "nested_tensor",
        "parameter",
        "parameter_with_state",
        "meta_tensor_no_storage",
        "wrapper_subclass",
        "device_tensor_from_numpy",
        "device_tensor_from_cpu_tensor",
        "xla_tensor",
    )
)
"""Functions of torch._utils that give tensors."""
RETYPED = frozenset({"torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type"})
"""Functions that are handed one of `TENSORS`, and call it."""
_CLASSES = frozenset({"torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"})
_ARRAYS = frozenset(
    {"numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"}
    | {"numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"}
)


def is_tensor(value: Value, facts: Facts) -> bool:
    """Whether a value is a tensor, or a Parameter of one."""
    made_by = facts.made_by(value)
    return made_by in TENSORS or made_by in RETYPED or made_by in _CLASSES


def _dense(value: Value, facts: Facts) -> bool:
    """A tensor without attributes of its own, whose methods are torch's."""
    return facts.made_by(value) in TENSORS - {"torch._utils._rebuild_parameter_with_state"}


def elements(storage: Value, facts: Facts) -> int | None:
    """How many elements a storage may have at most; None for what is no storage."""
    if type(storage) is Persistent:
        parts = storage.id.items if type(storage.id) is Tuple else ()
        count = constant(parts[4]) if len(parts) > 4 else None
        return count * PER_BYTE if type(count) is int else None
    if type(storage) is Made and facts.made_by(storage) == FROM_BYTES:
        given = storage.args.items if type(storage.args) is Tuple else ()
        held = _contents(given[0]) if given else None
        return len(held) * PER_BYTE if held is not None else None
    return None


def _contents(value: Value) -> bytes | memoryview | str | None:
    """Bytes, also as protocols 0 to 2 spell them: the text of `_codecs.encode(text, 'latin1')`."""
    if type(value) is Const:
        return value.value if isinstance(value.value, bytes | memoryview) else None
    if type(value) is Made and type(value.function) is Global and type(value.args) is Tuple:
        text, *codec = value.args.items or (value,)
        inner = constant(text)
        plain = [constant(name) for name in codec] == ["latin1"]
        if value.function.dotted == "_codecs.encode" and isinstance(inner, str) and plain:
            return inner
    return None


def _storage_bytes(call: Call, facts: Facts) -> str:
    """`_load_from_bytes(b)` is torch.load: `b` must be what the scan examines as a torch file."""
    held = _contents(call.args[0]) if len(call.args) == 1 and not call.keywords else None
    if held is None:
        return "takes the bytes of a torch file"
    place = (id(held), FROM_BYTES)
    if place not in facts.states:
        raw = held.encode("latin-1", "replace") if isinstance(held, str) else held
        good = bytes(raw[:16]).startswith((ZIP, MAGIC)) and holds_file(raw)
        facts.states[place] = "" if good else "takes the bytes of a torch file"
    return facts.states[place]


def _integers(value: Value) -> tuple[int, ...] | None:
    """A tuple, list or torch.Size of whole numbers, as many as a tensor may have dimensions."""
    if type(value) is Made and type(value.args) is Tuple and value.args.items:
        value = value.args.items[0] if made_of(value, _SIZE) else value
    if not isinstance(value, Tuple | List) or len(value.items) > MAX_RANK:
        return None
    numbers = [constant(item) for item in value.items]
    found = tuple(number for number in numbers if type(number) is int)
    return found if len(found) == len(numbers) else None


MAX_RANK = 64
_SIZE = "torch.Size"


def made_of(value: Made, dotted: str) -> bool:
    """Whether a call of exactly this name made the value."""
    return type(value.function) is Global and value.function.dotted == dotted


def _view(args: tuple[Value, ...], facts: Facts) -> str:
    """(storage, offset, size, stride): a view that the storage could hold."""
    if len(args) < 4:
        return "takes a storage, an offset, a size and a stride"
    most = elements(args[0], facts)
    offset, size, stride = constant(args[1]), _integers(args[2]), _integers(args[3])
    if most is None:
        return "takes a storage of the file"
    if type(offset) is not int or size is None or stride is None or len(size) != len(stride):
        return "takes plain numbers for offset, size and stride"
    if min((offset, *size, *stride)) < 0:
        return "takes numbers that are not negative"
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if 0 not in size and last >= most:
        return "takes a view within the storage"
    return ""


def _rest(values: tuple[Value, ...], tests: tuple[str, ...], facts: Facts, needed: int) -> bool:
    """Whether the arguments after the view are of these kinds."""
    if not needed <= len(values) <= len(tests):
        return False
    return all(_KINDS[name](v, facts) for name, v in zip(tests, values, strict=False))


def _hooks(value: Value, facts: Facts) -> bool:
    """Backward hooks: an OrderedDict, empty since torch 0.4."""
    if type(value) is Made:
        return facts.made_by(value) in {"collections.OrderedDict", "builtins.dict"}
    return type(value) is Dict or constant(value) is None


def _device(value: Value, facts: Facts) -> bool:
    return kind("none|str")(value, facts) or facts.made_by(value) == "torch.device"


def _is_tensor_class(value: Value, facts: Facts) -> bool:
    """torch.Tensor, Parameter, or a class that a pack calls one by its state."""
    if type(value) is not Global:
        return False
    entry = facts.entry(value)
    if entry is None or entry.role != "class":
        return False
    return value.dotted in _CLASSES or entry.state == "torch tensor"


_KINDS: dict[str, Callable[[Value, Facts], bool]] = {
    "flag": kind("bool|int"),
    "int": kind("int"),
    "name": kind("str"),
    "list": kind("list|tuple"),
    "any": kind("any"),
    "hooks": _hooks,
    "metadata": kind("none|dict"),
    "dtype": kind("constant"),
    "layout": lambda value, facts: (
        kind("constant")(value, facts) or facts.made_by(value) == "torch.serialization._get_layout"
    ),
    "size": lambda value, facts: _integers(value) is not None,
    "device": _device,
    "tensor": is_tensor,
    "numbers": lambda value, facts: _dense(value, facts) or facts.made_by(value) in _ARRAYS,
    "class": _is_tensor_class,
}


def _viewed(*tests: str, needed: int) -> Arguments:
    def check(call: Call, facts: Facts) -> str:
        if call.keywords:
            return "takes no keyword arguments"
        if not _rest(call.args[4:], tests, facts, needed):
            return f"takes a view, then {', '.join(tests) or 'nothing'}"
        return _view(call.args, facts)

    return check


def _plain(*tests: str) -> Arguments:
    def check(call: Call, facts: Facts) -> str:
        good = not call.keywords and _rest(call.args, tests, facts, len(tests))
        return "" if good else f"takes ({', '.join(tests)})"

    return check


def _quantized(call: Call, facts: Facts) -> str:
    """`_rebuild_qtensor`: what allocates all elements, so no element may be repeated."""
    if (
        call.keywords
        or len(call.args) != 7
        or not _rest(call.args[5:], ("flag", "hooks"), facts, 2)
    ):
        return "takes (storage, offset, size, stride, quantizer, flag, hooks)"
    quantizer = call.args[4].items if type(call.args[4]) is Tuple else ()
    if not quantizer or not kind("constant")(quantizer[0], facts):
        return "takes a scheme and its numbers as the quantizer"
    for value in quantizer[1:]:
        if not (_dense(value, facts) or kind("data")(value, facts)):
            return "takes a scheme and its numbers as the quantizer"
    reason = _view(call.args, facts)
    most = elements(call.args[0], facts) or 0
    return reason or ("" if prod(_integers(call.args[2]) or ()) <= most else "takes all elements")


def _sparse(call: Call, facts: Facts) -> str:
    """`_rebuild_sparse_tensor(layout, (indices, ..., values, size, ...))`."""
    parts = call.args[1].items if len(call.args) == 2 and type(call.args[1]) is Tuple else ()
    good = not call.keywords and len(parts) >= 3 and _KINDS["layout"](call.args[0], facts)
    kinds = ("flag", "size", "tensor", "metadata")
    if good and all(any(_KINDS[name](part, facts) for name in kinds) for part in parts):
        return ""
    return "takes a layout, and tensors with a size"


def _retyped(call: Call, facts: Facts) -> str:
    """`_rebuild_from_type_v2(func, type, args, state)`: func(*args), then attributes."""
    if call.keywords or len(call.args) != 4 or type(call.args[2]) is not Tuple:
        return "takes (function, class, arguments, state)"
    function, made, args, state = call.args
    entry = facts.entry(function)
    if type(function) is not Global or entry is None or function.dotted not in TENSORS:
        return "takes a function that rebuilds a tensor"
    if not _is_tensor_class(made, facts):
        return "takes a class of tensors"
    assert type(args) is Tuple
    inner = Call(entry=entry, subject=function, args=args.items)
    check = TORCH_ARGUMENTS.get(entry.args)
    reason = check(inner, facts) if check else "takes a function that rebuilds a tensor"
    return reason or _attributes(state, facts)


def _with_state(call: Call, facts: Facts) -> str:
    """`_rebuild_parameter_with_state(data, requires_grad, hooks, state)`."""
    if call.keywords or not _rest(call.args[:3], ("tensor", "flag", "hooks"), facts, 3):
        return "takes a tensor, a flag, hooks and a state"
    if len(call.args) != 4:
        return "takes a tensor, a flag, hooks and a state"
    return _attributes(call.args[3], facts)


def _attributes(state: Value, facts: Facts) -> str:
    """What torch sets on a tensor with setattr: plain names, and nothing that can be called."""
    parts = state.items if type(state) is Tuple else (state,)
    if type(state) is Tuple and len(parts) != 2:
        return "takes a dict of attributes, or a pair of them"
    for part in parts:
        place = (id(part), _SETATTR)
        if place not in facts.states:
            facts.states[place] = _set_on_tensor(part, facts)
        if facts.states[place]:
            return facts.states[place]
    return ""


_SETATTR = "setattr on a tensor"


def _set_on_tensor(part: Value, facts: Facts) -> str:
    if type(part) is not Dict:
        return "" if constant(part) is None else "takes a dict of attributes, or a pair of them"
    for key, value in part.items:
        name = constant(key)
        if type(name) is not str or not name.isidentifier() or name.startswith("__"):
            return "takes attributes with plain names"
        if not no_method(value, facts):
            return f"sets {name[:60]} to what may be called"
    return ""


def no_method(value: Value, facts: Facts) -> bool:
    """What stands in for no method of a tensor: data, containers, tensors, constants of torch."""
    if isinstance(value, Const | Tuple | List | Set | Dict):
        return True
    if type(value) is Global:
        return value.module == "torch" and facts.role(value) == "constant"
    return is_tensor(value, facts) or facts.made_by(value) in _NO_METHOD


_NO_METHOD = (
    frozenset({_SIZE, "torch.device", "torch.serialization._get_layout", "_codecs.encode"})
    | {"collections.OrderedDict", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"}
    | _ARRAYS
)


TORCH_ARGUMENTS: dict[str, Arguments] = {
    "torch tensor": _viewed(needed=0),
    "torch tensor 2": _viewed("flag", "hooks", "metadata", needed=2),
    "torch tensor 3": _viewed("flag", "hooks", "dtype", "metadata", needed=3),
    "torch quantized": _quantized,
    "torch sparse": _sparse,
    "torch nested": _plain("tensor", "tensor", "tensor", "tensor"),
    "torch parameter": _plain("tensor", "flag", "hooks"),
    "torch parameter with state": _with_state,
    "torch meta": _plain("dtype", "size", "size", "flag"),
    "torch wrapper": _plain("class", "dtype", "size", "size", "int", "layout", "device", "flag"),
    "torch numbers": _plain("numbers", "dtype", "device", "flag"),
    "torch retyped": _retyped,
    "torch storage bytes": _storage_bytes,
    "torch layout": _plain("name"),
    "torch list": _plain("list"),
    "torch tag": _plain("any", "name"),
}
"""Arguments by name, for `arguments.ARGUMENTS`."""
