"""Watches the files of served models; what differs from the admitted ones stops its model at once.

    every 0.5 s: stat of each file; what looks different, and everything once a minute, is hashed
    on a difference: STOP file, then the runtime's end, then incident and alert

The order matters: what protects callers needs neither ledger nor network and comes first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sealwright.errors import SealwrightError
from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.predicates.serving import ServedModel
from sealwright.phases.deployment.runtime import integrity

PAUSE: Final = 0.5
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampered:
    """A served model's files are not those that were admitted."""

    digest: str
    name: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where a model's files lie, and which they are."""

    folder: Path
    entries: tuple[FileEntry, ...]


class Watch:
    """The folders of what is served. Used by one thread at a time: hashing takes a while.

    `files` says where a model's files lie and which they are, by its digest; it raises as
    `integrity.verify`. A model that was found changed is not looked at again until it is put under
    watch anew with `forget`.
    """

    def __init__(
        self, files: Callable[[str], Files], *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._files = files
        self._seconds = seconds
        self._watched: dict[str, integrity.Watched] = {}
        self._found: dict[str, Tampered] = {}

    def look(self, models: Iterable[ServedModel]) -> tuple[Tampered, ...]:
        """One look at each of these; those that differ and were not told before.

        Models that are not named any more are forgotten.
        """
        names = {model.digest: model.name for model in models}
        self._watched = {k: v for k, v in self._watched.items() if k in names}
        found = {k: v for k, v in self._found.items() if k in names}
        told: list[Tampered] = []
        for digest, name in names.items():
            if digest in found:
                continue
            try:
                self._watched[digest] = self._look_at(digest)
            except SealwrightError as error:
                told.append(Tampered(digest=digest, name=name, what=error.message))
        # Replaced, not changed: others read it meanwhile.
        self._found = {**found, **{each.digest: each for each in told}}
        return tuple(told)

    def forget(self, digest: str) -> None:
        """Looks at this model again as if for the first time."""
        self._found = {k: v for k, v in self._found.items() if k != digest}
        self._watched.pop(digest, None)

    @property
    def changed(self) -> frozenset[str]:
        """Digests that were found changed and not forgotten since."""
        return frozenset(self._found)

    def _look_at(self, digest: str) -> integrity.Watched:
        known, now = self._watched.get(digest), self._seconds()
        if known is not None:
            return integrity.look(known, now=now)
        files = self._files(digest)
        return integrity.watch(files.folder, files.entries, digest, now=now)
