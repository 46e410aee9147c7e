"""Whatever arrives is a good request or an error in words; nothing is guessed."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import MalformedError, UsageError
from sealwright.evidence.predicates.serving import Contract
from sealwright.inference.scoring import FloatArray, ScoringModel
from sealwright.phases.deployment.runtime.app import RuntimeApp
from sealwright.phases.deployment.runtime.protocol import (
    longest_body,
    read_request,
    write_answer,
)
from sealwright.phases.deployment.runtime.startup import MAX_LINE, read_line, read_settings
from sealwright.phases.deployment.settings import RuntimeSettings
from tests.deployment.runtime.house import request

WIDTH, MAX_ROWS = 3, 5
CONTRACT = Contract(
    name="small",
    model_file="model.onnx",
    features=("a", "b", "c"),
    positive=1,
    at="2026-11-22T20:00:00Z",
)
TOLD = RuntimeSettings(
    digest="a" * 64,
    folder="/nowhere",
    files=(),
    contract=CONTRACT,
    socket="/nowhere.sock",
    max_rows=MAX_ROWS,
)
PATH = "/v2/models/small/infer"


def mean(rows: FloatArray) -> FloatArray:
    """A model that gives NaN for rows above one."""
    scores: FloatArray = np.where(rows.mean(axis=1) > 1.0, np.nan, 0.25)
    return scores


def app() -> RuntimeApp:
    return RuntimeApp(TOLD, ScoringModel(mean, digest=TOLD.digest, features=WIDTH))


def call(
    on: RuntimeApp,
    bodies: Iterable[bytes] = (b"",),
    *,
    path: str = PATH,
    method: str = "POST",
    leave: bool = False,
) -> tuple[int, Any] | None:
    """Status and answer; None if nothing was answered. `leave`: the client goes away first."""
    parts = list(bodies)
    incoming = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1 or leave}
        for number, part in enumerate(parts)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(on({"type": "http", "path": path, "method": method}, receive, send))
    if not sent:
        return None
    head, body = sent
    assert dict(head["headers"])[b"content-length"] == str(len(body["body"])).encode()
    return head["status"], json.loads(body["body"])


def read(body: bytes) -> FloatArray:
    return read_request(body, width=WIDTH, max_rows=MAX_ROWS).rows


def test_a_good_request_gives_its_rows() -> None:
    rows = [[1.0, 2.5, -3.0], [0.0, 1e38, 5.0]]
    assert read(request(rows)).tolist() == rows
    assert read(request(rows, datatype="FP32")).tolist() == rows
    assert read(request([[1, 2, 3]])).dtype == np.float64


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"datatype": "INT64"},
        {"datatype": "BYTES"},
        {"shape": [1]},
        {"shape": [1, 4]},
        {"shape": [3, 1]},
        {"shape": [0, 3]},
        {"shape": [-1, 3]},
        {"shape": [2, 3]},
        {"shape": [6, 3]},
        {"shape": [10**18, 3]},
        {"shape": [10**400, 3]},
        {"shape": [1.5, 3]},
        {"data": [1.0, 2.0]},
        {"data": [1.0, 2.0, 3.0, 4.0]},
        {"data": []},
        {"data": [1.0, 2.0, None]},
        {"data": [1.0, 2.0, "3"]},
        {"data": [1.0, 2.0, True]},
        {"data": [[1.0, 2.0, 3.0]]},
        {"data": [1.0, 2.0, math.nan]},
        {"data": [1.0, 2.0, -math.inf]},
        {"data": [1.0, 2.0, 3.5e38]},
        {"data": [1.0, 2.0, 10**310]},
        {"more": 1},
    ],
)
def test_a_tensor_that_is_not_right_is_refused(changes: dict[str, Any]) -> None:
    body = request([[1.0, 2.0, 3.0]], **changes)
    with pytest.raises(UsageError):
        read(body)
    answer = call(app(), [body])
    assert answer is not None
    assert answer[0] == 400


def test_outputs_and_ids_are_bounded() -> None:
    good = json.loads(request([[1.0, 2.0, 3.0]]))
    taken = json.dumps({**good, "id": "x", "outputs": [{"name": "score"}]}).encode()
    assert read_request(taken, width=WIDTH, max_rows=MAX_ROWS).id == "x"
    bad: list[dict[str, Any]] = [
        {"id": "x" * 129},
        {"outputs": [{"name": "other"}]},
        {"parameters": {}},
    ]
    for more in bad:
        with pytest.raises(UsageError):
            read(json.dumps({**good, **more}).encode())
    for inputs in ([], [good["inputs"][0]] * 2):
        with pytest.raises(UsageError):
            read(json.dumps({"inputs": inputs}).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
TENSOR_LIKE = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("features") | JSON,
        "shape": st.just([1, 3]) | st.lists(st.integers(), max_size=3) | JSON,
        "datatype": st.sampled_from(["FP64", "FP32", "BYTES"]) | JSON,
        "data": st.lists(st.floats() | st.integers(), max_size=8) | JSON,
        "parameters": JSON,
    },
)
BODY_LIKE = st.fixed_dictionaries(
    {}, optional={"inputs": st.lists(TENSOR_LIKE, max_size=2) | JSON, "id": JSON, "outputs": JSON}
)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | BODY_LIKE.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        rows = read(body)
    except UsageError:
        return
    assert rows.shape[1] == WIDTH
    assert 1 <= len(rows) <= MAX_ROWS
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"inputs":' * 20_000, b'{"a":' * 20_000 + b"1"])
def test_depth_is_no_way_in(body: bytes) -> None:
    with pytest.raises(UsageError):
        read(body)


def test_the_longest_good_request_fits() -> None:
    widest = -1.7976931348623157e-308
    body = request([[widest] * WIDTH] * MAX_ROWS)
    assert len(body) <= longest_body(TOLD)
    assert read(body).shape == (MAX_ROWS, WIDTH)
    assert longest_body(msgspec.structs.replace(TOLD, max_rows=10**9)) <= 64 << 20


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_scores_are_written_exactly(scores: list[float]) -> None:
    answer = json.loads(write_answer(np.array(scores), contract=CONTRACT, version="v", id=""))
    assert answer["outputs"] == [
        {"name": "score", "datatype": "FP64", "shape": [len(scores)], "data": scores}
    ]


def test_a_body_may_come_in_pieces_but_not_without_end() -> None:
    body = request([[0.5, 0.5, 0.5]])
    assert call(app(), [body[:10], body[10:]]) == call(app(), [body])
    large = [b" " * 4096] * 4
    answer = call(app(), large)
    assert answer is not None
    assert answer[0] == 413


def test_nobody_is_answered_who_went_away() -> None:
    body = request([[0.5, 0.5, 0.5]])
    assert call(app(), [body[:10]], leave=True) is None
    assert call(app(), []) is None


def test_a_model_that_gives_no_score_is_a_failure_without_details() -> None:
    on = app()
    answer = call(on, [request([[2.0, 2.0, 2.0]])])
    assert answer is not None
    status, content = answer
    assert status == 500
    assert set(content) == {"error"}
    assert "not a finite number" in content["error"]
    assert on.counters["failed"] == 1


@pytest.mark.parametrize(
    "path", ["/", "/v2/", "/v2/models", "/v2/models/small/", "/metrics", "/v2/x"]
)
def test_there_is_nothing_else(path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = call(app(), path=path, method=method)
        assert answer is not None
        assert answer[0] == 404


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), st.sampled_from(["GET", "PUT", "HEAD", "X" * 40]))
def test_any_path_and_method_has_a_documented_answer(path: str, method: str) -> None:
    answer = call(app(), path=f"/{path}", method=method)
    assert answer is not None
    assert answer[0] in (200, 404, 405)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_settings_or_malformed(line: bytes) -> None:
    with pytest.raises(MalformedError):
        read_settings(line)


@pytest.mark.parametrize(
    "changes",
    [
        {"max_rows": 0},
        {"max_rows": 100_001},
        {"deadline_seconds": 0.0},
        {"deadline_seconds": -1.0},
        {"deadline_seconds": 1e9},
        {"heartbeat_seconds": 0.0},
        {"folder": "relative"},
        {"folder": "/a\0b"},
        {"contract": msgspec.structs.replace(CONTRACT, features=())},
    ],
)
def test_settings_out_of_bounds_are_malformed(changes: dict[str, Any]) -> None:
    good = msgspec.json.encode(TOLD)
    assert read_settings(good) == TOLD
    with pytest.raises(MalformedError):
        read_settings(msgspec.json.encode(msgspec.structs.replace(TOLD, **changes)))


def test_a_line_ends_somewhere(tmp_path: Path) -> None:
    place = tmp_path / "line"
    for content, expected in ((b"a\nb", b"a"), (b"\n", b""), (b"no end", None), (b"", None)):
        place.write_bytes(content)
        with place.open("rb") as file:
            assert read_line(file.fileno()) == expected
    place.write_bytes(b"x" * (MAX_LINE + 70_000))
    with place.open("rb") as file, pytest.raises(MalformedError, match="longer"):
        read_line(file.fileno())
