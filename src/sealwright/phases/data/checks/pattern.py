"""Text matches the declared regular expression from its first character to its last.

Anchored with \\A and \\z by us: `$` accepts a trailing newline in some engines, which is a hole.
The engine matches in linear time (RE2), so it has no look-around and no back-references.
"""

from __future__ import annotations

from sealwright.errors import CannotLook
from sealwright.phases.data.checks.interface import ColumnCheck, Condition, Place

MAX_PATTERN = 1_000


def _build(place: Place) -> Condition | None:
    pattern = place.rule.pattern
    if pattern is None:
        return None
    if place.rule.type != "string":
        raise place.misdeclared("`pattern` is for string columns")
    if len(pattern) > MAX_PATTERN:
        raise place.misdeclared(f"`pattern` is longer than {MAX_PATTERN} characters")
    # Alone first: `a)|(b` would be valid inside our group and escape the anchors.
    whole = rf"\A(?-s:{pattern})\z"
    for candidate in (pattern, whole):
        try:
            place.opened.engine.run("SELECT regexp_matches('', ?)", [candidate])
        except CannotLook as error:
            raise place.misdeclared(
                "`pattern` is no regular expression of RE2 (no look-around, no back-references)"
            ) from error
    return place.condition(expected=f"matches {pattern}", violation=~place.column.re_search(whole))


CHECK = ColumnCheck(
    check="pattern",
    rule="SW-DAT-PATTERN",
    severity="high",
    title="do not match the declared pattern",
    remediation="correct or quarantine the rows, or declare the true pattern",
    needs_type=True,
    build=_build,
)
