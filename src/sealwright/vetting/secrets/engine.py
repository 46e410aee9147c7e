"""Runs the detector (MongoDB's Kingfisher library) in a process of its own: offline, with fixed
settings, with a limit on time that native code cannot ignore, and without secrets coming back.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from sealwright.evidence.finding import Confidence
from sealwright.vetting.interface import Buffer

DISTRIBUTION = "kingfisher-secret-scanner"
TIMEOUT = 180.0
"""Seconds for all files together; the first run compiles the detector's rules."""
SECONDS_PER_FILE = 20.0
MAX_REPORT = 64 * 1024 * 1024
SHORT = 12
"""Hex digits of a fingerprint: enough to tell the secrets of one report apart."""
_CONFIDENCE: dict[str, Confidence] = {"high": "high", "medium": "medium"}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A secret: its type and place, and a fingerprint that tells it from others of the same
    scan."""

    type: str
    """The detector's rule id."""
    line: int
    start: int
    """Byte where it begins."""
    fingerprint: str
    confidence: Confidence


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the detector said of one file. `problem`: why it was not read to the end."""

    places: tuple[Place, ...] = ()
    problem: str = ""


def installed() -> str:
    """The detector's version; empty if it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return ""


def look(
    files: Sequence[Buffer], *, salt: bytes | None = None, cache: Path | None = None
) -> tuple[Answer, ...] | str:
    """The secrets in each of `files`, or why nothing could be said of any.

    `salt`: of the fingerprints (default: a new one, so that fingerprints of two scans cannot be
    compared, and nobody can try passwords against a report). `cache`: a private folder in which the
    detector keeps its compiled rules, which saves seconds; without one, nothing is left behind.
    """
    import subprocess
    import tempfile

    if not files:
        return ()
    settings = {
        "salt": (salt or secrets.token_bytes(32)).hex(),
        "cache": _made(cache) if cache is not None else "",
        "seconds": SECONDS_PER_FILE,
        "short": SHORT,
    }
    # A folder of its own to stand in, and a file for input: a pipe to a dead process would raise.
    with (
        tempfile.TemporaryDirectory(prefix="sealwright-secrets-") as folder,
        tempfile.TemporaryFile(dir=folder) as wanted,
        tempfile.TemporaryFile(dir=folder) as said,
    ):
        wanted.write(json.dumps(settings).encode() + b"\n")
        for data in files:
            wanted.write(len(data).to_bytes(8, "big"))
            wanted.write(data)
        wanted.seek(0)
        try:
            done = subprocess.run(
                [sys.executable, "-I", str(Path(__file__).with_name("child.py"))],
                cwd=folder,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=wanted,
                stdout=said,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"the secret detector was stopped after {TIMEOUT:.0f} seconds"
        if done.returncode != 0:
            return f"the secret detector ended with status {done.returncode}"
        said.seek(0)
        return _read(said.read(MAX_REPORT + 1), len(files))


def _read(data: bytes, count: int) -> tuple[Answer, ...] | str:
    try:
        report: Any = json.loads(data) if len(data) <= MAX_REPORT else None
    except ValueError:
        report = None
    answers = report.get("files") if isinstance(report, dict) else None
    if not isinstance(answers, list) or len(answers) != count:
        return "the secret detector's report is incomplete"
    return tuple(
        Answer(
            places=tuple(
                Place(
                    type=str(each["rule"])[:100],
                    line=int(each["line"]),
                    start=int(each["start"]),
                    fingerprint=str(each["fingerprint"]),
                    confidence=_CONFIDENCE.get(each["confidence"], "low"),
                )
                for each in sorted(answer["seen"], key=lambda one: (one["start"], one["rule"]))
            ),
            problem=str(answer.get("problem", "")),
        )
        for answer in answers
    )


def _made(folder: Path) -> str:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return ""
    return str(folder.resolve())
