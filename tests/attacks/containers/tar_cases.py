"""Tar archives in which readers see different members, or which write where they should not."""

from __future__ import annotations

import io
import tarfile

from tests.attacks.containers.case import Case
from tests.attacks.containers.zip_builder import PAYLOAD


def header(
    name: str = "model.pkl",
    size: int = 0,
    *,
    kind: bytes = b"0",
    mode: int = 0o644,
    link: str = "",
) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.mode, info.linkname = size, kind, mode, link
    return info.tobuf(tarfile.USTAR_FORMAT)


def blocks(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def member(name: str = "model.pkl", content: bytes = PAYLOAD, **changes: object) -> bytes:
    return header(name, len(content), **changes) + blocks(content)  # type: ignore[arg-type]


def pax(**records: str) -> bytes:
    raw = b""
    for key, value in records.items():
        text = f" {key}={value}\n".encode()
        length = len(text) + 1
        while len(str(length)) + len(text) != length:
            length += 1
        raw += str(length).encode() + text
    return header("PaxHeader", len(raw), kind=b"x") + blocks(raw)


END = bytes(1024)


def by_tarfile(data: bytes) -> bytes:
    """All that tarfile delivers."""
    given = b""
    with tarfile.open(fileobj=io.BytesIO(data)) as opened:
        for info in opened:
            known = info.type in tarfile.SUPPORTED_TYPES
            taken = opened.extractfile(info) if info.isreg() or not known else None
            given += taken.read() if taken else b""
    return given


def by_ignoring_zeros(data: bytes) -> bytes:
    """What readers deliver that go on after zeros."""
    given = b""
    with tarfile.open(fileobj=io.BytesIO(data), ignore_zeros=True) as opened:
        for info in opened:
            taken = opened.extractfile(info) if info.isreg() else None
            given += taken.read() if taken else b""
    return given


def size_smuggled() -> bytes:
    """0 bytes in the header, 1,024 in pax: a reader that passes pax by finds the inner header."""
    inner = member()
    return pax(size=str(len(inner))) + header("notes.txt", 0) + inner + END


def broken_in_the_middle() -> bytes:
    bad = bytearray(header("broken"))
    bad[0] ^= 1
    return member("a.txt", b"hello\n") + bytes(bad) + member() + END


def _old(name: str, content: bytes) -> bytes:
    """A header of the first tar, without any mark."""
    raw = bytearray(header(name, len(content)))
    raw[257:265] = bytes(8)
    raw[148:156] = b" " * 8
    raw[148:156] = f"{sum(raw):06o}".encode() + b"\0 "
    return bytes(raw) + blocks(content)


CASES: tuple[Case, ...] = tuple(
    Case(name=name, build=build, path="model.tar", delivers=delivers, ends=ends)
    for name, build, delivers, ends in (
        ("plain", lambda: member() + END, by_tarfile, ("fail",)),
        ("without-mark", lambda: _old("model.pkl", PAYLOAD) + END, by_tarfile, ("fail",)),
        ("without-end", member, by_tarfile, ("fail",)),
        ("empty-name", lambda: member(name="") + END, by_tarfile, ("fail",)),
        ("size-smuggled", size_smuggled, None, ("fail",)),
        (
            "after-the-end",
            lambda: member("a", b"x\n") + END + member() + END,
            by_ignoring_zeros,
            ("fail",),
        ),
        ("behind-a-broken-header", broken_in_the_middle, by_ignoring_zeros, ("fail",)),
        (
            "folder-with-data",
            lambda: header("d", 1024, kind=b"5") + member() + END,
            by_tarfile,
            ("fail",),
        ),
        ("path-climbs", lambda: member("../../x", b"echo\n") + END, None, ("fail",)),
        ("path-is-absolute", lambda: member("/etc/x", b"echo\n") + END, None, ("fail",)),
        (
            "pax-path-climbs",
            lambda: pax(path="../../x") + member("a", b"x\n") + END,
            None,
            ("fail",),
        ),
        ("link-outside", lambda: header("a", kind=b"2", link="../../x") + END, None, ("fail",)),
        ("hard-link-outside", lambda: header("a", kind=b"1", link="/etc/x") + END, None, ("fail",)),
        ("device", lambda: header("a", kind=b"4") + END, None, ("fail",)),
        ("pipe", lambda: header("a", kind=b"6") + END, None, ("fail",)),
        ("set-user-id", lambda: member("a", b"x\n", mode=0o4755) + END, None, ("fail",)),
        ("twice", lambda: member() + member(content=b"hello\n") + END, by_tarfile, ("fail",)),
        ("sparse", lambda: member("a", b"x\n", kind=b"S") + END, None, ("inconclusive", "fail")),
        ("unknown-type", lambda: member(kind=b"Q") + END, by_tarfile, ("fail",)),
    )
)
