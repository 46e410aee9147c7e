"""What the symbolic machine makes of streams: events, values, breaks, budgets."""

from __future__ import annotations

import collections
import io
import pickle
import struct
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.vetting.pickle.machine import StreamSpent, run
from sealwright.vetting.pickle.stack import KEPT_ITEMS
from sealwright.vetting.pickle.trace import Asked, Called, Changed, Reached, Trace
from sealwright.vetting.pickle.values import (
    Block,
    Computed,
    Const,
    Dict,
    Global,
    List,
    Made,
    Set,
    Tuple,
    Value,
)
from sealwright.vetting.session import Limits, Session
from tests.vetting.examine import session
from tests.vetting.pickle.recording import Unlimited


def follow(data: bytes, *, array_blocks: bool = False) -> Trace:
    return run(data, session=Unlimited(), array_blocks=array_blocks)


def names(trace: Trace) -> list[str]:
    return [
        each.target.dotted
        for each in trace.events
        if isinstance(each, Reached) and isinstance(each.target, Global)
    ]


def plain(value: Value | None) -> Any:
    """The Python value of plain data."""
    if isinstance(value, Const):
        return bytes(value.value) if isinstance(value.value, memoryview) else value.value
    if isinstance(value, Tuple):
        return tuple(plain(item) for item in value.items)
    if isinstance(value, List):
        return [plain(item) for item in value.items]
    if isinstance(value, Set):
        return frozenset(plain(item) for item in value.items)
    if isinstance(value, Dict):
        return {plain(key): plain(item) for key, item in value.items}
    raise AssertionError(value)


DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False)
    | st.text(max_size=300)
    | st.binary(max_size=300),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=12,
)


@given(DATA, st.integers(3, 5))
def test_plain_data_comes_out_as_it_went_in(value: object, protocol: int) -> None:
    trace = follow(pickle.dumps(value, protocol))
    assert (trace.broken, trace.events, trace.oddities) == ("", [], [])
    assert plain(trace.result) == value


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_end_in_a_trace(data: bytes, blocks: bool) -> None:
    trace = follow(data, array_blocks=blocks)
    assert 0 <= trace.end <= len(data)
    assert trace.broken or trace.result is not None


def test_a_call_is_told_with_its_name_and_arguments() -> None:
    trace = follow(pickle.dumps(collections.OrderedDict(a=1), 2))
    reached, called, *rest = trace.events
    assert isinstance(reached, Reached)
    assert names(trace) == ["collections.OrderedDict"]
    assert isinstance(called, Called)
    made = called.made
    assert (made.by, made.function) == ("REDUCE", reached.target)
    assert [type(each) for each in rest] == [Changed]
    assert [(plain(key), plain(value)) for key, value in made.pairs] == [("a", 1)]


def test_names_of_python_2_are_mapped_where_the_protocol_asks_for_it() -> None:
    assert names(follow(b"c__builtin__\nxrange\n.")) == ["builtins.range"]
    assert names(follow(b"\x80\x03c__builtin__\nxrange\n.")) == ["__builtin__.xrange"]
    late = follow(b"\x80\x04N0\x80\x02ccopy_reg\n_reconstructor\n.")
    assert names(late) == ["copyreg._reconstructor"]
    assert "PROTO in the middle of the stream" in [what for _, what in late.oddities]


def test_both_halves_of_a_state_are_kept() -> None:
    trace = follow(b"cm\nC\n)\x81(}S'a'\nNs}S'b'\nNstb.")
    made = trace.result
    assert isinstance(made, Made)
    assert isinstance(made.states[0], Tuple)
    assert isinstance(trace.events[-1], Changed)


def test_a_name_that_is_no_constant_is_computed() -> None:
    trace = follow(b"\x80\x04cm\nf\n)R\x8c\x01n\x93.")
    assert isinstance(trace.result, Computed)
    trace = follow(b"\x82\x07.")
    assert isinstance(trace.result, Computed)
    assert "extension" in trace.result.what


def test_persistent_ids_and_buffers_are_followed() -> None:
    trace = follow(b"Pabc\n0N\x85Q0\x97\x98.")
    assert [type(each) for each in trace.events] == [Asked, Asked]
    assert not trace.broken


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"cos\nsystem\n", "ends before STOP"),
        (b"\x80\x06N.", "protocol 6"),
        (b"cos\nsystem\n)R\xff.", "no opcode"),
        (b"K\x01)R.", "no function"),
        (b"}]Ns.", "no hash"),
        (b"]N\x93.", "no text"),
        (b"h\x07.", "no such entry"),
        (b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc", "ends within"),
        (b"\x8b\xff\xff\xff\xffabc", "negative"),
        (b"t.", "too little"),
        (b"cos\r\n\xff\n.", "no text"),
    ],
)
def test_a_broken_stream_says_why_and_keeps_what_came_before(data: bytes, why: str) -> None:
    trace = follow(data)
    assert why in trace.broken
    assert names(trace) == (["os.system"] if data.startswith(b"cos\nsystem") else [])
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the real one raises
        pickle.loads(data)


def test_carriage_returns_belong_to_the_name() -> None:
    assert names(follow(b"cos\r\nsystem\r\n.")) == ["os\r.system\r"]


def test_a_line_without_an_end_loses_its_last_byte_as_in_pure_python() -> None:
    trace = follow(b"(S'x'\nios\nsystem!")
    assert names(trace) == ["os.system"]
    assert any(isinstance(each, Called) for each in trace.events)


def test_an_argument_across_frames_is_read_in_both_ways() -> None:
    data = b"\x80\x04\x95" + struct.pack("<Q", 5) + b"cjsonos\nmkdir\nN\x85R."
    trace = follow(data)
    assert names(trace) == ["jsonos.mkdir"]
    assert [names(inner) for inner in trace.inner] == [["os.mkdir"]]
    assert trace.broken


def test_where_a_loader_goes_on_that_has_read_the_whole_frame() -> None:
    data = b"\x80\x04\x95" + struct.pack("<Q", 6) + b"N.abcd" + b"rest"
    trace = follow(data)
    assert (trace.end, trace.resume) == (13, 17)
    file = io.BytesIO(data)
    assert pickle.load(file) is None
    assert file.tell() == trace.resume


def test_the_memo_goes_on_to_the_next_stream() -> None:
    first = follow(b"S'os'\np0\n.")
    again = run(b"h\x00S'system'\n\x93.", session=Unlimited(), previous=first)
    assert names(again) == ["os.system"]


def test_lists_are_changed_by_index() -> None:
    trace = follow(b"]N0" + b"(K\x01K\x02e" + b"K\x00K\x09s.")
    assert plain(trace.result) == [9, 2]


def test_cycles_and_shared_values_are_held_once() -> None:
    loop: list[Any] = []
    loop.append(loop)
    trace = follow(pickle.dumps(loop, 4))
    assert isinstance(trace.result, List)
    assert trace.result.items[0] is trace.result
    fan = b"]" + b"2\x86" * 20_000 + b"."
    assert follow(b"N" + b"2\x86" * 20_000 + b".").broken == ""
    assert not follow(fan).broken


def test_huge_memo_indexes_cost_nothing() -> None:
    trace = follow(b"Nr\xff\xff\xff\xffp99999999999999999999999999\n0j\xff\xff\xff\xff.")
    assert plain(trace.result) is None


def test_what_is_long_stays_a_view_of_the_file() -> None:
    raw = bytes(1_000_000)
    data = pickle.dumps([raw, "x" * 100_000, bytearray(100)], 5)
    trace = follow(data)
    assert isinstance(trace.result, List)
    first, second, third = trace.result.items
    assert isinstance(first, Const)
    assert isinstance(first.value, memoryview)
    assert isinstance(second, Const)
    assert second.form == "str"
    assert isinstance(third, Const)
    assert third.form == "bytearray"


def test_millions_of_numbers_are_counted_and_not_kept() -> None:
    trace = follow(pickle.dumps([1.5] * (KEPT_ITEMS + 5_000) + [["kept"]], 4))
    assert isinstance(trace.result, List)
    assert len(trace.result.items) + trace.result.elided == KEPT_ITEMS + 5_001
    assert plain(trace.result.items[-1]) == ["kept"]


@pytest.mark.parametrize("step", [b"]", b"(", b"N\x85", b"X\x40\0\0\0" + b"a" * 64, b"cm\nn\n"])
def test_a_bomb_ends_the_budget_and_keeps_what_was_seen(step: bytes) -> None:
    budget = session(limits=Limits(operations=100_000))
    with pytest.raises(StreamSpent) as error:
        run(b"cos\nsystem\n0" + step * 120_000 + b".", session=budget)
    assert names(error.value.trace)[0] == "os.system"


# -- joblib

ARRAYS: dict[str, Any] = {
    "numbers": np.arange(10, dtype="f4").reshape(2, 5).T,
    "objects": np.array(["x", None, 3], dtype=object),
    "text": np.array(["ab", "c"]),
    "bytes": np.array([b"ab", b"c"]),
    "records": np.zeros(3, dtype=[("a", "i4"), ("b", "f8")]),
    "dates": np.array(["2020-01-01"], dtype="M8[D]"),
    "empty": np.zeros((0, 3)),
    "scalar": np.array(5),
    "big_endian": np.arange(3, dtype=">i8"),
    "booleans": np.array([True]),
    "half": np.zeros(2, "f2"),
}


def dumped(tmp_path: Path, value: object, **more: Any) -> bytes:
    joblib.dump(value, tmp_path / "m.joblib", **more)
    return (tmp_path / "m.joblib").read_bytes()


@pytest.mark.parametrize("protocol", range(6))
def test_every_kind_of_array_of_joblib_adds_up(tmp_path: Path, protocol: int) -> None:
    data = dumped(tmp_path, ARRAYS, protocol=protocol)
    trace = follow(data, array_blocks=True)
    assert trace.broken == ""
    assert trace.end == len(data)
    assert trace.blocks >= sum(a.nbytes for a in ARRAYS.values() if a.dtype != object)
    assert len(trace.inner) == 1
    assert follow(data).broken or protocol < 2


def test_an_array_stands_as_a_block(tmp_path: Path) -> None:
    trace = follow(dumped(tmp_path, [np.arange(1000.0)]), array_blocks=True)
    assert isinstance(trace.result, List)
    block = trace.result.items[0]
    assert isinstance(block, Block)
    assert block.size == 8000


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"K\x0a\x85", b"K\x0b\x85", "ends within"),
        (b"\x8c\x02f8", b"\x8c\x02O8", "contradicts"),
        (b"\x8c\x02f8", b"\x8c\x02zz", "not plainly given"),
        (b"\x8c\x05shape", b"\x8c\x05shaqe", "no shape"),
        (b"\x8c\x05dtype\x94", b"\x8c\x05dtypf\x94", "not plainly given"),
        (b"\x8c\x08subclass", b"\x8c\x08subclasr", "no class"),
    ],
)
def test_a_block_that_does_not_add_up_breaks(
    tmp_path: Path, old: bytes, new: bytes, why: str
) -> None:
    data = dumped(tmp_path, np.arange(10.0))
    assert data.count(old) >= 1
    trace = follow(data.replace(old, new, 1), array_blocks=True)
    assert trace.broken
    assert why in trace.broken or "ends" in trace.broken


def test_the_session_counts_every_opcode() -> None:
    held: Session = session()
    run(pickle.dumps(list(range(1000)), 4), session=held)
    assert held.operations > 1000
