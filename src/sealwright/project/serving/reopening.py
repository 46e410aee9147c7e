"""A project that is let go of when its ledger is moved away, and opened again where it comes back.

SQLite goes on with a file that was renamed or deleted: whoever would record there speaks to nobody,
and whoever reads there hears no revocation.
"""

from __future__ import annotations

from collections.abc import Callable

from sealwright.errors import CannotLook, ForkError
from sealwright.project.core import Project
from sealwright.project.layout import Layout


class Reopening:
    """One project, checked to be that of the file in its place. Used by one thread at a time."""

    def __init__(self, open_project: Callable[[], Project]) -> None:
        self._open = open_project
        self._project: Project | None = None
        self._file: tuple[int, int] | None = None
        self._largest = 0

    def project(self, layout: Layout) -> Project:
        """The project with the ledger that lies in its place now.

        CannotLook where there is none, ForkError where it is shorter than it was.
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
        size = self._project.ledger.head().size
        if size < self._largest:
            raise ForkError(
                f"{layout.ledger}: has {size} entries, and had {self._largest}",
                advice="restore the newest copy",
            )
        self._largest = size
        return self._project

    @property
    def size(self) -> int:
        """Entries that the ledger had when it was looked at last."""
        return self._largest

    def close(self) -> None:
        """Lets go of the ledger."""
        if self._project is not None:
            self._project.close()
        self._project, self._file = None, None
