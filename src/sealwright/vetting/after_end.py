"""What stands behind the end of a file that says itself where it ends."""

from __future__ import annotations

import msgspec

from sealwright.patterns import regex
from sealwright.vetting.interface import Examining, Member, Rule
from sealwright.vetting.recognise import PLAIN, candidates

_ZEROS = regex(rb"\0*+")
_NEWLINE = regex(rb"\0*+[\r\n]{0,2}\0*+\Z")
IMAGES = frozenset(("png", "jpeg", "gif", "webp", "bmp"))
"""Formats that only show something: one more of them is odd, and no attack."""


class EndRules(msgspec.Struct, frozen=True, kw_only=True):
    """By which rules a format tells what it finds there."""

    padding: Rule
    """Zeros, or a newline."""
    trailing: Rule
    """Anything else."""
    hidden: Rule
    """Bytes that a loader of another format would take."""


def examine_rest(work: Examining, end: int, *, rules: EndRules) -> None:
    """Tells what follows byte `end`, and has it scanned where it is of a known format."""
    from sealwright.vetting.registry import FORMATS

    data = work.data
    size = len(data) - end
    if size <= 0:
        return
    work.parsed += size
    work.session.spend(1 + size // 4096)
    if _NEWLINE.match(data, end):
        work.find(rules.padding, f"{size} bytes of padding follow the end", offset=end)
        return
    zeros = _ZEROS.match(data, end)
    start = zeros.end() if zeros else end
    rest = memoryview(data)[start:]
    name = f"{work.member.path}!trailing"
    fits = candidates(Member(path=name, data=rest, depth=work.member.depth + 1), FORMATS)
    if any(form.id not in PLAIN and form.id not in IMAGES for form, _ in fits):
        titles = " and ".join(form.title for form, _ in fits)
        work.find(rules.hidden, f"{len(rest)} bytes after the end: {titles}", offset=start)
    else:
        work.find(rules.trailing, f"{len(rest)} bytes follow the end", offset=start)
    if fits:
        work.session.visit("trailing", rest, within=work.member)
