"""What joblib's loader does beyond unpickling: it reads raw array bytes from between the opcodes.

After BUILD of an array wrapper, `NumpyUnpickler.load_build` (joblib/numpy_pickle.py) reads an
alignment padding and shape x itemsize bytes, or a whole pickle for an array of objects, and puts
the array in the wrapper's place. Wrappers of joblib before 0.10 name another file instead.
"""

from __future__ import annotations

import re
from typing import Final

from sealwright.patterns import regex
from sealwright.vetting.pickle.decode import Refused
from sealwright.vetting.pickle.stack import Machine
from sealwright.vetting.pickle.trace import Called
from sealwright.vetting.pickle.values import (
    Block,
    Computed,
    Const,
    Dict,
    Global,
    List,
    Made,
    Tuple,
    Value,
)

_MODULES = frozenset(
    f"{prefix}joblib.{module}"
    for prefix in ("", "sklearn.externals.", "sklearn.externals._")
    for module in ("numpy_pickle", "numpy_pickle_compat")
)
_OLD = frozenset(("NDArrayWrapper", "ZNDArrayWrapper"))
_WRAPPERS = _OLD | {"NumpyArrayWrapper"}
_ARRAYS = frozenset(
    (
        *("numpy.ndarray", "numpy.matrix", "numpy.memmap", "numpy.core.memmap.memmap"),
        *("numpy.matrixlib.defmatrix.matrix", "numpy._core.memmap.memmap"),
    )
)
_TYPE: Final = regex(r"[<>|=]?([biufcmMOSUV])(\d{0,9})", re.ASCII)
_USER_TYPES = {
    "ml_dtypes.bfloat16": 2,
    **dict.fromkeys(
        (
            *("ml_dtypes.float8_e4m3fn", "ml_dtypes.float8_e5m2", "ml_dtypes.int4"),
            *("ml_dtypes.uint4", "ml_dtypes.float8_e4m3fnuz", "ml_dtypes.float8_e5m2fnuz"),
        ),
        1,
    ),
}
MAX_RANK = 64
_HAS_OBJECT = 1
"""`NPY_ITEM_HASOBJECT` among a dtype's flags."""


def wrapper_name(value: Value) -> str:
    """Which of joblib's array wrappers a value is; nothing if it is none."""
    if not isinstance(value, Made):
        return ""
    made_from = value.function
    if isinstance(made_from, Global) and made_from.dotted == "copyreg._reconstructor":
        if not isinstance(value.args, Tuple) or not value.args.items:
            return ""
        made_from = value.args.items[0]
    if not isinstance(made_from, Global) or made_from.module not in _MODULES:
        return ""
    return made_from.name if made_from.name in _WRAPPERS else ""


def is_wrapper(value: Value) -> bool:
    """Whether joblib's loader reads an array in place of this value."""
    return bool(wrapper_name(value))


def read_block(m: Machine, target: Value) -> Value:
    """Reads past the array of a wrapper that was just given its state; what stands for the array.

    Raises Refused where the wrapper does not say how much there is to read, or it is not there.
    """
    assert isinstance(target, Made)
    if m.trace.first_block < 0:
        m.trace.first_block = m.position
    fields = _fields(target)
    if wrapper_name(target) in _OLD:
        name = _constant(fields.get("filename"))
        m.trace.files.append((m.position, name if isinstance(name, str) else ""))
        return Block(m.position, 0)
    if m.position < m.frame_end:
        raise Refused("an array is read from within a frame")
    _subclass(m, fields.get("subclass"))
    count = _count(fields.get("shape"))
    size, objects = element(fields.get("dtype"))
    if objects:
        inner = m.inner(m.position)
        m.trace.inner.append(inner)
        m.position = inner.end
        if inner.broken:
            raise Refused(f"in an array of objects: {inner.broken}")
        return inner.result if inner.result is not None else Block(m.position, 0)
    start = m.position
    if _constant(fields.get("numpy_array_alignment_bytes")) is not None:
        m.take(m.number(1))
    block = Block(m.position, count * size)
    m.take(count * size)
    m.trace.blocks += m.position - start
    return block


def _fields(target: Made) -> dict[str, Value]:
    """The wrapper's attributes, as its states set them."""
    if target.by != "NEWOBJ" and not isinstance(target.args, Tuple):
        raise Refused("an array wrapper is made in an unknown way")
    if target.by in ("INST", "OBJ", "NEWOBJ_EX") or (
        target.by == "REDUCE"
        and isinstance(target.function, Global)
        and target.function.name != "_reconstructor"
    ):
        raise Refused("an array wrapper is made by calling it")
    found: dict[str, Value] = {}
    for state in target.states:
        parts = state.items if isinstance(state, Tuple) and len(state.items) == 2 else (state,)
        for part in parts:
            if isinstance(part, Const) and not part.value:
                continue
            if not isinstance(part, Dict) or part.elided:
                raise Refused("an array wrapper's state is no plain dict")
            for key, value in part.items:
                name = _constant(key)
                if not isinstance(name, str):
                    raise Refused("an array wrapper's state has a name that is no text")
                found[name] = value
    return found


def _constant(value: Value | None) -> object:
    """The Python value of a constant, None for everything else but for `_OTHER`."""
    if value is None:
        return None
    return value.value if isinstance(value, Const) else _OTHER


_OTHER = object()


def _count(shape: Value | None) -> int:
    if not isinstance(shape, Tuple | List) or len(shape.items) > MAX_RANK:
        raise Refused("an array wrapper has no shape")
    count = 1
    for item in shape.items:
        extent = _constant(item)
        if not isinstance(extent, int) or not 0 <= extent < 1 << 63:
            raise Refused("an array wrapper's shape is no tuple of numbers")
        count *= extent
    return count


def _subclass(m: Machine, subclass: Value | None) -> None:
    """A subclass of its own is built by joblib, where NumPy is older than 2."""
    if isinstance(subclass, Global) and subclass.dotted in _ARRAYS:
        return
    if subclass is None:
        raise Refused("an array wrapper has no class")
    args = Tuple((Tuple((Const(0),)), Const("b")))
    m.tell(Called(Made(subclass, args, None, "REDUCE", m.position), m.position))


def element(dtype: Value | None) -> tuple[int, bool]:
    """(bytes of one element, whether elements are objects) of a `numpy.dtype`."""
    if (
        not isinstance(dtype, Made)
        or not isinstance(dtype.function, Global)
        or dtype.function.dotted != "numpy.dtype"
        or not isinstance(dtype.args, Tuple)
        or not dtype.args.items
        or len(dtype.states) > 1
    ):
        raise Refused("an array's type is not plainly given")
    kind, size = _letters(dtype.args.items[0])
    objects = kind == "O"
    if dtype.states:
        elsize, flags = _state(dtype.states[0])
        if kind in "SUV" and elsize >= 0:
            size = elsize
        marked = bool(flags & _HAS_OBJECT)
        if marked != objects and kind != "V":
            raise Refused("an array's type contradicts itself")
        objects = marked
    return size, objects


def _letters(first: Value) -> tuple[str, int]:
    """Kind and size by the first argument of `numpy.dtype`."""
    if isinstance(first, Global):
        if first.dotted in ("numpy.record", "numpy.void"):
            return "V", 0
        if first.dotted in _USER_TYPES:
            return "E", _USER_TYPES[first.dotted]
    text = _constant(first)
    found = _TYPE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise Refused("an array's type is not plainly given")
    kind, digits = found[1], int(found[2] or 0)
    if kind == "U":
        return kind, 4 * digits
    if not digits and kind not in "OSV":
        raise Refused("an array's type has no size")
    return kind, digits


def _state(state: Value) -> tuple[int, int]:
    """(elsize, flags) of the state that NumPy writes: version 3 or 4."""
    items = state.items if isinstance(state, Tuple) else ()
    if len(items) not in (8, 9) or isinstance(items[0], Computed):
        raise Refused("an array's type has a state of unknown form")
    elsize, flags = _constant(items[5]), _constant(items[7])
    if not isinstance(elsize, int) or not isinstance(flags, int):
        raise Refused("an array's type has a state of unknown form")
    if not -1 <= elsize < 1 << 40:
        raise Refused("an array's type has an impossible size")
    return elsize, flags
