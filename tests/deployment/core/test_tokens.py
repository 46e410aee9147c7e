"""Bearer tokens: only the configured issuer's, only by its keys, only for us, only now."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import MalformedError
from sealwright.phases.deployment.core.callers import Caller, knows, rate_for
from sealwright.phases.deployment.core.tokens import MAX_TOKEN, TokenCache, verify_token
from tests.deployment.core import signing
from tests.deployment.core.signing import ED25519, KEY_SET, P256, RSA, STRANGER, claims, token
from tests.deployment.core.world import NOW

VERIFIER = signing.verifier()


def verify(data: bytes, *, now: float = NOW) -> tuple[Caller, float] | str:
    return verify_token(data, VERIFIER, now=now)


def who(data: bytes) -> Caller:
    found = verify(data)
    assert not isinstance(found, str), found
    return found[0]


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [
        (P256, "ES256", "p256"),
        (P256, "ES256", None),
        (ED25519, "EdDSA", "ed"),
        (ED25519, "Ed25519", "ed"),
        (RSA, "RS256", "rsa"),
    ],
)
def test_tokens_of_the_issuer_are_taken(key: Any, algorithm: str, kid: str | None) -> None:
    caller = who(token(key=key, algorithm=algorithm, kid=kid))
    assert (caller.client, caller.key) == ("token:mina", "token")
    assert rate_for(caller, "infer", "small") == 30
    assert rate_for(caller, "infer", "large") == 0
    assert rate_for(caller, "metadata", "small") == 0


def test_two_roles_do_not_mix_into_a_wider_one() -> None:
    caller = who(token(claims(roles=["nurse", "auditor", "king"])))
    assert rate_for(caller, "metadata", "large") == 5
    assert rate_for(caller, "infer", "large") == 0
    assert knows(caller, "large")


@pytest.mark.parametrize(
    ("said", "permits"),
    [
        (claims(roles="nurse auditor"), 2),
        (claims(roles=["nurse", "nurse"]), 1),
        (claims(roles=["king"]), 0),
        (claims(roles=None), 0),
        (claims(roles={"nurse": True}), 0),
        (claims(roles=[["nurse"], 7]), 0),
    ],
)
def test_only_roles_that_we_know_give_anything(said: dict[str, Any], permits: int) -> None:
    assert len(who(token(said)).permits) == permits


def test_roles_may_lie_within_a_claim() -> None:
    deep = signing.verifier(roles_claim="realm_access.roles")
    said = token(claims(realm_access={"roles": ["nurse"]}, roles=["auditor"]))
    found = verify_token(said, deep, now=NOW)
    assert not isinstance(found, str)
    assert found[0].permits == (signing.ROLE_PERMITS["nurse"],)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (claims(iss=None), "token-claims"),
        (claims(iss="https://login.example/"), "token-claims"),
        (claims(aud=None), "token-claims"),
        (claims(aud="another"), "token-claims"),
        (claims(aud=["another"]), "token-claims"),
        (claims(aud=[["sealwright"]]), "token-claims"),
        (claims(exp=None), "token-claims"),
        (claims(exp="4000000000"), "token-claims"),
        (claims(exp=True), "token-claims"),
        (claims(exp=1e300), "token-claims"),
        (claims(exp=NOW), "token-expired"),
        (claims(nbf=None), "token-claims"),
        (claims(nbf=NOW + 6), "token-claims"),
        (claims(sub=None), "token-claims"),
        (claims(sub=""), "token-claims"),
        (claims(sub="a b"), "token-claims"),
        (claims(sub="a\n"), "token-claims"),
        (claims(sub=7), "token-claims"),
    ],
)
def test_claims_must_be_there_and_fit(said: dict[str, Any], reason: str) -> None:
    assert verify(token(said)) == reason


def test_we_may_be_one_of_several_audiences_and_the_issuers_clock_a_little_ahead() -> None:
    assert who(token(claims(aud=["another", "sealwright"], nbf=NOW + 4))).client == "token:mina"


@pytest.mark.parametrize("field", ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "cty"])
def test_a_token_brings_no_key_and_no_extension(field: str) -> None:
    values: dict[str, Any] = {
        "jwk": signing.jwk(STRANGER.public_key()),
        "crit": ["exp"],
        "b64": True,
    }
    value = values.get(field, "https://attacker.example/keys")
    data = raw({"alg": "ES256", "kid": "p256", field: value}, claims())
    assert verify(data) in ("token-refused", "token-malformed")


def encode(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def raw(header: dict[str, Any], said: dict[str, Any], signature: bytes = b"x" * 64) -> bytes:
    parts = [json.dumps(header).encode(), json.dumps(said).encode(), signature]
    return b".".join(map(encode, parts))


@pytest.mark.parametrize(
    "algorithm",
    ["none", "None", "HS256", "ES256K", "ES384", "RS512", "PS256", "", None, 7, ["ES256"]],
)
def test_algorithms_that_are_not_listed_are_refused(algorithm: object) -> None:
    header = {"alg": algorithm, "kid": "p256"}
    assert verify(raw(header, claims(), b"")) == "token-refused"


def test_a_public_key_is_no_hmac_secret() -> None:
    """The classic confusion of RS256 and HS256."""
    pem = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    start = raw({"alg": "HS256", "kid": "rsa"}, claims()).rpartition(b".")[0]
    forged = start + b"." + encode(hmac.new(pem, start, hashlib.sha256).digest())
    assert verify(forged) == "token-refused"


def test_an_algorithm_that_the_configuration_has_not_is_refused() -> None:
    strict = signing.verifier(algorithms=("EdDSA",))
    assert verify_token(token(), strict, now=NOW) == "token-refused"
    assert not isinstance(
        verify_token(token(key=ED25519, algorithm="EdDSA", kid="ed"), strict, now=NOW), str
    )


def test_a_key_serves_its_own_algorithm_only() -> None:
    assert verify(token(kid="rsa")) == "token-refused"
    assert verify(token(kid="unknown")) == "token-refused"
    assert verify(token(kid="for-encryption", key=STRANGER)) == "token-refused"


def test_a_strangers_signature_is_a_forgery() -> None:
    assert verify(token(key=STRANGER)) == "token-forged"


@given(st.data())
def test_no_changed_letter_passes(data: st.DataObject) -> None:
    good = token()
    place = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.sampled_from(b"AQgwz019-_.="))
    changed = good[:place] + bytes([letter]) + good[place + 1 :]
    if changed != good:
        assert isinstance(verify(changed), str)


@given(st.binary(max_size=200) | st.from_regex(rb"\A[\w-]{0,40}(\.[\w-]{0,40}){0,4}\Z"))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(verify(data), str)


def test_deep_and_large_tokens_are_refused_before_anything_is_verified() -> None:
    deep = encode(b'{"alg":' + b"[" * 3000 + b"]" * 3000 + b"}")
    assert verify(deep + b".e30.AA") in ("token-malformed", "token-refused")
    assert verify(b"a" * (MAX_TOKEN + 1)) == "token-malformed"


BAD_SETS = [
    "",
    "[]",
    "{}",
    '{"keys":{}}',
    '{"keys":[]}',
    '{"keys":[7]}',
    '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}',
    '{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}',
    '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}',
    '{"keys":[{"kty":"RSA","n":"AQAB"}]}',
    json.dumps({"keys": [signing.jwk(P256.public_key()) | {"d": "AAAA"}]}),
    json.dumps({"keys": [signing.jwk(P256.public_key()) | {"use": "enc"}]}),
    json.dumps({"keys": [signing.jwk(P256.public_key()) | {"alg": "ES384"}]}),
    json.dumps({"keys": [signing.jwk(P256.public_key())] * 65}),
    '{"keys":[' + " " * 300_000 + "]}",
    '{"keys":' + "[" * 100_000,
]


@pytest.mark.parametrize("jwks", BAD_SETS, ids=[f"set-{number}" for number in range(len(BAD_SETS))])
def test_a_key_set_that_is_none_is_an_error(jwks: str) -> None:
    with pytest.raises(MalformedError):
        signing.verifier(jwks)


def test_a_short_rsa_key_is_passed_over() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(MalformedError, match="no P-256"):
        signing.verifier(json.dumps({"keys": [signing.jwk(short.public_key())]}))


def test_a_name_that_two_keys_share_chooses_none() -> None:
    keys = [signing.jwk(key.public_key(), kid="same") for key in (P256, STRANGER)]
    both = signing.verifier(json.dumps({"keys": keys}))
    assert verify_token(token(kid="same"), both, now=NOW) == "token-refused"


def test_a_verified_token_is_remembered_until_it_ends() -> None:
    cache, data = TokenCache(), token(claims(exp=NOW + 30))
    known = cache.check(data, VERIFIER, snapshot="a", now=NOW)
    assert isinstance(known, Caller)
    # the same object: nothing was verified again
    assert cache.check(data, VERIFIER, snapshot="a", now=NOW + 29.9) is known
    assert cache.check(data, VERIFIER, snapshot="a", now=NOW + 30) == "token-expired"
    assert len(cache) == 0


def test_a_verified_token_is_remembered_for_a_minute_at_most() -> None:
    cache, data = TokenCache(), token()
    known = cache.check(data, VERIFIER, snapshot="a", now=NOW)
    again = cache.check(data, VERIFIER, snapshot="a", now=NOW + 60)
    assert again == known
    assert again is not known
    # nor does a clock that was set back stretch it
    assert cache.check(data, VERIFIER, snapshot="a", now=NOW + 1) is not again


def test_a_new_snapshot_empties_the_memory() -> None:
    cache, data = TokenCache(), token()
    assert isinstance(cache.check(data, VERIFIER, snapshot="a", now=NOW), Caller)
    keys = json.dumps({"keys": json.loads(KEY_SET)["keys"][1:3]})
    rotated = signing.verifier(keys)
    assert cache.check(data, rotated, snapshot="b", now=NOW) == "token-refused"
    assert len(cache) == 0


def test_the_memory_is_bounded_and_keeps_no_token() -> None:
    cache = TokenCache(capacity=2)
    for name in ("a", "b", "c"):
        cache.check(token(claims(sub=name)), VERIFIER, snapshot="a", now=NOW)
    assert len(cache) == 2
    assert all(len(name) == 32 for name in cache._held)
    assert cache.check(token(key=STRANGER), VERIFIER, snapshot="a", now=NOW) == "token-forged"
    assert len(cache) == 2
