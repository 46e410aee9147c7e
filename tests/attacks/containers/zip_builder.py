"""Writes zip files record by record, so that each can say something else."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

PAYLOAD = b"cos\nsystem\n(S'echo sealwright-test'\ntR."
"""A pickle that runs a harmless command."""
HARMLESS = b"\x80\x04}."
"""The pickle of an empty dict."""


@dataclass(kw_only=True)
class Record:
    """One entry. What is None is taken from the content; `local` overrides the local header."""

    name: bytes = b"model.pkl"
    content: bytes = PAYLOAD
    method: int = 0
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    compressed: int | None = None
    extra: bytes = b""
    comment: bytes = b""
    attributes: int = 0o100644 << 16
    packed: bytes | None = None
    """The stored bytes, if not what the method makes of the content."""
    listed: bool = True
    """Whether the directory has it."""
    at: int | None = None
    """Offset that the directory gives."""
    descriptor: bytes = b""
    before: bytes = b""
    """Bytes before the local header."""
    local: dict[str, object] = field(default_factory=dict)

    def data(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method == 8:
            squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
            return squeeze.compress(self.content) + squeeze.flush()
        return self.content

    def view(self, *, local: bool) -> dict[str, object]:
        data = self.data()
        values: dict[str, object] = {
            "name": self.name,
            "method": self.method,
            "flags": self.flags,
            "crc": zlib.crc32(self.content) if self.crc is None else self.crc,
            "compressed": len(data) if self.compressed is None else self.compressed,
            "size": len(self.content) if self.size is None else self.size,
            "extra": self.extra,
        }
        return values | (self.local if local else {})


def local_record(record: Record) -> bytes:
    v = record.view(local=True)
    name, extra = v["name"], v["extra"]
    assert isinstance(name, bytes)
    assert isinstance(extra, bytes)
    head = struct.pack(
        "<4s5H3I2H",
        b"PK\x03\x04",
        *(20, v["flags"], v["method"], 0, 0x5000),
        *(v["crc"], v["compressed"], v["size"]),
        *(len(name), len(extra)),
    )
    return head + name + extra + record.data() + record.descriptor


def central_record(record: Record, offset: int) -> bytes:
    v = record.view(local=False)
    extra = v["extra"]
    assert isinstance(extra, bytes)
    head = struct.pack(
        "<4s6H3I5H2I",
        b"PK\x01\x02",
        *(0x0314, 20, v["flags"], v["method"], 0, 0x5000),
        *(v["crc"], v["compressed"], v["size"]),
        *(len(record.name), len(extra), len(record.comment), 0, 0),
        *(record.attributes, offset if record.at is None else record.at),
    )
    return head + record.name + extra + record.comment


def end_record(
    *, entries: int, size: int, start: int, comment: bytes = b"", length: int | None = None
) -> bytes:
    said = len(comment) if length is None else length
    return (
        struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, entries, entries, size, start, said) + comment
    )


def archive(
    *records: Record,
    prefix: bytes = b"",
    shift: int = 0,
    between: bytes = b"",
    comment: bytes = b"",
    suffix: bytes = b"",
    entries: int | None = None,
    size: int | None = None,
    start: int | None = None,
) -> bytes:
    """An archive of the records. `shift` is added to every offset that is written; `between` stands
    before the directory."""
    out = bytearray(prefix)
    listed: list[bytes] = []
    for record in records:
        out += record.before
        offset = len(out) + shift
        out += local_record(record)
        if record.listed:
            listed.append(central_record(record, offset))
    out += between
    at = len(out) + shift
    directory = b"".join(listed)
    out += directory
    out += end_record(
        entries=len(listed) if entries is None else entries,
        size=len(directory) if size is None else size,
        start=at if start is None else start,
        comment=comment,
    )
    return bytes(out) + suffix
