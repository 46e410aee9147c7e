"""Regular expressions that are compiled when they are first used.

The scanner's readers declare over a hundred, and one scan uses a few: to compile all of them when a
command starts takes a tenth of its time.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, Generic, cast


class _Pattern(Generic[AnyStr]):
    """Takes each attribute from the compiled expression, once."""

    def __init__(self, text: AnyStr, flags: int) -> None:
        self._text: AnyStr = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, value)
        return value


def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """`re.compile(text, flags)`, later: what is wrong with `text` is raised at the first use."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
