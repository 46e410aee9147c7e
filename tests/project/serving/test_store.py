"""What is served is a copy that training cannot write to: whole, proved, read-only, or absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sealwright.errors import InputMissing, LimitReached, TamperError, UsageError
from sealwright.evidence.manifest import Artifact
from sealwright.evidence.predicates.common import FileEntry
from sealwright.evidence.tree import identify
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.serving import store


def make_model(folder: Path, *, content: bytes = b"weights") -> Named:
    (folder / "notes" / "deep").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    (folder / "notes" / "deep" / "profile.json").write_text("{}", encoding="utf-8")
    artifact = identify(folder)
    return Named(name="model", digest=artifact.digest, artifact=artifact)


@pytest.fixture
def named(tmp_path: Path) -> Named:
    return make_model(tmp_path / "output")


def test_a_model_is_kept_whole_and_read_only(started: Project, named: Named) -> None:
    assert store.kept(started, named.digest) is None
    place = store.keep(started, named)
    assert place == started.layout.models / named.digest == store.kept(started, named.digest)
    assert identify(place).digest == named.digest
    modes = {path.stat().st_mode & 0o777 for path in [place, *place.rglob("*")]}
    assert modes == {0o444, 0o555}
    assert store.keep(started, named) == place
    assert store.listed(started) == (named.digest,)
    assert list(started.layout.work.glob("model-*")) == []


def test_the_copy_outlives_the_training_output(started: Project, named: Named) -> None:
    place = store.keep(started, named)
    source = named.files.root
    assert source is not None
    (source / "model.onnx").write_bytes(b"another model")
    assert store.verify_kept(started, named.digest) == place
    assert not place.joinpath("model.onnx").samefile(source / "model.onnx")


def test_one_file_is_a_model_too(started: Project, tmp_path: Path) -> None:
    (tmp_path / "single.onnx").write_bytes(b"weights")
    artifact = identify(tmp_path / "single.onnx")
    named = Named(name="single", digest=artifact.digest, artifact=artifact)
    assert [path.name for path in store.keep(started, named).iterdir()] == ["single.onnx"]


@pytest.mark.parametrize("content", [b"Weights", b"weights and more", b"w", b""])
def test_other_bytes_are_not_kept(started: Project, named: Named, content: bytes) -> None:
    root = named.files.root
    assert root is not None
    (root / "model.onnx").write_bytes(content)
    with pytest.raises(TamperError, match="not the bytes"):
        store.keep(started, named)
    assert store.listed(started) == ()
    assert list(started.layout.work.iterdir()) == []


def test_a_link_is_not_followed(started: Project, named: Named, tmp_path: Path) -> None:
    from sealwright.errors import CannotLook

    root = named.files.root
    assert root is not None
    (root / "model.onnx").rename(tmp_path / "elsewhere")
    (root / "model.onnx").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotLook):
        store.keep(started, named)
    (root / "model.onnx").unlink()
    os.mkfifo(root / "model.onnx")
    with pytest.raises(TamperError, match="no regular file"):
        store.keep(started, named)


def test_what_is_added_later_is_not_copied(started: Project, named: Named) -> None:
    root = named.files.root
    assert root is not None
    (root / "later.bin").write_bytes(b"x")
    place = store.keep(started, named)
    assert not (place / "later.bin").exists()


def test_files_that_do_not_make_the_digest_are_refused(started: Project, named: Named) -> None:
    forged = Named(name="model", digest="f" * 64, artifact=named.artifact)
    with pytest.raises(TamperError, match="its files are not those"):
        store.keep(started, forged)
    with pytest.raises(InputMissing):
        store.keep(started, Named(name="model", digest=named.digest))


def test_a_name_that_leads_out_is_refused(started: Project, tmp_path: Path) -> None:
    from sealwright.evidence.manifest import manifest_digest

    files = (FileEntry(path="../../escaped", size=0, sha256="0" * 64),)
    digest = manifest_digest(files)
    artifact = Artifact(digest=digest, files=files, root=tmp_path)
    with pytest.raises(TamperError, match="leads out"):
        store.keep(started, Named(name="model", digest=digest, artifact=artifact))


def test_size_and_number_of_files_are_bounded(
    started: Project, named: Named, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_BYTES", 3)
    with pytest.raises(LimitReached):
        store.keep(started, named)
    monkeypatch.setattr(store, "MAX_BYTES", 1000)
    monkeypatch.setattr(store, "MAX_FILES", 1)
    with pytest.raises(LimitReached):
        store.keep(started, named)


@pytest.mark.parametrize("attack", ["changed", "added", "missing", "linked"])
def test_a_copy_that_was_touched_is_tampered_with(
    started: Project, named: Named, attack: str, tmp_path: Path
) -> None:
    place = store.keep(started, named)
    place.chmod(0o755)
    file = place / "model.onnx"
    file.chmod(0o644)
    if attack == "changed":
        file.write_bytes(b"Weights")
    elif attack == "added":
        (place / "more").touch()
    elif attack == "missing":
        file.unlink()
    else:
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TamperError, match="not the model it was"):
        store.verify_kept(started, named.digest)
    with pytest.raises(TamperError):
        store.keep(started, named)


@pytest.mark.parametrize(
    "digest", ["", "..", "a" * 63, "A" * 64, "../" + "a" * 61, "a" * 64 + "\n"]
)
def test_only_a_digest_names_a_model(started: Project, digest: str) -> None:
    with pytest.raises(UsageError):
        store.kept(started, digest)


def test_what_no_route_needs_goes(started: Project, named: Named, tmp_path: Path) -> None:
    assert store.listed(started) == ()
    assert store.remove_others(started, ()) == ()
    store.keep(started, named)
    other = make_model(tmp_path / "other", content=b"others")
    store.keep(started, other)
    (started.layout.models / "not-a-model").mkdir()
    assert store.remove_others(started, {named.digest}) == (other.digest,)
    assert store.listed(started) == (named.digest,)
    with pytest.raises(InputMissing, match="not in the store"):
        store.verify_kept(started, other.digest)
    assert (started.layout.models / "not-a-model").is_dir()
    assert list(started.layout.work.iterdir()) == []
    assert store.remove_others(started, []) == (named.digest,)


def test_modes_are_mended_after_a_crash_behind_the_renaming(started: Project, named: Named) -> None:
    place = store.keep(started, named)
    place.chmod(0o755)
    store.keep(started, named)
    assert place.stat().st_mode & 0o777 == 0o555


_KILLED = """
import os, signal, sys
from pathlib import Path
from sealwright.evidence.tree import identify
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.serving import store
whole, at = store._copy_file, int(sys.argv[3])
def copy_file(*given):
    global at
    at -= 1
    if at < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    whole(*given)
store._copy_file = copy_file
if at == 2:
    store._move = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
artifact = identify(Path(sys.argv[2]))
with Project.open(sys.argv[1]) as project:
    store.keep(project, Named(name="model", digest=artifact.digest, artifact=artifact))
"""


@pytest.mark.parametrize("files_copied", [0, 1, 2])
def test_a_killed_copier_leaves_nothing_that_counts(
    started: Project, named: Named, files_copied: int
) -> None:
    root = named.files.root
    command = [
        sys.executable,
        "-c",
        _KILLED,
        str(started.layout.root),
        str(root),
        str(files_copied),
    ]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == -9, done.stderr.decode()
    assert store.listed(started) == ()
    assert len(list(started.layout.work.glob("model-*"))) == 1
    store.clear_away(started)
    assert list(started.layout.work.glob("model-*")) == []
    assert identify(store.keep(started, named)).digest == named.digest
