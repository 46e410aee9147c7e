"""Whether a setting, by its name, holds a secret: every part of the name counts, in any spelling.

The special tokens of language models are called tokens, too: `bos_token` is shown, `hub_token` not.
"""

from __future__ import annotations

import re
from itertools import pairwise

from sealwright.patterns import regex
from sealwright.vetting.secrets.assigned import entropy

_PARTS = regex(r"[.\[\]#/:\s]+")
_WORDS = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
_ALWAYS = (
    *("password", "passwd", "passphrase", "passcode", "secret", "credential", "authorization"),
    *("connectionstring", "apikey", "accesskey", "privatekey", "signingkey", "encryptionkey"),
    *("apitoken", "accesstoken", "authtoken", "refreshtoken", "bearertoken"),
)
"""Anywhere in a part, written together."""
_ALWAYS_WORDS = frozenset(("pw", "pwd", "pswd"))
_TEXT_WORDS = frozenset(
    ("auth", "oauth", "pat", "sas", "cred", "creds", "bearer", "jwt", "cookie", "cookies")
)
_KEYS = frozenset(
    ("account", "app", "auth", "client", "license", "master", "rsa", "service", "session", "ssh")
)
"""What makes a `key` a secret one."""
_TOKENS = frozenset(
    (
        *("id", "hf", "hub", "huggingface", "session", "private", "personal", "github", "gitlab"),
        *(
            "git",
            "slack",
            "wandb",
            "deploy",
            "oauth",
            "csrf",
            "registry",
            "pypi",
            "npm",
            "security",
        ),
    )
)
"""What makes a `token` one that somebody issued."""
_SHORT = 3
_SPECIAL = regex(r"[<\[{(|].*[>\]})|]", re.DOTALL)
_TELLING = regex(r"(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[\w.~+/=!@#$%^&*:-]{16,}")
_RANDOM = 3.0
"""Bits for each character from which on a text is no word."""


def hides(name: str, value: object) -> bool:
    """Whether a setting of this name with this value is shown without the value."""
    if value is None or isinstance(value, bool) or value in ("", [], {}):
        return False
    if isinstance(value, list):
        return any(hides(name, one) for one in value)
    text = value if isinstance(value, str) else None
    return any(_part_hides(part, text) for part in _PARTS.split(name))


def _part_hides(part: str, value: str | None) -> bool:
    """`value`: None where it is a number."""
    words = [word.lower() for word in _WORDS.findall(part)]
    together = "".join(words)
    if any(each in together for each in _ALWAYS) or not _ALWAYS_WORDS.isdisjoint(words):
        return True
    if value is None or len(value) <= _SHORT or _SPECIAL.fullmatch(value):
        return False
    pairs = set(pairwise(words))
    if not _TEXT_WORDS.isdisjoint(words) or words in (["token"], ["pass"]):
        return True
    if any((first in _KEYS and second == "key") for first, second in pairs):
        return True
    if any((first in _TOKENS and second == "token") for first, second in pairs):
        return True
    return ("token" in words or "tokens" in words) and _telling(value)


def _telling(value: str) -> bool:
    """Whether a text looks like something that was issued, not like a word."""
    plain = _TELLING.fullmatch(value) is not None and "://" not in value
    return plain and entropy(value) >= _RANDOM
