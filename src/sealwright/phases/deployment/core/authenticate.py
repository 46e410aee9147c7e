"""From an Authorization field to a caller; nothing else in a request says who somebody is."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from sealwright.phases.deployment.core.api_keys import ID_LENGTH, PREFIX, key_id, mac_of, same_mac
from sealwright.phases.deployment.core.callers import Caller
from sealwright.phases.deployment.core.snapshot import Opened
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
    authorization: bytes, *, snapshot: Opened, pepper: bytes, tokens: TokenCache, now: float
) -> Caller | Denied:
    """Who sent this. `authorization`: the field's value, empty where there is none.

    Looks only into the snapshot: no file, no network and no database is touched with what a
    stranger wrote.
    """
    if not authorization:
        return Denied("credential-missing")
    match = _BEARER.fullmatch(authorization)
    if match is None:
        return Denied("credential-malformed")
    credential = match[1]
    if credential.startswith(_PREFIX):
        return _by_key(credential.decode("ascii"), snapshot=snapshot, pepper=pepper, now=now)
    if snapshot.tokens is None:
        return Denied("credential-malformed")
    found = tokens.check(credential, snapshot.tokens, snapshot=snapshot.digest, now=now)
    return Denied(found) if isinstance(found, str) else found


def _by_key(text: str, *, snapshot: Opened, pepper: bytes, now: float) -> Caller | Denied:
    known = snapshot.keys.get(text[len(PREFIX) : len(PREFIX) + ID_LENGTH])
    # An unknown id costs what a known one does, so that time does not tell which ids exist.
    same = same_mac(mac_of(text, pepper), known.mac if known is not None else _NOBODY)
    if known is None or not same:
        identity = key_id(text)
        if not identity:
            return Denied("credential-malformed")
        return Denied("key-unknown" if known is None else "key-forged", identity)
    if now >= known.end:
        return Denied("key-expired", known.caller.key)
    return known.caller
