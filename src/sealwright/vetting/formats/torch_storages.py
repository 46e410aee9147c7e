"""What a torch pickle says of storages and tensors, held against the bytes that are there.

Follows torch/serialization.py (`persistent_load` of `_load` and `_legacy_load`) and
torch/_utils.py.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sealwright.vetting.formats import torch_rules as rules
from sealwright.vetting.interface import Examining, quoted
from sealwright.vetting.pickle.facts import Facts
from sealwright.vetting.pickle.trace import Called, Trace
from sealwright.vetting.pickle.values import Const, Global, List, Made, Persistent, Tuple, Value

STORAGES: dict[str, int] = {
    "DoubleStorage": 8,
    "FloatStorage": 4,
    "HalfStorage": 2,
    "BFloat16Storage": 2,
    "LongStorage": 8,
    "IntStorage": 4,
    "ShortStorage": 2,
    "CharStorage": 1,
    "ByteStorage": 1,
    "BoolStorage": 1,
    "ComplexDoubleStorage": 16,
    "ComplexFloatStorage": 8,
    "QInt8Storage": 1,
    "QUInt8Storage": 1,
    "QInt32Storage": 4,
    "QUInt4x2Storage": 1,
    "QUInt2x4Storage": 1,
    "UntypedStorage": 1,
    "_UntypedStorage": 1,
}
"""Storage class → bytes of one element (torch/storage.py)."""
STORAGE_MODULES = frozenset(("torch", "torch.storage", "torch.cuda", "torch.sparse"))
DTYPES: dict[str, int] = {
    **dict.fromkeys(("float64", "double", "int64", "long", "complex64", "cfloat", "uint64"), 8),
    **dict.fromkeys(("float32", "float", "int32", "int", "uint32", "qint32", "complex32"), 4),
    **dict.fromkeys(("chalf",), 4),
    **dict.fromkeys(("float16", "half", "bfloat16", "int16", "short", "uint16"), 2),
    **dict.fromkeys(("complex128", "cdouble"), 16),
}
"""Dtype → bytes of one element; all others have one byte or less."""
REBUILDS = frozenset(
    (
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3",
        "torch._utils._rebuild_qtensor",
    )
)
"""Functions of (storage, offset, size, stride, ...)."""
_MAX_RANK = 64
_LARGEST = (1 << 63) - 1


class Storage(msgspec.Struct, frozen=True):
    """One storage as a persistent id names it."""

    key: str
    itemsize: int
    numel: int
    """Elements, of the whole storage."""
    view: tuple[int, int] | None = None
    """Offset and elements of the part that the tensor sees (legacy files)."""


class Storages(msgspec.Struct):
    """The storages that one pickle asks for. `measure` gives the bytes of a record, or None."""

    measure: Callable[[str], int | None] | None = None
    """None where sizes are known only later (legacy files)."""
    legacy: bool = False
    without_data: bool = False
    """Records may be empty: torch.jit.trace writes its inputs so."""
    found: dict[str, Storage] = msgspec.field(default_factory=dict)
    """Key → how it was asked for first."""
    problems: dict[str, int] = msgspec.field(default_factory=dict)
    """What is wrong → where it was first."""

    def check(self, persistent: Persistent, facts: Facts) -> str:
        """For the judge, which has nothing to say about ids: `problems` has."""
        problem = self._problem(persistent.id)
        if problem:
            self.problems.setdefault(problem, persistent.offset)
        return ""

    def _problem(self, value: Value) -> str:
        parsed = self.parse(value)
        if isinstance(parsed, str):
            return parsed
        if parsed is None:
            return ""
        known = self.found.setdefault(parsed.key, parsed)
        if self.legacy and known.itemsize * known.numel != parsed.itemsize * parsed.numel:
            return f"storage {quoted(parsed.key)} is asked for with different sizes"
        if self.measure is None:
            return ""
        held = self.measure(parsed.key)
        if held is None:
            return f"storage {quoted(parsed.key)} has no record in the archive"
        if held // parsed.itemsize == parsed.numel or (self.without_data and not held):
            return ""
        needed = parsed.numel * parsed.itemsize
        return f"storage {quoted(parsed.key)} needs {needed} bytes, its record has {held}"

    def parse(self, value: Value) -> Storage | str | None:
        """A persistent id as a storage; a text says why not; None for a legacy module's source."""
        if type(value) is not Tuple or not value.items:
            return "a persistent id that is no tuple"
        parts = value.items
        kind = text_of(parts[0])
        if self.legacy and kind == "module" and len(parts) == 4:
            plain = all(text_of(part) is not None or _none(part) for part in parts[2:])
            return None if type(parts[1]) is Global and plain else "a module's source is no text"
        if kind != "storage" or len(parts) not in ((5, 6) if self.legacy else (5,)):
            return f"a persistent id of a form that torch does not write ({quoted(str(kind))})"
        itemsize = _itemsize(parts[1])
        key, location, numel = text_of(parts[2]), text_of(parts[3]), whole(parts[4])
        if itemsize is None or key is None or location is None:
            return "a storage whose type, key or location is not plain"
        if numel is None or not 0 <= numel * itemsize <= _LARGEST:
            return f"storage {quoted(key)} has no possible number of elements"
        if len(parts) == 5 or _none(parts[5]):
            return Storage(key, itemsize, numel)
        return _view(Storage(key, itemsize, numel), parts[5])


def _view(storage: Storage, value: Value) -> Storage | str:
    """A legacy storage that shows a part of another one: (key, offset, elements)."""
    parts = value.items if type(value) is Tuple else ()
    if len(parts) != 3 or text_of(parts[0]) is None:
        return f"storage {quoted(storage.key)} has view metadata of a wrong form"
    offset, size = whole(parts[1]), whole(parts[2])
    if offset is None or size is None or offset < 0 or size < 0 or offset + size > storage.numel:
        return f"storage {quoted(storage.key)} has a view outside itself"
    return Storage(storage.key, storage.itemsize, storage.numel, (offset, size))


def _itemsize(value: Value) -> int | None:
    if type(value) is Global and value.module in STORAGE_MODULES:
        return STORAGES.get(value.name)
    return None


def text_of(value: Value) -> str | None:
    """Text of a constant; 8-bit strings of Python 2 as ASCII."""
    if type(value) is not Const:
        return None
    if isinstance(value.value, bytes | bytearray) and len(value.value) <= 4096:
        return bytes(value.value).decode("ascii", "replace")
    return value.value if isinstance(value.value, str) else None


def whole(value: Value) -> int | None:
    """A whole number; truth values are none."""
    if type(value) is Const and type(value.value) is int:
        return value.value
    return None


def _none(value: Value) -> bool:
    return type(value) is Const and value.value is None


def give_classes(trace: Trace) -> None:
    """Puts the class in the place of each ('module', class, ...) that a legacy stream asks for:
    that is what the loader gives, and what is built then."""
    streams = (trace, *trace.inner)
    for event in (event for stream in streams for event in stream.events):
        if type(event) is not Called:
            continue
        made = event.made
        made.function = _class_of(made.function)
        if type(made.args) is Tuple and made.args.items:
            first = _class_of(made.args.items[0])
            if first is not made.args.items[0]:
                made.args = Tuple((first, *made.args.items[1:]))


def _class_of(value: Value) -> Value:
    if type(value) is Persistent and type(value.id) is Tuple and len(value.id.items) == 4:
        kind, given = value.id.items[:2]
        if text_of(kind) == "module" and type(given) is Global:
            return given
    return value


def check_tensors(trace: Trace, storages: Storages, examining: Examining) -> None:
    """Holds offset, size and stride of every rebuilt tensor against its storage."""
    for event in trace.events:
        if type(event) is not Called or type(event.made.function) is not Global:
            continue
        name = event.made.function.dotted
        if name in REBUILDS and type(event.made.args) is Tuple:
            problem = _tensor_problem(name, event.made.args.items, storages)
            if problem:
                examining.find(rules.TENSOR, problem, offset=event.offset)


def _tensor_problem(name: str, args: tuple[Value, ...], storages: Storages) -> str:
    if len(args) < 4 or type(args[0]) is not Persistent:
        return f"{name} is not given a storage, an offset, a size and a stride"
    storage = storages.parse(args[0].id)
    if not isinstance(storage, Storage):
        return ""  # the judge has said why
    offset, sizes, strides = whole(args[1]), numbers(args[2]), numbers(args[3])
    if offset is None or sizes is None or strides is None or len(sizes) != len(strides):
        return f"{name} is given an offset, size or stride that is not plain"
    if offset < 0 or min((*sizes, *strides), default=0) < 0 or len(sizes) > _MAX_RANK:
        return f"a tensor of size {sizes} and stride {strides} at offset {offset}"
    if 0 in sizes:
        return ""
    itemsize = storage.itemsize
    if name.endswith("_v3") and len(args) > 6 and type(args[6]) is Global:
        itemsize = DTYPES.get(args[6].name, 1)
    elements = storage.view[1] if storage.view else storage.numel
    held = elements * storage.itemsize
    last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    if (last + 1) * itemsize > held:
        return (
            f"a tensor reaches byte {(last + 1) * itemsize} of storage {quoted(storage.key)}, "
            f"which has {held}"
        )
    return ""


def numbers(value: Value) -> tuple[int, ...] | None:
    """A tuple, list or torch.Size of whole numbers."""
    if type(value) is Made and type(value.function) is Global and type(value.args) is Tuple:
        plain = value.function.dotted == "torch.Size" and len(value.args.items) == 1
        return numbers(value.args.items[0]) if plain else None
    if not isinstance(value, Tuple | List):
        return None
    found = tuple(whole(item) for item in value.items)
    return None if None in found else tuple(number for number in found if number is not None)
