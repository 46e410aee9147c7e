"""Reads policy packs: those that come with Sealwright, checked against their index, and a user's
own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, partial
from pathlib import Path

import msgspec

from sealwright.errors import ConfigError, TamperError
from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.patterns import regex
from sealwright.vetting.packs.names import Names, Source, top_modules
from sealwright.vetting.packs.schema import Pack
from sealwright.vetting.pickle.labels import labels
from sealwright.vetting.pickle.policy import Policy
from sealwright.vetting.pickle.predicates import known
from sealwright.vetting.pickle.signatures import is_signature

DATA = Path(__file__).parent / "data"
INDEX = "index.json"
MAX_PACK = 4 * 1024 * 1024
MAX_NAMES = 50_000
_MODULE = regex(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z", re.ASCII)


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the index says of a pack."""

    sha256: str
    covers: tuple[str, ...]
    """Its `modules`."""
    tops: tuple[str, ...]
    """Top-level modules that its names are in."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A pack whose bytes are known."""

    sha256: str
    covers: tuple[str, ...]
    source: Source


@cache
def builtin_policy() -> Policy:
    """The packs that come with Sealwright. TamperError where a file is not the one of the index."""
    return _policy(_builtin())


def with_packs(paths: Iterable[Path]) -> Policy:
    """The same with a user's packs, which can only add names, and no labelled ones. ConfigError
    says what is wrong in which file."""
    added: dict[str, Held] = {}
    for path in paths:
        pack, digest = read_pack(path)
        if pack.pack in added or pack.pack in builtin_policy().packs:
            raise ConfigError(f"a pack named {pack.pack!r} is there already", file=path)
        source = Source(tops=top_modules(pack), read=partial(_same, pack))
        added[pack.pack] = Held(sha256=digest, covers=pack.modules, source=source)
    return _policy(_builtin() | added) if added else builtin_policy()


def read_pack(path: Path) -> tuple[Pack, str]:
    """A user's pack and its hex sha256, strictly read; ConfigError with the place that is wrong."""
    from sealwright.vetting.sources import opened

    try:
        with opened(path) as (content, _):
            data = bytes(content[: MAX_PACK + 1])
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
    """Lists every pack in the data folder with its digest and its modules; the builder calls it."""
    listed: dict[str, Listed] = {}
    for path in sorted(DATA.glob("*.json")):
        if path.name != INDEX:
            data = path.read_bytes()
            pack = _decode(data)
            tops = tuple(sorted(top_modules(pack)))
            listed[path.stem] = Listed(sha256=sha256_hex(data), covers=pack.modules, tops=tops)
    (DATA / INDEX).write_bytes(canonical.encode(msgspec.to_builtins(listed)))


@cache
def _builtin() -> dict[str, Held]:
    """Every pack is compared with the index, and decoded when a name of its modules is asked
    for."""
    index = msgspec.json.decode((DATA / INDEX).read_bytes(), type=dict[str, Listed])
    packs: dict[str, Held] = {}
    for name, listed in index.items():
        data = (DATA / f"{name}.json").read_bytes()
        if sha256_hex(data) != listed.sha256:
            raise TamperError(
                f"the policy pack {name} is not the one that this version came with",
                advice="install Sealwright again",
            )
        source = Source(tops=frozenset(listed.tops), read=cache(partial(_decode, data)))
        packs[name] = Held(sha256=listed.sha256, covers=listed.covers, source=source)
    return packs


def _policy(packs: Mapping[str, Held]) -> Policy:
    return Policy(
        entries=Names(tuple(pack.source for pack in packs.values())),
        labels=labels(),
        packs={name: pack.sha256 for name, pack in packs.items()},
        covers={module: name for name, pack in packs.items() for module in pack.covers},
    )


def _decode(data: bytes) -> Pack:
    return msgspec.json.decode(data, type=Pack)


def _same(pack: Pack) -> Pack:
    return pack
