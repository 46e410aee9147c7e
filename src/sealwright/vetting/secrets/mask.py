"""Takes what looks like a secret out of a text before it is shown: by form alone, in this process.

A best effort for every value and line; `engine` knows the formats of many more services. Only what
can stand in a secret is taken out, so that nobody can hide code in one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from sealwright.patterns import regex
from sealwright.vetting.secrets.called import hides

HIDDEN = "(not shown)"
_USER = regex(r"(?<=//)[\w.~%!$&*+;=:@,-]{1,2000}@")
_PARAMETER = regex(
    r"(?<=[?&])((?:x-(?:amz|goog)-)?(?:sig|signature|credential|security-token|key|api[_-]?key|code"
    r"|password|secret|client_secret|(?:[a-z]+[_-])?token)=)[^&\s\"'<>#()]+",
    re.IGNORECASE,
)
_ISSUED = regex(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}|(?:hf|api_org)_[A-Za-z0-9]{16,}"
    r"|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|(?:glpat|gldt|glrt|pypi|nvapi|xai)-[\w-]{16,}"
    r"|sk-(?=[A-Za-z_-]{0,40}[0-9])[\w-]{16,}|[srp]k_(?:live|test)_\w{8,}|dckr_pat_[\w-]{16,}"
    r"|(?:npm|gsk|r8)_[A-Za-z0-9]{16,}|dapi[0-9a-f]{32}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}"
    r"|AIza[\w-]{20,}|ya29\.[\w-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?"
    r")"
)
_SCHEMES = r"(?:(?:bearer|basic|token|digest|apikey)[ \t]{1,8})"
_SCHEME = regex(
    r"(?<![\w-])((?:bearer|basic)[ \t]{1,8})(?=[A-Za-z.~+/=_-]{0,80}[0-9])[\w.~+/=-]{8,}",
    re.IGNORECASE,
)
_HEADER = regex(
    rf"(authorization[ \t]{{0,8}}[:=][ \t]{{0,8}}{_SCHEMES})[\w.~+/=:-]{{4,}}", re.IGNORECASE
)
_PAIR = regex(
    r"((?<!\w)auth[ \t]{0,8}=[ \t]{0,8}\([ \t]{0,8}([\"'])[^\"'\\]{0,200}\2[ \t]{0,8},[ \t]{0,8}"
    r"[\"'])[^\"'\\]{1,400}"
)
_QUOTED = regex(
    r"(?<![\w.-])(?P<name>[\w.-]{1,100}+)(?P<between>\\?[\"']?\]?[ \t]{0,8}"
    r"(?::[ \t]{0,8}[\w.]{1,40}(?:\[[\w., |]{1,40}\])?[ \t]{0,8})?(?:=>|=|:|,)[ \t]{0,8}"
    rf"[A-Za-z]{{0,2}}\\?[\"'`]{_SCHEMES}?)(?P<value>[^\"'`\\]{{4,400}}+)",
    re.IGNORECASE,
)
_OPTION = regex(
    r"(?<![\w.-])(?P<name>--[\w-]{1,100}+)(?P<between>[ \t]{1,8})(?P<value>[^\s\"'`()]{1,400}+)"
)
_BARE = regex(
    r"(?<![\w.-])(?P<name>[\w.-]{1,100}+)(?P<between>[ \t]{0,8}[=:][ \t]{0,8})"
    r"(?P<value>[A-Za-z0-9+/=_!@#$%^&*-]{4,400}+)(?![\w.(\[])"
)
_PLACEHOLDER = regex(r"\$?\{[\w.]*\}|%s|<[\w -]*>|\$\w+|[.*]+")
_BEGIN = "-----BEGIN "
_KEY_TEXT = regex(r"[A-Za-z0-9+/=]{16,}")


def masked(text: str) -> str:
    """The text with `(not shown)` for what has the form of a secret."""
    text = _USER.sub("…@", text)
    for pattern in (_PARAMETER, _HEADER, _SCHEME, _PAIR):
        text = pattern.sub(rf"\1{HIDDEN}", text)
    text = _ISSUED.sub(HIDDEN, text)
    for pattern in (_QUOTED, _OPTION):
        text = pattern.sub(_assigned, text)
    return _BARE.sub(_bare, text)


def _assigned(found: re.Match[str]) -> str:
    name, value = found["name"], found["value"]
    if _PLACEHOLDER.fullmatch(value) or not hides(name, value):
        return found[0]
    return f"{name}{found['between']}{HIDDEN}"


def _bare(found: re.Match[str]) -> str:
    """Without quotes it may be an expression: hidden where it is none, or looks drawn at random."""
    name, between, value = found["name"], found["between"], found["value"]
    shell = between == "=" and (name.isupper() or name.startswith("--"))
    if _PLACEHOLDER.fullmatch(value):
        return found[0]
    if value.isidentifier() and not (shell or _random(value)):
        return found[0]
    return f"{name}{between}{HIDDEN}" if hides(name, value) else found[0]


def _random(value: str) -> bool:
    """Whether a word has the look of characters drawn at random."""
    changes = sum(one.isdigit() != two.isdigit() for one, two in pairwise(value))
    return len(value) >= 16 and changes >= 4


def key_lines(lines: Sequence[str]) -> set[str]:
    """Those lines of a text that stand within a private key in PEM."""
    found: set[str] = set()
    inside = False
    for line in lines:
        if _BEGIN in line and "PRIVATE KEY" in line:
            inside = True
        elif "-----END " in line:
            inside = False
        elif inside and _KEY_TEXT.search(line):
            found.add(line)
        else:
            inside = inside and bool(line.strip())
    return found


def without_key(line: str) -> str:
    """A line of a private key, or one that holds a whole key, without it."""
    return _KEY_TEXT.sub(HIDDEN, line)
