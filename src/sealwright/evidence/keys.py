"""Keys: ECDSA P-256 for attestations, Ed25519 for the log. `cryptography` does the mathematics.

P-256 because OpenSSF Model Signing and Rekor take it and refuse plain Ed25519; Ed25519 for the
log because C2SP signed notes want it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from sealwright.errors import MalformedError, SignatureError
from sealwright.evidence.digest import sha256_hex

_SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
_DER = serialization.Encoding.DER
_PEM = serialization.Encoding.PEM


class PublicKey:
    """A P-256 public key."""

    def __init__(self, key: ec.EllipticCurvePublicKey) -> None:
        if not isinstance(key.curve, ec.SECP256R1):
            raise MalformedError(f"an attestation key must be on P-256, not {key.curve.name}")
        self._key = key

    @classmethod
    def from_der(cls, der: bytes) -> PublicKey:
        """Reads DER SubjectPublicKeyInfo; MalformedError for any other key or spelling."""
        try:
            key = serialization.load_der_public_key(der)
        except ValueError as error:
            raise MalformedError("not a DER public key") from error
        return cls._checked(key, der)

    @classmethod
    def from_pem(cls, pem: bytes) -> PublicKey:
        """Reads PEM SubjectPublicKeyInfo."""
        try:
            key = serialization.load_pem_public_key(pem)
        except ValueError as error:
            raise MalformedError("not a PEM public key") from error
        return cls._checked(key, None)

    @classmethod
    def _checked(cls, key: object, der: bytes | None) -> PublicKey:
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise MalformedError("an attestation key must be ECDSA on P-256")
        public = cls(key)
        # A point may be written compressed: the one spelling keeps one keyid per key.
        if der is not None and public.der != der:
            raise MalformedError("the public key is not in its one DER form")
        return public

    @cached_property
    def der(self) -> bytes:
        """DER SubjectPublicKeyInfo."""
        return self._key.public_bytes(_DER, _SPKI)

    @cached_property
    def pem(self) -> bytes:
        """PEM SubjectPublicKeyInfo."""
        return self._key.public_bytes(_PEM, _SPKI)

    @cached_property
    def keyid(self) -> str:
        """Hex sha256 of the DER bytes."""
        return sha256_hex(self.der)

    def verify(self, data: bytes, signature: bytes) -> None:
        """Checks a DER ECDSA/SHA-256 signature over `data`; SignatureError if it is not ours."""
        try:
            self._key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise SignatureError(f"the signature was not made by key {self.keyid[:16]}") from error


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A P-256 private key. Its representation shows nothing of it."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> SigningKey:
        """A fresh key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> PublicKey:
        """Its public half."""
        return PublicKey(self.private.public_key())

    def sign(self, data: bytes) -> bytes:
        """DER ECDSA/SHA-256 signature over `data`."""
        return self.private.sign(data, ec.ECDSA(hashes.SHA256()))


class LogPublicKey:
    """An Ed25519 public key, 32 raw bytes."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._key = ed25519.Ed25519PublicKey.from_public_bytes(raw)
        except ValueError as error:
            raise MalformedError("a log key has 32 bytes") from error
        self.raw = raw

    def verify(self, data: bytes, signature: bytes) -> None:
        """Checks a 64-byte signature over `data`; SignatureError if it is not this key's."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature as error:
            raise SignatureError("the signature was not made by the log's key") from error


@dataclass(frozen=True, slots=True)
class LogKey:
    """An Ed25519 private key."""

    private: ed25519.Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> LogKey:
        """A fresh key."""
        return cls(ed25519.Ed25519PrivateKey.generate())

    @property
    def public(self) -> LogPublicKey:
        """Its public half."""
        raw = self.private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return LogPublicKey(raw)

    def sign(self, data: bytes) -> bytes:
        """64-byte Ed25519 signature over `data`."""
        return self.private.sign(data)
