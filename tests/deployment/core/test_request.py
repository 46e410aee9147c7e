"""The head of a request: two readers must never see two requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.deployment.core.reasons import REASONS
from sealwright.phases.deployment.core.request import (
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    Broken,
    Head,
    Request,
    read_head,
)
from sealwright.phases.deployment.core.routes import Route, route
from tests.deployment.core.world import ID, NOW

HOST = (b"host", b"gateway.example:8080")


def head(*headers: tuple[bytes, bytes], version: str = "1.1") -> Head | Broken:
    return read_head(
        Request(
            method="POST",
            path=b"/v2",
            headers=headers,
            id=ID,
            now=NOW,
            monotonic=0.0,
            version="1.0" if version == "1.0" else "1.1",
        )
    )


def test_what_counts_is_read() -> None:
    found = head(
        HOST,
        (b"authorization", b"Bearer x"),
        (b"content-length", b"12"),
        (b"content-type", b"application/json; charset=UTF-8"),
        (b"x-correlation-id", b"drill-1.a_B"),
        (b"accept", b"*/*"),
        (b"accept", b"text/plain"),
    )
    assert found == Head(b"Bearer x", "drill-1.a_B", 12, True, True)


def test_without_a_body_there_is_none() -> None:
    assert head(HOST) == Head(b"", "", 0, False, False)
    assert head(version="1.0") == Head(b"", "", 0, False, False)


def test_a_body_in_chunks_has_no_length_yet() -> None:
    assert head(HOST, (b"transfer-encoding", b"chunked")) == Head(b"", "", -1, True, False)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (
            [HOST, (b"content-length", b"3"), (b"transfer-encoding", b"chunked")],
            "framing-ambiguous",
        ),
        ([HOST, (b"transfer-encoding", b"gzip, chunked")], "framing-ambiguous"),
        ([HOST, (b"transfer-encoding", b"Chunked ")], "framing-ambiguous"),
        ([HOST, (b"transfer-encoding", b"identity")], "framing-ambiguous"),
        ([HOST, (b"transfer-encoding", b"\x0bchunked")], "header-malformed"),
        ([HOST, (b"content-length", b"3"), (b"content-length", b"3")], "header-duplicate"),
        ([HOST, (b"content-length", b"3, 3")], "length-malformed"),
        ([HOST, (b"content-length", b"+3")], "length-malformed"),
        ([HOST, (b"content-length", b"-3")], "length-malformed"),
        ([HOST, (b"content-length", b"0x3")], "length-malformed"),
        ([HOST, (b"content-length", b"3 ")], "length-malformed"),
        ([HOST, (b"content-length", b"")], "length-malformed"),
        ([HOST, (b"content-length", "³".encode())], "length-malformed"),
        ([HOST, (b"content-length", b"9" * 11)], "length-malformed"),
        (
            [HOST, (b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")],
            "header-duplicate",
        ),
        ([HOST, HOST], "header-duplicate"),
        ([], "host-malformed"),
        ([(b"host", b"")], "host-malformed"),
        ([(b"host", b"a b")], "host-malformed"),
        ([(b"host", b"a/b")], "host-malformed"),
        ([HOST, (b"expect", b"100-continue")], "expectation"),
        ([HOST, (b"upgrade", b"h2c")], "upgrade"),
        ([HOST, (b"http2-settings", b"AAMAAABkAARAAAAAAAIAAAAA")], "upgrade"),
        ([HOST, (b"trailer", b"content-length")], "header-malformed"),
        ([HOST, (b"x-a", b"1\r\n folded")], "header-malformed"),
        ([HOST, (b"x-a", b"1\n")], "header-malformed"),
        ([HOST, (b"x-a", b"\x00")], "header-malformed"),
        ([HOST, (b"x-a ", b"1")], "header-malformed"),
        ([HOST, (b" x-a", b"1")], "header-malformed"),
        ([HOST, (b"", b"1")], "header-malformed"),
        ([HOST, (b"X-A", b"1")], "header-malformed"),
        ([HOST, (b"content_length\x00", b"1")], "header-malformed"),
        ([HOST, (b"x-correlation-id", b"")], "correlation-malformed"),
        ([HOST, (b"x-correlation-id", b"a b")], "correlation-malformed"),
        ([HOST, (b"x-correlation-id", b"a" * 65)], "correlation-malformed"),
        ([HOST, *[(b"x-a", b"1")] * MAX_HEADERS], "head-too-large"),
        ([HOST, (b"x-a", b"a" * MAX_HEAD_BYTES)], "head-too-large"),
    ],
)
def test_an_ambiguous_head_is_refused(headers: list[tuple[bytes, bytes]], reason: str) -> None:
    assert head(*headers) == Broken(reason)


def test_http_1_0_knows_no_chunks() -> None:
    assert head((b"transfer-encoding", b"chunked"), version="1.0") == Broken("framing-ambiguous")


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [
        (b"text/json", None),
        (b"application/json; charset=latin-1", None),
        (b"application/json, text/plain", None),
        (b"application/octet-stream", None),
        (b"", None),
        (b"application/json", b"gzip"),
        (b"application/json", b"identity, gzip"),
    ],
)
def test_other_bodies_are_not_json(kind: bytes, encoding: bytes | None) -> None:
    headers = [HOST, (b"content-type", kind)]
    if encoding is not None:
        headers.append((b"content-encoding", encoding))
    found = head(*headers)
    assert isinstance(found, Head)
    assert not found.json


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [b"host", b"content-length", b"transfer-encoding", b"authorization", b"expect"]
            )
            | st.binary(max_size=12),
            st.sampled_from([b"3", b"chunked", b"a"]) | st.binary(max_size=12),
        ),
        max_size=70,
    )
)
def test_every_head_is_understood_in_one_way_or_refused(
    headers: list[tuple[bytes, bytes]],
) -> None:
    found = head(*headers)
    if isinstance(found, Broken):
        assert found.reason in REASONS
        return
    names = [name for name, _ in headers]
    assert names.count(b"content-length") + names.count(b"transfer-encoding") <= 1
    assert names.count(b"authorization") <= 1
    assert not any(c in value for _, value in headers for c in b"\r\n\x00")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (b"/v2", Route("server")),
        (b"/v2/health/live", Route("live")),
        (b"/v2/health/ready", Route("ready")),
        (b"/v2/models/a", Route("model", "a")),
        (b"/v2/models/a/ready", Route("model-ready", "a")),
        (b"/v2/models/a.b-c_d/infer", Route("infer", "a.b-c_d")),
        (b"/v2/models/a/versions/0af3/infer", Route("infer", "a", "0af3")),
        (b"/v2/models/a/versions/0af3", Route("model", "a", "0af3")),
        (b"/v2/models/a/versions/1/ready", Route("model-ready", "a", "1")),
        (b"/v2/models/a/cases/0af3-1", Route("case", "a", "", "0af3-1")),
        # names that are words of the protocol stay names
        (b"/v2/models/infer/infer", Route("infer", "infer")),
        (b"/v2/models/versions", Route("model", "versions")),
    ],
)
def test_paths_that_exist(path: bytes, found: Route) -> None:
    assert route(path) == found


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"/",
        b"*",
        b"v2",
        b"/v2/",
        b"//v2",
        b"/V2",
        b"/v2/models",
        b"/v2/models/",
        b"/v2/models/A/infer",
        b"/v2/models/a/infer/",
        b"/v2/models//infer",
        b"/v2/models/../infer",
        b"/v2/models/a/../b/infer",
        b"/v2/models/./infer",
        b"/v2/models/.a/infer",
        b"/v2/models/a%2finfer",
        b"/v2/models/%61/infer",
        b"/v2/models/a%00/infer",
        b"/v2/models/a;b=1/infer",
        b"/v2/models/a\\b/infer",
        b"/v2/models/a/infer?x=1",
        b"/v2/models/a/infer#x",
        b"/v2/models/a/infer\n",
        b"/v2/models/a b/infer",
        "/v2/models/ä/infer".encode(),
        b"/v2/models/" + b"a" * 64,
        b"/v2/models/a/versions//infer",
        b"/v2/models/a/versions/1/cases/2",
        b"/v2/models/a/cases/",
        b"/v2/models/a/cases/../../x",
        b"/v2/models/a/cases/x/",
        b"/v2/repository/index",
        b"/v2/models/a/load",
        b"/v2/systemsharedmemory/region/x/register",
        b"/v2/trace/setting",
        b"/v2/logging",
        b"/metrics",
        b"http://127.0.0.1/v2",
        b"/v2" * 100,
    ],
)
def test_paths_that_do_not_exist_are_not_repaired(path: bytes) -> None:
    assert route(path) in ("path-malformed", "path-unknown")


@given(st.binary(max_size=40) | st.from_regex(rb"\A/v2/[a-z/.%]*\Z"))
def test_a_path_means_itself_or_nothing(path: bytes) -> None:
    found = route(path)
    if isinstance(found, Route):
        parts = [b"", b"v2"]
        if found.operation in ("live", "ready"):
            parts += [b"health", found.operation.encode()]
        elif found.operation != "server":
            parts += [b"models", found.model.encode()]
            if found.case:
                parts += [b"cases", found.case.encode()]
            elif found.version:
                parts += [b"versions", found.version.encode()]
            tail = {"infer": b"infer", "model-ready": b"ready"}.get(found.operation)
            parts += [tail] if tail else []
        assert b"/".join(parts) == path
    else:
        assert found in REASONS
