"""Reads policy packs: those that come with Sealwright, checked against their index, and a user's
own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

from sealwright.errors import ConfigError, TamperError
from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.vetting.packs.schema import Group, Pack
from sealwright.vetting.pickle.labels import labels
from sealwright.vetting.pickle.policy import Entry, Policy
from sealwright.vetting.pickle.predicates import known
from sealwright.vetting.pickle.signatures import is_signature

DATA = Path(__file__).parent / "data"
INDEX = "index.json"
MAX_PACK = 4 * 1024 * 1024
MAX_NAMES = 50_000
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z", re.ASCII)


@dataclass(slots=True)
class Names(Mapping[tuple[str, str], Entry]):
    """(module, qualified name) → entry, made when it is asked for: packs have thousands."""

    modules: dict[str, dict[str, Group]] = field(default_factory=dict)
    made: dict[tuple[str, str], Entry] = field(default_factory=dict)

    def add(self, group: Group) -> None:
        """Takes a group's names; an earlier pack's entry stays."""
        for module, names in group.names.items():
            here = self.modules.setdefault(module, {})
            for name in names:
                here.setdefault(name, group)

    def __getitem__(self, key: tuple[str, str]) -> Entry:
        entry = self.made.get(key)
        if entry is None:
            entry = self.made[key] = self._entry(key, self.modules[key[0]][key[1]])
        return entry

    def _entry(self, key: tuple[str, str], group: Group) -> Entry:
        return Entry(
            name=f"{key[0]}.{key[1]}",
            role=group.role,
            args=group.args,
            state=group.state,
            changes=frozenset(group.changes),
            hashable=group.hashable,
        )

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((module, name) for module, names in self.modules.items() for name in names)

    def __len__(self) -> int:
        return sum(len(names) for names in self.modules.values())


@cache
def builtin_policy() -> Policy:
    """The packs that come with Sealwright. TamperError where a file is not the one of the index."""
    return _policy(_builtin(), {})


def with_packs(paths: Iterable[Path]) -> Policy:
    """The same with a user's packs, which can only add names, and no labelled ones. ConfigError
    says what is wrong in which file."""
    added: dict[str, tuple[Pack, str]] = {}
    for path in paths:
        pack, digest = read_pack(path)
        if pack.pack in added or pack.pack in builtin_policy().packs:
            raise ConfigError(f"a pack named {pack.pack!r} is there already", file=path)
        added[pack.pack] = (pack, digest)
    return _policy(_builtin(), added) if added else builtin_policy()


def read_pack(path: Path) -> tuple[Pack, str]:
    """A user's pack and its hex sha256, strictly read; ConfigError with the place that is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PACK + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=path) from error
    if len(data) > MAX_PACK:
        raise ConfigError(f"a pack has at most {MAX_PACK} bytes", file=path)
    try:
        pack = msgspec.json.decode(data, type=Pack)
    except msgspec.MsgspecError as error:
        raise ConfigError(
            str(error),
            file=path,
            advice="make packs with `python -m sealwright.vetting.packs.build`",
        ) from error
    except (RecursionError, UnicodeDecodeError) as error:
        raise ConfigError("is not a pack", file=path) from error
    wrong = problem(pack)
    if wrong:
        raise ConfigError(wrong, file=path)
    return pack, sha256_hex(data)


def problem(pack: Pack, *, own: bool = False) -> str:
    """What a pack says that no pack may; empty where it is good. `own`: it comes with Sealwright
    and may give a labelled name to a predicate that was written for it."""
    policy = Policy(labels=labels())
    total = 0
    for index, group in enumerate(pack.groups):
        at = f"$.groups[{index}]"
        wrong = known(group.args) or known(group.state, state=True)
        if wrong:
            return f"{wrong} - at `{at}`"
        for module, names in group.names.items():
            for name in names:
                total += 1
                if not _MODULE.match(module) or not _MODULE.match(name):
                    return f"not an exact name: {module!a}, {name!a} - at `{at}.names`"
                guarded = own and group.role == "reduce" and not is_signature(group.args)
                label = policy.label(module, name)
                if label is not None and not (guarded and group.args != "any"):
                    return f"{module}.{name} {label.what}: no pack may allow it - at `{at}.names`"
    if total > MAX_NAMES:
        return f"a pack has at most {MAX_NAMES} names"
    return ""


def write_index() -> None:
    """Pins the digest of every pack in the data folder; the builder calls it."""
    digests = {
        path.stem: sha256_hex(path.read_bytes())
        for path in sorted(DATA.glob("*.json"))
        if path.name != INDEX
    }
    (DATA / INDEX).write_bytes(canonical.encode(digests))


@cache
def _builtin() -> dict[str, tuple[Pack, str]]:
    index = canonical.decode((DATA / INDEX).read_bytes())
    packs: dict[str, tuple[Pack, str]] = {}
    for name, digest in index.items():
        data = (DATA / f"{name}.json").read_bytes()
        if sha256_hex(data) != digest:
            raise TamperError(
                f"the policy pack {name} is not the one that this version came with",
                advice="install Sealwright again",
            )
        packs[name] = (msgspec.json.decode(data, type=Pack), digest)
    return packs


def _policy(
    builtin: Mapping[str, tuple[Pack, str]], added: Mapping[str, tuple[Pack, str]]
) -> Policy:
    names = Names()
    digests: dict[str, str] = {}
    covers: dict[str, str] = {}
    for name, (pack, digest) in (*builtin.items(), *added.items()):
        digests[name] = digest
        covers.update(dict.fromkeys(pack.modules, name))
        for group in pack.groups:
            names.add(group)
    return Policy(entries=names, labels=labels(), packs=digests, covers=covers)
