"""The admin listener: who may look, who may order, and what everybody else is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.clock import format_time, system_clock
from sealwright.errors import CannotLook, Refused, TamperError, UsageError
from sealwright.evidence.dsse import encode_envelope, sign_statement
from sealwright.evidence.keys import SigningKey
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates.serving import Action, GrantedKey, Losses, Snapshot
from sealwright.evidence.statement import Statement, subject
from sealwright.phases.deployment.core.api_keys import mac_of, mint_key
from sealwright.phases.deployment.core.snapshot import Opened, open_snapshot
from sealwright.project.serving.admin import Admin
from sealwright.project.serving.metrics import Family, one
from sealwright.project.serving.orders import Order, Release, Stop

PEPPER = b"p" * 32
FAR = "2099-01-01T00:00:00.000000Z"
SIGNER = SigningKey.generate()


def granted(actions: tuple[Action, ...], models: tuple[str, ...]) -> tuple[str, GrantedKey]:
    key, identity = mint_key()
    return key, GrantedKey(
        id=identity,
        client="olga",
        mac=mac_of(key, PEPPER),
        actions=actions,
        models=models,
        requests_per_minute=60,
        not_after=FAR,
    )


EVERYTHING, KEY_OF_ALL = granted(("admin",), ("*",))
SMALL, KEY_OF_SMALL = granted(("admin", "infer"), ("small",))
CALLER, KEY_OF_CALLER = granted(("infer",), ("*",))


def snapshot() -> Opened:
    now = format_time(system_clock())
    said = Snapshot(
        system="small",
        tier="minimal",
        sequence=1,
        ledger_size=1,
        models=(),
        keys=(KEY_OF_ALL, KEY_OF_SMALL, KEY_OF_CALLER),
        losses=Losses(),
        at=now,
        expires=FAR,
    )
    statement = Statement((subject("small", system_digest("small")),), said)
    data = encode_envelope(sign_statement(statement, SIGNER))
    return open_snapshot(data, (SIGNER.public,))


class Desk:
    """A controller that remembers its orders."""

    pepper = PEPPER
    name = "small"

    def __init__(self) -> None:
        self.opened: Opened | None = snapshot()
        self.ordered: list[tuple[Order, str]] = []
        self.ready = True
        self.fails: Exception | None = None

    def readiness(self) -> dict[str, bool]:
        return {"ledger": True, "gateway": self.ready}

    def models(self) -> list[dict[str, Any]]:
        return [{"name": "small"}, {"name": "other"}]

    def families(self) -> Iterable[Family]:
        return [Family("up", "gauge", "Lives.", one(1.0))]

    async def alerts(self, limit: int) -> list[dict[str, Any]]:
        return [{"limit": limit}]

    async def order(self, order: Order, *, client: str) -> dict[str, Any]:
        if self.fails is not None:
            raise self.fails
        self.ordered.append((order, client))
        return {"done": True}


def ask(
    desk: Desk,
    method: str,
    path: str,
    *,
    key: str = "",
    body: bytes = b"",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    host: bytes = b"127.0.0.1:8081",
) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request, as uvicorn would hand it over."""
    path, _, query = path.partition("?")
    fields = [(b"host", host), *headers]
    if key:
        fields.append((b"authorization", b"Bearer " + key.encode()))
    if method == "POST" and not headers:
        fields += [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query.encode("utf-8", "surrogatepass"),
        "headers": fields,
        "http_version": "1.1",
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Admin(desk)(scope, receive, send))
    start, rest = sent
    return start["status"], dict(start["headers"]), rest["body"]


def order(desk: Desk, what: str, value: Any, *, key: str = EVERYTHING) -> tuple[int, Any]:
    status, headers, said = ask(
        desk, "POST", f"/admin/v1/{what}", key=key, body=json.dumps(value).encode()
    )
    assert headers[b"content-type"] == (
        b"application/json" if status == 200 else b"application/problem+json"
    )
    answer = json.loads(said)
    if status != 200:
        assert answer["status"] == status
        assert answer["title"]
        assert answer["type"].startswith("urn:sealwright:problem:")
    return status, answer


def test_machines_look_without_a_key() -> None:
    desk = Desk()
    for path in ("/healthz", "/livez"):
        assert ask(desk, "GET", path)[0] == 200
    assert ask(desk, "GET", "/readyz")[0] == 200
    desk.ready = False
    status, _, said = ask(desk, "GET", "/readyz")
    assert (status, json.loads(said)["checks"]["gateway"]) == (503, False)
    status, headers, said = ask(desk, "GET", "/metrics")
    assert (status, said) == (
        200,
        b"# HELP sealwright_up Lives.\n# TYPE sealwright_up gauge\nsealwright_up 1\n",
    )
    assert headers[b"content-type"].startswith(b"text/plain; version=0.0.4")
    assert ask(desk, "HEAD", "/readyz")[2] == b""


def test_orders_are_for_who_may_operate() -> None:
    desk = Desk()
    stop = {"name": "small", "reason": "odd"}
    assert order(desk, "stop", stop, key="")[0] == 401
    assert order(desk, "stop", stop, key=CALLER)[0] == 403
    assert order(desk, "stop", stop, key=SMALL)[0] == 200
    assert order(desk, "stop", {"reason": "odd"}, key=SMALL)[0] == 403  # everything
    assert order(desk, "release", {"reason": "new"}, key=SMALL)[0] == 200
    assert order(desk, "revoke", {"artifact": "train", "reason": "x"}, key=SMALL)[0] == 403
    assert order(desk, "revoke", {"artifact": "train", "reason": "x"})[0] == 200
    assert [(type(each), who) for each, who in desk.ordered][:2] == [
        (Stop, "olga"),
        (Release, "olga"),
    ]
    desk.opened = None
    assert order(desk, "stop", stop)[0] == 503


def test_lists_are_narrowed_to_what_the_key_is_about() -> None:
    desk = Desk()
    _, _, said = ask(desk, "GET", "/admin/v1/models", key=SMALL)
    assert json.loads(said) == [{"name": "small"}]
    _, _, said = ask(desk, "GET", "/admin/v1/models", key=EVERYTHING)
    assert len(json.loads(said)) == 2
    assert ask(desk, "GET", "/admin/v1/alerts", key=SMALL)[0] == 403
    assert ask(desk, "GET", "/admin/v1/models", key=CALLER)[0] == 403
    _, _, said = ask(desk, "GET", "/admin/v1/alerts?limit=7", key=EVERYTHING)
    assert json.loads(said) == [{"limit": 7}]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "n=1", "limit=1&limit=2"])
def test_odd_queries_are_refused(query: str) -> None:
    assert ask(Desk(), "GET", f"/admin/v1/alerts?{query}", key=EVERYTHING)[0] == 400


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("no such version"), 400),
        (Refused("the gate said no"), 409),
        (CannotLook("the ledger is away"), 503),
        (TamperError("it was changed"), 503),
    ],
)
def test_errors_are_problems(error: Exception, status: int) -> None:
    desk = Desk()
    desk.fails = error
    found, said = order(desk, "stop", {"reason": "odd"})
    assert (found, said["detail"]) == (status, str(error))


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        "x",
        None,
        {"reason": 1},
        {"reason": "odd", "more": 1},
        {"reason": "odd", "name": None},
    ],
)
def test_a_body_that_is_no_order_is_refused(value: Any) -> None:
    desk = Desk()
    assert order(desk, "stop", value)[0] == 400
    assert desk.ordered == []


def test_bounds_and_forms() -> None:
    desk = Desk()
    long = json.dumps({"reason": "x" * 70_000}).encode()
    assert ask(desk, "POST", "/admin/v1/stop", key=EVERYTHING, body=long)[0] == 413
    plain = ((b"content-type", b"text/plain"), (b"content-length", b"2"))
    assert ask(desk, "POST", "/admin/v1/stop", key=EVERYTHING, headers=plain)[0] == 415
    assert ask(desk, "GET", "/admin/v1/stop", key=EVERYTHING)[0] == 405
    assert ask(desk, "POST", "/admin/v1/models", key=EVERYTHING)[0] == 405
    assert ask(desk, "POST", "/metrics")[0] == 405
    assert ask(desk, "GET", "/admin/v1/else", key=EVERYTHING)[0] == 404
    assert ask(desk, "GET", "/admin/v1/else")[0] == 401
    assert ask(desk, "GET", "/else")[0] == 404
    twice = ((b"content-length", b"2"), (b"transfer-encoding", b"chunked"))
    assert ask(desk, "POST", "/admin/v1/stop", key=EVERYTHING, headers=twice)[0] == 400


@pytest.mark.parametrize("host", [b"evil.example", b"evil.example:8081", b"10.0.0.1", b"[::]"])
def test_a_web_page_gets_no_answer_through_a_name_of_its_own(host: bytes) -> None:
    assert ask(Desk(), "GET", "/metrics", host=host)[0] == 421
    assert ask(Desk(), "GET", "/metrics", host=b"localhost:8081")[0] == 200
    assert ask(Desk(), "GET", "/metrics", host=b"[::1]:8081")[0] == 200


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS"]),
    path=st.one_of(st.text(max_size=40), st.sampled_from(["/admin/v1/stop", "/admin/v1/alerts"])),
    body=st.binary(max_size=200),
    key=st.sampled_from(["", EVERYTHING, "sealwright_x", CALLER]),
)
def test_whatever_is_asked_is_answered(method: str, path: str, body: bytes, key: str) -> None:
    desk = Desk()
    status, headers, said = ask(desk, method, f"/{path.lstrip('/')}", key=key, body=body)
    assert status in (200, 400, 401, 403, 404, 405, 413, 415)
    assert int(headers[b"content-length"]) >= len(said)
    assert desk.ordered == []
