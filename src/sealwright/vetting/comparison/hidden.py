"""Keeps secrets out of a comparison: by their form in every text, and by the detector where one of
the texts could hold something that was issued.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from sealwright.patterns import regex
from sealwright.vetting.comparison.records import Difference
from sealwright.vetting.secrets import engine
from sealwright.vetting.secrets.mask import HIDDEN, key_lines, masked, without_key

MAX_TEXTS = 2_000
"""Texts that the detector is given; and their bytes in all."""
MAX_BYTES = 64 * 1024 * 1024
_LONGEST_LINE = 4_000
_WORD = regex(rb"[\w+/=.~-]{16,}")
_TEXTS = ("finding", "dependency", "setting")
"""Kinds of differences that quote what somebody wrote."""
_SECRET = regex(rb"[^\s\"'`<>()\[\]{},;\\]{6,4096}")


class Hidden(msgspec.Struct, frozen=True):
    """What must not be shown of two models."""

    secrets: tuple[str, ...] = ()
    """Found by the detector; longest first."""

    def text(self, text: str) -> str:
        """The text without them, and without what has the form of a secret."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return masked(text)

    def lines(self, lines: Sequence[str], *, whole: Sequence[Sequence[str]] = ()) -> list[str]:
        """Lines of a diff, each with its mark. `whole`: the texts that they are from, in which a
        private key takes several."""
        keys = {line[:_LONGEST_LINE] for text in whole for line in key_lines(text)}
        shown = []
        for line in lines:
            mark, rest = line[:1], line[1 : _LONGEST_LINE + 1]
            if mark in ("+", "-", " ") and rest in keys:
                rest = without_key(rest)
            shown.append(mark + self.text(rest))
        return shown

    def difference(self, one: Difference) -> Difference:
        """The difference without secrets; its lines were made without them."""
        if one.kind not in _TEXTS:
            return one
        return replace(
            one, name=self.text(one.name), before=self.text(one.before), after=self.text(one.after)
        )


def find(texts: Iterable[bytes], *, cache: Path | None = None) -> Hidden:
    """What the detector finds in some texts: it is asked where one could hold a secret. Without the
    detector, or where it fails, form alone decides."""
    asked: list[bytes] = []
    spent = 0
    for text in texts:
        spent += len(text)
        if len(asked) >= MAX_TEXTS or spent > MAX_BYTES:
            break
        if _may_hold(text):
            asked.append(text)
    if not asked or not engine.installed():
        return Hidden()
    answers = engine.look(asked, cache=cache)
    if isinstance(answers, str):
        return Hidden()
    found: set[str] = set()
    for text, answer in zip(asked, answers, strict=True):
        for place in answer.places:
            secret = _SECRET.match(text, place.start)
            if secret is not None and not secret[0].startswith(b"-----"):
                found.add(secret[0].decode("utf-8", "backslashreplace"))
    return Hidden(tuple(sorted(found, key=lambda each: (-len(each), each))))


def _may_hold(text: bytes) -> bool:
    """Whether a run of characters is long and mixed enough to be one that was issued."""
    return any(_mixed(word[0]) for word in _WORD.finditer(text))


def _mixed(word: bytes) -> bool:
    return re.search(rb"[0-9]", word) is not None and re.search(rb"[A-Za-z]", word) is not None
