"""Compares what the readers told of two models: names, operators, layers, settings, tensors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from sealwright.patterns import regex
from sealwright.vetting.comparison.files import Pair
from sealwright.vetting.comparison.records import Difference, Kind
from sealwright.vetting.interface import MAX_FACTS, FactKind

_WHOLE: tuple[FactKind, ...] = ("global", "operator", "layer")
"""A name is new where no file of the old model has it."""
_LOOKED_AT = frozenset(("global", "operator", "layer", "template"))
_LEADS_TO_CODE = regex(
    r"(?:^|[.\]#])(?:auto_map|custom_pipelines|trust_remote_code|_target_|_?attn_implementation"
    r"|base_model_name_or_path|_name_or_path|weight_map|architectures|model_type|processor_class"
    r"|tokenizer_class)\b"
)
"""Settings by which a loader picks code or files."""


def fact_differences(pairs: Sequence[Pair]) -> Iterator[Difference]:
    """Everything that one side told and the other did not."""
    for kind in _WHOLE:
        yield from _names(kind, pairs)
    for pair in pairs:
        if not pair.same:
            for told in ("template", "tensor", "setting"):
                yield from _valued(told, pair)


def limits(pairs: Sequence[Pair]) -> Iterator[tuple[FactKind, str]]:
    """(kind, file) where a reader left facts out because there were too many."""
    for pair in pairs:
        if pair.same:
            continue
        full = {
            kind
            for reports in (pair.old or (), pair.new or ())
            for report in reports
            for kind, told in report.facts.items()
            if len(told) >= MAX_FACTS
        }
        for kind in sorted(full):
            yield kind, pair.name


def _names(kind: FactKind, pairs: Sequence[Pair]) -> Iterator[Difference]:
    before, after = (
        {
            value: pair.name
            for pair in reversed(pairs)
            for report in (pair.old if side == "old" else pair.new) or ()
            for value in report.facts.get(kind, ())
        }
        for side in ("old", "new")
    )
    for value in sorted(after.keys() - before.keys()):
        yield _difference(kind, "new", value, where=after[value])
    for value in sorted(before.keys() - after.keys()):
        yield _difference(kind, "gone", value, where=before[value])


def _difference(kind: Kind, change: str, name: str, *, where: str) -> Difference:
    new = change == "new"
    return Difference(
        kind=kind,
        change="new" if new else "gone",
        name=name,
        look=new and kind in _LOOKED_AT,
        where=where,
    )


def _valued(kind: FactKind, pair: Pair) -> Iterator[Difference]:
    """Facts that are a name with a value: compared by name within one file."""
    before, after = (
        _table(
            kind,
            (
                (report.path[len(reports[0].path) + 1 :], value)
                for report in reports
                for value in report.facts.get(kind, ())
            ),
        )
        if reports
        else {}
        for reports in (pair.old, pair.new)
    )
    for name in sorted({*before, *after}):
        was, now = before.get(name, ""), after.get(name, "")
        if was == now:
            continue
        member, _, short = name.rpartition("\0")
        yield Difference(
            kind=kind,
            change="changed" if was and now else "new" if now else "gone",
            name=short,
            look=bool(now) and (kind == "template" or _leads_to_code(kind, short)),
            where=f"{pair.name}!{member}" if member else pair.name,
            before=was,
            after=now,
        )


def _leads_to_code(kind: FactKind, name: str) -> bool:
    return kind == "setting" and _LEADS_TO_CODE.search(name) is not None


_SPLITS: dict[str, re.Pattern[str]] = {
    "setting": regex(r"(.*?) = (.*)", re.DOTALL),
    "template": regex(r"(.*) (sha256 [0-9a-f]{64})", re.DOTALL),
    "tensor": regex(r"(.*?) ((?:type )?\S+ \[[\d, ]*\])", re.DOTALL),
}


def _table(kind: FactKind, told: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Member and name → value; what occurs more than once has all its values."""
    found: dict[str, list[str]] = {}
    for member, fact in told:
        split = _SPLITS[kind].fullmatch(fact)
        name, value = split.groups() if split else (fact, "there")
        found.setdefault(f"{member}\0{name}", []).append(value)
    return {name: "; ".join(sorted(values)) for name, values in found.items()}
