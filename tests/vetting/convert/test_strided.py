"""Copies views as NumPy would, whatever their strides, in pieces of bounded size."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided

from sealwright.errors import Unsupported
from sealwright.vetting.convert import strided
from sealwright.vetting.convert.interface import Tensor

DTYPES = {"U8": "<u1", "BF16": "<u2", "F32": "<u4", "C64": "<u8"}


def tensor(raw: bytes, dtype: str = "U8", **more: Any) -> Tensor:
    given: dict[str, Any] = {"shape": (4,), "strides": (1,), "offset": 0, **more}
    return Tensor(name="t", dtype=dtype, storage=lambda: raw, held=len(raw), **given)


@given(
    dtype=st.sampled_from(sorted(DTYPES)),
    dims=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=4),
    offset=st.integers(0, 7),
)
def test_gives_the_bytes_that_numpy_gives(
    dtype: str, dims: list[tuple[int, int]], offset: int
) -> None:
    shape, strides = tuple(size for size, _ in dims), tuple(step for _, step in dims)
    last = offset + sum(max(0, size - 1) * step for size, step in dims)
    held = np.random.default_rng(1).integers(0, 255, (last + 1) * 8, dtype=np.uint8).tobytes()
    kind = np.dtype(DTYPES[dtype])
    array = np.frombuffer(held, kind)
    steps = tuple(step * kind.itemsize for step in strides)
    wanted = as_strided(array[offset:], shape, steps).tobytes()
    view = tensor(held, dtype, shape=shape, strides=strides, offset=offset)
    assert b"".join(map(bytes, strided.pieces(view))) == wanted
    assert view.size == len(wanted)


@pytest.mark.parametrize(
    ("shape", "strides"),
    [
        ((300_000, 2), (1, 300_000)),
        ((2, 300_000), (1, 2)),
        ((3, 100_000, 2), (200_000, 1, 100_000)),
    ],
)
def test_long_and_short_rows_come_in_order(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    monkeypatch.setattr(strided, "PIECE", 1 << 16)
    numbers = np.arange(prod(shape), dtype="<u4")
    wanted = as_strided(numbers, shape, tuple(4 * step for step in strides)).tobytes()
    view = tensor(numbers.tobytes(), "F32", shape=shape, strides=strides)
    parts = list(strided.pieces(view))
    assert b"".join(map(bytes, parts)) == wanted
    assert max(map(len, parts)) <= 3 << 16


def test_a_number_that_is_repeated_without_end_is_given_in_pieces() -> None:
    view = tensor(b"\x07", shape=(1 << 40,), strides=(0,))
    first = next(iter(strided.pieces(view)))
    assert len(first) == strided.PIECE
    assert set(bytes(first)) == {7}


def test_many_rows_are_not_listed_ahead() -> None:
    for strides in ((0, 0, 1), (0, 1, 1)):
        view = tensor(bytes(1 << 21), shape=(1 << 40, 1 << 20, 2), strides=strides)
        assert len(next(iter(strided.pieces(view)))) in range(1 << 21, 3 * strided.PIECE)


@pytest.mark.parametrize(
    "more",
    [
        {"shape": (5,)},
        {"shape": (2, 2), "strides": (3, 1)},
        {"offset": 1},
        {"offset": -1},
        {"strides": (-1,)},
        {"shape": (-4,)},
        {"shape": (1 << 62,), "strides": (1 << 62,)},
        {"shape": (4, 1)},
        {"shape": (1,) * 33, "strides": (1,) * 33},
    ],
)
def test_what_leads_out_of_its_storage_is_no_view(more: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        list(strided.pieces(tensor(bytes(4), **more)))


def test_big_endian_numbers_are_turned_round() -> None:
    view = tensor(bytes(range(8)), "F32", shape=(2,), swap=4)
    assert b"".join(map(bytes, strided.pieces(view))) == bytes([3, 2, 1, 0, 7, 6, 5, 4])


def test_nothing_is_read_of_an_empty_tensor() -> None:
    assert list(strided.pieces(tensor(b"", shape=(0, 1 << 60), strides=(1, 1)))) == []
