"""Whose bearer tokens are accepted: the issuer's public keys, from a file or from its URL.

A snapshot is compiled from the last good copy, so that no slow or dead issuer delays a revocation;
`refresh_keys` fetches a new one beside it. Without any copy no token is accepted.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sealwright.errors import CannotLook, MalformedError, SealwrightError, UsageError
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.serving import TokenIssuer
from sealwright.files import write_atomically
from sealwright.lifecycle.model import Tokens
from sealwright.project.core import Project

MAX_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 64
TIMEOUT: Final = 3.0
"""Seconds for each step of fetching the keys, and for their body as a whole."""
_CHUNK: Final = 64 * 1024

_PUBLIC: Final = {
    "EC": frozenset({"kty", "crv", "x", "y"}),
    "OKP": frozenset({"kty", "crv", "x"}),
    "RSA": frozenset({"kty", "n", "e"}),
}
"""Key type → the members that make up a public key (RFC 7518, RFC 8037)."""
_SAID_ABOUT: Final = ("kid", "alg", "use")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The keys come from the URL that is written down, or not at all."""

    def redirect_request(self, *_: Any) -> None:
        return None


def issuer(project: Project) -> TokenIssuer | None:
    """The issuer with the newest keys that are at hand; None where no token is accepted.

    Reads a file, or the last good copy of what the URL gave; the URL itself is asked only where
    there is no copy yet. `token_problem` says why there is none.
    """
    tokens = project.lifecycle.deployment.tokens
    if tokens is None:
        return None
    try:
        return _with_keys(tokens, _keys_at_hand(project, tokens))
    except SealwrightError:
        return None


def token_problem(project: Project) -> str:
    """Why no token is accepted although some are declared, in one line; empty if all is well."""
    tokens = project.lifecycle.deployment.tokens
    if tokens is None:
        return ""
    try:
        _keys_at_hand(project, tokens)
    except SealwrightError as error:
        return error.message
    return ""


def refresh_keys(project: Project) -> str:
    """Fetches the issuer's keys anew and keeps them; why that failed, in one line, or empty.

    The copy that is there stays where it fails. Nothing is fetched for a file.
    """
    tokens = project.lifecycle.deployment.tokens
    if tokens is None or not _is_url(tokens.jwks):
        return ""
    try:
        _fetch_and_keep(project, tokens.jwks)
    except SealwrightError as error:
        return error.message
    return ""


def _with_keys(tokens: Tokens, jwks: str) -> TokenIssuer:
    return TokenIssuer(
        issuer=tokens.issuer,
        audience=tokens.audience,
        algorithms=tuple(tokens.algorithms),
        roles_claim=tokens.roles_claim,
        jwks=jwks,
    )


def _keys_at_hand(project: Project, tokens: Tokens) -> str:
    if not _is_url(tokens.jwks):
        root = project.layout.root.resolve()
        path = (root / tokens.jwks).resolve()
        if not path.is_relative_to(root):
            raise UsageError(f"{tokens.jwks!r:.200} is not below the project's folder")
        return public_keys(_read(path))
    copy = _copy_of(project, tokens.jwks)
    if copy.exists():
        return public_keys(_read(copy))
    return _fetch_and_keep(project, tokens.jwks)


def _is_url(place: str) -> bool:
    return "://" in place


def _copy_of(project: Project, url: str) -> Path:
    """Under the URL's own name: a copy of what another URL gave is none of this one."""
    return project.layout.serving / f"jwks-{sha256_hex(url.encode())[:16]}.json"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CannotLook(f"{path}: {error.strerror}") from error


def _fetch_and_keep(project: Project, url: str) -> str:
    keys = public_keys(fetch(url))
    write_atomically(_copy_of(project, url), keys.encode())
    return keys


def fetch(url: str) -> bytes:
    """What an https URL gives; CannotLook if it gives nothing usable. No redirect is followed."""
    if urlsplit(url).scheme != "https":
        raise UsageError(f"{url!r:.200}: keys are fetched over https alone")
    opener = urllib.request.build_opener(_NoRedirects())
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            data = _read_in_time(answer)
    except urllib.error.HTTPError as error:
        raise CannotLook(f"{url}: answered {error.code}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise CannotLook(f"{url}: the keys cannot be fetched ({type(error).__name__})") from error
    return data


def _read_in_time(answer: HTTPResponse) -> bytes:
    """At most MAX_BYTES and one more; an issuer that sends a byte now and then is a dead one."""
    data, end = b"", time.monotonic() + TIMEOUT
    while len(data) <= MAX_BYTES:
        piece = answer.read1(_CHUNK)
        if not piece:
            break
        data += piece
        if time.monotonic() > end:
            raise TimeoutError("too slow")
    return data


def public_keys(data: bytes) -> str:
    """A JSON Web Key Set with nothing but public keys, as JSON; MalformedError for anything else.

    Keys of a kind that we verify nothing with are left out; a private or secret one is an error.
    """
    if len(data) > MAX_BYTES:
        raise MalformedError(f"a key set of more than {MAX_BYTES} bytes")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedError("not a JSON Web Key Set: not JSON") from error
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_KEYS:
        raise MalformedError(f"not a JSON Web Key Set of 1 to {MAX_KEYS} keys")
    kept = [key for key in map(_public_key, listed) if key is not None]
    if not kept:
        raise MalformedError("a JSON Web Key Set without a public key that is known here")
    return json.dumps({"keys": kept}, sort_keys=True, separators=(",", ":"))


def _public_key(value: object) -> dict[str, str] | None:
    if not isinstance(value, dict):
        raise MalformedError("not a JSON Web Key Set: a key that is no object")
    if "d" in value or "k" in value:
        raise MalformedError(
            "the key set holds a private or secret key", advice="publish public keys alone"
        )
    kind = value.get("kty")
    members = _PUBLIC.get(kind) if isinstance(kind, str) else None
    if members is None:
        return None
    kept = {name: value.get(name) for name in sorted(members)}
    kept |= {name: value[name] for name in _SAID_ABOUT if name in value}
    if not all(isinstance(text, str) and text for text in kept.values()):
        raise MalformedError(f"not a JSON Web Key Set: a malformed {kind} key")
    return {name: str(text) for name, text in kept.items()}
