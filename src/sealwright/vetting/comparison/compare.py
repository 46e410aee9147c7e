"""Compares two models that were scanned: files, names, operators, settings, code, requirements,
findings. Says what somebody has to look at, and what could not be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from sealwright.vetting.comparison.facts import fact_differences, limits
from sealwright.vetting.comparison.files import Pair, file_differences, pairs
from sealwright.vetting.comparison.hidden import find
from sealwright.vetting.comparison.records import Comparison, Difference, Kind, Side, told
from sealwright.vetting.comparison.sources import (
    code_differences,
    package_differences,
    requirement_differences,
    shown_texts,
    unread,
)
from sealwright.vetting.interface import Observation
from sealwright.vetting.outcome import MemberReport

_KINDS: tuple[Kind, ...] = get_args(Kind)
_CHANGES = ("new", "changed", "gone", "renamed")
_UNBOUNDED = frozenset(("global", "operator", "layer", "template"))
"""Kinds of which a model cannot have too many without hiding something."""


def compare(old: Side, new: Side, *, cache: Path | None = None) -> Comparison:
    """All differences from `old` to `new`, gravest first, without the secrets that are in them.

    `cache`: a private folder for the compiled rules of the secret detector.
    """
    paired = pairs(old, new)
    facts = list(fact_differences(paired))
    texts = [text for pair in paired for text in shown_texts(pair, old, new)]
    told_of = "\n".join(
        f"{one.name} = {value}"
        for one in facts
        if one.kind == "setting"
        for value in (one.before, one.after)
        if value
    )
    hidden = find([*texts, told_of.encode("utf-8", "backslashreplace")], cache=cache)
    found = [
        *_findings(old, new, paired),
        *facts,
        *(
            difference
            for pair in paired
            for difference in (
                *file_differences(pair),
                *code_differences(pair, old, new, hidden),
                *requirement_differences(pair, old, new, hidden),
            )
        ),
        *_on_record(old, new),
    ]
    full = list(limits(paired))
    found.sort(
        key=lambda one: (
            not one.look,
            _KINDS.index(one.kind),
            _CHANGES.index(one.change),
            one.where,
            one.name,
        )
    )
    return Comparison(
        old=told(old),
        new=told(new),
        identical=bool(paired) and all(pair.same and not pair.was for pair in paired),
        differences=tuple(hidden.difference(one) for one in found),
        unknown=(
            *map(hidden.text, _unexamined(old, new, paired)),
            *(
                f"{name}: more of kind {kind} than are told"
                for kind, name in full
                if kind in _UNBOUNDED
            ),
            *(hidden.text(line) for pair in paired for line in unread(pair, old, new)),
        ),
        partly=tuple(f"{name}: {kind}s" for kind, name in full if kind not in _UNBOUNDED),
    )


def _findings(old: Side, new: Side, paired: Sequence[Pair]) -> Iterator[Difference]:
    """Findings that only one side has. Offsets may move, and archives name their folders anew."""
    before, after = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    examples: dict[tuple[str, str, str], Observation] = {}
    for pair in paired:
        if pair.same and not pair.was:
            continue
        for counted, reports in ((before, pair.old), (after, pair.new)):
            for seen in _seen(reports or ()):
                key = seen.rule.id, _plain(seen.finding.message, old, new), pair.name
                counted[key] += 1
                examples[key] = seen
    for side, counted in ((old, before), (new, after)):
        for report in side.outcome.members:
            if report.formats == ("folder",):
                for seen in report.observations:
                    place = side.relative(seen.finding.location)
                    key = seen.rule.id, _plain(seen.finding.message, old, new), place
                    counted[key] += 1
                    examples[key] = seen
    for key in sorted(examples):
        if (key in after) != (key in before):
            yield _finding(key, examples[key], new=key in after)


def _seen(reports: Sequence[MemberReport]) -> Iterator[Observation]:
    for report in reports:
        yield from report.observations


def _plain(message: str, old: Side, new: Side) -> str:
    """A message without the place of either side."""
    for side in sorted((old, new), key=lambda side: -len(str(side.root))):
        message = message.replace(f"{side.root}/", "")
    return message


def _finding(key: tuple[str, str, str], seen: Observation, *, new: bool) -> Difference:
    return Difference(
        kind="finding",
        change="new" if new else "gone",
        name=f"{seen.rule.id} {seen.finding.severity}: {key[1]}",
        look=new and seen.rule.effect != "note",
        where=key[2],
    )


def _unexamined(old: Side, new: Side, paired: Sequence[Pair]) -> Iterator[str]:
    """Files that differ, or are folders, of which a side was not examined to the end."""
    for pair in paired:
        for side, reports in ((old, pair.old), (new, pair.new)):
            why = _why(reports or ())
            if why and not pair.same:
                yield f"{side.label}: {pair.name}: {why}"
    for side in (old, new):
        if not side.outcome.coverage.files:
            yield f"{side.label}: there is no file"
        for report in side.outcome.members:
            if report.formats == ("folder",) and (why := _why((report,))):
                yield f"{side.label}: {why}"


def _why(reports: Sequence[MemberReport]) -> str:
    for report in reports:
        if report.verdict == "inconclusive":
            for seen in report.observations:
                if seen.rule.effect == "inconclusive":
                    return seen.finding.message
            return "not examined"
        for seen in report.observations:
            if seen.rule.effect == "inconclusive":
                return seen.finding.message
    return ""


def _on_record(old: Side, new: Side) -> Iterator[Difference]:
    """What the models were built with, where both have a bill of materials on record."""
    if old.packages is not None and new.packages is not None:
        yield from package_differences(old.packages, new.packages, where="bill of materials")
