"""numpy's dtypes and arrays: a forged dtype makes numpy take bytes of the file for object pointers.

`dtype.__setstate__` believes the flags, offsets and sizes of its state. So they are checked: a
dtype with objects says so in its flags, fields lie within the item, and arrays of objects are
lists.
"""

from __future__ import annotations

import msgspec

from sealwright.patterns import regex
from sealwright.vetting.pickle.facts import Call, Facts, Setting
from sealwright.vetting.pickle.signatures import constant, kind
from sealwright.vetting.pickle.values import Const, Dict, Global, List, Made, Tuple, Value

REFERENCES = 0x01 | 0x02
"""NPY_ITEM_REFCOUNT and NPY_LIST_PICKLE: set in the flags of every dtype that holds objects."""
MAX_NESTING = 32
_SPECIFICATION = regex(r"[<>=|]?([?a-zA-Z])(\d{0,9})\Z")
_SIZES = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8}
_SIZES |= {"e": 2, "f": 4, "d": 8, "g": 16, "F": 8, "D": 16, "G": 32, "O": 8, "M": 8, "m": 8}


class Layout(msgspec.Struct, frozen=True):
    """What a dtype comes to."""

    size: int | None
    """Bytes of an item; None where it is not known."""
    objects: bool
    reason: str = ""
    """Why it cannot be trusted."""


def dtype_arguments(call: Call, facts: Facts) -> str:
    """`numpy.dtype(specification, align, copy)` with one plain type code, or numpy's record
    types."""
    if call.keywords or not 1 <= len(call.args) <= 3:
        return "takes (type code, align, copy)"
    if any(not kind("bool|int")(value, facts) for value in call.args[1:]):
        return "takes (type code, align, copy)"
    return "" if _specified(call.args[0], facts) else "takes one plain type code"


def dtype_state(setting: Setting, facts: Facts) -> str:
    """(version, order, subarray, names, fields, size, alignment, flags[, metadata])."""
    if len(setting.target.states) > 1:
        return "takes one state"
    return layout(setting.target, facts).reason


def layout(value: Value, facts: Facts, *, depth: int = 0) -> Layout:
    """The layout of a dtype; `reason` says why it is not one that numpy itself would write."""
    found = facts.known.get(id(value))
    if isinstance(found, Layout):
        return found
    if depth > MAX_NESTING:
        return Layout(None, objects=True, reason="nests dtypes too deep")
    result = _layout(value, facts, depth)
    facts.known[id(value)] = result
    return result


def _layout(value: Value, facts: Facts, depth: int) -> Layout:
    if type(value) is Global and _is_scalar_type(value, facts):
        return Layout(None, objects="Object" in value.name or value.name == "object_")
    if not isinstance(value, Made) or not kind("dtype")(value, facts):
        return Layout(None, objects=True, reason="holds a dtype that is not made by numpy.dtype")
    if facts.made_by(value) != "numpy.dtype":
        return Layout(None, objects=False)
    args = value.args.items if type(value.args) is Tuple else ()
    plain = _specified(args[0], facts) if args else None
    if plain is None:
        return Layout(None, objects=True, reason="has no plain type code")
    if not value.states:
        return plain
    if len(value.states) > 1:
        return Layout(None, objects=True, reason="has more than one state")
    return _stated(plain, value.states[0], facts, depth)


def _is_scalar_type(value: Global, facts: Facts) -> bool:
    return facts.role(value) == "class" and value.module.partition(".")[0] in _SCALARS


_SCALARS = {"numpy", "ml_dtypes"}


def _specified(value: Value, facts: Facts) -> Layout | None:
    """What a type code says; None if it is no single one."""
    if type(value) is Global:
        return layout(value, facts) if _is_scalar_type(value, facts) else None
    text = constant(value)
    if isinstance(text, bytes):
        text = text.decode("latin1")
    found = _SPECIFICATION.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    code, digits = found[1], found[2]
    if code in "SUVacT" and not (code == "c" and digits):
        return Layout(int(digits or 0) * (4 if code == "U" else 1), objects=False)
    return Layout(int(digits) if digits else _SIZES.get(code), objects=code == "O")


def _stated(plain: Layout, state: Value, facts: Facts, depth: int) -> Layout:
    def wrong(reason: str) -> Layout:
        return Layout(None, objects=True, reason=reason)

    if type(state) is not Tuple or not 7 <= len(state.items) <= 9:
        return wrong("takes numpy's tuple as a dtype's state")
    version, order, inner, names, fields, size, alignment, *rest = state.items
    numbers = [constant(part) for part in (version, size, alignment, *rest[:1])]
    if any(type(number) is not int for number in numbers) or not kind("text")(order, facts):
        return wrong("takes plain numbers in a dtype's state")
    stated = constant(size)
    assert isinstance(stated, int)
    full = stated if stated >= 0 else plain.size
    objects = plain.objects
    parts = _parts(inner, names, fields, facts)
    if isinstance(parts, str):
        return wrong(parts)
    for part, offset, count in parts:
        below = layout(part, facts, depth=depth + 1)
        if below.reason:
            return below
        objects = objects or below.objects
        if full is None or offset < 0 or offset + (below.size or 0) * count > full:
            return wrong("has a field outside its item")
    flags = numbers[3] if len(numbers) > 3 else 0
    assert isinstance(flags, int)
    if objects and flags & REFERENCES != REFERENCES:
        return wrong("hides in its flags that it holds objects")
    return Layout(full, objects=objects)


def _parts(
    inner: Value, names: Value, fields: Value, facts: Facts
) -> list[tuple[Value, int, int]] | str:
    """The dtypes within a dtype, each with its offset and how many of them; or what is wrong."""
    parts: list[tuple[Value, int, int]] = []
    if constant(inner) is not None:
        found = _subarray(inner)
        if found is None:
            return "has a subarray that is not (dtype, shape)"
        parts.append(found)
    if constant(fields) is None:
        return parts
    if type(fields) is not Dict or not _are_names(names, facts):
        return "has fields that are not named"
    for _, field in fields.items:
        place = _field(field)
        if place is None:
            return "has a field that is not (dtype, offset)"
        parts.append(place)
    return parts


def _are_names(names: Value, facts: Facts) -> bool:
    return isinstance(names, Tuple | List) and all(kind("text")(n, facts) for n in names.items)


def _subarray(value: Value) -> tuple[Value, int, int] | None:
    """(dtype, shape) → the dtype, its offset 0, and how many of them."""
    if type(value) is not Tuple or len(value.items) != 2:
        return None
    inner, shape = value.items
    count = 1
    for part in shape.items if type(shape) is Tuple else (shape,):
        number = constant(part)
        if type(number) is not int or number < 0 or count > 1 << 40:
            return None
        count *= number
    return inner, 0, count


def _field(value: Value) -> tuple[Value, int, int] | None:
    """(dtype, offset[, title])."""
    if type(value) is not Tuple or len(value.items) not in {2, 3}:
        return None
    offset = constant(value.items[1])
    return (value.items[0], offset, 1) if type(offset) is int else None


def array_arguments(call: Call, facts: Facts) -> str:
    """`_reconstruct(class, (0,), b'b')`: an empty array, filled by its state."""
    if len(call.args) != 3 or call.keywords:
        return "takes (class, (0,), b'b')"
    subject, shape, code = call.args
    entry = facts.entry(subject)
    if entry is None or entry.state not in {"numpy array", "numpy masked array"}:
        return "takes a class of arrays"
    empty = type(shape) is Tuple and [constant(part) for part in shape.items] == [0]
    if not empty or not kind("text")(code, facts):
        return "takes (class, (0,), b'b')"
    if type(code) is Const and constant(code) not in {"b", b"b"}:
        return "takes (class, (0,), b'b')"
    return ""


def array_state(setting: Setting, facts: Facts) -> str:
    """(version, shape, dtype, is_fortran, data): numpy checks the length, not what the dtype
    hides."""
    return array_content(setting.state, facts)


def array_content(state: Value, facts: Facts) -> str:
    """The same, for who sets the state by a function."""
    if type(state) is not Tuple or len(state.items) not in {4, 5}:
        return "takes (version, shape, dtype, order, data)"
    shape, dtype, order, data = state.items[-4:]
    if not kind("shape")(shape, facts) or not kind("bool|int")(order, facts):
        return "takes (version, shape, dtype, order, data)"
    return _content(dtype, data, facts)


def masked_state(setting: Setting, facts: Facts) -> str:
    """(version, shape, dtype, is_fortran, data, mask, fill value)."""
    state = setting.state
    if type(state) is not Tuple or len(state.items) != 7:
        return "takes (version, shape, dtype, order, data, mask, fill value)"
    _, shape, dtype, _, data, mask, fill = state.items
    if not kind("shape")(shape, facts) or not kind("text")(mask, facts):
        return "takes a shape, and bytes for the mask"
    if not kind("inert")(fill, facts):
        return "takes plain data as the fill value"
    return _content(dtype, data, facts)


def _content(dtype: Value, data: Value, facts: Facts) -> str:
    found = layout(dtype, facts)
    if found.reason:
        return found.reason
    if found.objects:
        return "" if type(data) is List else "takes a list for an array of objects"
    if kind("text")(data, facts) or (type(data) is List and _is_string_dtype(dtype, facts)):
        return ""
    return "takes bytes for an array of numbers"


def _is_string_dtype(dtype: Value, facts: Facts) -> bool:
    return "stringdtype" in facts.made_by(dtype)


def scalar_arguments(call: Call, facts: Facts) -> str:
    """`scalar(dtype, bytes)`; for a dtype with objects, the object itself or an array around it."""
    if call.keywords or len(call.args) not in {1, 2}:
        return "takes (dtype, bytes)"
    found = layout(call.args[0], facts)
    if found.reason or found.objects or len(call.args) == 1:
        return found.reason
    return "" if kind("text")(call.args[1], facts) else "takes (dtype, bytes)"


def buffer_arguments(call: Call, facts: Facts) -> str:
    """`_frombuffer(buffer, dtype, shape, order[, axes])`."""
    if call.keywords or len(call.args) not in {4, 5}:
        return "takes (buffer, dtype, shape, order)"
    data, dtype, shape, order = call.args[:4]
    if not kind("bytes")(data, facts) or not kind("str|none")(order, facts):
        return "takes (buffer, dtype, shape, order)"
    if not all(kind("shape|none")(value, facts) for value in (shape, *call.args[4:])):
        return "takes (buffer, dtype, shape, order)"
    found = layout(dtype, facts)
    return found.reason or ("cannot make objects of bytes" if found.objects else "")


_JOBLIB = frozenset(
    ["subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes", "filename"]
)


def joblib_state(setting: Setting, facts: Facts) -> str:
    """What joblib says of an array whose bytes follow: its class, shape, order and dtype."""
    state = setting.state
    if type(state) is not Dict or len(setting.target.states) > 1:
        return "takes one dict"
    for key, value in state.items:
        name = constant(key)
        if name not in _JOBLIB:
            return "takes only what joblib writes of an array"
        if name == "subclass":
            entry = facts.entry(value)
            if entry is None or entry.state not in {"numpy array", "numpy masked array"}:
                return "takes a class of arrays"
        elif name == "shape" and not kind("shape")(value, facts):
            return "takes a shape of numbers"
        elif name == "dtype" and (reason := layout(value, facts).reason):
            return reason
        elif name not in {"shape", "dtype"} and not kind("scalar")(value, facts):
            return "takes plain settings"
    return ""
