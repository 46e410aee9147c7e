"""Passwords and keys that are written into code by hand: names that say so, with a literal that is
no placeholder. Services' own token formats are the detector's job.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from sealwright.patterns import regex

_NAME = (
    r"(?:[\w.\-]*[_.\-])?(?:password|passwd|passphrase|secret|api[_-]?key|apikey|access[_-]?key|"
    r"auth[_-]?token|private[_-]?key|client[_-]?secret|secret[_-]?key|access[_-]?token|credentials?)"
)
_ASSIGNED = regex(
    rf"(?<![\w.\-])[\"']?(?P<name>{_NAME})[\"']?\s*(?::\s*str\s*)?(?:=|:|=>)\s*[\"'](?P<value>[^\"'\s]{{8,200}})[\"']",
    re.IGNORECASE,
)
_PLACEHOLDER = regex(
    r"(?:your|my|the|some|test|dummy|fake|sample|example|change|replace|insert|enter|put|todo|none|null|"
    r"default|secret|password|passwd|token|key|placeholder|redacted|hidden|foo|bar|xxx|\*\*\*|\.\.\.|<|"
    r"\$\{?|\{\{?|%\(|%s|os\.|env|getenv|config|prompt|input)",
    re.IGNORECASE,
)
_DIGEST = regex(
    r"(?:sha\d+[-:=]?)?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})", re.IGNORECASE
)
_KEYWORDS = regex(r"[a-z]+(?:[_.\-/][a-z]+)*", re.IGNORECASE)
MIN_ENTROPY = 3.0
"""Bits for each character (Shannon), below which a value is a word rather than a secret."""
MAX_LINE = 2_000


class Assigned(msgspec.Struct, frozen=True):
    """A literal under a name that says it is a secret. The value stays in here."""

    name: str
    value: str
    line: int


def assigned(text: str) -> Iterator[Assigned]:
    """Every such assignment in a text, line by line."""
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > MAX_LINE:
            continue
        for match in _ASSIGNED.finditer(line):
            if _is_secret(match["name"], match["value"]):
                yield Assigned(match["name"], match["value"], number)


def _is_secret(name: str, value: str) -> bool:
    if _PLACEHOLDER.search(value) or _KEYWORDS.fullmatch(value):
        return False
    if _DIGEST.fullmatch(value) and not re.search(r"api|secret|private", name, re.IGNORECASE):
        return False
    return entropy(value) >= MIN_ENTROPY


def entropy(text: str) -> float:
    """Shannon entropy of the characters, in bits for each."""
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values())
