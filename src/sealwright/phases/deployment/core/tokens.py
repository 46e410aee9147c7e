"""Bearer tokens (JWT) of one configured issuer, verified with its configured keys and no others.

A token chooses among the keys we have; it cannot bring one (`jwk`), point to one (`jku`, `x5u`) or
choose an algorithm that the configuration does not list. Sources: RFC 7519, RFC 8725, RFC 9864.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from typing import Any, Final

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import algorithms as jwt_algorithms

from sealwright.errors import MalformedError
from sealwright.evidence.predicates.serving import TokenIssuer
from sealwright.phases.deployment.core.callers import Caller, Permit

MAX_TOKEN: Final = 8 * 1024
MAX_KEY_SET: Final = 256 * 1024
MAX_KEYS: Final = 64
CACHED_SECONDS: Final = 60.0
SKEW: Final = 5.0
"""Seconds that the issuer's clock may be ahead of ours: for `nbf` only, never for `exp`."""

_HEADER_FIELDS: Final = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
_TYPES: Final = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
_SAME: Final = {"ES256": "ES256", "EdDSA": "EdDSA", "Ed25519": "EdDSA", "RS256": "RS256"}
"""Algorithm as a token names it → as the configuration does. RFC 9864 renames EdDSA."""
_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
_MAX_ROLES: Final = 100

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """One public key of the issuer; `id` is empty where it has none."""

    id: str
    algorithm: str
    key: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenVerifier:
    """An issuer whose keys were read."""

    issuer: TokenIssuer
    keys: tuple[IssuerKey, ...]
    roles: dict[str, Permit]


def token_verifier(issuer: TokenIssuer, roles: dict[str, Permit]) -> TokenVerifier:
    """Reads the issuer's key set. Keys of kinds that are not used here are passed over.

    Raises MalformedError for a set that is none, that holds a private key, or no usable key.
    """
    if len(issuer.jwks) > MAX_KEY_SET:
        raise MalformedError(f"a key set of {len(issuer.jwks)} characters; at most {MAX_KEY_SET}")
    try:
        entries = msgspec.json.decode(issuer.jwks.encode(), type=dict[str, Any])["keys"]
        if not isinstance(entries, list) or len(entries) > MAX_KEYS:
            raise MalformedError(f"a key set is a list of at most {MAX_KEYS} keys")
        keys = tuple(key for entry in entries if (key := _read_key(entry)) is not None)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, KeyError) as error:
        raise MalformedError("not a JSON Web Key Set") from error
    if not keys:
        raise MalformedError("the key set holds no P-256, Ed25519 or RSA key that signs")
    return TokenVerifier(issuer=issuer, keys=keys, roles=roles)


def _read_key(entry: Any) -> IssuerKey | None:
    if not isinstance(entry, dict):
        raise MalformedError("a key of the key set is not an object")
    if "d" in entry or "k" in entry:
        raise MalformedError("the key set holds a secret key; publish the public ones only")
    if entry.get("use", "sig") != "sig":
        return None
    kind = (entry.get("kty"), entry.get("crv"))
    key: object
    try:
        if kind == ("EC", "P-256"):
            algorithm, key = "ES256", jwt_algorithms.ECAlgorithm.from_jwk(entry)
        elif kind == ("OKP", "Ed25519"):
            algorithm, key = "EdDSA", jwt_algorithms.OKPAlgorithm.from_jwk(entry)
        elif kind[0] == "RSA":
            algorithm, key = "RS256", jwt_algorithms.RSAAlgorithm.from_jwk(entry)
        else:
            return None
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise MalformedError("a key of the key set cannot be read") from error
    if not isinstance(key, PublicKey):
        raise MalformedError("a key of the key set is not a public key")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < 2048:
        return None
    if _SAME.get(entry.get("alg", algorithm)) != algorithm:
        return None
    return IssuerKey(str(entry.get("kid", "")), algorithm, key)


def _signatures() -> jwt.PyJWS:
    """PyJWT's signature check, with RFC 9864's name for EdDSA on Ed25519."""
    checker = jwt.PyJWS(algorithms=["ES256", "EdDSA", "RS256"])
    checker.register_algorithm("Ed25519", jwt_algorithms.OKPAlgorithm())
    return checker


_jws: Final = _signatures()


def verify_token(
    token: bytes, verifier: TokenVerifier, *, now: float
) -> tuple[Caller, float] | str:
    """The caller and the end (Unix seconds) of a token, or the reason why it is refused."""
    if len(token) > MAX_TOKEN:
        return "token-malformed"
    try:
        header = _jws.get_unverified_header(token)
    except jwt.PyJWTError:
        return "token-malformed"
    chosen = _choose_key(header, verifier)
    if chosen is None:
        return "token-refused"
    try:
        payload = _jws.decode_complete(token, chosen.key, algorithms=[header["alg"]])["payload"]
    except jwt.PyJWTError:
        return "token-forged"
    return _read_claims(payload, verifier, now=now)


def _choose_key(header: dict[str, Any], verifier: TokenVerifier) -> IssuerKey | None:
    if not set(header) <= _HEADER_FIELDS:
        return None
    named, kind, kid = header.get("alg"), header.get("typ", ""), header.get("kid")
    if not isinstance(named, str) or not isinstance(kind, str) or kind.lower() not in _TYPES:
        return None
    algorithm = _SAME.get(named)
    if algorithm is None or algorithm not in verifier.issuer.algorithms:
        return None
    fitting = [
        key
        for key in verifier.keys
        if key.algorithm == algorithm and (kid is None or key.id == kid)
    ]
    # Without a name, or with one that two keys share, trying them all would hide a mistake.
    return fitting[0] if len(fitting) == 1 else None


def _read_claims(
    payload: bytes, verifier: TokenVerifier, *, now: float
) -> tuple[Caller, float] | str:
    try:
        claims = msgspec.json.decode(payload, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "token-malformed"
    end, start = _moment(claims.get("exp")), _moment(claims.get("nbf"))
    subject, audience = claims.get("sub"), claims.get("aud")
    if end is None or start is None or claims.get("iss") != verifier.issuer.issuer:
        return "token-claims"
    ours = verifier.issuer.audience
    if audience != ours and not (isinstance(audience, list) and ours in audience):
        return "token-claims"
    if not isinstance(subject, str) or _SUBJECT.fullmatch(subject) is None:
        return "token-claims"
    if now >= end:
        return "token-expired"
    if now < start - SKEW:
        return "token-claims"
    names = _roles(claims, verifier.issuer.roles_claim)
    permits = tuple(verifier.roles[name] for name in names if name in verifier.roles)
    return Caller(client=f"token:{subject}", key="token", permits=permits), end


def _moment(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e11:
        return None
    return float(value) if math.isfinite(value) else None


def _roles(claims: dict[str, Any], claim: str) -> list[str]:
    """Roles from a claim, or from a claim within claims (`realm_access.roles`); each once."""
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, str):
        found = found.split()
    if not isinstance(found, list):
        return []
    return list(dict.fromkeys(name for name in found[:_MAX_ROLES] if isinstance(name, str)))


class TokenCache:
    """Verified tokens by sha256 until they end, for a minute at most and for one snapshot only."""

    __slots__ = ("_held", "_snapshot", "capacity")

    def __init__(self, *, capacity: int = 4096) -> None:
        self.capacity = capacity
        self._snapshot = ""
        self._held: dict[bytes, tuple[Caller, float, float]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def check(
        self, token: bytes, verifier: TokenVerifier, *, snapshot: str, now: float
    ) -> Caller | str:
        """The caller, from memory or by verifying now, or the reason for refusing.

        `snapshot`: digest of the snapshot that `verifier` is from; another one empties the memory.
        """
        if snapshot != self._snapshot:
            self._held.clear()
            self._snapshot = snapshot
        name = hashlib.sha256(token).digest()
        held = self._held.get(name)
        # The time of entry counts too: a clock that was set back makes nothing last longer.
        if held is not None and held[1] <= now < held[2]:
            return held[0]
        self._held.pop(name, None)
        found = verify_token(token, verifier, now=now)
        if isinstance(found, str):
            return found
        caller, end = found
        while len(self._held) >= self.capacity:
            del self._held[next(iter(self._held))]
        self._held[name] = (caller, now, min(end, now + CACHED_SECONDS))
        return caller
