"""Reads the lock file of a training environment: what was meant to be installed, and by which hash.

Three spellings: pip's requirements file (`--hash` options), PEP 751 `pylock.toml`, and `uv.lock`.
Reading is bounded, follows no include and no link, and reports what it does not understand.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sealwright.errors import InputMissing, LimitReached
from sealwright.evidence.digest import sha256_hex
from sealwright.patterns import regex
from sealwright.vetting.interface import Observation, Rule, observe, quoted

MAX_BYTES = 8 * 1024 * 1024
MAX_REQUIREMENTS = 20_000
MAX_HASHES = 500
"""Per requirement: one for each file of a release."""
_HASH = regex(r"(?:^|\s)--hash[= ](sha256|sha384|sha512):([0-9a-f]{64,128})(?=\s|$)")
_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_COMMENT = regex(r"(?:^|\s)#.*$")
_HARMLESS = frozenset(
    ("--no-binary", "--only-binary", "--prefer-binary", "--require-hashes", "--no-index")
)
_INDEXES = frozenset(
    ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host")
)

UNREADABLE = Rule(
    id="SW-DEP-001",
    effect="inconclusive",
    severity="medium",
    title="A part of the lock file is not understood",
    why="What is not understood may install anything; pip would follow it.",
    example="-r other.txt",
    remediation="write the lock file with a tool: uv, pip-compile or pip lock",
)
UNPINNED = Rule(
    id="SW-DEP-002",
    effect="fail",
    severity="high",
    title="A requirement names no exact version",
    why="The newest release of that day is installed, whoever uploaded it.",
    example="numpy>=2",
    remediation="pin it with == and lock the environment again",
    atlas=("AML.T0010.001",),
)
UNHASHED = Rule(
    id="SW-DEP-003",
    effect="warn",
    severity="medium",
    title="A requirement has no hash",
    why="An index, or whoever stands between, can serve other bytes under the same version.",
    example="numpy==2.0.0",
    remediation="lock with hashes (--generate-hashes): a version alone can be replaced",
    atlas=("AML.T0010.001",),
)
DIRECT = Rule(
    id="SW-DEP-004",
    effect="fail",
    severity="high",
    title="A requirement comes from a link or folder, not from an index",
    why="What the link serves can change at any time, and nobody else ever sees it.",
    example="mylib @ git+https://example.org/mylib",
    remediation="publish it to an index and pin it by version and hash",
    atlas=("AML.T0010.001", "AML.T0011.001"),
)
INDEX = Rule(
    id="SW-DEP-005",
    effect="warn",
    severity="medium",
    title="The lock file names another package index",
    why=(
        "pip takes the highest version from any index: a name that only you use can be "
        "registered on the other one."
    ),
    example="--extra-index-url https://example.org/simple",
    remediation="configure indexes outside the lock file, and keep hashes on every requirement",
    atlas=("AML.T0010.001",),
)
CONFUSION = Rule(
    id="SW-DEP-006",
    effect="fail",
    severity="high",
    title="Another package index is named and not every requirement has a hash",
    why=(
        "A package of the same name and a higher version on the other index is installed "
        "instead of yours."
    ),
    example="--extra-index-url https://example.org/simple\nmylib==1.0",
    remediation="add hashes: a package of the same name from the other index would be taken",
    atlas=("AML.T0010.001", "AML.T0011.001"),
)
SOURCE_ONLY = Rule(
    id="SW-DEP-007",
    effect="warn",
    severity="low",
    title="A package is locked as source only",
    why="Building it runs its set-up code with your rights, on the machine that installs.",
    example="a package of uv.lock with an sdist and no wheels",
    remediation="build a wheel once, in isolation, publish it to your index, and lock that",
    atlas=("AML.T0010.001",),
)
RULES = (UNREADABLE, UNPINNED, UNHASHED, DIRECT, INDEX, CONFUSION, SOURCE_ONLY)


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement that holds on this machine. `name` is normalised, `version` may be empty."""

    name: str
    version: str
    hashes: tuple[tuple[str, str], ...] = ()
    """(algorithm, hex), sorted."""
    optional: bool = False
    """It may rightly be absent: some lock files list more than one environment needs."""


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """A lock file as it was read."""

    name: str
    sha256: str
    size: int
    locked: dict[str, Locked]
    """By normalised name."""
    observations: tuple[Observation, ...]


def read_lock(path: Path) -> Lock:
    """Reads a lock file by its name: `*.toml` as pylock.toml, `uv.lock`, or else requirements.

    Raises InputMissing if it cannot be read and LimitReached above `MAX_BYTES` or
    `MAX_REQUIREMENTS`; everything else that is wrong with it is an observation.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputMissing(
            f"{path}: {error.strerror}", advice="check [training] lock in sealwright.toml"
        ) from error
    return parse_lock(data, name=path.name)


def parse_lock(data: bytes, *, name: str) -> Lock:
    """`read_lock` for bytes that are at hand."""
    if len(data) > MAX_BYTES:
        raise LimitReached(f"{name}: a lock file of more than {MAX_BYTES} bytes is not read")
    reading = _Reading(name)
    try:
        text = data.decode("utf-8")
        if name.endswith((".toml", ".lock")):
            _toml(reading, text)
        else:
            _requirements(reading, text)
    except UnicodeDecodeError:
        reading.report(UNREADABLE, "the file is not UTF-8 text", at="")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reading.report(UNREADABLE, f"the file is not TOML: {quoted(str(error))}", at="")
    reading.finish()
    return Lock(
        name=name,
        sha256=sha256_hex(data),
        size=len(data),
        locked=reading.locked,
        observations=tuple(reading.seen),
    )


class _Reading:
    def __init__(self, name: str) -> None:
        self.name = name
        self.locked: dict[str, Locked] = {}
        self.seen: list[Observation] = []
        self.other_index = False
        self.indexes: set[str] = set()

    def report(self, rule: Rule, message: str, *, at: str) -> None:
        self.seen.append(observe(rule, message, location=self.name + (f":{at}" if at else "")))

    def add(self, one: Locked, *, at: str) -> None:
        if len(self.locked) >= MAX_REQUIREMENTS or len(one.hashes) > MAX_HASHES:
            raise LimitReached(
                f"{self.name}: more than {MAX_REQUIREMENTS} requirements or {MAX_HASHES} hashes"
            )
        other = self.locked.setdefault(one.name, one)
        if other.version != one.version:
            self.report(UNREADABLE, f"{one.name} is listed in two versions", at=at)
        if not one.version:
            self.report(UNPINNED, f"{one.name} is not pinned with ==", at=at)
        elif not one.hashes:
            self.report(UNHASHED, f"{one.name} {one.version} has no sha256 hash", at=at)

    def finish(self) -> None:
        if not self.locked:
            self.report(UNREADABLE, "it lists no requirement", at="")
        if len(self.indexes) > 1:
            self.other_index = True
            self.report(INDEX, f"packages come from {len(self.indexes)} indexes", at="")
        if self.other_index and any(not one.hashes for one in self.locked.values()):
            self.report(CONFUSION, "a package could come from either index", at="")


def _requirements(reading: _Reading, text: str) -> None:
    for number, line in _logical_lines(text):
        if line.startswith("-"):
            _option(reading, line, at=str(number))
        else:
            _requirement(reading, line, at=str(number))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, with those that end in a backslash joined to the next; 1-based."""
    pending, first = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        first = first or number
        line = _COMMENT.sub("", raw)
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        if whole := (pending + line).strip():
            yield first, whole
        pending, first = "", 0
    if whole := pending.strip():
        yield first, whole


def _option(reading: _Reading, line: str, *, at: str) -> None:
    """Values are never printed: links to indexes may hold a password."""
    option = re.split(r"[\s=]", line, maxsplit=1)[0]
    if option in _INDEXES:
        reading.other_index = True
        reading.report(INDEX, f"option {option}", at=at)
    elif option in ("-e", "--editable"):
        reading.report(DIRECT, "an editable requirement", at=at)
    elif option not in _HARMLESS:
        reading.report(UNREADABLE, f"option {quoted(option)} is not followed", at=at)


def _requirement(reading: _Reading, line: str, *, at: str) -> None:
    hashes = {(kind, value) for kind, value in _HASH.findall(line) if _is_hash(kind, value)}
    rest = _HASH.sub(" ", line).strip()
    try:
        wanted = Requirement(rest)
    except InvalidRequirement:
        if re.match(r"(?:\w+\+)?\w+://|\.{0,2}/", rest):
            reading.report(DIRECT, "a requirement by link or path", at=at)
        else:
            reading.report(UNREADABLE, "a line is not a requirement", at=at)
        return
    if not _holds(wanted.marker):
        return
    name = canonicalize_name(wanted.name)
    if wanted.url:
        reading.report(DIRECT, f"{name} comes from a link", at=at)
    exact = [
        one.version
        for one in wanted.specifier
        if one.operator in ("==", "===") and not one.version.endswith(".*")
    ]
    version = exact[0] if len(exact) == 1 and len(wanted.specifier) == 1 else ""
    if version or not wanted.url:
        reading.add(Locked(name=name, version=version, hashes=tuple(sorted(hashes))), at=at)


def _holds(marker: Marker | None) -> bool:
    """Whether a marker holds on this machine; one that cannot be decided is taken to hold."""
    try:
        return marker is None or marker.evaluate()
    except UndefinedEnvironmentName:
        return True


def _toml(reading: _Reading, text: str) -> None:
    """PEP 751 keeps its packages under `packages`, uv under `package`."""
    table = tomllib.loads(text)
    peps, uvs = table.get("packages"), table.get("package")
    packages = peps if isinstance(peps, list) else uvs
    if not isinstance(packages, list):
        reading.report(UNREADABLE, "it has no list of packages", at="")
        return
    for package in packages:
        if isinstance(package, dict) and isinstance(package.get("name"), str):
            _package(reading, package, optional=packages is uvs)
        else:
            reading.report(UNREADABLE, "a package has no name", at="")


def _package(reading: _Reading, package: Mapping[str, Any], *, optional: bool) -> None:
    name = str(canonicalize_name(package["name"]))
    version = package.get("version")
    source = package.get("source", {})
    if isinstance(source, dict) and set(source) & {"editable", "virtual"}:
        return  # uv lists the project itself, too
    marker = package.get("marker")
    try:
        if isinstance(marker, str) and not _holds(Marker(marker)):
            return
    except InvalidMarker:
        reading.report(UNREADABLE, f"the marker of {quoted(name)} is not understood", at="")
    places = set(package) | (set(source) if isinstance(source, dict) else set())
    if places & {"vcs", "directory", "archive", "git", "url", "path"}:
        reading.report(DIRECT, f"{quoted(name)} comes from a link or folder", at="")
    hashes = {found for one in _files(package) for found in _file_hashes(one)}
    if isinstance(package.get("sdist"), dict) and not package.get("wheels"):
        reading.report(SOURCE_ONLY, f"{quoted(name)} has no wheel", at="")
    index = package.get("index") or (source.get("registry") if isinstance(source, dict) else None)
    if isinstance(index, str):
        reading.indexes.add(index.rstrip("/"))
    reading.add(
        Locked(
            name=name if name.isprintable() else quoted(name),
            version=version if isinstance(version, str) else "",
            hashes=tuple(sorted(hashes)),
            optional=optional,
        ),
        at="",
    )


def _files(package: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    wheels = package.get("wheels")
    files = [*(wheels if isinstance(wheels, list) else []), package.get("sdist")]
    return [one for one in files if isinstance(one, dict)]


def _file_hashes(file: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """`hashes = {sha256 = "…"}` (PEP 751) or `hash = "sha256:…"` (uv)."""
    hashes = file.get("hashes")
    pairs = list(hashes.items()) if isinstance(hashes, dict) else []
    if isinstance(file.get("hash"), str):
        kind, _, value = file["hash"].partition(":")
        pairs.append((kind, value))
    for kind, value in pairs:
        if isinstance(value, str) and _is_hash(kind, value):
            yield kind, value


def _is_hash(kind: str, value: str) -> bool:
    return len(value) == _LENGTHS.get(kind) and re.fullmatch(r"[0-9a-f]+", value) is not None
