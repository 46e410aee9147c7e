"""The copy that is loaded is what was scanned, with its holes, or there is none."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from sealwright.errors import InputMissing, LimitReached, Refused
from sealwright.evidence.digest import sha256_hex
from sealwright.phases.model.private_copy import copied


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "copies").mkdir()
    return tmp_path / "copies"


@pytest.mark.parametrize("size", [0, 1, 70_000, 3 << 20])
def test_every_byte_is_copied(tmp_path: Path, folder: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "m.pkl").write_bytes(data)
    copy = copied(tmp_path / "m.pkl", folder, sha256=sha256_hex(data))
    assert copy == folder / "m.pkl"
    assert copy.read_bytes() == data
    assert copy.stat().st_mode & 0o777 == 0o600


def test_holes_stay_holes(tmp_path: Path, folder: Path) -> None:
    path, size = tmp_path / "sparse.npy", 64 << 20
    with path.open("wb") as file:
        file.write(b"begin")
        file.seek(20 << 20)
        file.write(b"middle")
        file.truncate(size)
    if path.stat().st_blocks * 512 > size // 2:
        pytest.skip("this file system has no holes")
    copy = copied(path, folder, sha256=sha256_hex(path.read_bytes()))
    assert copy.stat().st_size == size
    assert copy.stat().st_blocks * 512 < size // 2


def test_a_file_that_changed_is_refused(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"new")
    with pytest.raises(Refused, match="changed after it was scanned"):
        copied(tmp_path / "m.pkl", folder, sha256=sha256_hex(b"old"))


def test_a_full_disk_is_told_before_it_is_full(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9, 9, 0))
    (tmp_path / "m.pkl").write_bytes(bytes(100_000))
    with pytest.raises(LimitReached, match="has 0 left") as raised:
        copied(tmp_path / "m.pkl", folder, sha256="")
    assert "TMPDIR" in raised.value.advice
    assert list(folder.iterdir()) == []


def test_what_is_no_file_is_not_copied(tmp_path: Path, folder: Path) -> None:
    os.mkfifo(tmp_path / "m.pkl")
    with pytest.raises(InputMissing, match="a pipe, not a regular file"):
        copied(tmp_path / "m.pkl", folder, sha256="")
