"""Files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sealwright.errors import CannotLook
from sealwright.filekind import FILE, FOLDER, LINK, SOCKET, kind_at


def sync_folder(folder: Path) -> None:
    """Makes new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
    """Replaces `path` so that a reader, or a crash, sees the old bytes or the new, never a mix.

    A symbolic link there is replaced, not followed; anything else than a file or link is left as it
    is. On disk when this returns, unless it need not be `durable`. CannotLook if it cannot be
    written; what was there is untouched then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        there = kind_at(path, follow=False)
        if there not in ("", FILE, LINK):
            raise CannotLook(
                f"{path}: cannot be written, since it is {there} and no file", advice="name a file"
            )
        _replace(path, data, mode=mode, durable=durable)
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        raise _unwritten(path, error) from error


def write_output(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Writes to where a user said, and destroys nothing that is no file.

    A file is replaced as `write_atomically` does; through a symbolic link, the file that it leads
    to. A device or a pipe is opened and written to; a pipe waits for its reader. CannotLook if it
    cannot be written.
    """
    try:
        there = kind_at(path)
        if there in ("", FILE):
            target = Path(os.path.realpath(path)) if path.is_symlink() else path
            write_atomically(target, data, mode=mode)
        elif there in (FOLDER, SOCKET):
            raise CannotLook(f"{path}: cannot be written: it is {there}", advice="name a file")
        else:
            with open(os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC), "wb") as file:
                file.write(data)
    except OSError as error:
        raise _unwritten(path, error) from error


def _unwritten(path: Path, error: OSError) -> CannotLook:
    return CannotLook(
        f"{path}: cannot be written: {error.strerror}",
        advice="is the folder writable, and the disk not full?",
    )


def _replace(path: Path, data: bytes, *, mode: int, durable: bool) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def cache_folder(name: str) -> Path | None:
    """Where this user keeps what can be made again (XDG Base Directory Specification): below
    `$XDG_CACHE_HOME`, or `~/.cache`. None for a user without a home. It need not exist."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        try:
            base = Path.home() / ".cache"
        except RuntimeError:
            return None
    return base / "sealwright" / name if base.is_absolute() else None
