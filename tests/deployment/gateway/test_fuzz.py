"""Generated requests: to the app against the OpenAPI document, and as bytes to the protocol."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealwright.phases.deployment.core.openapi import document
from sealwright.phases.deployment.core.reasons import REASONS
from tests.deployment.gateway.house import infer_body
from tests.deployment.gateway.inside import Inside, inside

FUZZ = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

PATHS = {
    re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)).encode()): operations
    for path, operations in document()["paths"].items()
}
ANYWHERE = {reason.status for reason in REASONS.values()}
"""What a path that is none may be answered with."""


@pytest.fixture(scope="module")
def app() -> Iterator[Inside]:
    with inside(confirm=("positive",), review=True, abstain_margin=0.05) as made:
        yield made


def documented(method: str, path: bytes) -> set[int]:
    for pattern, operations in PATHS.items():
        if pattern.fullmatch(path):
            operation = operations.get(method.lower())
            if operation is None:
                return ANYWHERE
            # 405 and 404 belong to the path, not to the operation.
            return {int(status) for status in operation["responses"]} | {404, 405}
    return ANYWHERE


names = st.sampled_from([b"scorer", b"abababababab", b"other", b"..", b"%2e", b"x" * 300, b""])
paths = st.one_of(
    st.sampled_from([b"/v2", b"/v2/", b"/v2/health/live", b"/v2/health/ready", b"/", b"*"]),
    st.lists(
        st.one_of(
            names,
            st.sampled_from([b"v2", b"models", b"versions", b"infer", b"ready", b"cases"]),
            st.binary(max_size=8),
        ),
        max_size=7,
    ).map(lambda parts: b"/" + b"/".join(parts)),
    st.just(b"/v2/models/scorer/infer"),
    st.tuples(names, names).map(lambda n: b"/v2/models/%b/versions/%b/infer" % n),
)
methods = st.sampled_from(["GET", "POST", "HEAD", "PUT", "TRACE", "OPTIONS", "DELETE", "get"])

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.just("features")
)
anything = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["inputs", "name", "shape", "data", "datatype", "id", "x"]), inner
        ),
    ),
    max_leaves=12,
)


@st.composite
def tensors(draw: st.DrawFn) -> dict[str, Any]:
    rows = draw(st.integers(0, 4))
    width = draw(st.sampled_from([3, 3, 3, 2]))
    numbers = st.one_of(st.floats(), st.integers(), st.floats(0, 1))
    flat = draw(st.lists(numbers, min_size=rows * width, max_size=rows * width))
    nested = [flat[i * width : (i + 1) * width] for i in range(rows)]
    tensor: dict[str, Any] = {
        "name": draw(st.sampled_from(["features", "features", "x"])),
        "shape": [rows, width],
        "datatype": draw(st.sampled_from(["FP64", "FP32", "INT8", "BYTES"])),
        "data": draw(st.sampled_from([flat, nested])),
    }
    if draw(st.booleans()):
        tensor[draw(st.sampled_from(["parameters", "shape", "data", "extra"]))] = draw(anything)
    return tensor


bodies = st.one_of(
    st.binary(max_size=200),
    anything.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {"inputs": st.lists(tensors(), max_size=2)},
        optional={"id": anything, "outputs": anything, "parameters": anything, "y": anything},
    ).map(lambda value: json.dumps(value).encode()),
    st.just(infer_body()),
)


@st.composite
def head_fields(draw: st.DrawFn) -> list[tuple[bytes, bytes]]:
    fields = [(b"host", b"x"), (b"content-type", b"application/json")]
    fields += draw(
        st.lists(
            st.tuples(
                st.sampled_from(
                    [b"x-correlation-id", b"content-type", b"accept", b"expect", b"host", b"x\xff"]
                ),
                st.one_of(st.binary(max_size=80), st.just(b"application/json"), st.just(b"a-1")),
            ),
            max_size=3,
        )
    )
    return draw(st.permutations(fields[draw(st.integers(0, 1)) :]))


@FUZZ
@given(
    method=methods,
    path=paths,
    query=st.one_of(st.just(b""), st.binary(max_size=8)),
    fields=head_fields(),
    body=bodies,
    who=st.sampled_from(["known", "known", "known", "stranger", "nobody", "noise"]),
    noise=st.binary(max_size=60),
    cut=st.integers(0, 200),
    stated=st.one_of(st.none(), st.binary(max_size=4)),
)
def test_every_answer_is_documented(
    app: Inside,
    method: str,
    path: bytes,
    query: bytes,
    fields: list[tuple[bytes, bytes]],
    body: bytes,
    who: str,
    noise: bytes,
    cut: int,
    stated: bytes | None,
) -> None:
    token = {
        "known": app.house.token.encode(),
        "stranger": b"sealwright_" + b"0" * 12 + b"_" + b"a" * 49,
        "noise": noise,
    }
    headers = list(fields)
    if who != "nobody":
        headers.append((b"authorization", b"Bearer " + token[who]))
    if method == "POST":
        headers.append((b"content-length", b"%d" % len(body) if stated is None else stated))
    scope = {
        "type": "http",
        "method": method,
        "raw_path": path,
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 5000),
    }
    sent, asked = app.call(scope, [body[:cut], body[cut:]])
    start, finish = sent
    assert start["status"] in {200, *documented(method, path)}
    answered = dict(start["headers"])
    assert int(answered[b"content-length"]) == len(finish["body"])
    assert re.fullmatch(rb"[A-Za-z0-9-]{16,40}", answered[b"x-decision-id"])
    assert answered[b"x-content-type-options"] == b"nosniff"
    assert isinstance(json.loads(finish["body"]), dict)
    if who != "known":
        assert asked == 0
        assert start["status"] != 200 or path.startswith(b"/v2/health/")


@st.composite
def wire(draw: st.DrawFn) -> bytes:
    """A good request, then perhaps another, with bytes put in, taken out or changed."""
    good = (
        b"POST /v2/models/scorer/infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer KEY\r\nContent-Length: %d\r\n\r\n" % len(infer_body())
    ) + infer_body()
    data = bytearray(good * draw(st.integers(1, 2)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, min(len(data), 200)))
        what = draw(st.sampled_from([b"", b"\r", b"\n", b"\0", b" ", b"\r\n", b":", b"\xff", b"9"]))
        data[place : place + draw(st.integers(0, 3))] = what
    return bytes(data)


ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Za-z -]+\r\n(?:[a-z0-9-]+: [^\r\n]*\r\n)*\r\n")


def answers(written: bytes) -> list[int]:
    """Statuses of the answers, each exactly as long as it says."""
    found = []
    while written:
        match = ANSWER.match(written)
        assert match is not None, written[:200]
        length = re.search(rb"content-length: (\d+)\r\n", match[0])
        assert length is not None
        body = written[match.end() : match.end() + int(length[1])]
        assert isinstance(json.loads(body), dict)
        found.append(int(match[1]))
        written = written[match.end() + int(length[1]) :]
    return found


@FUZZ
@given(data=wire(), cuts=st.lists(st.integers(0, 700), max_size=5), known=st.booleans())
def test_no_bytes_get_more_than_documented_answers(
    app: Inside, data: bytes, cuts: list[int], known: bool
) -> None:
    data = data.replace(b"KEY", app.house.token.encode() if known else b"nobody")
    protocol, transport = app.connect()
    places = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    for begin, end in pairwise(places):
        if transport.closed:
            break
        protocol.data_received(data[begin:end])
        app.turn(times=3)
    for _ in range(100):  # whatever is unfinished now ends when its time is over
        app.turn(times=5)
        protocol.sweep(app.loop.time() + 1000)
        if transport.closed:
            break
    assert transport.closed
    statuses = answers(transport.written)
    assert len(statuses) <= 2
    assert set(statuses) <= ANYWHERE | {200}
    protocol.connection_lost(None)
    app.turn(times=5)
    assert not app.connections
    assert app.app.in_flight == 0
