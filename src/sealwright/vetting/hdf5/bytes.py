"""The bytes of an HDF5 file with the sizes that its superblock sets, and bounded reads from them.

Layouts follow the "HDF5 File Format Specification", version 3.0, of The HDF Group.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.interface import Buffer

SIGNATURE = b"\x89HDF\r\n\x1a\n"


class Source(msgspec.Struct, kw_only=True):
    """One file. Addresses count from `base`, which is where the superblock stands."""

    data: Buffer
    base: int
    offset_size: int
    length_size: int
    spend: Callable[[int], None]
    """Counts steps; raises `Spent`."""
    parsed: int = 0
    """Bytes of structure that were read."""
    gaps: list[str] = msgspec.field(default_factory=list)
    """What was not read, and why."""

    @property
    def undefined(self) -> int:
        """The address that stands for none."""
        return (1 << (8 * self.offset_size)) - 1

    def missing(self, address: int) -> bool:
        """Whether the address stands for none."""
        return address == self.undefined

    def block(self, address: int, size: int) -> Cursor:
        """The `size` bytes at an address, all of which must be in the file."""
        start = self.base + address
        if address < 0 or size < 0 or start + size > len(self.data):
            raise MalformedError(f"{size} bytes at address {address} are not in the file")
        self.spend(1 + (size >> 8))
        self.parsed += size
        return Cursor(self, bytes(self.data[start : start + size]))

    def marked(self, address: int, mark: bytes, size: int) -> Cursor:
        """A block that starts with a mark, which is skipped."""
        cursor = self.block(address, size)
        if cursor.take(len(mark)) != mark:
            raise MalformedError(f"no {mark.decode('ascii')} at address {address}")
        return cursor

    def view(self, address: int, size: int) -> memoryview:
        """Data at an address, not copied and not counted as structure."""
        start = self.base + address
        if address < 0 or size < 0 or start + size > len(self.data):
            raise MalformedError(f"{size} bytes of data at address {address} are not in the file")
        return memoryview(self.data)[start : start + size]


class Cursor(msgspec.Struct):
    """Bytes of one structure, taken from the front."""

    source: Source
    data: bytes
    position: int = 0

    @property
    def left(self) -> int:
        """Bytes that were not taken."""
        return len(self.data) - self.position

    def take(self, size: int) -> bytes:
        """The next bytes. Raises MalformedError where there are fewer."""
        end = self.position + size
        if size < 0 or end > len(self.data):
            raise MalformedError(f"a structure ends {end - len(self.data)} bytes too early")
        piece = self.data[self.position : end]
        self.position = end
        return piece

    def number(self, size: int) -> int:
        """An unsigned little-endian number."""
        return int.from_bytes(self.take(size), "little")

    def offset(self) -> int:
        """An address."""
        return self.number(self.source.offset_size)

    def length(self) -> int:
        """A length."""
        return self.number(self.source.length_size)

    def text(self) -> bytes:
        """Bytes up to a NUL, which is taken, too."""
        end = self.data.find(b"\0", self.position)
        if end < 0:
            raise MalformedError("a name has no end")
        piece = self.data[self.position : end]
        self.position = end + 1
        return piece

    def align(self, start: int, *, unit: int = 8) -> None:
        """Skips to a multiple of `unit` bytes after `start`."""
        self.take(-(self.position - start) % unit)


def encoded_size(limit: int) -> int:
    """Bytes in which the library writes numbers up to `limit` (H5VM_limit_enc_size)."""
    return (max(limit, 1).bit_length() - 1) // 8 + 1
