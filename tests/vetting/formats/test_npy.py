from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import MalformedError
from sealwright.vetting.formats import npy
from sealwright.vetting.formats.npy_header import element_of, read_header
from tests.attacks.tensors.npy import array, of
from tests.vetting.examine import examine, rules

SCALARS = (
    "<i4",
    ">f8",
    "|b1",
    "|u1",
    "<c16",
    "<f2",
    "|S5",
    "<U3",
    "|V7",
    "<M8[ns]",
    "<m8[25s]",
    "<M8",
)


@pytest.mark.parametrize("descr", SCALARS)
def test_sizes_are_those_of_numpy(descr: str) -> None:
    assert element_of(descr).size == np.dtype(descr).itemsize


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.sampled_from(SCALARS),
        lambda inner: st.one_of(
            st.tuples(inner, st.tuples(st.integers(1, 3), st.integers(1, 3))),
            st.lists(inner, min_size=1, max_size=4).map(
                lambda kinds: [(f"f{n}", kind) for n, kind in enumerate(kinds)]
            ),
        ),
        max_leaves=8,
    )
)
def test_nested_sizes_are_those_of_numpy(descr: Any) -> None:
    dtype = np.lib.format.descr_to_dtype(descr)
    assert element_of(descr).size == dtype.itemsize


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }",
        "{'shape': (2,), 'fortran_order': True, 'descr': '<f4'}",
        '{"descr": "<f4", "fortran_order": False, "shape": (2,)}',
        "{'descr':'<f4','fortran_order':False,'shape':(2,)}",
    ],
)
def test_headers_of_other_writers_are_read(header: str) -> None:
    work = examine(npy.FORMAT, array(header, bytes(8)))
    assert not work.observations
    assert work.numbers == 8


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [2]}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}",
        "{'descr': '<f5', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': [('a', '<f4'), ('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} # comment",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0x2,)}",
        "dict(descr='<f4', fortran_order=False, shape=(2,))",
        "",
    ],
)
def test_headers_that_no_writer_makes_are_refused(header: str) -> None:
    assert rules(examine(npy.FORMAT, array(header, bytes(8)))) == {"SW-NPY-001"}


def test_the_size_is_shape_times_element() -> None:
    header = read_header(of("[('a', '<f4', (2, 2)), ('b', '|S3')]", "(3, 4)", b""), 0)
    assert header.size == 12 * 19
    assert not header.element.objects


def test_objects_are_noted_and_examined() -> None:
    work = examine(npy.FORMAT, of("'|O'", "(1,)", b"\x80\x02]K\x01a."))
    assert rules(work) == {"SW-NPY-004"}
    assert work.parsed == len(work.data)


def test_objects_with_a_broken_pickle_are_refused() -> None:
    assert "SW-NPY-004" in rules(examine(npy.FORMAT, of("'|O'", "(1,)", b"\x80\x02]K")))
    work = examine(npy.FORMAT, of("'|O'", "(1,)", b"\x80\x02]K"))
    assert any(seen.rule.effect == "fail" for seen in work.observations)


@settings(deadline=None)
@given(st.text(alphabet="{}()[]'\",: descrfotanhpTFu0123456789<|LO\\x", max_size=80))
def test_the_header_is_read_or_refused(text: str) -> None:
    try:
        read_header(array(text, b""), 0)
    except MalformedError:
        return
    assert "descr" in text
