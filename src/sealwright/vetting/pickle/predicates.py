"""Predicates of packs in one place: what calls and states may be, by signature or by name."""

from __future__ import annotations

from sealwright.vetting.pickle.arguments import ARGUMENTS, call_reason
from sealwright.vetting.pickle.signatures import is_signature, parse
from sealwright.vetting.pickle.states import STATES, attribute_reason, state_reason

__all__ = ["attribute_reason", "call_reason", "known", "state_reason"]


def known(text: str, *, state: bool = False) -> str:
    """Why a pack may not say `text` for arguments or a state; empty where it is well formed."""
    if text in ({"none", "dict", "slots", "any"} if state else {"any"}):
        return ""
    if text in (STATES if state else ARGUMENTS):
        return ""
    if not is_signature(text):
        return f"no predicate is named {text!r}"
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return ""
