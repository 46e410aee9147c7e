"""Zip archives in which one reader finds a payload where another sees something harmless."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from tests.attacks.containers.case import Case
from tests.attacks.containers.zip_builder import (
    HARMLESS,
    PAYLOAD,
    Record,
    archive,
    central_record,
    end_record,
    local_record,
)

GOOD = Record(name=b"readme.txt", content=b"hello\n")


def by_zipfile(data: bytes) -> bytes:
    """All that zipfile delivers, each entry as far as it can be read."""
    given = b""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        for info in opened.infolist():
            try:
                with opened.open(info) as member:
                    given += member.read(len(PAYLOAD))
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
                continue
    return given


def by_stream(data: bytes) -> bytes:
    """What a reader of streams delivers: local headers from the front, one after the other."""
    at, given = 0, b""
    while data[at : at + 4] == b"PK\x03\x04":
        method, size, names, extra = (
            *struct.unpack_from("<H", data, at + 8),
            *struct.unpack_from("<I", data, at + 18),
            *struct.unpack_from("<2H", data, at + 26),
        )
        start = at + 30 + names + extra
        content = data[start : start + size]
        given += zlib.decompress(content, -15) if method == 8 else content
        at = start + size
    return given


def by_miniz(data: bytes) -> bytes:
    """What torch's reader delivers of stored entries: the directory at its offset, no checksum."""
    end = data.rfind(b"PK\x05\x06")
    count, _, at = struct.unpack_from("<HII", data, end + 10)
    given = b""
    for _ in range(count):
        if data[at : at + 4] != b"PK\x01\x02":
            break
        size, names, extra, comment = struct.unpack_from("<I3H", data, at + 24)
        header = struct.unpack_from("<I", data, at + 42)[0]
        local_names, local_extra = struct.unpack_from("<2H", data, header + 26)
        start = header + 30 + local_names + local_extra
        given += data[start : start + size]
        at += 46 + names + extra + comment
    return given


def _zip64(*values: int) -> bytes:
    return struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values)


def _unicode_path(name: bytes, other: bytes) -> bytes:
    body = struct.pack("<BI", 1, zlib.crc32(name)) + other
    return struct.pack("<HH", 0x7075, len(body)) + body


def ordinary(content: bytes = PAYLOAD) -> bytes:
    return archive(GOOD, Record(content=content))


def two_directories() -> bytes:
    """The directory before the end record is harmless; the one at the offset lists the payload."""
    good, bad = Record(content=HARMLESS), Record()
    body = local_record(good)
    second = len(body)
    body += local_record(bad)
    hidden = central_record(bad, second)
    shown = central_record(good, 0)
    # Both are of the same size, so each reader's arithmetic comes out at one of them.
    start = len(body)
    return body + hidden + shown + end_record(entries=1, size=len(shown), start=start)


def end_in_comment() -> bytes:
    """A whole second archive in the comment; its end record comes last."""
    first = archive(Record(content=HARMLESS))
    base = len(first)
    bad = Record()
    inner = local_record(bad)
    listed = central_record(bad, base)
    inner += listed + end_record(entries=1, size=len(listed), start=base + len(local_record(bad)))
    return first[:-2] + struct.pack("<H", len(inner)) + inner


def end_before_harmless() -> bytes:
    """The payload's archive comes first, with a comment that holds a harmless one."""
    first = archive(Record())
    base = len(first)
    good = Record(content=HARMLESS)
    inner = local_record(good)
    listed = central_record(good, base)
    inner += listed + end_record(entries=1, size=len(listed), start=base + len(local_record(good)))
    return first[:-2] + struct.pack("<H", len(inner)) + inner


def zip64_elsewhere() -> bytes:
    """The zip64 record names another directory than the end record."""
    good, bad = Record(content=HARMLESS), Record()
    body = local_record(good)
    second = len(body)
    body += local_record(bad)
    shown, hidden = central_record(good, 0), central_record(bad, second)
    body += shown
    at = len(body)
    body += hidden
    wide = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(hidden), at)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(body), 1)
    return body + wide + locator + end_record(entries=1, size=len(shown), start=second)


def streamed() -> bytes:
    """A stored entry with a descriptor; after it one that only readers of streams find."""
    return archive(GOOD, Record(listed=False), Record(name=b"last.txt", content=b"bye\n"))


def overlapped() -> bytes:
    """Many entries that share one block of data (as in a bomb without recursion)."""
    kernel = Record(name=b"k", content=bytes(4000), method=8)
    body = local_record(kernel)
    listed = b"".join(
        central_record(Record(name=b"%03d" % n, content=bytes(4000), method=8), 0)
        for n in range(200)
    )
    return body + listed + end_record(entries=200, size=len(listed), start=len(body))


def data_as_header() -> bytes:
    """An entry whose data hold the next entry's header, with the payload in it."""
    inner = local_record(Record(name=b"data.pkl"))
    outer = Record(name=b"notes.bin", content=inner)
    body = local_record(outer)
    at = len(body) - len(inner)
    listed = central_record(outer, 0) + central_record(Record(name=b"data.pkl"), at)
    return body + listed + end_record(entries=2, size=len(listed), start=len(body))


def encrypted_flag(*, crc: int | None = None) -> bytes:
    return archive(Record(flags=1, crc=crc))


def _prefixed(prefix: bytes, *, adjusted: bool) -> bytes:
    if adjusted:
        return archive(Record(), prefix=prefix)
    return prefix + archive(Record())


_WIDE = {"compressed": 0xFFFFFFFF, "size": 0xFFFFFFFF}

CASES: tuple[Case, ...] = (
    Case(name="plain", build=ordinary, delivers=by_zipfile),
    Case(name="deflated", build=lambda: archive(Record(method=8)), delivers=by_zipfile),
    Case(
        name="wrong-checksum",
        build=lambda: archive(Record(crc=1)),
        delivers=by_miniz,
        path="model.pt",
    ),
    Case(
        name="zero-checksums",
        build=lambda: archive(Record(crc=0), Record(name=b"b", crc=0)),
        delivers=by_miniz,
    ),
    Case(
        name="name-differs-in-local-header",
        build=lambda: archive(Record(local={"name": b"model.txt"})),
        delivers=by_miniz,
    ),
    Case(
        name="method-differs-in-local-header",
        build=lambda: archive(Record(local={"method": 8})),
        delivers=by_zipfile,
    ),
    Case(
        name="stored-locally-deflated-in-directory",
        build=lambda: archive(Record(method=8, packed=PAYLOAD, local={"method": 0})),
        delivers=by_stream,
    ),
    Case(
        name="local-size-shows-less",
        build=lambda: archive(Record(local={"compressed": 2, "size": 2})),
        delivers=by_zipfile,
    ),
    Case(
        name="directory-size-shows-less",
        build=lambda: archive(
            Record(
                compressed=2,
                size=2,
                crc=zlib.crc32(PAYLOAD[:2]),
                local={"compressed": len(PAYLOAD), "size": len(PAYLOAD)},
            )
        ),
        delivers=by_stream,
    ),
    Case(
        name="stored-with-two-sizes",
        build=lambda: archive(Record(compressed=4)),
        delivers=by_miniz,
    ),
    Case(name="unlisted-entry", build=streamed, delivers=by_stream),
    Case(
        name="unlisted-entry-at-the-front",
        build=lambda: archive(Record(listed=False), GOOD),
        delivers=by_stream,
    ),
    Case(
        name="same-name-twice",
        build=lambda: archive(Record(), Record(content=HARMLESS)),
        delivers=by_zipfile,
    ),
    Case(
        name="same-name-by-case",
        build=lambda: archive(
            Record(name=b"a/data.pkl", content=HARMLESS), Record(name=b"a/DATA.PKL")
        ),
        delivers=by_miniz,
    ),
    Case(
        name="same-name-by-backslash",
        build=lambda: archive(
            Record(name=b"a/data.pkl", content=HARMLESS), Record(name=b"a\\data.pkl")
        ),
        delivers=by_miniz,
    ),
    Case(
        name="name-cut-at-nul",
        build=lambda: archive(Record(name=b"data.pkl\0.txt")),
        delivers=by_miniz,
    ),
    Case(
        name="name-in-unicode-field",
        build=lambda: archive(Record(name=b"a.txt", extra=_unicode_path(b"a.txt", b"data.pkl"))),
        delivers=by_zipfile,
    ),
    Case(
        name="prefix-of-a-script",
        build=lambda: _prefixed(b"#!/bin/sh\nexit\n", adjusted=True),
        delivers=by_zipfile,
    ),
    Case(
        name="prefix-of-a-pickle",
        build=lambda: _prefixed(HARMLESS, adjusted=False),
        delivers=by_zipfile,
        path="model.pkl",
    ),
    Case(
        name="prefix-of-nul-bytes",
        build=lambda: _prefixed(bytes(64), adjusted=True),
        delivers=by_zipfile,
    ),
    Case(
        name="bytes-after-the-end",
        build=lambda: archive(Record(), suffix=b"....."),
        delivers=by_zipfile,
    ),
    Case(name="two-directories", build=two_directories, delivers=by_miniz),
    Case(name="archive-in-comment", build=end_in_comment, delivers=by_zipfile),
    Case(name="archive-before-comment", build=end_before_harmless, delivers=by_stream),
    Case(name="zip64-names-another-directory", build=zip64_elsewhere, delivers=by_zipfile),
    Case(
        name="directory-count-lies",
        build=lambda: archive(GOOD, Record(), entries=1),
        delivers=by_zipfile,
    ),
    Case(
        name="directory-size-lies",
        build=lambda: archive(
            GOOD,
            Record(),
            size=len(central_record(GOOD, 0)),
        ),
        delivers=by_miniz,
    ),
    Case(name="shared-data", build=overlapped, ends=("fail", "inconclusive")),
    Case(name="header-inside-data", build=data_as_header, delivers=by_zipfile),
    Case(name="encrypted-by-flag-only", build=encrypted_flag, delivers=by_miniz),
    Case(
        name="encrypted-flag-and-wrong-checksum",
        build=lambda: encrypted_flag(crc=7),
        delivers=by_miniz,
        ends=("fail", "inconclusive"),
    ),
    Case(
        name="encrypted-in-local-header-only",
        build=lambda: archive(Record(local={"flags": 1})),
        delivers=by_miniz,
    ),
    Case(
        name="unknown-method",
        build=lambda: archive(Record(method=98)),
        ends=("inconclusive",),
    ),
    Case(
        name="path-climbs",
        build=lambda: archive(Record(name=b"../../.bashrc", content=b"echo\n")),
    ),
    Case(
        name="path-is-absolute",
        build=lambda: archive(Record(name=b"/etc/cron.d/x", content=b"echo\n")),
    ),
    Case(
        name="path-names-a-drive",
        build=lambda: archive(Record(name=b"C:\\x.bat", content=b"echo\n")),
    ),
    Case(
        name="link-outside",
        build=lambda: archive(
            Record(name=b"config", content=b"/etc/passwd", attributes=0o120777 << 16)
        ),
    ),
    Case(
        name="gap-with-a-pickle",
        build=lambda: archive(GOOD, Record(name=b"b", content=b"x\n", before=PAYLOAD)),
    ),
    Case(
        name="gap-before-the-directory",
        build=lambda: archive(GOOD, between=PAYLOAD),
    ),
    Case(
        name="after-the-deflate-stream",
        build=lambda: archive(
            Record(
                name=b"a.txt",
                content=b"hello\n",
                method=8,
                packed=Record(content=b"hello\n", method=8).data() + PAYLOAD,
            )
        ),
    ),
    Case(
        name="inflates-to-more-than-it-says",
        build=lambda: archive(Record(method=8, size=2, crc=zlib.crc32(PAYLOAD[:2]))),
    ),
    Case(
        name="zip64-sizes-in-local-header",
        build=lambda: archive(
            Record(
                content=HARMLESS,
                local={**_WIDE, "extra": _zip64(len(PAYLOAD), len(PAYLOAD))},
                packed=PAYLOAD,
                compressed=len(HARMLESS),
            )
        ),
    ),
    Case(
        name="zip-in-zip-in-zip",
        build=lambda: archive(
            Record(name=b"1.zip", content=archive(Record(name=b"2.zip", content=ordinary())))
        ),
    ),
    Case(
        name="no-end-record",
        build=lambda: local_record(GOOD) + local_record(Record()),
        delivers=by_stream,
    ),
)
