from __future__ import annotations

import hashlib
import os
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import InputMissing, LimitReached, TamperError, Unsupported
from sealwright.evidence import tree
from sealwright.evidence.manifest import manifest_bytes, manifest_digest, oms_root
from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.tree import identify


def fill(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def test_identity_covers_names_sizes_and_contents(tmp_path: Path) -> None:
    found = identify(fill(tmp_path / "a", {"m.onnx": b"weights", "sub/c.json": b"{}"}))
    assert [f.path for f in found.files] == ["m.onnx", "sub/c.json"]
    assert found.files[0].sha256 == hashlib.sha256(b"weights").hexdigest()
    assert found.size == 9
    assert found.digest == hashlib.sha256(manifest_bytes(found.files)).hexdigest()
    same = identify(fill(tmp_path / "b", {"sub/c.json": b"{}", "m.onnx": b"weights"}))
    assert same.digest == found.digest


def test_renaming_a_file_changes_the_identity_but_not_the_oms_root(tmp_path: Path) -> None:
    one = identify(fill(tmp_path / "a", {"model.safetensors": b"w"}))
    two = identify(fill(tmp_path / "b", {"model.pkl": b"w"}))
    assert oms_root(one.files) == oms_root(two.files)
    assert one.digest != two.digest


def test_a_file_is_a_tree_of_one(tmp_path: Path) -> None:
    fill(tmp_path, {"data.csv": b"a,b\n"})
    found = identify(tmp_path / "data.csv")
    assert [f.path for f in found.files] == ["data.csv"]


def test_an_empty_folder_has_an_identity(tmp_path: Path) -> None:
    assert identify(tmp_path).files == ()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="gone"):
        identify(tmp_path / "gone")


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, {"real": b"x"})
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(Unsupported, match="symbolic link"):
        identify(tmp_path)
    with pytest.raises(Unsupported, match="symbolic link"):
        identify(tmp_path / "link")


def test_a_linked_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "inside").symlink_to("real", target_is_directory=True)
    with pytest.raises(Unsupported, match="symbolic link"):
        identify(tmp_path)


def test_special_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unsupported, match="special file"):
        identify(tmp_path)
    (tmp_path / "pipe").unlink()
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        with pytest.raises(Unsupported, match="special file"):
            identify(tmp_path)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Model.onnx", "model.onnx"),
        ("caf\u00e9", "cafe\u0301"),
        ("Dir/a", "dir/b"),
        ("stra\u00dfe", "STRASSE"),
    ],
)
def test_names_that_collide_elsewhere_are_refused(tmp_path: Path, one: str, two: str) -> None:
    fill(tmp_path, {one: b"1", two: b"2"})
    with pytest.raises(Unsupported, match="one name on other systems"):
        identify(tmp_path)


@pytest.mark.parametrize("name", ["a\\b", "new\nline", "bell\x07", "del\x7f"])
def test_names_that_cannot_travel_are_refused(tmp_path: Path, name: str) -> None:
    fill(tmp_path, {name: b"1"})
    with pytest.raises(Unsupported, match="file name"):
        identify(tmp_path)


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_bytes(b"1")
    with pytest.raises(Unsupported, match="UTF-8"):
        identify(tmp_path)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, {"1": b"", "2": b"", "3/4/5": b""})
    monkeypatch.setattr(tree, "MAX_FILES", 2)
    with pytest.raises(LimitReached, match="files"):
        identify(tmp_path)
    monkeypatch.setattr(tree, "MAX_FILES", 10)
    monkeypatch.setattr(tree, "MAX_DEPTH", 1)
    with pytest.raises(LimitReached, match="deeper"):
        identify(tmp_path)


def read_again_and_again(path: Path) -> None:
    for _ in range(200):
        identify(path)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"x" * (1 << 22))
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with path.open("ab") as file:
                file.write(b"y" * 4096)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(TamperError, match="changed while it was read"):
            read_again_and_again(path)
    finally:
        stop.set()
        writer.join()


ENTRIES = st.lists(
    st.builds(
        FileEntry,
        path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10),
        size=st.integers(0, 2**50),
        sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
    ),
    unique_by=lambda entry: entry.path,
    max_size=8,
)


@given(ENTRIES, st.randoms())
def test_the_order_of_files_does_not_matter(entries: list[FileEntry], random: object) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert manifest_digest(shuffled) == manifest_digest(entries)


@given(ENTRIES.filter(bool), st.data())
def test_any_change_of_a_file_changes_the_identity(
    entries: list[FileEntry], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    old = entries[place]
    changed = [*entries]
    changed[place] = FileEntry(path=old.path + "x", size=old.size, sha256=old.sha256)
    if changed[place].path not in {e.path for e in entries}:
        assert manifest_digest(changed) != manifest_digest(entries)
    changed[place] = FileEntry(path=old.path, size=old.size + 1, sha256=old.sha256)
    assert manifest_digest(changed) != manifest_digest(entries)
