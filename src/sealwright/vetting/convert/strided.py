"""The elements of a view in their order, copied in pieces of bounded size."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from math import prod
from typing import Literal

from sealwright.errors import Unsupported
from sealwright.vetting.convert.interface import Tensor

PIECE = 4 * 1024 * 1024
"""Bytes given at a time, at most."""
MAX_RANK = 32
_SHORT = 4096
"""Elements of a row that is short."""
_UNITS: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


def problem(tensor: Tensor) -> str:
    """Why the view leads out of its storage or is none; empty if it holds together."""
    shape, strides = tensor.shape, tensor.strides
    if len(shape) != len(strides) or len(shape) > MAX_RANK:
        return f"{len(shape)} dimensions and {len(strides)} strides; at most {MAX_RANK} are written"
    if min((*shape, *strides, tensor.offset), default=0) < 0:
        return "a negative size, stride or offset"
    if 0 in shape:
        return ""
    last = tensor.offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if (last + 1) * tensor.itemsize > tensor.held:
        return f"it reaches byte {(last + 1) * tensor.itemsize} of {tensor.held}"
    return ""


def pieces(tensor: Tensor) -> Iterator[bytes | memoryview]:
    """The bytes of all elements, the last index running fastest. Unsupported for a wrong view."""
    wrong = problem(tensor)
    if wrong:
        raise Unsupported(f"{tensor.name}: {wrong}")
    if 0 in tensor.shape:
        return
    raw = memoryview(tensor.storage()).cast("B")
    if len(raw) < tensor.held:
        raise Unsupported(f"{tensor.name}: its storage has {len(raw)} of {tensor.held} bytes")
    whole = len(raw) // tensor.itemsize * tensor.itemsize
    items = raw[:whole].cast(_UNITS[tensor.itemsize])
    for piece in _copied(items, _merged(tensor), tensor.offset):
        yield _swapped(piece, tensor.swap) if tensor.swap else piece


def _merged(tensor: Tensor) -> list[tuple[int, int]]:
    """(size, stride) from the outermost on; neighbours that lie without a gap become one."""
    made: list[tuple[int, int]] = []
    for size, stride in zip(tensor.shape, tensor.strides, strict=True):
        if size == 1:
            continue
        if made and made[-1][1] == size * stride:
            made[-1] = (made[-1][0] * size, stride)
        else:
            made.append((size, stride))
    return made


def _copied(
    items: memoryview[int], dimensions: list[tuple[int, int]], offset: int
) -> Iterator[bytes | memoryview]:
    """Row by row; where rows are short and many, index by index across the rows."""
    gathered = bytearray()
    across = _is_tall(dimensions)
    for start in _starts(dimensions[: -2 if across else -1], offset):
        rows = _tall(items, dimensions[-2:], start) if across else _row(items, dimensions, start)
        for piece in rows:
            if len(piece) >= PIECE and not gathered:
                yield piece
                continue
            gathered += piece
            if len(gathered) >= PIECE:
                yield bytes(gathered)
                gathered.clear()
    if gathered:
        yield bytes(gathered)


def _starts(outer: list[tuple[int, int]], offset: int) -> Iterator[int]:
    if not outer:
        yield offset
        return
    size, stride = outer[0]
    if len(outer) == 1:
        yield from (offset + index * stride for index in range(size))
        return
    for index in range(size):
        yield from _starts(outer[1:], offset + index * stride)


def _row(
    items: memoryview[int], dimensions: list[tuple[int, int]], start: int
) -> Iterator[bytes | memoryview]:
    """Along the last index."""
    size, stride = dimensions[-1] if dimensions else (1, 1)
    most = PIECE // items.itemsize
    for first in range(0, size, most):
        count = min(most, size - first)
        begin = start + first * stride
        if stride == 1:
            yield items[begin : begin + count].cast("B")
        elif stride:
            yield items[begin : begin + (count - 1) * stride + 1 : stride].tobytes()
        else:
            yield items[begin : begin + 1].tobytes() * count


def _is_tall(dimensions: list[tuple[int, int]]) -> bool:
    if len(dimensions) < 2:
        return False
    (rows, step), (columns, _) = dimensions[-2:]
    return columns <= _SHORT and (columns < rows or step == 0)


def _tall(items: memoryview[int], dimensions: list[tuple[int, int]], start: int) -> Iterator[bytes]:
    """Many short rows: one column after the other is put in its place."""
    (rows, step), (columns, stride) = dimensions
    most = max(1, PIECE // (columns * items.itemsize))
    same = b"".join(_row(items, dimensions, start)) if step == 0 else b""
    for first in range(0, rows, most):
        count = min(most, rows - first)
        if same:
            yield same * count
            continue
        block = bytearray(count * columns * items.itemsize)
        view = memoryview(block).cast(_UNITS[items.itemsize])
        for column in range(columns):
            begin = start + first * step + column * stride
            view[column::columns] = items[begin : begin + (count - 1) * step + 1 : step]
        view.release()
        yield bytes(block)


def _swapped(piece: bytes | memoryview, width: int) -> bytes:
    numbers = array(_UNITS[width], bytes(piece))
    numbers.byteswap()
    return numbers.tobytes()


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of an array whose last index runs fastest."""
    return tuple(prod(shape[index + 1 :]) for index in range(len(shape)))


def column_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of an array whose first index runs fastest."""
    return tuple(prod(shape[:index]) for index in range(len(shape)))
