"""The names of all packs as one mapping, read from a pack when a name of its libraries is asked
for: packs have thousands, and a pickle needs a few."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from sealwright.vetting.packs.schema import Group, Pack
from sealwright.vetting.pickle.policy import Entry


class Source(msgspec.Struct, frozen=True):
    """A pack that is read when it is needed."""

    tops: frozenset[str]
    """Top-level modules that its names are in."""
    read: Callable[[], Pack]


class Names(Mapping[tuple[str, str], Entry]):
    """(module, qualified name) → entry. Where two packs have a name, the earlier one's stays."""

    def __init__(self, sources: tuple[Source, ...] = ()) -> None:
        self._sources = sources
        self._tops: dict[str, dict[str, dict[str, Group]]] = {}
        self._made: dict[tuple[str, str], Entry] = {}

    def __getitem__(self, key: tuple[str, str]) -> Entry:
        entry = self._made.get(key)
        if entry is None:
            entry = self._made[key] = _entry(key, self._below(key[0])[key[0]][key[1]])
        return entry

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((module, name) for module, names in self._all() for name in names)

    def __len__(self) -> int:
        return sum(len(names) for _, names in self._all())

    def _all(self) -> Iterator[tuple[str, dict[str, Group]]]:
        for top in sorted(frozenset().union(*(source.tops for source in self._sources))):
            yield from self._below(top).items()

    def _below(self, module: str) -> dict[str, dict[str, Group]]:
        """Module → name → group, of all modules with the same top-level one."""
        top = module.partition(".")[0]
        if top not in self._tops:
            found: dict[str, dict[str, Group]] = {}
            for source in self._sources:
                if top in source.tops:
                    _take(found, source.read(), top)
            self._tops[top] = found
        return self._tops[top]


def top_modules(pack: Pack) -> frozenset[str]:
    """The top-level modules that a pack's names are in."""
    return frozenset(module.partition(".")[0] for group in pack.groups for module in group.names)


def _take(found: dict[str, dict[str, Group]], pack: Pack, top: str) -> None:
    for group in pack.groups:
        for module, names in group.names.items():
            if module.partition(".")[0] == top:
                here = found.setdefault(module, {})
                for name in names:
                    here.setdefault(name, group)


def _entry(key: tuple[str, str], group: Group) -> Entry:
    return Entry(
        name=f"{key[0]}.{key[1]}",
        role=group.role,
        args=group.args,
        state=group.state,
        changes=frozenset(group.changes),
        hashable=group.hashable,
    )
