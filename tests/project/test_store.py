"""Kept versions of data sets: whole, proved each time, and never too large."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sealwright.errors import CannotLook, TamperError
from sealwright.evidence.manifest import Artifact
from sealwright.evidence.tree import identify
from sealwright.project import store
from sealwright.project.layout import Layout
from sealwright.project.store import keep, kept


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = Layout(tmp_path / "project")
    found.state.mkdir(parents=True)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "set"
    (place / "deep").mkdir(parents=True)
    (place / "a.csv").write_text("1,2\n")
    (place / "deep/b.csv").write_text("3,4\n")
    return place


def test_a_kept_folder_is_found_by_its_digest(layout: Layout, folder: Path) -> None:
    artifact = identify(folder)
    assert kept(layout, artifact.digest) is None
    assert keep(layout, artifact)
    shutil.rmtree(folder)
    copy = kept(layout, artifact.digest)
    assert copy is not None
    assert (copy.digest, copy.files) == (artifact.digest, artifact.files)
    assert keep(layout, artifact)
    assert list(layout.work.iterdir()) == []


def test_a_single_file_is_kept_under_its_name(layout: Layout, folder: Path) -> None:
    artifact = identify(folder / "a.csv")
    assert keep(layout, artifact)
    copy = kept(layout, artifact.digest)
    assert copy is not None
    assert [entry.path for entry in copy.files] == ["a.csv"]


def test_a_large_version_is_not_kept(
    layout: Layout, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_BYTES", 7)
    artifact = identify(folder)
    assert not keep(layout, artifact)
    assert kept(layout, artifact.digest) is None


def test_what_is_only_on_record_cannot_be_kept(layout: Layout, folder: Path) -> None:
    artifact = identify(folder)
    assert not keep(layout, Artifact(digest=artifact.digest, files=artifact.files, root=None))


def test_files_that_changed_since_they_were_identified_are_not_kept(
    layout: Layout, folder: Path
) -> None:
    artifact = identify(folder)
    (folder / "a.csv").write_text("9,9\n")
    with pytest.raises(TamperError, match="changed while it was copied"):
        keep(layout, artifact)
    (folder / "a.csv").unlink()
    with pytest.raises(CannotLook, match=r"a\.csv: cannot be copied"):
        keep(layout, artifact)
    assert kept(layout, artifact.digest) is None
    assert list(layout.work.iterdir()) == []


def test_a_link_is_not_followed(layout: Layout, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("1,2\n")
    artifact = identify(folder)
    (folder / "a.csv").unlink()
    (folder / "a.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(Exception, match="symbolic link"):
        keep(layout, artifact)
    assert kept(layout, artifact.digest) is None


def test_a_changed_copy_is_named(layout: Layout, folder: Path) -> None:
    artifact = identify(folder)
    keep(layout, artifact)
    copy = kept(layout, artifact.digest)
    assert copy is not None
    assert copy.root is not None
    (copy.root / "a.csv").write_text("9,9\n")
    with pytest.raises(TamperError, match="not the version it was"):
        kept(layout, artifact.digest)


def test_two_who_keep_the_same_version_at_once(
    layout: Layout, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = identify(folder)
    copy = store._copy

    def slow(root: Path, what: Artifact, target: Path) -> None:
        monkeypatch.setattr(store, "_copy", copy)
        assert keep(layout, artifact)
        copy(root, what, target)

    monkeypatch.setattr(store, "_copy", slow)
    assert keep(layout, artifact)
    assert kept(layout, artifact.digest) is not None
    assert list(layout.work.iterdir()) == []
