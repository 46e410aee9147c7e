"""Where things lie, and writing so that a reader or a crash sees the old or the new, no mix."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import CannotLook, InputMissing
from sealwright.files import write_atomically
from sealwright.project.layout import Layout, find_root

WRITER = """
import sys
from pathlib import Path
from sealwright.files import write_atomically
file = Path(sys.argv[1])
print("ready", flush=True)
while True:
    for letter in (b"a", b"b"):
        write_atomically(file, letter * 300_000)
"""


@settings(max_examples=25, deadline=None)
@given(first=st.binary(max_size=200), second=st.binary(max_size=200))
def test_what_was_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, first: bytes, second: bytes
) -> None:
    file = tmp_path_factory.mktemp("write") / "deep/er/file"
    write_atomically(file, first)
    assert file.read_bytes() == first
    write_atomically(file, second)
    assert file.read_bytes() == second
    assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_the_mode_is_that_of_a_new_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "secret", b"x", mode=0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("call", ["open", "fsync", "rename"])
def test_a_write_that_fails_leaves_the_old_bytes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    file = tmp_path / "file"
    write_atomically(file, b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if call == "rename":
            patch.setattr(Path, "replace", fail)
        else:
            patch.setattr(os, call, fail)
        with pytest.raises(CannotLook, match="file: cannot be written: No space left"):
            write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_interrupt_leaves_the_old_bytes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    write_atomically(file, b"old")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotLook, match="cannot be written"):
        write_atomically(tmp_path / "file/below", b"x")


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.037, 0.11])
def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path, seconds: float) -> None:
    file = tmp_path / "file"
    write_atomically(file, b"b" * 300_000)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    time.sleep(seconds)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert file.read_bytes() in (b"a" * 300_000, b"b" * 300_000)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["file"]


def test_the_root_is_the_nearest_folder_with_a_lifecycle_or_a_state(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer/a/inner"
    (inner / "b").mkdir(parents=True)
    (outer / "sealwright.toml").write_text("")
    assert find_root(inner / "b") == outer
    (inner / ".sealwright").mkdir()
    assert find_root(inner / "b") == inner
    assert find_root(inner) == inner
    assert find_root(outer / "a") == outer


def test_a_link_is_followed_before_the_search_begins(tmp_path: Path) -> None:
    (tmp_path / "project/data").mkdir(parents=True)
    (tmp_path / "project/sealwright.toml").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "project/data")
    assert find_root(tmp_path / "link") == tmp_path / "project"


def test_a_folder_with_the_name_of_the_lifecycle_is_none(tmp_path: Path) -> None:
    (tmp_path / "sealwright.toml").mkdir()
    with pytest.raises(InputMissing, match=r"no sealwright\.toml in") as caught:
        find_root(tmp_path)
    assert "sealwright init" in caught.value.advice


def test_keys_can_be_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout(tmp_path)
    assert layout.key("mina") == tmp_path / ".sealwright/keys/mina.pem"
    monkeypatch.setenv("SEALWRIGHT_KEYS", str(tmp_path / "safe"))
    assert layout.key("mina") == tmp_path / "safe/mina.pem"
    assert layout.log_key == tmp_path / "safe/log.pem"
