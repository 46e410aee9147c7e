"""From an Authorization field to a caller; nothing else in a request says who somebody is."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from sealwright.phases.deployment.core.api_keys import ID_LENGTH, PREFIX, key_id, mac_of, same_mac
from sealwright.phases.deployment.core.callers import Caller
from sealwright.phases.deployment.core.known import KeyCache
from sealwright.phases.deployment.core.snapshot import KnownKey, Opened
from sealwright.phases.deployment.core.tokens import MAX_TOKEN, TokenCache

_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/=-]{1,%d})" % MAX_TOKEN)
_NOBODY: Final = "0" * 64
_PREFIX: Final = PREFIX.encode()


class Denied(msgspec.Struct, frozen=True):
    """Nobody whom we know. `reason` is for our records; callers are told one text for all."""

    reason: str
    key: str = ""
    """Id of the key that was presented, where one was: who it belongs to is not proved."""


def authenticate(
    authorization: bytes,
    *,
    snapshot: Opened,
    pepper: bytes,
    tokens: TokenCache,
    now: float,
    keys: KeyCache | None = None,
) -> Caller | Denied:
    """Who sent this. `authorization`: the field's value, empty where there is none. `keys`: where
    verified keys are remembered.

    Looks only into the snapshot: no file, no network and no database is touched with what a
    stranger wrote.
    """
    if not authorization:
        return Denied("credential-missing")
    if keys is not None:
        verified = keys.find(authorization, snapshot=snapshot, pepper=pepper)
        if verified is not None:
            return _in_time(verified, now=now)
    match = _BEARER.fullmatch(authorization)
    if match is None:
        return Denied("credential-malformed")
    credential = match[1]
    if credential.startswith(_PREFIX):
        known = _by_key(credential.decode("ascii"), snapshot=snapshot, pepper=pepper)
        if isinstance(known, Denied):
            return known
        if keys is not None:
            keys.put(authorization, known)
        return _in_time(known, now=now)
    if snapshot.tokens is None:
        return Denied("credential-malformed")
    found = tokens.check(credential, snapshot.tokens, snapshot=snapshot.digest, now=now)
    return Denied(found) if isinstance(found, str) else found


def _by_key(text: str, *, snapshot: Opened, pepper: bytes) -> KnownKey | Denied:
    known = snapshot.keys.get(text[len(PREFIX) : len(PREFIX) + ID_LENGTH])
    # An unknown id costs what a known one does, so that time does not tell which ids exist.
    same = same_mac(mac_of(text, pepper), known.mac if known is not None else _NOBODY)
    if known is None or not same:
        identity = key_id(text)
        if not identity:
            return Denied("credential-malformed")
        return Denied("key-unknown" if known is None else "key-forged", identity)
    return known


def _in_time(known: KnownKey, *, now: float) -> Caller | Denied:
    """Asked with every request, however the key was verified."""
    return Denied("key-expired", known.caller.key) if now >= known.end else known.caller
