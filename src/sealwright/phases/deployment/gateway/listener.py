"""Where callers connect: the address, and TLS wherever somebody else could listen in."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import stat
from pathlib import Path
from typing import Final

from sealwright.errors import InputMissing, MalformedError, UsageError
from sealwright.phases.deployment.settings import GatewaySettings

BACKLOG: Final = 512

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!MD5:!DSS"
"""TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else."""


def listening_socket(settings: GatewaySettings) -> socket.socket:
    """Binds the data listener; UsageError for an address that is not ours or must not be open."""
    try:
        address = ipaddress.ip_address(settings.host)
    except ValueError as error:
        raise UsageError(
            f"{settings.host!r:.80} is not an IP address", advice="for example 127.0.0.1"
        ) from error
    if not address.is_loopback and not settings.certificate:
        raise UsageError(
            f"{address} is not a loopback address and there is no certificate",
            advice="set [deployment] certificate and certificate_key, or listen on 127.0.0.1",
        )
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((settings.host, settings.port))
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except (OSError, OverflowError) as error:
        opened.close()
        raise UsageError(
            f"{settings.host}:{settings.port}: cannot listen: {error}",
            advice="is something else listening there?",
        ) from error
    return opened


def tls_context(settings: GatewaySettings) -> ssl.SSLContext | None:
    """TLS 1.2 or newer with the configured certificate; None where none is configured.

    UsageError where only half of it is, or where others may read the key file.
    """
    if not settings.certificate and not settings.certificate_key:
        return None
    if not settings.certificate or not settings.certificate_key:
        raise UsageError("TLS needs both certificate and certificate_key")
    _check_key_file(Path(settings.certificate_key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(settings.certificate, settings.certificate_key, password="")
    except (OSError, ssl.SSLError, ValueError) as error:
        raise MalformedError(
            "the certificate and its key cannot be used",
            advice="PEM files that belong together, the key without a passphrase",
        ) from error
    return context


def _check_key_file(path: Path) -> None:
    try:
        found = path.stat()
    except OSError as error:
        raise InputMissing(f"certificate_key: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077:
        raise UsageError(
            "certificate_key can be read by others than its owner",
            advice="chmod 600 the file",
        )
