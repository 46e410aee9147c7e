"""Compares program text and lists of requirements, which lie in folders beside the weights."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from sealwright.errors import LimitReached
from sealwright.patterns import regex
from sealwright.vetting.comparison.files import Pair, is_code
from sealwright.vetting.comparison.hidden import Hidden
from sealwright.vetting.comparison.records import Difference, Side
from sealwright.vetting.dependencies.lockfile import UNREADABLE, Lock, parse_lock
from sealwright.vetting.sources import opened

MAX_BYTES = 1 << 20
"""Of one text that is shown; a larger one is only said to differ."""
MAX_COMPARED = 3_000
"""Lines that are lined up after what is equal at both ends is taken away."""
MAX_SHOWN = 400
"""Lines shown of one file."""
_REQUIREMENTS = regex(
    r"(?:.*/)?(?:requirements[^/]*\.txt|constraints[^/]*\.txt|pylock(?:\.[^/]+)?\.toml|uv\.lock)",
    re.IGNORECASE,
)


def shown_texts(pair: Pair, old: Side, new: Side) -> Iterator[bytes]:
    """The texts of a pair, both sides, of which changed lines are shown."""
    if not pair.same and pair.new and (_is_code(pair) or is_requirements(pair.name)):
        yield from (text for text in _both(pair, old, new) if text)


def _is_code(pair: Pair) -> bool:
    return any(side and is_code(pair.name, side[0]) for side in (pair.old, pair.new))


def _both(pair: Pair, old: Side, new: Side) -> tuple[bytes | None, bytes | None]:
    before = read(old, pair.was or pair.name) if pair.old else b""
    return before, read(new, pair.name) if pair.new else b""


def code_differences(pair: Pair, old: Side, new: Side, hidden: Hidden) -> Iterator[Difference]:
    """The changed lines of a program text; of a new one, all. Never with a secret."""
    if pair.same or not _is_code(pair):
        return
    yield Difference(
        kind="code",
        change="changed" if pair.old and pair.new else "new" if pair.new else "gone",
        name=pair.name,
        look=pair.new is not None,
        lines=changed_lines(*_both(pair, old, new), hidden) if pair.new else (),
    )


def read(side: Side, name: str) -> bytes | None:
    """A file of a side; None where it cannot be read, or is larger than is shown."""
    place = side.root / name if side.is_folder else side.root
    try:
        with opened(Path(place)) as (data, _):
            return bytes(data) if len(data) <= MAX_BYTES else None
    except OSError:
        return None


def changed_lines(
    before: bytes | None, after: bytes | None, hidden: Hidden | None = None
) -> tuple[str, ...]:
    """As `diff -u` shows them, without the head; says so where they are too many."""
    if before is None or after is None:
        return (f"… not shown: a text of more than {MAX_BYTES} bytes, or one that cannot be read",)
    old, new = (text.decode("utf-8", "backslashreplace").splitlines() for text in (before, after))
    whole = old, new
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    first = max(0, start - 3)
    old, new = (text[first : len(text) - max(0, end - 3)] for text in (old, new))
    if max(len(old), len(new)) > MAX_COMPARED and old and new:
        lines = [f"-{len(old)} lines", *(f"+{line}" for line in new)]
    else:
        lines = list(difflib.unified_diff(old, new, lineterm="", n=3))[2:]
        lines = [_moved(line, first) for line in lines]
    if len(lines) > MAX_SHOWN:
        lines = [*lines[:MAX_SHOWN], f"… and {len(lines) - MAX_SHOWN} more lines"]
    return tuple(line[:500] for line in (hidden or Hidden()).lines(lines, whole=whole))


_HUNK = regex(r"@@ -(\d+)((?:,\d+)?) \+(\d+)((?:,\d+)?) @@")


def _moved(line: str, first: int) -> str:
    """A hunk's head with the numbers of the whole file's lines."""
    found = _HUNK.fullmatch(line)
    if found is None:
        return line
    return f"@@ -{int(found[1]) + first}{found[2]} +{int(found[3]) + first}{found[4]} @@"


def is_requirements(name: str) -> bool:
    """Whether a file lists packages, by its name."""
    return _REQUIREMENTS.fullmatch(name) is not None


def requirement_differences(
    pair: Pair, old: Side, new: Side, hidden: Hidden
) -> Iterator[Difference]:
    """Packages that a list of requirements has more, has no more, or has in another version.

    And its changed lines, since where packages come from is written there, too.
    """
    if pair.same or not is_requirements(pair.name):
        return
    before = _locked(old, pair.was or pair.name) if pair.old else {}
    after = _locked(new, pair.name) if pair.new else {}
    yield from package_differences(before, after, where=pair.name)
    if pair.new:
        yield Difference(
            kind="dependency",
            change="changed" if pair.old else "new",
            name=pair.name,
            look=True,
            lines=changed_lines(*_both(pair, old, new), hidden),
        )


def unread(pair: Pair, old: Side, new: Side) -> Iterator[str]:
    """What of the lists of requirements is not understood, and so not compared."""
    if pair.same or not is_requirements(pair.name):
        return
    for side, reports, name in ((old, pair.old, pair.was or pair.name), (new, pair.new, pair.name)):
        lock = _lock(side, name) if reports else None
        if isinstance(lock, str):
            yield f"{side.label}: {name}: {lock}"
        elif lock is not None:
            yield from (
                f"{side.label}: {seen.finding.location}: {seen.finding.message}"
                for seen in lock.observations
                if seen.rule is UNREADABLE and lock.size
            )


def _locked(side: Side, name: str) -> dict[str, str]:
    lock = _lock(side, name)
    if lock is None or isinstance(lock, str):
        return {}
    found = {}
    for one in lock.locked.values():
        hashes = ", ".join(f"{kind}:{value[:16]}" for kind, value in sorted(one.hashes)[:8])
        more = f" and {len(one.hashes) - 8} more" if len(one.hashes) > 8 else ""
        version = one.version or "any version"
        found[one.name] = f"{version} ({hashes}{more})" if hashes else version
    return found


def _lock(side: Side, name: str) -> Lock | str | None:
    data = read(side, name)
    if data is None:
        return "cannot be read, or is too large"
    try:
        return parse_lock(data, name=name)
    except LimitReached as error:
        return error.message


def package_differences(
    before: Mapping[str, str], after: Mapping[str, str], *, where: str
) -> Iterator[Difference]:
    """Of two tables of packages: name → version."""
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was != now:
            yield Difference(
                kind="dependency",
                change="changed" if was and now else "new" if now else "gone",
                name=name,
                look=now is not None,
                where=where,
                before=was or "",
                after=now or "",
            )
