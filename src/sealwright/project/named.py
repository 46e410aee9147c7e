"""An artifact under the name that people and reports use for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sealwright.errors import InputMissing
from sealwright.evidence.manifest import Artifact
from sealwright.evidence.statement import Subject, subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An artifact under the name that reports use. `artifact` is None if only on record."""

    name: str
    digest: str
    artifact: Artifact | None = None
    kind: Literal["dataset", "model"] = "dataset"
    """What it is where it is an input of training."""

    @property
    def subject(self) -> Subject:
        """The same as a statement's subject."""
        return subject(self.name, self.digest)

    @property
    def files(self) -> Artifact:
        """The artifact with its files; InputMissing where only its digest is known."""
        if self.artifact is None:
            raise InputMissing(
                f"{self.name} is known by its digest alone", advice="name its file or folder"
            )
        return self.artifact
