"""Tells the settings of a configuration as facts, so that two versions of it can be compared."""

from __future__ import annotations

import json
from typing import Any

from sealwright.evidence.digest import sha256_hex
from sealwright.vetting.interface import Examining
from sealwright.vetting.secrets.called import hides
from sealwright.vetting.secrets.mask import HIDDEN, masked

MAX_SETTINGS = 4_000
"""Values of one document; a larger one is data, and is told apart by its bytes."""
_MAX_NODES = 20_000
_MAX_NAME, _MAX_VALUE, _MAX_LIST = 200, 120, 16
_MAX_MASKED = 8_000
"""Characters of a text that are searched for secrets, of which the first are shown."""


def tell_document(value: Any, examining: Examining, *, what: str = "") -> None:
    """Every scalar of a document, and short lists of them, as `dotted.name = value`.

    Tells nothing of a document with more than `MAX_SETTINGS` values.
    """
    if not isinstance(value, dict | list) or "__loader__" in value:
        return  # a schema of skops is a serialised object, and its names are told as globals
    found: list[tuple[str, Any]] = []
    pending: list[tuple[str, Any]] = [(f"{what}#" if what else "", value)]
    nodes = 0
    while pending:
        path, one = pending.pop()
        nodes += 1
        if len(found) > MAX_SETTINGS or nodes > _MAX_NODES:
            return
        if isinstance(one, dict):
            if len(one) > MAX_SETTINGS:
                return
            dot = f"{path}." if path and path[-1] != "#" else path
            pending.extend((f"{dot}{key}", inner) for key, inner in one.items())
        elif isinstance(one, list) and not _short(one):
            if len(one) > MAX_SETTINGS:
                return
            pending.extend((f"{path}[{index}]", inner) for index, inner in enumerate(one))
        else:
            found.append((path, one))
    for name, one in found:
        tell_setting(name, one, examining)


def _short(value: list[Any]) -> bool:
    return len(value) <= _MAX_LIST and not any(isinstance(one, dict | list) for one in value)


def tell_setting(name: str, value: Any, examining: Examining) -> None:
    """One setting. The value of what may be a secret is left out; long ones end in a digest."""
    shown = HIDDEN if hides(name, value) else _shown(value)
    if len(name) > _MAX_NAME:
        digest = sha256_hex(_bytes(name))[:16]
        name = f"{masked(name[:_MAX_MASKED])[:_MAX_NAME]}… ({digest})"
    else:
        name = masked(name)
    examining.fact("setting", f"{name} = {shown}")


def _shown(value: Any) -> str:
    rest = ""
    if isinstance(value, str):
        value, rest = _without_secrets(value)
    elif isinstance(value, list):
        split = [_without_secrets(one) if isinstance(one, str) else (one, "") for one in value]
        value, rest = [one for one, _ in split], "".join(rest for _, rest in split)
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError):
        text = str(value)
    if len(text) <= _MAX_VALUE and not rest:
        return text
    size, digest = len(text) + len(rest), sha256_hex(_bytes(text + rest))[:16]
    return f"{text[:_MAX_VALUE]}… ({size} characters, sha256 {digest})"


def _without_secrets(text: str) -> tuple[str, str]:
    """The beginning of a text without secrets, and the rest, which is never shown."""
    return masked(text[:_MAX_MASKED]), text[_MAX_MASKED:]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
