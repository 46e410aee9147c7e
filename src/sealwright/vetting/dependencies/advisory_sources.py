"""Where advisories come from: an OSV export (`all.zip`, or its files in a folder), or the tree of
the
PyPA advisory database. Read from disk, bounded, file by file.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sealwright.errors import InputMissing, LimitReached, MalformedError, Unsupported
from sealwright.filekind import kind_at
from sealwright.vetting.dependencies.osv import MAX_RECORD

MAX_RECORDS = 1_000_000
MAX_BYTES = 16 * 1024**3
"""Of all records together."""
_SUFFIXES = (".json", ".yaml", ".yml")
_BLOCK = 1 << 20
EXPECTED = (
    "give an OSV export (PyPI/all.zip, in which each file ID.json is one record, or a folder of "
    "such files) or a checkout of the PyPA advisory database (vulns/PACKAGE/ID.yaml)"
)

Progress = Callable[[int, int], None]
"""Told (records done, records in all) now and then."""


class Source(msgspec.Struct):
    """An export that is being read. `digest` is complete once `records` came to its end."""

    path: Path
    total: int
    digest: str = ""
    unread: int = 0
    """Files that hold no record."""
    bytes: int = 0


def open_source(path: Path) -> Source:
    """What lies at `path`; InputMissing if nothing is there, Unsupported if it is no export."""
    if path.is_dir():
        total = sum(1 for _ in _files(path))
    elif path.is_file():
        try:
            with zipfile.ZipFile(path) as archive:
                total = sum(1 for item in archive.infolist() if _is_record(item.filename))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Unsupported(
                f"{path}: not a zip file that can be read", advice=EXPECTED
            ) from error
    else:
        raise InputMissing(
            f"{path}: {_absent(path)}",
            advice=EXPECTED,
        )
    if total > MAX_RECORDS:
        raise LimitReached(f"{path}: more than {MAX_RECORDS} records")
    return Source(path=path, total=total)


def _absent(path: Path) -> str:
    """Why nothing can be read there."""
    try:
        found = kind_at(path)
    except OSError as error:
        return error.strerror or "cannot be looked at"
    return f"{found}, neither a file nor a folder" if found else "no such file or folder"


def records(source: Source) -> Iterator[Any]:
    """Every record, parsed. What is no JSON or YAML is counted as unread and left out."""
    reading = _zipped(source) if source.path.is_file() else _unpacked(source)
    for name, data in reading:
        source.bytes += len(data)
        if source.bytes > MAX_BYTES:
            raise LimitReached(f"{source.path}: more than {MAX_BYTES} bytes of records")
        try:
            if len(data) > MAX_RECORD:
                raise MalformedError(f"{name}: larger than {MAX_RECORD} bytes")
            yield json.loads(data) if name.endswith(".json") else _yaml(data)
        except (ValueError, RecursionError, MalformedError):
            source.unread += 1


def _zipped(source: Source) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(source.path) as archive:
            for item in archive.infolist():
                if _is_record(item.filename):
                    with archive.open(item) as file:
                        yield item.filename, file.read(MAX_RECORD + 1)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise MalformedError(f"{source.path}: the zip file is damaged") from error
    source.digest = _file_digest(source.path)


def _unpacked(source: Source) -> Iterator[tuple[str, bytes]]:
    digest = hashlib.sha256()
    for place in _files(source.path):
        with place.open("rb") as file:
            data = file.read(MAX_RECORD + 1)
        digest.update(place.relative_to(source.path).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(data).digest())
        yield place.name, data
    source.digest = digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    """Records below a folder, in order; links and hidden folders are not followed."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            place = Path(folder, name)
            if _is_record(name) and not place.is_symlink():
                yield place


def _is_record(name: str) -> bool:
    return name.endswith(_SUFFIXES) and not name.rpartition("/")[2].startswith(".")


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _yaml(data: bytes) -> Any:
    """YAML in which every scalar stays text: versions such as 1.10 are no numbers."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return yaml.load(data, Loader=loader)  # noqa: S506 - the base loader makes text only
    except yaml.YAMLError as error:
        raise MalformedError("not YAML") from error
