"""The runtime's Unix socket, in a folder that no other runtime can write to.

Clients know `<place>/<id>.sock`. That is a link to `<place>/<id>/s`, and the runtime may write to
`<place>/<id>/` alone: a model that breaks out of its code cannot put itself in another's place.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final

from sealwright.errors import CannotLook, UsageError

MAX_PATH: Final = 107
"""Bytes of a Unix socket's path (Linux, `sun_path` less the final zero)."""
_BACKLOG = 512


def own_place(path: str) -> Path:
    """Where the socket that clients know as `path` really is."""
    return Path(path).with_suffix("") / "s"


def make_way(path: str) -> Path:
    """Makes the folder of the socket (0700) and the link that clients follow; returns its place.

    UsageError for a path that is relative, without a suffix, or too long for a Unix socket;
    CannotLook if it cannot be made.
    """
    link, place = Path(path), own_place(path)
    if not link.is_absolute() or not link.suffix or "\0" in path:
        raise UsageError(f"{path!r:.200}: the socket is an absolute path that ends in `.sock`")
    if len(os.fsencode(path)) > MAX_PATH:
        raise UsageError(
            f"{path}: a Unix socket's path has at most {MAX_PATH} bytes",
            advice="choose a shorter folder for the sockets",
        )
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        place.parent.chmod(0o700)
        target = f"{place.parent.name}/{place.name}"
        if not (link.is_symlink() and str(link.readlink()) == target):
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    except OSError as error:
        raise CannotLook(f"{path}: the socket's folder cannot be made: {error.strerror}") from error
    return place


def listen(path: str) -> socket.socket:
    """A listening socket for the clients of `path`, which only this user can open (0600).

    What an earlier process left in its place goes. CannotLook if it cannot be bound.
    """
    place = own_place(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if not place.parent.is_dir():
            make_way(path)
        place.unlink(missing_ok=True)
        previous = os.umask(0o177)  # born closed: no moment in which others could connect
        try:
            listener.bind(str(place))
        finally:
            os.umask(previous)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotLook(f"{path}: cannot listen there: {error.strerror}") from error
    listener.setblocking(False)
    return listener
