"""Every container attack is found by the whole scan; its harmless twin is not called malicious."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd

from sealwright.vetting.interface import Member, conclude
from sealwright.vetting.scan import inspect
from tests.attacks.containers import stream_cases, tar_cases, zip_cases
from tests.attacks.containers.bombs import deflated_zeros
from tests.attacks.containers.case import Case
from tests.attacks.containers.zip_builder import PAYLOAD, Record, archive
from tests.vetting.examine import session

CASES = [
    pytest.param(case, id=f"{kind}-{case.name}")
    for kind, cases in (
        ("zip", zip_cases.CASES),
        ("tar", tar_cases.CASES),
        ("stream", stream_cases.CASES),
    )
    for case in cases
]


def scanned(data: bytes, *, path: str) -> tuple[str, set[str]]:
    """(verdict, rules) of a whole scan of one file."""
    from sealwright.vetting.packs.load import builtin_policy

    work = session(policy=builtin_policy())
    inspect(Member(path=path, data=data), work)
    seen = [each for report in work.reports for each in report.observations]
    return conclude(seen, complete=True), {each.rule.id for each in seen}


@pytest.mark.parametrize("case", CASES)
def test_the_attack_is_found(case: Case) -> None:
    data = case.build()
    if case.delivers is not None:
        assert PAYLOAD in case.delivers(data), "a real reader must come upon the payload"
    verdict, rules = scanned(data, path=case.path)
    assert verdict in case.ends, rules


WORDS = b"These are ordinary words.\n" * 20


def _zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("readme.txt", content)
        opened.writestr("inner.zip", archive(Record(name=b"more.txt", content=content)))
    return out.getvalue()


def _tarred(content: bytes) -> bytes:
    return tar_cases.member("readme.txt", content) + tar_cases.END


TWINS: dict[str, Callable[[bytes], bytes]] = {
    "zip": _zipped,
    "tar": _tarred,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zlib": zlib.compress,
    "zstd": zstd.compress,
    "lz4": stream_cases.lz4_frame,
    "tar-in-gzip": lambda content: gzip.compress(_tarred(content)),
    "zip-in-xz": lambda content: lzma.compress(_zipped(content)),
}


@pytest.mark.parametrize("name", TWINS)
def test_the_same_container_with_harmless_content_passes(name: str) -> None:
    assert scanned(TWINS[name](WORDS), path="file") == ("pass", set())


ROOM = Path(__file__).parents[2] / "benign" / "containers"
CLOSED = ("ppmd.7z", "encrypted.7z", "encrypted_header.7z")
FILES = sorted(path.name for path in ROOM.iterdir())


@pytest.mark.parametrize("name", FILES)
def test_an_ordinary_archive_passes(name: str) -> None:
    verdict, rules = scanned((ROOM / name).read_bytes(), path=name)
    assert verdict == ("inconclusive" if name in CLOSED else "pass"), rules


def test_a_payload_beside_a_bomb_is_still_found() -> None:
    bomb = Record(name=b"w", content=b"", packed=deflated_zeros(40), method=8, size=40 << 24)
    verdict, _ = scanned(archive(bomb, Record(method=8)), path="model.zip")
    assert verdict == "fail"
