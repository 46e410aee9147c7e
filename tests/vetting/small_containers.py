"""Small containers that tests put into other things."""

from __future__ import annotations

import io
import pickle
import tarfile
import zipfile


def archive() -> bytes:
    """A harmless zip that holds a harmless pickle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("data.pkl", pickle.dumps({"a": 1}))
    return buffer.getvalue()


def tarball() -> bytes:
    """A tar of one empty file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        file.addfile(tarfile.TarInfo("a"))
    return buffer.getvalue()
