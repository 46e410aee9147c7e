"""Open Inference Protocol: what is taken, what is refused, and that nothing else gets through."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.deployment.core import oip_metadata
from sealwright.phases.deployment.core.oip import (
    DATATYPES,
    LARGEST,
    MAX_ID,
    InferRequest,
    Interface,
    Problem,
    infer_response,
    interface,
    read_infer,
    read_scores,
    runtime_body,
)
from tests.deployment.core.world import contract

FACE = Interface(2, ("score", "decision"))
CASES = Interface(2, ("score", "decision", "case"))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


def body(**changes: Any) -> dict[str, Any]:
    """A good request, or one with a changed input tensor; a change to None removes."""
    good = {"name": "features", "shape": [1, 2], "datatype": "FP64", "data": [0.5, 2]}
    tensor: dict[str, Any] = good | changes
    return {"inputs": [{key: value for key, value in tensor.items() if value is not None}]}


def read(value: object, face: Interface = FACE, *, max_rows: int = 10) -> InferRequest | Problem:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read_infer(data, face, max_rows=max_rows)


def test_a_request_is_read_and_written_anew_without_anything_of_the_callers() -> None:
    said = body(parameters={"content_type": "np"}) | {
        "id": "order-7",
        "parameters": {"priority": 1, "trace": True, "note": "x", "share": 0.5},
    }
    found = read(said)
    assert found == InferRequest("order-7", 1, [0.5, 2.0], ("score", "decision"))
    assert isinstance(found, InferRequest)
    assert json.loads(runtime_body(found)) == {
        "inputs": [{"name": "features", "shape": [1, 2], "datatype": "FP64", "data": [0.5, 2.0]}]
    }


def test_nested_data_are_the_same_numbers() -> None:
    flat = read(body(shape=[2, 2], data=[1, 2, 3, 4]))
    assert flat == read(body(shape=[2, 2], data=[[1, 2], [3, 4]]))
    assert isinstance(flat, InferRequest)
    assert flat.values == [1.0, 2.0, 3.0, 4.0]


def test_fp32_numbers_are_those_that_fp32_can_say() -> None:
    found = read(body(datatype="FP32", data=[0.1, 16777217]))
    assert isinstance(found, InferRequest)
    assert found.values == [0.10000000149011612, 16777216.0]


def test_wanted_outputs_are_given_in_the_order_asked_for() -> None:
    found = read(body() | {"outputs": [{"name": "decision"}, {"name": "score"}]})
    assert isinstance(found, InferRequest)
    assert found.outputs == ("decision", "score")
    alone = read(body() | {"outputs": [{"name": "case"}]}, CASES)
    assert isinstance(alone, InferRequest)
    assert alone.outputs == ("case",)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"", "truncated"),
        (b"null", "Expected `object`"),
        (b"[]", "Expected `object`"),
        (b"\xff\xfe{}", "malformed"),
        (json.dumps(body()).encode() + b"{}", "trailing"),
        (b'{"inputs":[' * 100_000, "unknown field"),
        (b'{"x":' + b"[" * 100_000, "unknown field"),
        (b'{"parameters":{"a":' + b"[" * 100_000, "Expected"),
        ({}, "missing required field `inputs`"),
        ({"inputs": []}, "one input"),
        ({"inputs": body()["inputs"] * 2}, "one input"),
        (body() | {"model": "../other"}, "unknown field `model`"),
        (body() | {"id": 7}, "Expected `str`"),
        (body() | {"id": None}, "Expected `str`"),
        (body() | {"id": "x" * (MAX_ID + 1)}, "at most 128"),
        (body() | {"parameters": {"a": None}}, "Expected"),
        (body() | {"parameters": {"a": [1]}}, "Expected"),
        (body() | {"parameters": {"a": {}}}, "Expected"),
        (body() | {"parameters": {str(n): n for n in range(33)}}, "at most 32"),
        (body(parameters={str(n): n for n in range(33)}), "at most 32"),
        (body() | {"outputs": [{"name": "logits"}]}, "outputs are"),
        (body() | {"outputs": [{"name": "case"}]}, "outputs are"),
        (body() | {"outputs": [{"name": "score"}, {"name": "score"}]}, "outputs are"),
        (body() | {"outputs": [{"name": "score"}] * 3}, "outputs are"),
        (body() | {"outputs": [{"name": "score", "path": "/x"}]}, "unknown field"),
        (body(name="input-0"), "called `features`"),
        (body(path="x"), "unknown field `path`"),
        (body(data=None), "missing required field `data`"),
        (body(shape=None), "missing required field `shape`"),
        (body(datatype=None), "missing required field `datatype`"),
        (body(datatype="fp64"), "no datatype"),
        (body(datatype="BF16"), "no datatype"),
        (body(shape=[2]), "shape of"),
        (body(shape=[1, 3]), "shape of"),
        (body(shape=[1, 2, 1]), "shape of"),
        (body(shape=[]), "shape of"),
        (body(shape=[-1, 2]), "1 to 10 rows"),
        (body(shape=[0, 2], data=[]), "1 to 10 rows"),
        (body(shape=[11, 2], data=[0] * 22), "1 to 10 rows"),
        (body(shape=[2**64, 2]), "1 to 10 rows"),
        (body(shape=[1.5, 2]), "Expected `int`"),
        (body(shape=[True, 2]), "Expected `int`"),
        (body(data=[1]), "asks for 2 numbers; data has 1"),
        (body(data=[1, 2, 3]), "asks for 2 numbers; data has 3"),
        (body(data=[[1], [2]]), "nested data must be"),
        (body(data=[[1, 2], [3, 4]]), "nested data must be"),
        (body(shape=[2, 2], data=[[1, 2, 3], [4]]), "nested data must be"),
        (body(data=[[[1, 2]]]), "Expected `float`"),
        (body(data=[[1, 2], 3]), "Expected"),
        (body(data=[1, [2]]), "Expected `float`"),
        (body(data=["1", "2"]), "Expected `float`"),
        (body(data=[True, False]), "Expected `float`"),
        (body(data=[None, 1]), "Expected `float`"),
        (body(data={"0": 1}), "Expected `array`"),
        (body(data="AAAA"), "Expected `array`"),
        (body(data=[1e39, 0]), "beyond the range"),
        (body(data=[0, -1e39]), "beyond the range"),
        (body(data=[10**400, 0]), "out of range"),
        (body(data=[math.nan, 0]), "malformed"),
        (body(data=[math.inf, 0]), "malformed"),
    ],
)
def test_whatever_is_no_request_is_refused_with_a_reason(said: object, told: str) -> None:
    found = read(said)
    assert isinstance(found, Problem), found
    assert told in found.text
    assert len(found.text) <= 300


@pytest.mark.parametrize("datatype", sorted(set(DATATYPES) - {"FP32", "FP64"}))
def test_other_datatypes_of_the_protocol_are_not_taken(datatype: str) -> None:
    found = read(body(datatype=datatype))
    assert found == Problem("`features` is FP64 or FP32")


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(read_infer(data, FACE, max_rows=3), Problem)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.just("features") | JSON,
            "shape": st.just([1, 2]) | st.lists(st.integers(-1, 3)) | JSON,
            "datatype": st.sampled_from(DATATYPES) | JSON,
            "data": st.lists(NUMBERS, max_size=4) | JSON,
            "parameters": JSON,
            "extra": JSON,
        },
    ),
    st.fixed_dictionaries({}, optional={"id": JSON, "outputs": JSON, "parameters": JSON}),
)
def test_what_passes_is_always_whole(tensor: dict[str, Any], rest: dict[str, Any]) -> None:
    found = read({"inputs": [tensor], **rest}, CASES, max_rows=2)
    if isinstance(found, InferRequest):
        assert 1 <= found.rows <= 2
        assert len(found.values) == 2 * found.rows
        assert all(type(value) is float and abs(value) <= LARGEST for value in found.values)
        assert found.id is None or len(found.id) <= MAX_ID
        assert set(found.outputs) <= set(CASES.outputs)
        again = read_infer(runtime_body(found), CASES, max_rows=2)
        assert isinstance(again, InferRequest)
        assert again.values == found.values


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=8), st.booleans())
def test_every_finite_number_survives(rows: list[tuple[float, float]], nested: bool) -> None:
    data: list[Any] = [list(row) for row in rows]
    if not nested:
        data = [value for row in rows for value in row]
    found = read(body(shape=[len(rows), 2], data=data))
    assert isinstance(found, InferRequest)
    assert found.values == [value for row in rows for value in row]


def answer(**changes: Any) -> bytes:
    tensor = {"name": "score", "shape": [2], "datatype": "FP64", "data": [0.25, 1]}
    return json.dumps({"model_name": "small", "outputs": [tensor | changes]}).encode()


def test_a_runtimes_scores_are_read() -> None:
    assert read_scores(answer(), rows=2) == [0.25, 1.0]
    assert read_scores(answer(shape=[2, 1]), rows=2) == [0.25, 1.0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"error":"secret path"}',
        answer(name="logit"),
        answer(shape=[3]),
        answer(shape=[1, 2]),
        answer(datatype="INT64"),
        answer(data=[0.5]),
        answer(data=[0.5, 1.5]),
        answer(data=[0.5, -0.1]),
        answer(data=["0.5", "0.1"]),
        answer(data=[0.5, math.nan]),
        json.dumps({"model_name": "small", "outputs": []}).encode(),
    ],
)
def test_a_runtimes_nonsense_is_not_passed_on(data: bytes) -> None:
    found = read_scores(data, rows=2)
    assert isinstance(found, Problem)
    assert "secret" not in found.text


@given(st.binary(max_size=200), st.integers(0, 3))
def test_no_runtime_bytes_raise(data: bytes, rows: int) -> None:
    assert isinstance(read_scores(data, rows=rows), Problem)


def test_an_answer_has_the_outputs_that_were_asked_for() -> None:
    given_back = json.loads(
        infer_response(
            name="small",
            version="abc",
            id="",
            wanted=("decision", "case", "score"),
            scores=[0.25, 0.5],
            decisions=["negative", "abstain"],
            cases=["", "d-1"],
        )
    )
    assert given_back == {
        "model_name": "small",
        "model_version": "abc",
        "id": "",
        "outputs": [
            {
                "name": "decision",
                "shape": [2],
                "datatype": "BYTES",
                "data": ["negative", "abstain"],
            },
            {"name": "case", "shape": [2], "datatype": "BYTES", "data": ["", "d-1"]},
            {"name": "score", "shape": [2], "datatype": "FP64", "data": [0.25, 0.5]},
        ],
    }


def test_an_id_is_echoed_only_if_there_was_one() -> None:
    given_back = infer_response(
        name="s", version="a", id=None, wanted=("score",), scores=[0.5], decisions=[], cases=[]
    )
    assert "id" not in json.loads(given_back)


@pytest.mark.parametrize(
    ("changes", "outputs"),
    [
        ({}, ("score", "decision")),
        ({"review": True}, ("score", "decision", "case")),
        ({"confirm": ("positive",)}, ("score", "decision", "case")),
    ],
)
def test_cases_are_an_output_where_people_decide(
    changes: dict[str, Any], outputs: tuple[str, ...]
) -> None:
    assert interface(contract(**changes)) == Interface(2, outputs)


def test_metadata_have_the_protocols_form() -> None:
    said = json.loads(oip_metadata.model_metadata("small", versions=["a", "b"], face=CASES))
    assert said == {
        "name": "small",
        "versions": ["a", "b"],
        "platform": "onnx_onnxv1",
        "inputs": [{"name": "features", "datatype": "FP64", "shape": [-1, 2]}],
        "outputs": [
            {"name": "score", "datatype": "FP64", "shape": [-1]},
            {"name": "decision", "datatype": "BYTES", "shape": [-1]},
            {"name": "case", "datatype": "BYTES", "shape": [-1]},
        ],
    }
    assert json.loads(oip_metadata.live()) == {"live": True}
    assert json.loads(oip_metadata.ready(ready=False)) == {"live": True, "ready": False}
    assert json.loads(oip_metadata.model_ready("s", ready=True)) == {"name": "s", "ready": True}
    assert msgspec.json.decode(oip_metadata.error('a "b"')) == {"error": 'a "b"'}
