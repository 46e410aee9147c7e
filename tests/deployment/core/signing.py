"""An issuer of tokens for tests: its keys, its key set, and tokens good and bad."""

from __future__ import annotations

import json
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import algorithms

from sealwright.phases.deployment.core.callers import permit
from sealwright.phases.deployment.core.tokens import TokenVerifier, token_verifier
from tests.deployment.core.world import NOW, issuer

P256: Final = ec.generate_private_key(ec.SECP256R1())
ED25519: Final = ed25519.Ed25519PrivateKey.generate()
RSA: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER: Final = ec.generate_private_key(ec.SECP256R1())


def jwk(public: Any, **more: Any) -> dict[str, Any]:
    """A public key as an entry of a key set."""
    made: Any
    if isinstance(public, ec.EllipticCurvePublicKey):
        made = algorithms.ECAlgorithm.to_jwk(public)
    elif isinstance(public, rsa.RSAPublicKey):
        made = algorithms.RSAAlgorithm.to_jwk(public)
    else:
        made = algorithms.OKPAlgorithm.to_jwk(public)
    found: dict[str, Any] = json.loads(made) | more
    found.pop("key_ops", None)
    return found


KEY_SET: Final = json.dumps(
    {
        "keys": [
            jwk(P256.public_key(), kid="p256", use="sig", alg="ES256"),
            jwk(ED25519.public_key(), kid="ed"),
            jwk(RSA.public_key(), kid="rsa", use="sig"),
            jwk(STRANGER.public_key(), kid="for-encryption", use="enc"),
            {"kty": "EC", "crv": "P-521", "kid": "of-no-use-here", "x": "AA", "y": "AA"},
        ]
    }
)

ROLE_PERMITS: Final = {
    "nurse": permit(("infer",), ("small",), 30),
    "auditor": permit(("metadata",), ("*",), 5),
}


def verifier(jwks: str = KEY_SET, **changes: Any) -> TokenVerifier:
    return token_verifier(issuer(jwks, **changes), ROLE_PERMITS)


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims; a change to None removes."""
    made = {
        "iss": "https://login.example",
        "aud": "sealwright",
        "sub": "mina",
        "nbf": NOW - 10,
        "exp": NOW + 300,
        "roles": ["nurse"],
    } | changes
    return {name: value for name, value in made.items() if value is not None}


def token(
    said: dict[str, Any] | None = None,
    *,
    key: Any = P256,
    algorithm: str = "ES256",
    kid: str | None = "p256",
    headers: dict[str, Any] | None = None,
) -> bytes:
    """A signed token."""
    fields = ({} if kid is None else {"kid": kid}) | (headers or {})
    payload = json.dumps(claims() if said is None else said).encode()
    made = jwt.PyJWS()
    if algorithm == "Ed25519":
        made.register_algorithm("Ed25519", algorithms.OKPAlgorithm())
    return made.encode(payload, key, algorithm=algorithm, headers=fields).encode()
