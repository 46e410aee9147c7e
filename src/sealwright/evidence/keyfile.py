"""Private keys on disk: PKCS#8 PEM, mode 0600, encrypted when a passphrase is given.

Errors say which file; they never carry key material or a passphrase.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from sealwright.errors import InputMissing, MalformedError, UsageError
from sealwright.evidence.keys import LogKey, SigningKey

Passphrase = Callable[[], bytes]
"""Asked only when a key turns out to be encrypted."""

PASSPHRASE_VARIABLE = "SEALWRIGHT_PASSPHRASE"  # noqa: S105 - a name, not a secret
_MAX_KEY_BYTES = 64 * 1024


def passphrase_from(
    *, file: Path | None = None, prompt: Callable[[], str] | None = None
) -> Passphrase:
    """Where a passphrase comes from: `file` (first line), else the environment variable
    SEALWRIGHT_PASSPHRASE, else `prompt`. UsageError when none of them has one."""

    def ask() -> bytes:
        if file is not None:
            try:
                with file.open("rb") as handle:
                    line = handle.read(_MAX_KEY_BYTES).split(b"\n", 1)[0].rstrip(b"\r")
            except OSError as error:
                raise InputMissing(f"{file}: {error.strerror}") from error
            if not line:
                raise UsageError(f"{file}: the passphrase file's first line is empty")
            return line
        if value := os.environ.get(PASSPHRASE_VARIABLE):
            return value.encode()
        if prompt is not None:
            return prompt().encode()
        raise UsageError(
            "a passphrase is needed and there is nobody to ask",
            advice=f"use --passphrase-file, or set {PASSPHRASE_VARIABLE}",
        )

    return ask


def write_key(key: SigningKey | LogKey, path: Path, *, passphrase: bytes | None = None) -> None:
    """Writes a new key file (mode 0600, never over an existing one), durable on return."""
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    pem = key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(
            f"{path}: a key is there already", advice="choose another name; keys are never replaced"
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(descriptor)


def read_signing_key(path: Path, *, passphrase: Passphrase | None = None) -> SigningKey:
    """Reads a P-256 key file. Refuses one that others can read."""
    key = _read(path, passphrase)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return SigningKey(key)
    raise MalformedError(f"{path}: not an ECDSA P-256 private key")


def read_log_key(path: Path, *, passphrase: Passphrase | None = None) -> LogKey:
    """Reads an Ed25519 key file. Refuses one that others can read."""
    key = _read(path, passphrase)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return LogKey(key)
    raise MalformedError(f"{path}: not an Ed25519 private key")


def _read(path: Path, passphrase: Passphrase | None) -> object:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise InputMissing(f"{path}: {error.strerror}", advice="is the key elsewhere?") from error
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise UsageError(
                f"{path}: the key file is open to others (mode {stat.S_IMODE(mode):04o})",
                advice=f"chmod 600 {path}; if others could read it, make a new key",
            )
        pem = file.read(_MAX_KEY_BYTES)
    secret: bytes | None = None
    if b"ENCRYPTED PRIVATE KEY" in pem:
        if passphrase is None:
            raise UsageError(f"{path}: the key is encrypted and no passphrase was given")
        secret = passphrase()
    try:
        return serialization.load_pem_private_key(pem, password=secret)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # The library's own words may quote the input.
        why = "wrong passphrase, or a damaged key" if secret is not None else "not a PKCS#8 key"
        raise UsageError(f"{path}: {why}") from error
