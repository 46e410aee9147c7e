"""`scan --out` and its kin: a report is written where somebody said, and destroys nothing there."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from sealwright.errors import CannotLook
from sealwright.files import write_atomically, write_output
from tests.cli.console import Console
from tests.cli.test_scan import safetensors


@pytest.fixture
def console(tmp_path: Path) -> Console:
    (tmp_path / "m").mkdir()
    (tmp_path / "m/good.safetensors").write_bytes(safetensors())
    return Console(tmp_path)


class Reader(threading.Thread):
    """Reads a pipe to its end."""

    def __init__(self, pipe: Path) -> None:
        super().__init__(daemon=True)
        self.pipe, self.data = pipe, b""
        self.start()

    def run(self) -> None:
        self.data = self.pipe.read_bytes()


def test_a_pipe_is_written_to_and_stays_one(console: Console) -> None:
    pipe = console.folder / "pipe"
    os.mkfifo(pipe)
    reader = Reader(pipe)
    console("scan", "m", "--format", "json", "--out", "pipe")
    reader.join(10)
    assert json.loads(reader.data)["verdict"] == "pass"
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_a_device_is_written_to_and_stays_one(console: Console) -> None:
    """A node of our own that swallows everything, like /dev/null."""
    node = console.folder / "null"
    try:
        os.mknod(node, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        node.write_bytes(b"x")
    except PermissionError:
        pytest.skip("this user, or this file system, has no device nodes")
    console("scan", "m", "--out", "null")
    assert stat.S_ISCHR(node.lstat().st_mode)


def test_a_link_stays_one_and_its_target_is_written(console: Console) -> None:
    for name, target in (("link", "there.json"), ("dangling", "later/new.json")):
        (console.folder / name).symlink_to(target)
    (console.folder / "there.json").write_text("old")
    for name, target in (("link", "there.json"), ("dangling", "later/new.json")):
        console("scan", "m", "--format", "json", "--out", name)
        assert (console.folder / name).is_symlink()
        assert json.loads((console.folder / target).read_text())["verdict"] == "pass"


@pytest.mark.parametrize(
    ("paths", "out"),
    [
        (["m/good.safetensors"], "m/good.safetensors"),
        (["m/good.safetensors"], "link"),
        (["link"], "m/good.safetensors"),
        (["m"], "m/good.safetensors"),
        (["."], "link"),
    ],
)
def test_what_is_scanned_is_never_replaced(console: Console, paths: list[str], out: str) -> None:
    (console.folder / "link").symlink_to("m/good.safetensors")
    answer = console("scan", *paths, "--out", out, expect=2)
    assert answer.out == ""
    assert f"--out {out}: this belongs to what is scanned" in answer.err
    assert (console.folder / "m/good.safetensors").read_bytes() == safetensors()


@pytest.mark.parametrize("target", ["../precious", "../later"])
def test_a_link_among_what_is_scanned_leads_no_report_away(console: Console, target: str) -> None:
    """Whoever made the model made the link."""
    (console.folder / "precious").write_text("precious")
    (console.folder / "m/scan.json").symlink_to(target)
    console("scan", "m", "--format", "json", "--out", "m/scan.json", expect=2)
    assert (console.folder / "precious").read_text() == "precious"
    assert not (console.folder / "later").exists()


@pytest.mark.parametrize("style", ["text", "json", "sarif", "markdown"])
def test_an_earlier_report_in_the_folder_that_is_scanned_is_replaced(
    console: Console, style: str
) -> None:
    out = console.folder / "m/report"
    console("scan", "m", "--format", style, "--out", "m/report")
    first = out.read_bytes()
    console("scan", "m", "--format", style, "--out", "m/report", expect=None)
    assert out.read_bytes() != first  # it was scanned itself
    out.write_bytes(b"")
    console("scan", "m", "--format", style, "--out", "m/report", expect=None)
    assert out.read_bytes()


@pytest.mark.parametrize("what", ["folder", "socket", "loop"])
def test_what_cannot_take_a_report_is_named(tmp_path: Path, what: str) -> None:
    place = tmp_path / "place"
    if what == "folder":
        place.mkdir()
    elif what == "socket":
        os.mknod(place, 0o600 | stat.S_IFSOCK)
    else:
        place.symlink_to("place")
    with pytest.raises(CannotLook, match="place: cannot be written: "):
        write_output(place, b"x")
    assert [each.name for each in tmp_path.iterdir()] == ["place"]


def test_our_own_files_never_replace_a_pipe_nor_follow_a_link(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CannotLook, match="it is a pipe and no file"):
        write_atomically(tmp_path / "pipe", b"x")
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to("theirs")
    write_atomically(tmp_path / "link", b"ours")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
