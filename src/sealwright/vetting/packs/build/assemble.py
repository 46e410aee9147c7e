"""Puts a pack together: what was proved of each version, then what was reviewed."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import msgspec

from sealwright.errors import ConfigError
from sealwright.evidence import canonical
from sealwright.vetting.packs.build.proof import Foreign, Given, Proved, prove, public_modules
from sealwright.vetting.packs.build.reviewed import Reviewed, holds_kept, skipped
from sealwright.vetting.packs.build.sources import Sources
from sealwright.vetting.packs.schema import Group, Pack
from sealwright.vetting.pickle.policy import Change, Role
from sealwright.vetting.pickle.predicates import known

Shape = tuple[Role, str, str, tuple[Change, ...], bool]
"""role, args, state, changes, hashable"""


class Assembly(msgspec.Struct):
    """A pack in the making."""

    given: Given
    shapes: dict[tuple[str, str], Shape] = msgspec.field(default_factory=dict)
    review: dict[str, str] = msgspec.field(default_factory=dict)
    """Name → why it could not be proved, for a person to look at."""


def assemble(reviewed: Reviewed, sites: Iterable[Path]) -> tuple[Pack, dict[str, str]]:
    """The pack, and what is left for review. A class has to be proved in every version that has
    it."""
    assembly = Assembly(given=_given(reviewed))
    versions = []
    for site in sites:
        sources = Sources(site)
        versions.append(_version(site, reviewed.library))
        for package in reviewed.modules:
            for name in sources.names(package):
                if holds_kept(name, reviewed):
                    _module(name, sources, reviewed, assembly)
        _functions(sources, reviewed, assembly)
    for name in assembly.review:
        assembly.shapes.pop(_split(name), None)
    _reviewed(reviewed, assembly)
    _respelled(reviewed, assembly)
    return _pack(reviewed, tuple(versions), assembly), dict(sorted(assembly.review.items()))


def _given(reviewed: Reviewed) -> Given:
    methods = {}
    for name, text in reviewed.methods.items():
        state, colon, _ = text.partition(": ")
        methods[name] = state if colon and not known(state, state=True) else ""
    bases = {}
    for name, text in reviewed.bases.items():
        change = text.partition(": ")[0]
        bases[name] = Foreign((change,) if change in {"append", "setitem", "add"} else (), False)
    return Given(methods=methods, bases=bases, decorators=frozenset(reviewed.decorators))


def encode_pack(pack: Pack) -> bytes:
    """The pack's bytes: canonical JSON, so that building twice gives the same."""
    groups = [
        {
            "role": group.role,
            "args": group.args,
            "state": group.state,
            "changes": list(group.changes),
            "hashable": group.hashable,
            "names": {module: list(names) for module, names in group.names.items()},
        }
        for group in pack.groups
    ]
    return canonical.encode(
        {
            "format": pack.format,
            "pack": pack.pack,
            "library": pack.library,
            "versions": list(pack.versions),
            "modules": list(pack.modules),
            "groups": groups,
        }
    )


def _split(name: str) -> tuple[str, str]:
    module, _, last = name.rpartition(".")
    return module, last


def _module(name: str, sources: Sources, reviewed: Reviewed, assembly: Assembly) -> None:
    module = sources.module(name)
    if module is None:
        return
    for label, value in module.values.items():
        if _is_namedtuple_call(value) and not skipped(f"{name}.{label}", reviewed):
            assembly.shapes[name, label] = ("class", "(any*)", "none", (), False)
    for label, node in module.classes.items():
        full = f"{name}.{label}"
        if skipped(full, reviewed):
            continue
        found = prove(module, node, sources, assembly.given)
        if isinstance(found, Proved):
            shape = _shape(found)
            for place in (name, *public_modules(node)):
                before = assembly.shapes.get((place, label))
                assembly.shapes[place, label] = _weaker(before, shape) if before else shape
        elif found != "is an exception":
            assembly.review[full] = found


def _is_namedtuple_call(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name | ast.Attribute)
        and ast.unparse(value.func) in {"namedtuple", "collections.namedtuple"}
    )


def _shape(found: Proved) -> Shape:
    changes: tuple[Change, ...] = tuple(
        change for change in ("add", "append", "setitem") if change in found.changes
    )
    return ("class", found.args, found.state, changes, found.hashable)


_STATES = ("none", "dict", "slots", "any", "scipy distribution")


def _weaker(one: Shape, other: Shape) -> Shape:
    """What two versions of a class both allow; the wider state, as each was proved harmless."""
    reviewed = [state for state in (one[2], other[2]) if state not in _STATES]
    state = reviewed[0] if reviewed else max(one[2], other[2], key=_STATES.index)
    args = one[1] if one[1] == other[1] else max(one[1], other[1], key=len)
    changes = tuple(change for change in one[3] if change in other[3])
    return ("class", args, state, changes, one[4] and other[4])


def _functions(sources: Sources, reviewed: Reviewed, assembly: Assembly) -> None:
    for wanted in reviewed.functions:
        for name in wanted.modules:
            module = sources.module(name)
            for label in module.functions if module else ():
                full = f"{name}.{label}"
                if label.startswith("_") or label in wanted.leave_out or skipped(full, reviewed):
                    continue
                assembly.shapes[name, label] = ("constant", "any", "none", (), True)


def _reviewed(reviewed: Reviewed, assembly: Assembly) -> None:
    for group in reviewed.group:
        for module, labels in group.names.items():
            for text in labels:
                label, _, args = text.partition(": ")
                args = args or group.args
                for short, kinds in reviewed.kinds.items():
                    args = args.replace("{" + short + "}", kinds)
                shape: Shape = (
                    group.role,
                    args,
                    group.state,
                    group.changes,
                    group.hashable,
                )
                wrong = known(shape[1]) or known(shape[2], state=True)
                if wrong:
                    raise ConfigError(f"{module}.{label}: {wrong}", file=f"{reviewed.pack}.toml")
                assembly.shapes[module, label] = shape
                assembly.review.pop(f"{module}.{label}", None)


def _respelled(reviewed: Reviewed, assembly: Assembly) -> None:
    """The same names where older and newer versions of the library have them."""
    for source, target in sorted(reviewed.spelled.items()):
        for (module, label), shape in list(assembly.shapes.items()):
            if module == source or module.startswith(source + "."):
                other = target + module[len(source) :]
                respelled = (shape[0], shape[1].replace(f":{source}.", f":{target}."), *shape[2:])
                assembly.shapes.setdefault((other, label), respelled)


def _pack(reviewed: Reviewed, versions: tuple[str, ...], assembly: Assembly) -> Pack:
    grouped: dict[Shape, dict[str, list[str]]] = {}
    for (module, label), shape in sorted(assembly.shapes.items()):
        grouped.setdefault(shape, {}).setdefault(module, []).append(label)
    groups = tuple(
        Group(
            role=shape[0],
            args=shape[1],
            state=shape[2],
            changes=shape[3],
            hashable=shape[4],
            names={module: tuple(labels) for module, labels in names.items()},
        )
        for shape, names in sorted(grouped.items())
    )
    return Pack(
        pack=reviewed.pack,
        library=reviewed.library,
        versions=tuple(sorted(set(versions) - {""}, key=_order)),
        modules=reviewed.modules,
        groups=groups,
    )


def _order(version: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part) if part.isdigit() else -1, part) for part in version.split("."))


def _version(site: Path, library: str) -> str:
    """The version that the installed metadata says."""
    wanted = library.lower().replace("-", "_")
    for folder in sorted(site.glob("*.dist-info")):
        name, _, version = folder.name.removesuffix(".dist-info").partition("-")
        if name.lower().replace("-", "_") == wanted:
            return version
    return ""
