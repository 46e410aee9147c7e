"""Package names that look like a well-known one: a letter more, less, other or swapped, a hyphen
dropped, letters of another script.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from packaging.utils import canonicalize_name

from sealwright.vetting.interface import Observation, Rule, observe

SHORTEST = 5
"""Letters of a well-known name from which one edit is telling."""
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "3": "e", "5": "s", "$": "s"})

LOOKALIKE = Rule(
    id="SW-DEP-020",
    effect="review",
    severity="high",
    confidence="medium",
    title="A package is called almost like a well-known one",
    why=(
        "Names that are one slip away from a popular package are registered to be installed by "
        "mistake; their setup code then runs with the rights of whoever installs."
    ),
    example="scikit-leam==1.5.0",
    remediation="check the spelling; if the package is meant, waive the finding with a reason",
    atlas=("AML.T0010.001", "AML.T0074"),
    cwe=(1007, 494),
)
RULES = (LOOKALIKE,)


@cache
def _names() -> tuple[frozenset[str], frozenset[str]]:
    """(names that are imitated, other names that are what they say)."""
    table = json.loads(files(__package__).joinpath("names.json").read_bytes())
    return frozenset(table["protected"]), frozenset(table["known"])


def resembles(name: str) -> str:
    """The well-known package that `name` is probably taken for; empty if there is none."""
    protected, known = _names()
    wanted = str(canonicalize_name(name))
    if wanted in protected or wanted in known:
        return ""
    plain = _without_accents(wanted)
    for candidate in sorted({*_edits(plain), plain} & protected):
        if len(candidate) >= SHORTEST or plain != wanted:
            return candidate
    squeezed = _squeeze(plain)
    return next(
        (one for one in sorted(protected) if len(one) >= SHORTEST and _squeeze(one) == squeezed), ""
    )


def examine(names: Iterable[str]) -> Iterator[Observation]:
    """A finding for each name that resembles a well-known one and is not well known itself."""
    for name in sorted(set(names)):
        if other := resembles(name):
            yield observe(LOOKALIKE, f"{name!a:.80} looks like {other}", location=name)


def _squeeze(name: str) -> str:
    """Without separators, and with characters that look alike as one."""
    return re.sub(r"[-_.]", "", name).translate(_ALIKE).replace("rn", "m").replace("vv", "w")


def _without_accents(name: str) -> str:
    """Letters of other scripts by the Latin ones they look like."""
    text = unicodedata.normalize("NFKD", name)
    return "".join(_SCRIPTS.get(c, c) for c in text if not unicodedata.combining(c))


_SCRIPTS = dict(zip("аеорсухіјѕһԁαορνικ", "aeopcyxijshdaopvik", strict=True))
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"


def _edits(name: str) -> set[str]:
    """Every text at one insertion, deletion, substitution or swap of neighbours (Damerau)."""
    if len(name) > 64:
        return set()
    splits = [(name[:place], name[place:]) for place in range(len(name) + 1)]
    deleted = {left + right[1:] for left, right in splits if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1}
    other = {left + c + right[1:] for left, right in splits if right for c in _LETTERS}
    added = {left + c + right for left, right in splits for c in _LETTERS}
    return deleted | swapped | other | added
