"""The webhook, against a real server: signed, retried, bounded, and never led astray."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.clock import system_clock
from sealwright.errors import UsageError
from sealwright.lifecycle.model import Monitoring
from sealwright.phases.monitoring import delivery
from sealwright.phases.monitoring.alerts import AlertSink, Webhook, webhook_from
from sealwright.phases.monitoring.webhook import (
    SIGNATURE,
    TIMESTAMP,
    Notice,
    backoff,
    fingerprint,
    payload,
    sign,
    target,
    verify,
)
from tests.monitoring.test_ocsf import alert

SECRET = b"a shared secret of 32 characters"


@dataclass
class Receiver:
    """What came, and what is answered, in turn; the last answer again and again."""

    answers: list[int] = field(default_factory=lambda: [200])
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    location: str = ""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?team=ops"

    def wait(self, count: int = 1) -> None:
        for _ in range(count):
            assert self.arrived.acquire(timeout=30), "nothing came"


@contextmanager
def receiving(*answers: int, location: str = "") -> Iterator[Receiver]:
    receiver = Receiver(list(answers) or [200], location=location)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.came.append((self.path, dict(self.headers), body))
            answers = receiver.answers
            status = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")
            receiver.arrived.release()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other quickly here."""
    monkeypatch.setattr(delivery, "backoff", lambda attempt: 0.01)


def sink(folder: Path, receiver: Receiver) -> AlertSink:
    return AlertSink(folder / "alerts.jsonl", webhook=Webhook(target(receiver.url), SECRET))


def test_a_message_is_signed_over_its_body_and_time(tmp_path: Path) -> None:
    with receiving() as receiver:
        made = sink(tmp_path, receiver)
        made.write(alert(), model="ab" * 32)
        receiver.wait()
        made.close()
    ((path, headers, body),) = receiver.came
    now = system_clock().timestamp()
    assert path == "/hook?team=ops"
    assert headers["Content-Type"] == "application/json"
    assert verify(SECRET, headers, body, now=now)
    assert not verify(SECRET, headers, body + b" ", now=now)
    assert not verify(SECRET[::-1], headers, body, now=now)
    assert not verify(SECRET, headers, body, now=now + 600), "an old message is sent again"
    later = headers | {"X-Sealwright-Timestamp": str(int(now) + 60)}
    assert not verify(SECRET, later, body, now=now)
    assert made.counters() == {
        "alerts_written": 1,
        "alerts_failed": 0,
        "webhook_sent": 1,
        "webhook_failed": 0,
        "webhook_dropped": 0,
        "webhook_repeated": 0,
    }


def test_the_body_is_what_alertmanager_sends(tmp_path: Path) -> None:
    with receiving() as receiver:
        made = sink(tmp_path, receiver)
        made.write(alert(detail="from flag to throttle"), model="ab" * 32)
        receiver.wait()
        made.close()
    message = json.loads(receiver.came[0][2])
    assert set(message) == {
        "version",
        "groupKey",
        "truncatedAlerts",
        "status",
        "receiver",
        "groupLabels",
        "commonLabels",
        "commonAnnotations",
        "externalURL",
        "alerts",
    }
    assert message["version"] == "4"
    assert message["status"] == "firing"
    (told,) = message["alerts"]
    assert set(told) == {
        "status",
        "labels",
        "annotations",
        "startsAt",
        "endsAt",
        "generatorURL",
        "fingerprint",
    }
    assert told["labels"] == {
        "alertname": "sealwright",
        "detector": "near-duplicate",
        "severity": "high",
        "response": "throttle",
        "client": "mallory",
        "model": "ab" * 32,
    }
    assert told["annotations"]["atlas"] == "AML.T0043.001"
    assert told["endsAt"] == "0001-01-01T00:00:00Z"


def test_a_receiver_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    with receiving(503, 429, 500, 200) as receiver:
        made = sink(tmp_path, receiver)
        made.write(alert())
        receiver.wait(4)
        made.close()
    assert made.counters()["webhook_sent"] == 1
    bodies = {body for _, _, body in receiver.came}
    assert len(bodies) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_receiver_that_refuses_is_not_asked_again(tmp_path: Path, status: int) -> None:
    with receiving(status) as receiver:
        made = sink(tmp_path, receiver)
        made.write(alert())
        receiver.wait()
        made.close()
    assert len(receiver.came) == 1
    assert made.counters()["webhook_failed"] == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(tmp_path: Path, status: int) -> None:
    with receiving() as elsewhere, receiving(status, location=elsewhere.url) as receiver:
        made = sink(tmp_path, receiver)
        made.write(alert())
        receiver.wait()
        made.close()
    assert elsewhere.came == []
    assert made.counters()["webhook_failed"] == 1


def test_the_environments_proxy_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        made = sink(tmp_path, receiver)
        made.write(alert())
        receiver.wait()
        made.close()
    assert proxy.came == []


def test_the_same_is_said_once_and_a_step_further_again(tmp_path: Path) -> None:
    with receiving() as receiver:
        made = sink(tmp_path, receiver)
        for number in range(20):
            made.write(alert(id=str(number)))
        made.write(alert(response="block"))
        made.write(alert(client="eve"))
        made.close()
    told = [a for _, _, body in receiver.came for a in json.loads(body)["alerts"]]
    assert [(a["labels"]["client"], a["labels"]["response"]) for a in told] == [
        ("mallory", "throttle"),
        ("mallory", "block"),
        ("eve", "throttle"),
    ]
    assert told[0]["fingerprint"] == told[1]["fingerprint"] != told[2]["fingerprint"]
    assert made.counters()["webhook_repeated"] == 19
    assert made.counters()["alerts_written"] == 22, "the file has them all"


def test_a_receiver_that_is_away_stops_nobody_and_the_oldest_give_way(tmp_path: Path) -> None:
    with receiving() as gone:
        url = gone.url
    made = AlertSink(tmp_path / "alerts.jsonl", webhook=Webhook(target(url), SECRET))
    for number in range(400):
        made.write(alert(client=f"c{number}"))
    made.close(patience=0.2)
    counters = made.counters()
    assert counters["alerts_written"] == 400
    assert counters["webhook_sent"] == 0
    assert counters["webhook_dropped"] >= 400 - 256 - 10 * 32


def test_a_full_disk_does_not_silence_the_webhook(tmp_path: Path) -> None:
    with receiving() as receiver:
        made = AlertSink(Path("/dev/full"), webhook=Webhook(target(receiver.url), SECRET))
        with pytest.raises(Exception, match="cannot be written"):
            made.write(alert())
        receiver.wait()
        made.close()
    assert made.counters()["webhook_sent"] == 1


def test_an_alarm_that_is_over_is_resolved() -> None:
    message = payload([Notice(alert(severity="info", response="none"))], receiver="sealwright")
    assert message["status"] == "resolved"
    assert message["alerts"][0]["endsAt"] == message["alerts"][0]["startsAt"]


def test_the_fingerprint_is_about_what_not_about_how_bad() -> None:
    same = {
        fingerprint(Notice(alert())),
        fingerprint(Notice(alert(id="x", severity="low", response="flag", n=3, title="t"))),
    }
    other = {
        fingerprint(Notice(alert(client="eve"))),
        fingerprint(Notice(alert(detector="denied"))),
        fingerprint(Notice(alert(), "ab" * 32)),
    }
    assert len(same) == 1
    assert len(other | same) == 4


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "http://10.0.0.1/hook",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1.example.org/",
        "http://2130706433/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https://user:word@example.org/",
        "https://example.org/#part",
        "https://example.org:port/",
        "https://example.org/a b",
        "https://example.org/\r\nX-Evil: 1",
        "https://exämple.org/",
        "//example.org/",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "",
    ],
)
def test_only_https_or_this_machine(url: str) -> None:
    with pytest.raises(UsageError, match="webhook"):
        target(url)


@pytest.mark.parametrize(
    "url", ["https://example.org", "http://127.0.0.1:9/x", "http://[::1]:80/", "http://localhost/"]
)
def test_what_is_allowed(url: str) -> None:
    assert target(url).path.startswith("/")


@given(st.text(max_size=80))
def test_any_text_is_a_target_or_refused(url: str) -> None:
    try:
        found = target(url)
    except UsageError:
        return
    assert found.scheme == "https" or found.host in {"localhost", "::1"} or "127." in found.host


@given(
    st.dictionaries(
        st.sampled_from([TIMESTAMP, SIGNATURE, TIMESTAMP.lower()]),
        st.text(max_size=80),
    ),
    st.binary(max_size=40),
)
def test_no_made_up_header_is_a_signature(headers: dict[str, str], body: bytes) -> None:
    assert not verify(SECRET, headers, body, now=1e9)


def test_the_secret_comes_from_the_environment_and_is_never_shown() -> None:
    settings = Monitoring(webhook="https://example.org/hook", webhook_secret="HOOK")
    found = webhook_from(settings, {"HOOK": SECRET.decode()})
    assert found is not None
    assert SECRET.decode() not in f"{found} {found!r}"
    assert webhook_from(Monitoring(), {}) is None
    for environment in ({}, {"HOOK": "short"}):
        with pytest.raises(UsageError, match="HOOK") as raised:
            webhook_from(settings, environment)
        assert "short" not in raised.value.message + raised.value.advice


def test_signatures_are_those_of_the_documented_construction() -> None:
    assert sign(b"k" * 16, 5, b"{}") == sign(b"k" * 16, 5, b"{}")
    assert sign(b"k" * 16, 5, b"{}") != sign(b"k" * 16, 55, b"{}")
    assert sign(b"k" * 16, 5, b"{}").startswith("v1=")


def test_waiting_grows_and_ends_somewhere() -> None:
    assert all(0.05 <= backoff(attempt) <= 30 for attempt in range(40))
    assert backoff(10, draw=lambda low, high: high) == 30.0
    assert backoff(0, draw=lambda low, high: high) == 0.5
