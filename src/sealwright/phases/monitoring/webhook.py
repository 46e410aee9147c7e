"""Alerts to somebody's webhook: signed, bounded, retried, and only ever to the configured place.

The body has the shape of Alertmanager's webhook, version 4. Headers:

    X-Sealwright-Timestamp: seconds since 1970
    X-Sealwright-Signature: v1=HEX     HMAC-SHA-256 of "TIMESTAMP.BODY" under the shared secret
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from sealwright.clock import parse_time
from sealwright.errors import UsageError
from sealwright.evidence.predicates.monitoring import Alert

TIMESTAMP: Final = "X-Sealwright-Timestamp"
SIGNATURE: Final = "X-Sealwright-Signature"
TIMEOUT: Final = 5.0
MAX_ANSWER: Final = 64 * 1024
RETRY_ON: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
MIN_SECRET: Final = 16
NEVER: Final = "0001-01-01T00:00:00Z"
"""How Alertmanager says that an alert has not ended."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go: one origin, one path, never another."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert on its way out."""

    alert: Alert
    model: str = ""

    @property
    def fingerprint(self) -> str:
        """The same for everything that says the same about the same."""
        return fingerprint(self)


def target(url: str) -> Target:
    """Reads and judges the URL. UsageError unless it is https, or http to this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused("it is not a URL") from error
    host = (parts.hostname or "").lower()
    if not url.isascii() or not url.isprintable() or " " in url:
        raise _refused("it has characters that a URL cannot have")
    if parts.scheme not in {"https", "http"} or not host:
        raise _refused("it must start with https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise _refused("it must not carry a name or a password")
    if parts.fragment:
        raise _refused("it must not have a fragment")
    if parts.scheme == "http" and not _is_loopback(host):
        raise _refused("http is allowed to this machine only")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    default = 443 if parts.scheme == "https" else 80
    return Target(parts.scheme, host, port if port is not None else default, path)


def _refused(why: str) -> UsageError:
    return UsageError(
        f"the webhook's URL cannot be used: {why}",
        advice='write [monitoring] webhook = "https://HOST/PATH" in sealwright.toml',
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def secret_from(name: str, environment: Mapping[str, str]) -> bytes:
    """The shared secret from the environment variable `name`; UsageError where it is missing."""
    value = environment.get(name, "")
    if len(value) < MIN_SECRET:
        raise UsageError(
            f"the environment variable {name} must hold the webhook's secret, "
            f"at least {MIN_SECRET} characters",
            advice=f"export {name}=$(openssl rand -hex 32), and give it to the receiver, too",
        )
    return value.encode()


def sign(secret: bytes, timestamp: int, body: bytes) -> str:
    """The signature header's value."""
    mac = hmac.new(secret, b"%d." % timestamp + body, hashlib.sha256)
    return f"v1={mac.hexdigest()}"


def verify(
    secret: bytes, headers: Mapping[str, str], body: bytes, *, now: float, tolerance: float = 300
) -> bool:
    """What a receiver does: is the signature ours, and the message not an old one?"""
    said = {name.lower(): value for name, value in headers.items()}
    stamp = said.get(TIMESTAMP.lower(), "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        return False
    expected = sign(secret, int(stamp), body)
    given = said.get(SIGNATURE.lower(), "")
    fresh = abs(now - int(stamp)) <= tolerance
    return hmac.compare_digest(expected.encode(), given.encode()) and fresh


def fingerprint(notice: Notice) -> str:
    """16 hex digits over what it is about: the labels but for how bad it is by now."""
    labels = _labels(notice)
    identity = [f"{key}={labels[key]}" for key in sorted(labels) if key not in _CHANGING]
    return hashlib.sha256("\x00".join(identity).encode()).hexdigest()[:16]


_CHANGING: Final = frozenset({"severity", "response"})


def payload(notices: Sequence[Notice], *, receiver: str, dropped: int = 0) -> dict[str, Any]:
    """The body: Alertmanager's webhook, version 4. `dropped`: alerts that had no place."""
    alerts = [_alert(notice) for notice in notices]
    common = _common([alert["labels"] for alert in alerts])
    return {
        "version": "4",
        "groupKey": f"{{}}:{{receiver={json.dumps(receiver)}}}",
        "truncatedAlerts": dropped,
        "status": "firing" if any(a["status"] == "firing" for a in alerts) else "resolved",
        "receiver": receiver,
        "groupLabels": {},
        "commonLabels": common,
        "commonAnnotations": {},
        "externalURL": "",
        "alerts": alerts,
    }


def _alert(notice: Notice) -> dict[str, Any]:
    alert = notice.alert
    annotations = {"summary": alert.title, "id": alert.id, "observations": str(alert.n)}
    if alert.detail:
        annotations["description"] = alert.detail
    if alert.statistic is not None:
        annotations["statistic"] = repr(alert.statistic)
    if alert.threshold is not None:
        annotations["threshold"] = repr(alert.threshold)
    if alert.correlation:
        annotations["correlation"] = alert.correlation
    if alert.atlas:
        annotations["atlas"] = ",".join(alert.atlas)
    parse_time(alert.at)  # what is no time must not reach a receiver's parser
    over = alert.severity == "info"
    return {
        "status": "resolved" if over else "firing",
        "labels": _labels(notice),
        "annotations": annotations,
        "startsAt": alert.at,
        "endsAt": alert.at if over else NEVER,
        "generatorURL": "",
        "fingerprint": notice.fingerprint,
    }


def _labels(notice: Notice) -> dict[str, str]:
    alert = notice.alert
    labels = {
        "alertname": "sealwright",
        "detector": alert.detector,
        "severity": alert.severity,
        "response": alert.response,
        "client": alert.client,
        "model": notice.model,
    }
    return {key: value for key, value in labels.items() if value}


def _common(labels: Sequence[dict[str, str]]) -> dict[str, str]:
    if not labels:
        return {}
    first, *others = labels
    return {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}


def post(where: Target, body: bytes, *, secret: bytes, now: float, timeout: float = TIMEOUT) -> int:
    """Sends one message and returns the status; OSError or HTTPException if nobody answers.

    Redirects are not followed, proxies not asked, and the answer's text is thrown away.
    """
    timestamp = int(now)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "sealwright",
        TIMESTAMP: str(timestamp),
        SIGNATURE: sign(secret, timestamp, body),
    }
    connection = _connection(where, timeout)
    try:
        connection.request("POST", where.path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read(MAX_ANSWER)
        return answer.status
    finally:
        connection.close()


def _connection(where: Target, timeout: float) -> http.client.HTTPConnection:
    if where.scheme == "https":
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return http.client.HTTPSConnection(where.host, where.port, timeout=timeout, context=context)
    return http.client.HTTPConnection(where.host, where.port, timeout=timeout)


def backoff(attempt: int, *, draw: Callable[[float, float], float] | None = None) -> float:
    """Seconds before attempt `attempt` + 1: a random part of 0.5, 1, 2 … 30."""
    draw = draw or random.SystemRandom().uniform
    return draw(0.05, min(30.0, 0.5 * 2.0 ** min(attempt, 16)))
