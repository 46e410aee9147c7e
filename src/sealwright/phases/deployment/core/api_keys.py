"""API keys: 256 random bits with a name and a checksum, known to us by their HMAC only.

    sealwright_<id: 12 hex>_<secret: 43 base64url><checksum: 6 base62>

The fixed prefix and the CRC-32 let secret scanners tell a leaked key from look-alikes without
asking us; the checksum protects nothing else. A child grant may only narrow its parent: checked
when it is minted (`widenings`) and again when the snapshot is compiled (`narrowed`).
"""

from __future__ import annotations

import hmac
import re
import secrets
import zlib
from collections.abc import Sequence
from typing import Final, Protocol

from sealwright.clock import parse_time
from sealwright.evidence.predicates.serving import Action, Grant, GrantedKey

PREFIX: Final = "sealwright_"
ID_LENGTH: Final = 12

SCANNER_PATTERN: Final = r"sealwright_[0-9a-f]{12}_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}"
"""What a secret scanner looks for; `looks_like_key` then checks the checksum."""

_KEY = re.compile(SCANNER_PATTERN)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Bounds(Protocol):
    """What `Grant` and `GrantedKey` both say about what a key may do."""

    @property
    def actions(self) -> tuple[Action, ...]:
        """What may be done."""

    @property
    def models(self) -> tuple[str, ...]:
        """Names of models; `*` for all."""

    @property
    def requests_per_minute(self) -> int:
        """Limit of requests."""

    @property
    def what_if(self) -> bool:
        """Whether series of similar cases are declared."""

    @property
    def not_after(self) -> str:
        """End of validity."""


def mint_key() -> tuple[str, str]:
    """A new key and its id. The key is shown to its owner once and kept nowhere."""
    identity = secrets.token_hex(ID_LENGTH // 2)
    body = f"{PREFIX}{identity}_{secrets.token_urlsafe(32)}"
    return body + checksum(body), identity


def mac_of(key: str, pepper: bytes) -> str:
    """What is kept of a key: HMAC-SHA-256 under the installation's pepper, hex."""
    return hmac.digest(pepper, key.encode(), "sha256").hex()


def looks_like_key(text: str) -> bool:
    """Whether `text` is a key by its form and checksum."""
    return _KEY.fullmatch(text) is not None and checksum(text[:-6]) == text[-6:]


def key_id(text: str) -> str:
    """The id in a key's text, or "" where it has not the form of one."""
    return text[len(PREFIX) : len(PREFIX) + ID_LENGTH] if looks_like_key(text) else ""


def same_mac(left: str, right: str) -> bool:
    """Compares two HMACs in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def narrower(child: Bounds, parent: Bounds) -> bool:
    """Whether `child` grants nothing that `parent` does not."""
    return not widenings(child, parent)


def widenings(child: Bounds, parent: Bounds) -> tuple[str, ...]:
    """In what a child would go beyond its parent, one line each; empty where it only narrows."""
    found = []
    actions = sorted(set(child.actions) - set(parent.actions))
    if actions:
        found.append(f"actions that the parent has not: {', '.join(actions)}")
    if "*" not in parent.models:
        models = sorted(set(child.models) - set(parent.models))
        if models:
            found.append(f"models that the parent has not: {', '.join(models)}")
    if child.requests_per_minute > parent.requests_per_minute:
        found.append(
            f"{child.requests_per_minute} requests per minute; the parent has "
            f"{parent.requests_per_minute}"
        )
    if child.what_if and not parent.what_if:
        found.append("what-if series, which the parent has not declared")
    if parse_time(child.not_after) > parse_time(parent.not_after):
        found.append(f"valid until {child.not_after}; the parent ends {parent.not_after}")
    return tuple(found)


def narrowed(grant: Grant, ancestors: Sequence[Grant]) -> GrantedKey | None:
    """A grant within all that it descends from; None where nothing is left of it.

    `ancestors`: its parent, the parent's parent and so on. Limits of the child that are wider than
    an ancestor's, which no honest mint makes, are cut here once more.
    """
    actions, models = set(grant.actions), set(grant.models)
    limit, what_if, end = grant.requests_per_minute, grant.what_if, grant.not_after
    for above in ancestors:
        actions &= set(above.actions)
        models = _common(models, set(above.models))
        limit = min(limit, above.requests_per_minute)
        what_if = what_if and above.what_if
        end = min(end, above.not_after, key=parse_time)
    if not actions or not models:
        return None
    return GrantedKey(
        id=grant.id,
        client=grant.client,
        mac=grant.mac,
        actions=tuple(action for action in grant.actions if action in actions),
        models=tuple(sorted(models)),
        requests_per_minute=limit,
        what_if=what_if,
        not_after=end,
    )


def _common(child: set[str], parent: set[str]) -> set[str]:
    if "*" in parent:
        return child
    return parent if "*" in child else child & parent


def checksum(text: str) -> str:
    """The CRC-32 of a key's text before it, as 6 base62 digits."""
    number = zlib.crc32(text.encode())
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits
