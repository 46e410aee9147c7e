"""The training environment as a CycloneDX 1.6 bill of materials, and how it differs from its lock.

The same environment, lock and model always give the same bill: components are sorted, and the
serial number is made from the content. Spec: CycloneDX 1.6, bom-1.6.schema.json.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import Distribution, PackageMetadata, distributions, version
from typing import Any, Literal
from urllib.parse import quote

from msgspec.structs import asdict
from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from sealwright.clock import Clock, format_time
from sealwright.errors import LimitReached
from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.predicates.common import JsonObject, Tool
from sealwright.evidence.predicates.model import Coverage, CycloneDxBom, Scan
from sealwright.evidence.statement import Statement, Subject
from sealwright.phases.model.environment import Stamp, stamp
from sealwright.vetting.dependencies import (
    environment_rules,
    lockfile,
    lookalikes,
    startup,
    vulnerabilities,
)
from sealwright.vetting.dependencies.environment_rules import (
    NO_ENVIRONMENT,
    NO_LOCK,
    NOT_INSTALLED,
    NOT_LOCKED,
    OTHER_VERSION,
    TWICE,
)
from sealwright.vetting.dependencies.lockfile import Lock, Locked
from sealwright.vetting.dependencies.vulnerabilities import Package
from sealwright.vetting.interface import (
    Observation,
    conclude,
    findings,
    observe,
    result_of,
)

SCANNER = "sealwright-dependency-scan"
MAX_DISTRIBUTIONS = 20_000
_BUILDER = "sealwright"
"""The program that trains and records; it stands in the environment and is named as the builder."""
_MAX_LICENCE = 200
_EXPRESSION = re.compile(r"[A-Za-z0-9.+() -]+")
_ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}

State = Literal["locked-and-installed", "installed-only", "locked-only", "mismatch", "builder"]

RULES = (
    *lockfile.RULES,
    *environment_rules.RULES,
    *lookalikes.RULES,
    *startup.RULES,
    *vulnerabilities.RULES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An installed distribution. `name` is normalised."""

    name: str
    version: str
    licence: str = ""
    """SPDX expression or free text, as its metadata say; empty if they do not."""
    is_expression: bool = False
    requires: tuple[str, ...] = ()
    """Normalised names of what it needs on this machine, without extras, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One package, held against the lock."""

    name: str
    state: State
    installed: Installed | None
    locked: Locked | None

    @property
    def version(self) -> str:
        """The installed version, or else the locked one."""
        if self.installed is not None:
            return self.installed.version
        return self.locked.version if self.locked is not None else ""

    @property
    def purl(self) -> str:
        """Package URL, which also identifies the component within the bill."""
        base = f"pkg:pypi/{quote(self.name, safe='')}"
        return f"{base}@{quote(self.version, safe='')}" if self.version else base


def read_installed() -> tuple[Installed, ...]:
    """Every distribution that this interpreter can import from, sorted by name.

    Of doubles, the one that is imported comes first.
    """
    return _read_installed(stamp())


@lru_cache(maxsize=1)
def _read_installed(_: Stamp) -> tuple[Installed, ...]:
    found: list[Installed] = []
    for distribution in distributions():
        if len(found) >= MAX_DISTRIBUTIONS:
            raise LimitReached(f"more than {MAX_DISTRIBUTIONS} installed packages")
        if distribution.metadata["Name"] is not None:  # else what is left of a removed package
            found.append(_describe(distribution))
    return tuple(sorted(found, key=lambda one: one.name))


def compare(lock: Lock | None, installed: Sequence[Installed]) -> tuple[Component, ...]:
    """Every package that is locked or installed, by name."""
    locked = lock.locked if lock is not None else {}
    present = {one.name: one for one in reversed(installed)}
    components = []
    for name in sorted(set(locked) | set(present)):
        wanted, here = locked.get(name), present.get(name)
        components.append(
            Component(name=name, state=_state(wanted, here), installed=here, locked=wanted)
        )
    return tuple(components)


def bom_statement(
    model: Subject,
    *,
    lock: Lock | None,
    installed: Sequence[Installed],
    clock: Clock,
    environment: str = "",
) -> Statement[CycloneDxBom]:
    """The bill of materials of the environment that `model` was trained in.

    `environment` is the digest by which the training run names that environment.
    """
    components = compare(lock, installed)
    known = {component.name: component.purl for component in components}
    listed = tuple(_component(component) for component in components)
    root = f"model:{model.sha256}"
    dependencies = [{"ref": root, "dependsOn": sorted(known.values())}]
    dependencies += [
        {
            "ref": component.purl,
            "dependsOn": sorted(
                known[name]
                for name in (component.installed.requires if component.installed else ())
                if name in known
            ),
        }
        for component in components
    ]
    metadata = _metadata(model, root=root, lock=lock, environment=environment)
    content = {"metadata": metadata, "components": listed, "dependencies": dependencies}
    digest = sha256(canonical.encode(content)).digest()
    return Statement(
        (model,),
        CycloneDxBom(
            bom_format="CycloneDX",
            spec_version="1.6",
            serial_number=f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=5)}",
            version=1,
            metadata={**metadata, "timestamp": format_time(clock())},
            components=listed,
            dependencies=tuple(dependencies),
        ),
    )


def packages(lock: Lock | None, installed: Sequence[Installed]) -> tuple[Package, ...]:
    """Every release to look up: what is installed, and what is locked in another version."""
    here = {one.name: one.version for one in reversed(installed)}
    found = {(one.name, one.version) for one in installed}
    for one in lock.locked.values() if lock is not None else ():
        if one.version and not _same(one.version, here.get(one.name, "")):
            found.add((one.name, one.version))
    return tuple(Package(name=name, version=version) for name, version in sorted(found))


def dependency_scan(
    model: Subject,
    *,
    lock: Lock | None,
    installed: Sequence[Installed],
    clock: Clock,
    more: Sequence[Observation] = (),
    not_examined: tuple[str, ...] = ("known vulnerabilities", "the content of installed packages"),
) -> Statement[Scan]:
    """What is wrong with the lock, with names, and where the environment differs from the lock.

    Without a lock, or with nothing installed, the scan is inconclusive. `more`: what was seen of
    start-up files and known vulnerabilities.
    """
    seen = [*(lock.observations if lock is not None else ()), *more]
    names = {one.name for one in installed} | set(lock.locked if lock is not None else ())
    seen.extend(lookalikes.examine(names))
    if lock is None:
        seen.append(observe(NO_LOCK, "no lock file is declared", location=""))
    else:
        seen.extend(_differences(compare(lock, installed)))
    if not installed:
        seen.append(observe(NO_ENVIRONMENT, "no installed package was found", location=""))
    for name, count in sorted(Counter(one.name for one in installed).items()):
        if count > 1:
            seen.append(observe(TWICE, f"{name} is installed {count} times", location=name))
    return Statement(
        (model,),
        Scan(
            kind="dependency",
            result=result_of(conclude(seen, complete=lock is not None and bool(installed)), seen),
            scanner=Tool(name=SCANNER, version=version(_BUILDER), digest=_rules_digest()),
            findings=findings(seen),
            coverage=Coverage(
                files=1 if lock is not None else 0,
                bytes_total=lock.size if lock is not None else 0,
                bytes_parsed=lock.size if lock is not None and lock.locked else 0,
                not_examined=not_examined,
            ),
            at=format_time(clock()),
        ),
    )


def _state(wanted: Locked | None, here: Installed | None) -> State:
    if wanted is None:
        return "builder" if here is not None and here.name == _BUILDER else "installed-only"
    if here is None:
        return "locked-only"
    return "locked-and-installed" if _same(wanted.version, here.version) else "mismatch"


def _same(locked: str, installed: str) -> bool:
    """Equal as versions (1.0 is 1.0.0); what is no version must be equal as text."""
    try:
        return Version(locked) == Version(installed)
    except InvalidVersion:
        return bool(locked) and locked == installed


def _differences(components: Iterable[Component]) -> list[Observation]:
    seen: list[Observation] = []
    for one in components:
        match one.state:
            case "installed-only":
                message = f"{one.name} {one.version} is installed but not locked"
                seen.append(observe(NOT_LOCKED, message, location=one.name))
            case "mismatch" if one.locked is not None:
                message = f"{one.name} {one.version} is installed, {one.locked.version or 'no'}"
                message += " version is locked" if not one.locked.version else " is locked"
                seen.append(observe(OTHER_VERSION, message, location=one.name))
            case "locked-only" if one.locked is not None and not one.locked.optional:
                message = f"{one.name} {one.version} is locked but not installed"
                seen.append(observe(NOT_INSTALLED, message, location=one.name))
    return seen


def _component(one: Component) -> JsonObject:
    properties = [{"name": "sealwright:state", "value": one.state}]
    if one.state == "mismatch" and one.locked is not None:
        properties.append({"name": "sealwright:locked-version", "value": one.locked.version})
    described: JsonObject = {
        "type": "application" if one.state == "builder" else "library",
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "purl": one.purl,
        "scope": "excluded" if one.state == "locked-only" else "required",
        "properties": properties,
    }
    # A hash of the lock belongs to the locked version and to no other.
    if one.locked is not None and one.locked.hashes and one.state != "mismatch":
        described["hashes"] = [
            {"alg": _ALGORITHMS[kind], "content": value} for kind, value in one.locked.hashes
        ]
    if one.installed is not None and one.installed.licence:
        text = one.installed.licence
        licence = (
            {"expression": text} if one.installed.is_expression else {"license": {"name": text}}
        )
        described["licenses"] = [licence]
    return described


def _metadata(model: Subject, *, root: str, lock: Lock | None, environment: str) -> JsonObject:
    properties = [{"name": "sealwright:lock", "value": lock.name if lock is not None else ""}]
    if lock is not None:
        properties.append({"name": "sealwright:lock-sha256", "value": lock.sha256})
    if environment:
        properties.append({"name": "sealwright:environment-sha256", "value": environment})
    return {
        "tools": {
            "components": [{"type": "application", "name": _BUILDER, "version": version(_BUILDER)}]
        },
        "component": {
            "type": "machine-learning-model",
            "bom-ref": root,
            "name": model.name,
            "hashes": [{"alg": "SHA-256", "content": model.sha256}],
        },
        "properties": properties,
    }


def _describe(distribution: Distribution) -> Installed:
    metadata = distribution.metadata
    expression = _first(metadata, "License-Expression")
    is_expression = bool(expression) and _EXPRESSION.fullmatch(expression) is not None
    classifiers = metadata.get_all("Classifier") or []
    named = [str(c).rpartition(" :: ")[2] for c in classifiers if str(c).startswith("License ::")]
    licence = expression or _first(metadata, "License") or _line("; ".join(sorted(named)))
    return Installed(
        name=str(canonicalize_name(_first(metadata, "Name") or "unknown")),
        version=_first(metadata, "Version"),
        licence=licence,
        is_expression=is_expression,
        requires=tuple(sorted(_required(distribution.requires or ()))),
    )


def _first(metadata: PackageMetadata, key: str) -> str:
    return _line(next(iter(metadata.get_all(key) or ()), None))


def _line(value: Any) -> str:
    """One short line of metadata; some packages put a whole licence there, which is left out."""
    text = str(value).strip() if value is not None else ""
    return text if len(text) <= _MAX_LICENCE and text.isprintable() else ""


def _required(lines: Iterable[str]) -> set[str]:
    names: set[str] = set()
    for line in lines:
        try:
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                names.add(str(canonicalize_name(wanted.name)))
        except (InvalidRequirement, UndefinedEnvironmentName):
            continue  # the bill's graph is a service; what is installed is listed all the same
    return names


def _rules_digest() -> str:
    return sha256_hex(canonical.encode([asdict(rule) for rule in RULES]))
