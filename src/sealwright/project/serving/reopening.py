"""A project that is let go of when its ledger is moved away, and opened again where it comes back.

SQLite goes on with a file that was renamed or deleted: whoever would record there speaks to nobody,
and whoever reads there hears no revocation.
"""

from __future__ import annotations

from collections.abc import Callable

from sealwright.errors import CannotLook, EvidenceError, ForkError
from sealwright.ledger.checkpoint import SignedCheckpoint
from sealwright.ledger.merkle import check_consistency
from sealwright.project.core import Project
from sealwright.project.layout import Layout


class Reopening:
    """One project, checked to be that of the file in its place. Used by one thread at a time."""

    def __init__(self, open_project: Callable[[], Project]) -> None:
        self._open = open_project
        self._project: Project | None = None
        self._file: tuple[int, int] | None = None
        self._largest = 0
        self._root = b""

    def project(self, layout: Layout) -> Project:
        """The project with the ledger that lies in its place now.

        CannotLook where there is none, ForkError where it is shorter than it was, or does not begin
        with what was read before: a backup that was put back and has grown since.
        """
        try:
            found = layout.ledger.stat()
        except OSError as error:
            raise CannotLook(
                f"{layout.ledger}: the ledger is not there: {error.strerror}",
                advice="put it back; what is revoked meanwhile reaches nobody",
            ) from error
        identity = (found.st_dev, found.st_ino)
        if self._project is None or self._file != identity:
            self.close()
            self._project = self._open()
            self._file = identity
        head = self._project.ledger.head()
        if head.size < self._largest:
            raise ForkError(
                f"{layout.ledger}: has {head.size} entries, and had {self._largest}",
                advice="restore the newest copy",
            )
        if head.root != self._root:
            self._check_beginning(self._project, layout, head)
            self._largest, self._root = head.size, head.root
        return self._project

    def _check_beginning(self, project: Project, layout: Layout, head: SignedCheckpoint) -> None:
        if not self._largest:
            return
        proof = project.ledger.prove_consistency(self._largest, new=head.size)
        try:
            check_consistency(
                old=self._largest,
                new=head.size,
                old_root=self._root,
                new_root=head.root,
                proof=proof.hashes,
            )
        except EvidenceError as error:
            raise ForkError(
                f"{layout.ledger}: does not begin with the {self._largest} entries that were read "
                "there before",
                advice="it may be an old copy put back: restore the newest one",
            ) from error

    @property
    def size(self) -> int:
        """Entries that the ledger had when it was looked at last."""
        return self._largest

    def close(self) -> None:
        """Lets go of the ledger."""
        if self._project is not None:
            self._project.close()
        self._project, self._file = None, None
