"""Whether [deployment] and [monitoring] can be acted on: addresses, TLS, tokens, the webhook."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from sealwright.errors import UsageError
from sealwright.lifecycle.model import Deployment, Lifecycle, Monitoring
from sealwright.lifecycle.problem import Problem, shown


def address(text: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`; port 0 means any. UsageError for other texts."""
    host, colon, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        host = str(ipaddress.ip_address("127.0.0.1" if host == "localhost" else host))
    except ValueError:
        host = ""
    if not (host and colon and port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise UsageError(
            f"{text!r:.80} is not an address and a port", advice="for example 127.0.0.1:8080"
        )
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an IP address."""
    return ipaddress.ip_address(host).is_loopback


def deployment_problems(lifecycle: Lifecycle) -> Iterator[Problem]:
    """Every setting that could not be served under, or would be served without protection."""
    deployment = lifecycle.deployment
    yield from _listeners(deployment)
    if bool(deployment.certificate) != bool(deployment.certificate_key):
        other = "certificate_key" if deployment.certificate else "certificate"
        yield Problem(("deployment", other), f"deployment.{other}: TLS needs both files")
    if len(set(deployment.confirm)) != len(deployment.confirm):
        yield Problem(
            ("deployment", "confirm"), "deployment.confirm: a decision stands there twice"
        )
    tokens = deployment.tokens
    if tokens is not None and "://" in tokens.jwks and not _is_https(tokens.jwks):
        yield Problem(
            ("deployment", "tokens", "jwks"),
            f"deployment.tokens.jwks: {shown(tokens.jwks)} is not an https URL",
            "whoever can change the keys on their way can let anybody in",
        )
    yield from _webhook(lifecycle.monitoring)


def _listeners(deployment: Deployment) -> Iterator[Problem]:
    for key in ("listen", "admin"):
        path = ("deployment", key)
        try:
            host, _ = address(getattr(deployment, key))
        except UsageError as error:
            yield Problem(path, f"deployment.{key}: {error.message}", error.advice)
            continue
        if is_loopback(host):
            continue
        if key == "admin":
            yield Problem(
                path,
                "deployment.admin: operators reach it on this machine alone",
                "use a loopback address, and a tunnel from elsewhere",
            )
        elif not deployment.certificate:
            yield Problem(
                path,
                f"deployment.listen: {shown(deployment.listen)} is reached from other machines, "
                "and there is no TLS",
                "name certificate and certificate_key, or listen on 127.0.0.1",
            )


def _webhook(monitoring: Monitoring) -> Iterator[Problem]:
    if not monitoring.webhook or _is_https(monitoring.webhook):
        return
    try:
        parts = urlsplit(monitoring.webhook)
        near = parts.scheme == "http" and is_loopback(parts.hostname or "")
    except ValueError:
        near = False
    if not near:
        yield Problem(
            ("monitoring", "webhook"),
            f"monitoring.webhook: {shown(monitoring.webhook)} is not an https URL",
            "plain http is allowed to a loopback address alone",
        )


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
