"""Text from elsewhere, made safe to look at."""

from __future__ import annotations

from typing import Final

MAX_TEXT: Final = 2_000
"""Characters of one text that people are shown; JSON has it whole."""
_PLAIN: Final = frozenset(
    "\n\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
"""What Python calls not printable and people see all the same: new lines, tabs, wide spaces."""


def readable(text: str, *, limit: int = MAX_TEXT) -> str:
    """`text` with every character visible and no more than `limit` of them.

    Control characters, bidirectional overrides, zero-width characters, surrogates and
    non-characters become their code point in angle brackets; new lines and tabs stay.
    """
    shown = "".join(map(_visible, text[:limit]))
    hidden = len(text) - limit
    return f"{shown}… ({hidden:,} more characters)" if hidden > 0 else shown


def _visible(character: str) -> str:
    if character.isprintable() or character in _PLAIN:
        return character
    return f"⟨U+{ord(character):04X}⟩"
