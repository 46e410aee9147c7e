"""Raw bytes at the data listener: what is answered, and that nothing else happens."""

from __future__ import annotations

import re
import socket
from typing import Any

import pytest

from sealwright.phases.deployment.core.openapi import document
from sealwright.phases.deployment.core.reasons import REASONS
from tests.deployment.gateway.house import House, infer_body, memory_kib, read_all

INFER = b"POST /v2/models/scorer/infer HTTP/1.1\r\nhost: x\r\n"
GET = b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n"
JSON = b"content-type: application/json\r\n"

STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n")


def known(token: bytes) -> bytes:
    return b"authorization: Bearer " + token + b"\r\n"


def post(body: bytes, *fields: bytes, token: bytes = b"KEY") -> bytes:
    head = INFER + JSON + known(token) + b"".join(fields)
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


def plain(line: bytes, *fields: bytes) -> bytes:
    return line + b"\r\nhost: x\r\n" + b"".join(fields) + b"\r\n"


NESTED = b'{"inputs":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
HUGE = infer_body().replace(b"0.75", b"1e400")
LONG = infer_body().replace(b"0.75", b"9" * 5000)

CORPUS: dict[str, tuple[bytes, set[int]]] = {
    # one message that two readers would cut in two ways
    "length and chunks": (
        INFER + JSON + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + GET,
        {400},
    ),
    "chunks and length": (
        INFER + JSON + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n" + GET,
        {400},
    ),
    "two lengths": (INFER + JSON + b"content-length: 4\r\ncontent-length: 5\r\n\r\nabcde", {400}),
    "the same length twice": (
        INFER + JSON + b"content-length: 4\r\ncontent-length: 4\r\n\r\nabcd",
        {400},
    ),
    "a list of lengths": (INFER + JSON + b"content-length: 4, 4\r\n\r\nabcd", {400}),
    "a signed length": (INFER + JSON + b"content-length: +4\r\n\r\nabcd", {400}),
    "a negative length": (INFER + JSON + b"content-length: -1\r\n\r\nabcd", {400}),
    "a hexadecimal length": (INFER + JSON + b"content-length: 0x4\r\n\r\nabcd", {400}),
    "an endless length": (INFER + JSON + b"content-length: " + b"9" * 30 + b"\r\n\r\nab", {400}),
    "a length with a blank": (INFER + JSON + b"content-length : 4\r\n\r\nabcd", {400}),
    "chunks": (INFER + JSON + b"transfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", {411}),
    "a bad chunk": (INFER + JSON + b"transfer-encoding: chunked\r\n\r\nzz\r\nabcd\r\n", {411}),
    "a chunk with an extension": (
        INFER + JSON + b'transfer-encoding: chunked\r\n\r\n4;x="\n"\r\nabcd\r\n0\r\n\r\n',
        {411},
    ),
    "chunked twice": (
        INFER + JSON + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        {400, 411},
    ),
    "chunked in disguise": (
        INFER + JSON + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        {400, 411},
    ),
    "chunked after a tab": (
        INFER + JSON + b"transfer-encoding:\tchunked\r\n\r\n0\r\n\r\n",
        {400, 411},
    ),
    "identity": (INFER + JSON + b"transfer-encoding: identity\r\n\r\n", {400, 411}),
    # lines
    "a folded line": (b"GET /v2 HTTP/1.1\r\nhost: x\r\nx-a: b\r\n c\r\n\r\n", {400}),
    "a line folded by a tab": (b"GET /v2 HTTP/1.1\r\nhost: x\r\nx-a: b\r\n\tc\r\n\r\n", {400}),
    "line feeds only": (b"GET /v2 HTTP/1.1\nhost: x\n\n", {400}),
    "one line feed only": (b"GET /v2 HTTP/1.1\r\nhost: x\nx-a: b\r\n\r\n", {400}),
    "carriage returns only": (b"GET /v2 HTTP/1.1\rhost: x\r\r", {400}),
    "a carriage return in a value": (b"GET /v2 HTTP/1.1\r\nhost: x\rx-a: b\r\n\r\n", {400}),
    "an empty line first": (b"\r\n" + GET, {400}),
    "a NUL in a value": (b"GET /v2 HTTP/1.1\r\nhost: x\r\nx-a: b\0c\r\n\r\n", {400}),
    "a NUL in the path": (b"GET /v2\0 HTTP/1.1\r\nhost: x\r\n\r\n", {400}),
    "a NUL in a name": (b"GET /v2 HTTP/1.1\r\nhost: x\r\nx\0a: b\r\n\r\n", {400}),
    "no colon": (b"GET /v2 HTTP/1.1\r\nhost: x\r\nnothing\r\n\r\n", {400}),
    "no name": (b"GET /v2 HTTP/1.1\r\nhost: x\r\n: b\r\n\r\n", {400}),
    "nothing but noise": (bytes(range(256)) * 8 + b"\r\n\r\n", {400}),
    "a TLS hello": (bytes.fromhex("16030100c8010000c40303") + b"\xff" * 190, {400}),
    # request lines
    "HTTP/0.9": (b"GET /v2\r\n\r\n", {400}),
    "HTTP/1.0": (b"GET /v2 HTTP/1.0\r\nhost: x\r\n\r\n", {400}),
    "HTTP/1.2": (b"GET /v2 HTTP/1.2\r\nhost: x\r\n\r\n", {400}),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", {400}),
    "h2c": (
        plain(
            b"GET /v2 HTTP/1.1",
            b"connection: upgrade, http2-settings\r\n",
            b"upgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n",
        ),
        {400},
    ),
    "websocket": (
        plain(b"GET /v2 HTTP/1.1", b"connection: upgrade\r\nupgrade: websocket\r\n"),
        {400},
    ),
    "absolute form": (plain(b"GET http://elsewhere/v2 HTTP/1.1"), {400}),
    "authority form": (plain(b"CONNECT elsewhere:443 HTTP/1.1"), {400, 405}),
    "asterisk form": (plain(b"OPTIONS * HTTP/1.1"), {400, 405}),
    "TRACE": (plain(b"TRACE /v2 HTTP/1.1"), {405}),
    "CONNECT a path": (plain(b"CONNECT /v2 HTTP/1.1"), {400, 405}),
    "DELETE": (plain(b"DELETE /v2/models/scorer HTTP/1.1"), {405}),
    "a lower-case method": (plain(b"get /v2 HTTP/1.1"), {400, 405}),
    "an unknown method": (plain(b"BREW /v2 HTTP/1.1"), {400, 405}),
    "two blanks": (plain(b"GET  /v2 HTTP/1.1"), {400}),
    "no version": (plain(b"GET /v2"), {400}),
    # paths
    "an encoded slash": (plain(b"GET /v2%2fmodels HTTP/1.1"), {400, 404}),
    "an encoded path": (plain(b"GET /%76%32 HTTP/1.1"), {400, 404}),
    "encoded twice": (plain(b"GET /v2/models/%252e%252e/infer HTTP/1.1"), {400, 404}),
    "dots": (plain(b"GET /v2/models/../../admin HTTP/1.1"), {400, 404}),
    "two slashes": (plain(b"GET //v2 HTTP/1.1"), {400, 404}),
    "a backslash": (plain(b"GET /v2\\models HTTP/1.1"), {400, 404}),
    "a semicolon": (plain(b"GET /v2;x=y HTTP/1.1"), {400, 404}),
    "a fragment": (plain(b"GET /v2#x HTTP/1.1"), {400, 404}),
    "a query": (plain(b"GET /v2?x=y HTTP/1.1"), {400}),
    "bytes beyond ASCII": (plain("GET /v2/modèles HTTP/1.1".encode()), {400, 404}),
    "a long path": (plain(b"GET /v2/" + b"a" * 9000 + b" HTTP/1.1"), {400, 404, 414, 431}),
    "another service's path": (plain(b"GET /v2/repository/index HTTP/1.1"), {400, 404}),
    # fields
    "no host": (b"GET /v2 HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (b"GET /v2 HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", {400}),
    "a large head": (plain(b"GET /v2 HTTP/1.1", b"x-a: " + b"b" * 20_000 + b"\r\n"), {431}),
    "a head without end": (b"GET /v2 HTTP/1.1\r\nx-a: " + b"b" * 40_000, {431}),
    "many fields": (plain(b"GET /v2 HTTP/1.1", b"x-a: b\r\n" * 200), {431}),
    "a second credential": (
        plain(b"GET /v2 HTTP/1.1", known(b"KEY") + known(b"KEY")),
        {400},
    ),
    "an expectation": (
        INFER + JSON + known(b"KEY") + b"expect: 100-continue\r\ncontent-length: 3\r\n\r\nabc",
        {417},
    ),
    "a trailer": (plain(b"GET /v2 HTTP/1.1", b"trailer: x-a\r\n"), {400}),
    # bodies of somebody whom we know
    "no length": (INFER + JSON + known(b"KEY") + b"\r\n", {411}),
    "a large body": (
        INFER + JSON + known(b"KEY") + b"content-length: 99999999\r\n\r\n" + b"x" * 200_000,
        {413},
    ),
    "a body of a GET": (
        b"GET /v2 HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n" + known(b"KEY") + b"\r\nabcd",
        {400},
    ),
    "an empty body": (post(b""), {400}),
    "nesting": (post(NESTED), {400}),
    "a huge number": (post(HUGE), {400}),
    "a long number": (post(LONG), {400}),
    "bad UTF-8": (post(b'{"inputs":"\xff\xfe"}'), {400}),
    "a byte order mark": (post(b"\xef\xbb\xbf" + infer_body()), {400}),
    "UTF-16": (post(infer_body().decode().encode("utf-16")), {400}),
    "NaN": (post(infer_body().replace(b"0.75", b"NaN")), {400}),
    "a wrong shape": (post(infer_body().replace(b"[1, 3]", b"[3, 1]")), {400}),
    "a shape that overflows": (
        post(infer_body().replace(b"[1, 3]", b"[4294967296, 4294967296]")),
        {400},
    ),
    "a negative shape": (post(infer_body().replace(b"[1, 3]", b"[-1, -3]")), {400}),
    "an unknown field": (post(infer_body(prompt_embeds="gASVAA==")), {400}),
    "shared memory": (
        post(
            infer_body().replace(b'"data"', b'"parameters": {"shared_memory_region": {}}, "data"')
        ),
        {400},
    ),
    "a form": (
        post(infer_body()).replace(b"application/json", b"application/x-www-form-urlencoded"),
        {415},
    ),
    "a pickle": (post(b"\x80\x04N.").replace(b"application/json", b"application/pickle"), {415}),
    "compressed": (post(infer_body(), b"content-encoding: gzip\r\n"), {415}),
    "a good one": (post(infer_body()), {200}),
}

DOCUMENTED = {
    int(status)
    for path in document()["paths"].values()
    for method in ("get", "post")
    for status in path.get(method, {}).get("responses", {})
} | {reason.status for reason in REASONS.values()}


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in STATUS.findall(answer)]


def filled(data: bytes, house: House) -> bytes:
    return data.replace(b"KEY", house.token.encode())


@pytest.mark.parametrize("name", CORPUS)
def test_one_documented_answer(shared: House, name: str) -> None:
    data, allowed = CORPUS[name]
    answer = shared.raw(filled(data, shared))
    assert len(statuses(answer)) == 1, answer[:500]
    assert statuses(answer)[0] in allowed, answer[:500]
    assert statuses(answer)[0] in DOCUMENTED
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nx-decision-id: " in head
    assert b"\r\nx-content-type-options: nosniff" in head
    assert b"\r\nserver:" not in head.lower()
    assert body.startswith(b"{")
    assert shared.ask("GET", "/v2/health/live").status == 200


def test_documented_statuses_hold_no_500() -> None:
    assert 500 not in DOCUMENTED
    assert {400, 401, 403, 404, 405, 408, 411, 413, 415, 429, 431, 503} <= DOCUMENTED


def test_pipelined_requests_get_one_answer_and_a_closed_connection(shared: House) -> None:
    answer = shared.raw(filled(post(infer_body()), shared) + GET + GET, close=False)
    assert statuses(answer) == [200]
    assert b"\r\nconnection: close\r\n" in answer


def test_one_request_after_the_other_keeps_the_connection(shared: House) -> None:
    request = filled(post(infer_body()), shared)
    with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as peer:
        for _ in range(3):
            peer.sendall(request)
            answer = b""
            while b'"decision"' not in answer or not answer.endswith(b"]}]}"):
                answer += peer.recv(65536)
            assert statuses(answer) == [200]
            assert b"connection: close" not in answer


def test_a_head_may_come_byte_by_byte(shared: House) -> None:
    with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GET:
            peer.sendall(bytes([byte]))
        peer.shutdown(socket.SHUT_WR)
        assert statuses(read_all(peer)) == [200]


def test_a_slow_head_is_answered_408(shared: House) -> None:
    answer = shared.raw(b"GET /v2 HTTP/1.1\r\nhost: x\r\nx-a: ", close=False)
    assert statuses(answer) == [408]


def test_a_slow_body_is_answered_408(shared: House) -> None:
    answer = shared.raw(filled(post(infer_body()), shared)[:-5], close=False)
    assert statuses(answer) == [408]


def test_a_silent_connection_is_closed_without_a_word(shared: House) -> None:
    assert shared.raw(b"", close=False) == b""


def test_a_body_that_is_cut_short_gets_no_answer(shared: House) -> None:
    assert shared.raw(filled(post(infer_body()), shared)[:-5]) == b""


def test_the_body_of_a_stranger_is_never_read(shared: House) -> None:
    head = INFER + JSON + b"content-length: 1000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as peer:
        peer.sendall(head)
        # The answer comes although not one byte of the body does.
        answer = read_all(peer)
    assert statuses(answer) == [401]
    assert b"connection: close" in answer


def test_a_stranger_who_goes_on_sending_is_cut_off(shared: House) -> None:
    head = INFER + JSON + b"content-length: 900000000\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", shared.port), timeout=20) as peer,
        pytest.raises(OSError, match=r"reset|[Pp]ipe"),
    ):
        peer.sendall(head + bytes(100_000_000))


def test_a_small_body_of_a_stranger_does_not_cost_the_connection(shared: House) -> None:
    stranger = post(infer_body(), token=b"nobody")
    with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as peer:
        peer.sendall(stranger)
        first = peer.recv(65536)
        peer.sendall(GET)
        second = peer.recv(65536)
    assert statuses(first) == [401]
    assert statuses(second) == [200]


def test_thousands_of_bad_requests_leave_no_trace_in_memory(shared: House) -> None:
    assert shared.process is not None
    requests: list[Any] = [filled(data, shared) for data, _ in CORPUS.values()]
    small = [data for data in requests if len(data) < 20_000]

    def storm(count: int) -> None:
        for number in range(count):
            shared.raw(small[number % len(small)])

    storm(1000)
    before = memory_kib(shared.process)
    storm(2000)
    assert memory_kib(shared.process) - before < 8 * 1024
    assert shared.ask("GET", "/v2/health/live").status == 200
    assert shared.infer().status == 200
