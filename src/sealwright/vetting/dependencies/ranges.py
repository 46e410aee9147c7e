"""Whether a version is affected: OSV's evaluation of events and version lists, with PEP 440 order.

Algorithm: https://ossf.github.io/osv-schema/#evaluation. Local parts (`2.0+cu118`) are left out: a
build is affected as the release it is built from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

from packaging.version import InvalidVersion, Version

from sealwright.vetting.dependencies.osv import Affected

Answer = Literal["affected", "not-affected", "undecided"]


def judge(version: str, affected: Affected) -> Answer:
    """`undecided` where neither ranges nor versions can be held against `version`."""
    here = _version(version)
    if any(one == version or (here and _version(one) == here) for one in affected.versions):
        return "affected"
    usable = [events for events in affected.ranges if events]
    if here is None:
        return "undecided" if usable or not affected.versions else "not-affected"
    answers = {_within(here, events) for events in usable}
    if "affected" in answers:
        return "affected"
    decided = "undecided" not in answers and bool(answers or affected.versions)
    return "not-affected" if decided else "undecided"


def fixed_in(version: str, affected: Affected) -> str:
    """The first release after `version` that is not affected any more; empty if none is named."""
    here = _version(version)
    later = {
        parsed: text
        for events in affected.ranges
        for kind, text in events
        if kind == "fixed" and (parsed := _version(text)) and (here is None or parsed > here)
    }
    return later[min(later)] if later else ""


def _within(here: Version, events: Sequence[tuple[str, str]]) -> Answer:
    known: list[tuple[Version | None, str]] = []
    for kind, text in events:
        if text == "0" and kind == "introduced":
            known.append((None, kind))
        elif text != "*":
            parsed = _version(text)
            if parsed is None:
                return "undecided"
            known.append((parsed, kind))
    limits = [at for at, kind in known if kind == "limit" and at is not None]
    if limits and not any(here < limit for limit in limits):
        return "not-affected"
    inside = False
    for at, kind in _in_order(known):
        if kind == "introduced" and (at is None or here >= at):
            inside = True
        elif at is not None and (
            (kind == "fixed" and here >= at) or (kind == "last_affected" and here > at)
        ):
            inside = False
    return "affected" if inside else "not-affected"


def _in_order(events: Iterable[tuple[Version | None, str]]) -> list[tuple[Version | None, str]]:
    """By version; events of one version stay as the record has them."""
    first = [one for one in events if one[0] is None]
    rest = [(at, kind) for at, kind in events if at is not None]
    return [*first, *sorted(rest, key=lambda one: one[0])]


@lru_cache(maxsize=65_536)
def _version(text: str) -> Version | None:
    try:
        return Version(Version(text).public)
    except InvalidVersion:
        return None
