"""Scans a model's files or training code and says so in a statement: what was found, and how much
was looked at. The checks see the very bytes that the statement's subject is the digest of.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from sealwright.clock import Clock, format_time
from sealwright.errors import InputMissing, TamperError, UsageError
from sealwright.evidence.manifest import Artifact
from sealwright.evidence.predicates.common import FileEntry, Tool
from sealwright.evidence.predicates.model import Coverage, Scan
from sealwright.evidence.statement import Statement, Subject, subject
from sealwright.evidence.tree import identify
from sealwright.phases.model.checks.artifact_format import claimed, recognise
from sealwright.phases.model.checks.interface import (
    Buffer,
    ModelFile,
    Observation,
    conclude,
    findings,
)
from sealwright.phases.model.checks.registry import (
    ARTIFACT_CHECKS,
    CODE_CHECKS,
    artifact_rules_digest,
    code_rules_digest,
)

SCANNER = "sealwright-model-scan"
MAP_FROM = 32 * 1024 * 1024
"""Bytes from which a file is mapped, not read: a checkpoint need not fit into memory."""
_LISTED = 200
"""How many unexamined files are named before the rest is counted."""


def scan_artifact(path: Path, *, clock: Clock, name: str = "") -> Statement[Scan]:
    """Scans every file of the model at `path` (a folder or one file).

    Each file is recognised by its content and read by the check of that format; a file that no
    check reads makes the scan inconclusive. Raises what `tree.identify` raises, and TamperError if
    a file changes meanwhile.
    """
    artifact = identify(path)
    seen: list[Observation] = []
    missed: list[str] = []
    parsed = 0
    for entry in artifact.files:
        with _opened(artifact, entry) as data:
            file = ModelFile(entry=entry, data=data)
            observations, understood, read = _scan_file(file)
        seen.extend(observations)
        parsed += understood
        if not read:
            missed.append(entry.path)
    complete = bool(artifact.files) and not missed
    return Statement(
        (subject(name or path.name, artifact.digest),),
        Scan(
            kind="artifact",
            result=conclude(seen, complete=complete),
            scanner=Tool(
                name=SCANNER, version=version("sealwright"), digest=artifact_rules_digest()
            ),
            findings=findings(seen),
            coverage=Coverage(
                files=len(artifact.files),
                bytes_total=artifact.size,
                bytes_parsed=parsed,
                not_examined=_named(missed),
            ),
            at=format_time(clock()),
        ),
    )


def scan_code(paths: Sequence[Path], *, clock: Clock) -> Statement[Scan]:
    """Scans training code: files and folders, each a subject of the statement.

    No Python file at all is inconclusive. Raises UsageError without paths, Unsupported without
    bandit, and what `tree.identify` raises.
    """
    if not paths:
        raise UsageError("no code to scan", advice="list the training code in [training] code")
    subjects: list[Subject] = []
    files: list[ModelFile] = []
    for path in paths:
        artifact = identify(path)
        subjects.append(subject(path.name, artifact.digest))
        for entry in artifact.files:
            prefix = f"{path.name}/" if path.is_dir() else ""
            with _opened(artifact, entry) as data:
                shown = FileEntry(path=prefix + entry.path, size=entry.size, sha256=entry.sha256)
                files.append(ModelFile(entry=shown, data=bytes(data)))
    seen: list[Observation] = []
    examined: set[str] = set()
    for check in CODE_CHECKS:
        examination = check.examine(tuple(files))
        seen.extend(examination.observations)
        examined |= examination.examined
    return Statement(
        tuple(subjects),
        Scan(
            kind="code",
            result=conclude(seen, complete=bool(examined)),
            scanner=Tool(name=SCANNER, version=version("sealwright"), digest=code_rules_digest()),
            findings=findings(seen),
            coverage=Coverage(
                files=len(files),
                bytes_total=sum(file.entry.size for file in files),
                bytes_parsed=sum(file.entry.size for file in files if file.name in examined),
                not_examined=_named([f.name for f in files if f.name not in examined]),
            ),
            at=format_time(clock()),
        ),
    )


def _scan_file(file: ModelFile) -> tuple[tuple[Observation, ...], int, bool]:
    """What the checks saw, how many bytes they understood, and whether any check read the file.

    A file of no known format goes to the check that its extension names, to learn what is wrong.
    """
    formats = recognise(file) or claimed(file)
    seen: list[Observation] = []
    parsed, read = 0, False
    for check in ARTIFACT_CHECKS:
        if check.format != "*" and check.format not in formats:
            continue
        examination = check.examine(file)
        seen.extend(examination.observations)
        if check.format != "*":
            parsed = max(parsed, examination.parsed)
            read = read or examination.parsed > 0
    return tuple(seen), parsed, read


@contextmanager
def _opened(artifact: Artifact, entry: FileEntry) -> Iterator[Buffer]:
    """The bytes of one file, proven to be those the artifact was identified by."""
    root = artifact.root
    if root is None:
        raise InputMissing(f"{entry.path}: the artifact's files are not at hand")
    path = root / entry.path if root.is_dir() else root
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise InputMissing(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(descriptor).st_size < MAP_FROM:
            data: Buffer = file.read(MAP_FROM + 1)
            _same(data, entry, path)
            yield data
            return
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as mapped:
            _same(mapped, entry, path)
            yield mapped


def _same(data: Buffer, entry: FileEntry, path: Path) -> None:
    if len(data) != entry.size or sha256(data).hexdigest() != entry.sha256:
        raise TamperError(f"{path}: changed while it was scanned", advice="stop the writer, retry")


def _named(paths: list[str]) -> tuple[str, ...]:
    more = len(paths) - _LISTED
    rest = (f"and {more} more",) if more > 0 else ()
    return (*paths[:_LISTED], *rest)
