"""Copies of artifacts by digest: data set versions, so that the next can be compared with the last,
and models from outside, which lie here until they are admitted.

A copy is proved by its digest each time it is opened; large versions are not kept, and the
comparison then says so.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from sealwright.errors import CannotLook, TamperError
from sealwright.evidence.manifest import Artifact
from sealwright.evidence.tree import identify
from sealwright.locks import sweep, work_folder
from sealwright.project.layout import Layout

MAX_BYTES = 2 * 1024**3
"""Largest version that is kept; the labels of what follows a larger one cannot be compared."""
_DRAFT = "version-"
Shelf = Literal["versions", "imports"]


def keep(layout: Layout, artifact: Artifact, *, shelf: Shelf = "versions") -> bool:
    """Copies the artifact's files into the store; False for a data set too large to be kept.

    TamperError if the files are no longer those that were identified.
    """
    place = _place(layout, artifact.digest, shelf)
    if place.exists():
        return True
    if artifact.root is None or (shelf == "versions" and artifact.size > MAX_BYTES):
        return False
    layout.work.mkdir(exist_ok=True)
    with work_folder(layout.work, prefix=_DRAFT) as nursery:
        copy = nursery / artifact.digest
        _copy(artifact.root, artifact, copy)
        if identify(copy).digest != artifact.digest:
            raise TamperError(f"{artifact.root}: changed while it was copied")
        place.parent.mkdir(exist_ok=True)
        try:
            copy.rename(place)
        except OSError:
            if not place.exists():  # else another process kept the same version meanwhile
                raise
    return True


def _copy(root: Path, artifact: Artifact, copy: Path) -> None:
    for entry in artifact.files:
        source = root / entry.path if root.is_dir() else root
        target = copy / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, target, follow_symlinks=False)
        except OSError as error:
            raise CannotLook(f"{source}: cannot be copied: {error.strerror}") from error


def clear_away(layout: Layout) -> None:
    """Removes the copies that somebody who was killed had not finished."""
    sweep(layout.work, prefix=_DRAFT)


def kept(layout: Layout, digest: str, *, shelf: Shelf = "versions") -> Artifact | None:
    """The kept version with this digest; None if it was not kept, TamperError if it was changed."""
    place = _place(layout, digest, shelf)
    if not place.is_dir():
        return None
    found = identify(place)
    if found.digest != digest:
        raise TamperError(
            f"{place}: this copy is not the version it was", advice="delete the folder"
        )
    return found


def _place(layout: Layout, digest: str, shelf: Shelf) -> Path:
    return (layout.imports if shelf == "imports" else layout.state / "versions") / digest
