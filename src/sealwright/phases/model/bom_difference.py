"""The difference between two bills of materials: a changed dependency is something someone sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sealwright.evidence.predicates.common import JsonObject
from sealwright.evidence.predicates.model import CycloneDxBom


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A package that is in both bills and not the same."""

    name: str
    before: str
    after: str
    """Versions; equal where only the hashes differ."""
    hashes: bool
    """The files behind an unchanged version are others: no release does that by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BomDifference:
    """What came, what went, and what is not as it was. Each is sorted by name."""

    added: tuple[tuple[str, str], ...]
    """(name, version)."""
    removed: tuple[tuple[str, str], ...]
    changed: tuple[Changed, ...]

    @property
    def empty(self) -> bool:
        """Whether the two bills list the same packages with the same versions and hashes."""
        return not (self.added or self.removed or self.changed)

    def lines(self) -> list[str]:
        """One line for each difference; replaced files of an unchanged version come first."""
        hashes = [
            f"! {one.name} {one.after}: other hashes for the same version"
            for one in self.changed
            if one.hashes
        ]
        versions = [
            f"~ {one.name} {one.before} -> {one.after}" for one in self.changed if not one.hashes
        ]
        added = [f"+ {name} {version}" for name, version in self.added]
        removed = [f"- {name} {version}" for name, version in self.removed]
        return [*hashes, *versions, *added, *removed]


def compare(old: CycloneDxBom, new: CycloneDxBom) -> BomDifference:
    """What changed from one bill to the next, by component name."""
    before, after = _components(old), _components(new)
    changed = []
    for name in sorted(before.keys() & after.keys()):
        was, now = before[name], after[name]
        versions = str(was.get("version", "")), str(now.get("version", ""))
        hashes = versions[0] == versions[1] and _other_hashes(was, now)
        if versions[0] != versions[1] or hashes:
            changed.append(Changed(name=name, before=versions[0], after=versions[1], hashes=hashes))
    return BomDifference(
        added=_listed(after, after.keys() - before.keys()),
        removed=_listed(before, before.keys() - after.keys()),
        changed=tuple(changed),
    )


def _components(bill: CycloneDxBom) -> dict[str, JsonObject]:
    """Packages by name; data sets of an ML-BOM are no dependencies."""
    return {
        str(one.get("name", "")): one
        for one in bill.components
        if one.get("type") in ("library", "application", "framework")
    }


def _listed(components: Mapping[str, JsonObject], names: set[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(components[name].get("version", ""))) for name in sorted(names))


def _other_hashes(was: JsonObject, now: JsonObject) -> bool:
    """Whether both name hashes and none of one kind agrees. A bill may list several files' hashes
    of
    one release, of which a lock for another platform has only some."""
    first, second = _hashes(was), _hashes(now)
    return bool(first and second) and not first & second


def _hashes(component: JsonObject) -> set[tuple[str, str]]:
    return {(str(one.get("alg")), str(one.get("content"))) for one in component.get("hashes") or ()}
