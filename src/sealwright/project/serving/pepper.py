"""The installation's secret under which API keys are kept as HMACs: made once, never replaced.

A new pepper would silently lock every caller out, so one that is damaged or open to others is an
error, and one that is missing is made only where nobody was granted a key yet.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from sealwright.errors import CannotLook, InputMissing, MalformedError, UsageError
from sealwright.files import sync_folder
from sealwright.project.core import Project
from sealwright.project.layout import Layout

BYTES: Final = 32
_MAX_FILE: Final = 4096


def pepper_of(project: Project) -> bytes:
    """The pepper of an installation; InputMissing where it is gone and keys were given out under
    it: a new one would lock every caller out, and forget what is held against them."""
    given_out = any(item.kind == "grant" for item in project.evidence())
    if given_out and not project.layout.pepper.exists():
        raise InputMissing(
            f"{project.layout.pepper} is not here, and keys were given out under it",
            advice="restore the file, or grant and serve where it is kept",
        )
    return obtain_pepper(project.layout)


def obtain_pepper(layout: Layout) -> bytes:
    """The pepper, 32 bytes; made and stored (0600) where there is none yet."""
    if not layout.pepper.exists():
        _store(layout.pepper, secrets.token_hex(BYTES) + "\n")
    return read_pepper(layout)


def read_pepper(layout: Layout) -> bytes:
    """The pepper that is there; InputMissing without one, UsageError if others can read it."""
    path = layout.pepper
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise InputMissing(
            f"{path}: {error.strerror}",
            advice="restore the file: without it no key that was given out opens anything",
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if mode & 0o077:
            raise UsageError(
                f"{path}: the secret is open to others (mode {mode:04o})",
                advice=f"chmod 600 {path}; if others could read it, grant new keys",
            )
        text = file.read(_MAX_FILE).strip()
    try:
        pepper = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        pepper = b""
    if len(pepper) != BYTES:
        raise MalformedError(f"{path}: is not the secret it was", advice="restore the file")
    return pepper


def _store(path: Path, text: str) -> None:
    """The file appears whole or not at all, and never in the place of another."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            try:
                path.hardlink_to(draft)
            except FileExistsError:
                return  # somebody else made it meanwhile: theirs it is
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise CannotLook(f"{path}: cannot be written: {error.strerror}") from error
