"""A zip file after the walk: its entries as every reader sees them, and what is wrong with it."""

from __future__ import annotations

from typing import Literal

import msgspec

from sealwright.vetting.archives.interface import Problem, Problems
from sealwright.vetting.archives.zip_read import peek_entry, read_entry
from sealwright.vetting.interface import Buffer, Rule
from sealwright.vetting.session import Session

View = Literal["both", "directory", "local", "unlisted"]
"""Who sees an entry so: every reader, those that go by the directory, those that go by the local
header, and those that look for headers that no directory lists."""


class Entry(msgspec.Struct, frozen=True, eq=False):
    """One entry as one kind of reader sees it. Compared by identity."""

    name: str
    raw: bytes
    """The name's bytes."""
    method: int
    flags: int
    crc: int
    compressed: int
    """Bytes of data that the header gives it."""
    size: int
    """Bytes that it is said to inflate to."""
    header: int
    """Offset of the local header."""
    start: int
    """Where the data starts."""
    end: int
    """Where the data ends, within the file."""
    view: View = "both"
    mode: int = 0
    """Unix mode where the archive was made by one, else 0."""

    @property
    def is_folder(self) -> bool:
        """Its name ends in a slash."""
        return self.name.endswith("/")


class Archive(msgspec.Struct):
    """A zip file after the walk. `problems` grows while entries are read."""

    data: Buffer
    session: Session
    entries: list[Entry] = msgspec.field(default_factory=list)
    """In the order of the directory; the views of one entry follow each other."""
    noted: Problems = msgspec.field(default_factory=Problems)
    structure: int = 0
    """Bytes of headers and directories."""
    unchecked: bool = False
    """Every entry has the checksum 0: the writer computed none."""

    def problem(self, rule: Rule, message: str, offset: int | None = None) -> None:
        """Notes a problem."""
        self.noted.add(rule, message, offset)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong so far."""
        return self.noted.noted

    def find(self, name: str) -> list[Entry]:
        """Every entry of exactly this name."""
        return [entry for entry in self.entries if entry.name == name]

    def view(self, entry: Entry) -> memoryview:
        """The entry's bytes as they stand in the file, without a copy and without looking at the
        checksum."""
        return memoryview(self.data)[entry.start : entry.end]

    def read(self, entry: Entry) -> Buffer | None:
        """The entry's content: a view of the file where it is stored, inflated otherwise.

        None where it cannot be read (encrypted, unknown method, nothing there); why is among
        `problems` then. What a broken stream gave before its break is returned. Raises Spent.
        """
        return read_entry(self, entry)

    def peek(self, entry: Entry, size: int) -> bytes:
        """Up to `size` first bytes of the content, for recognising it; empty if unreadable."""
        return peek_entry(self, entry, size)
