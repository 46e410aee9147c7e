"""Before a model is loaded, and while it is served, its folder is exactly what was admitted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sealwright.errors import InputMissing, TamperError
from sealwright.evidence.predicates.common import FileEntry
from sealwright.phases.deployment.runtime import integrity, loading
from sealwright.phases.deployment.runtime.integrity import fingerprint, look, verify, watch
from sealwright.phases.deployment.runtime.loading import load
from sealwright.phases.deployment.settings import RuntimeSettings
from tests.deployment.runtime.house import infer, make_folder, refused, started, wait_until


def _changed(folder: Path) -> None:
    data = bytearray((folder / "model.onnx").read_bytes())
    data[-1] ^= 1
    (folder / "model.onnx").write_bytes(data)


def _added(folder: Path) -> None:
    (folder / "notes" / "more.bin").write_bytes(b"")


def _missing(folder: Path) -> None:
    (folder / "notes" / "profile.json").unlink()


def _linked(folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere.onnx")
    (folder / "model.onnx").rename(elsewhere)
    (folder / "model.onnx").symlink_to(elsewhere)


def _linked_folder(folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


def _piped(folder: Path) -> None:
    os.mkfifo(folder / "queue")


def _renamed(folder: Path) -> None:
    (folder / "model.onnx").rename(folder / "model2.onnx")


ATTACKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "changed": (_changed, "model.onnx was changed"),
    "added": (_added, "notes/more.bin was added"),
    "missing": (_missing, "notes/profile.json is missing"),
    "linked": (_linked, "symbolic link"),
    "linked folder": (_linked_folder, "symbolic link"),
    "piped": (_piped, "special file"),
    "renamed": (_renamed, "model.onnx is missing; model2.onnx was added"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_folder_that_is_not_the_admitted_one_is_not_loaded(
    told: RuntimeSettings, attack: str
) -> None:
    do, words = ATTACKS[attack]
    do(Path(told.folder))
    with pytest.raises(TamperError, match=words):
        load(told)


@pytest.mark.parametrize("attack", ["changed", "added", "missing", "linked"])
def test_the_process_ends_before_it_serves_other_files(told: RuntimeSettings, attack: str) -> None:
    do, words = ATTACKS[attack]
    do(Path(told.folder))
    with started(told) as running:
        status, said = running.end()
        assert status == 4
        assert words in said
        assert "Traceback" not in said
    wait_until(lambda: refused(told), what="somebody still listens")


def test_a_folder_that_is_gone_cannot_be_looked_at(told: RuntimeSettings) -> None:
    Path(told.folder).rename(Path(told.folder).with_name("away"))
    with pytest.raises(InputMissing):
        load(told)


def test_a_file_for_a_folder_is_not_the_model(told: RuntimeSettings, tmp_path: Path) -> None:
    place = tmp_path / "model.onnx"
    place.write_bytes(b"x")
    with pytest.raises(TamperError, match="is a file"):
        verify(place, told.files, told.digest)


def test_a_list_of_files_that_is_not_the_models_is_refused(told: RuntimeSettings) -> None:
    forged = (*told.files, FileEntry(path="x", size=0, sha256="0" * 64))
    with pytest.raises(TamperError, match="list of files"):
        verify(Path(told.folder), forged, told.digest)


@pytest.mark.parametrize("name", ["other.onnx", "../model/model.onnx", "/etc/passwd", ""])
def test_a_contract_cannot_name_a_file_that_was_not_admitted(
    told: RuntimeSettings, name: str
) -> None:
    contract = msgspec.structs.replace(told.contract, model_file=name)
    with pytest.raises(TamperError, match="not admitted"):
        load(msgspec.structs.replace(told, contract=contract))


def test_bytes_changed_between_check_and_load_are_not_loaded(
    told: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check_and_change(folder: Path, files: tuple[FileEntry, ...], digest: str) -> None:
        verify(folder, files, digest)
        _changed(folder)

    monkeypatch.setattr(loading, "verify", check_and_change)
    with pytest.raises(TamperError, match="sha256"):
        load(told)


def test_what_is_loaded_does_not_change_with_the_file(told: RuntimeSettings) -> None:
    with started(told) as running:
        running.beat()
        before = infer(told, [[0.5, 1.5]])
        with (Path(told.folder) / "model.onnx").open("r+b") as file:
            file.truncate(0)
        assert infer(told, [[0.5, 1.5]]) == before


def test_a_quiet_folder_is_read_once_a_minute(
    told: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def counting(folder: Path, files: tuple[FileEntry, ...], digest: str) -> None:
        read.append(folder)
        verify(folder, files, digest)

    monkeypatch.setattr(integrity, "verify", counting)
    watched = watch(Path(told.folder), told.files, told.digest, now=0.0)
    for moment in (0.5, 1.0, 59.0):
        assert look(watched, now=moment) is watched
    assert len(read) == 1
    watched = look(watched, now=60.0)
    assert len(read) == 2
    assert look(watched, now=119.0) is watched


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_change_while_it_is_served_is_seen_by_the_next_look(
    told: RuntimeSettings, attack: str
) -> None:
    watched = watch(Path(told.folder), told.files, told.digest, now=0.0)
    ATTACKS[attack][0](Path(told.folder))
    with pytest.raises(TamperError):
        look(watched, now=0.5)


def test_a_change_that_hides_its_size_and_time_is_seen(told: RuntimeSettings) -> None:
    file = Path(told.folder) / "model.onnx"
    watched = watch(Path(told.folder), told.files, told.digest, now=0.0)
    was = file.stat()
    _changed(Path(told.folder))
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (was.st_size, was.st_mtime_ns)
    with pytest.raises(TamperError, match="was changed"):
        look(watched, now=0.5)


def test_a_touched_file_is_read_again_and_found_right(told: RuntimeSettings) -> None:
    watched = watch(Path(told.folder), told.files, told.digest, now=0.0)
    (Path(told.folder) / "model.onnx").touch()
    again = look(watched, now=0.5)
    assert again.hashed == 0.5
    assert again.fingerprint != watched.fingerprint
    assert look(again, now=1.0) is again


def test_a_change_during_the_reading_shows_in_the_next_look(
    told: RuntimeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_and_change(folder: Path, files: tuple[FileEntry, ...], digest: str) -> None:
        verify(folder, files, digest)
        _changed(folder)

    with monkeypatch.context() as patch:
        patch.setattr(integrity, "verify", read_and_change)
        watched = watch(Path(told.folder), told.files, told.digest, now=0.0)
    with pytest.raises(TamperError):
        look(watched, now=0.5)


def test_fingerprints_never_fail(tmp_path: Path) -> None:
    gone = fingerprint(tmp_path / "nothing")
    assert len(gone) == 1
    folder = make_folder(tmp_path / "model")
    names = [entry[0] for entry in fingerprint(folder)]
    assert names == [".", "model.onnx", "notes/profile.json"]
    assert fingerprint(folder) == fingerprint(folder)
    (folder / "broken").symlink_to("nowhere")
    assert len(fingerprint(folder)) == 4


def test_a_killed_runtime_comes_back_only_with_its_own_files(told: RuntimeSettings) -> None:
    with started(told) as running:
        running.beat()
        running.process.kill()
        running.process.wait()
        wait_until(lambda: refused(told), what="a killed runtime still answers")
    _changed(Path(told.folder))
    with started(told) as running:
        assert running.end()[0] == 4
