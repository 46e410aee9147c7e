"""Tensors of ONNX models in other files: the files must be there, and hold just those."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
import pytest

from sealwright.vetting.scan import scan_paths

BENIGN = Path(__file__).parents[2] / "benign" / "documents" / "onnx"


def scanned(path: Path) -> tuple[str, set[str]]:
    outcome = scan_paths([path], strict=True)
    return outcome.verdict, {seen.rule.id for seen in outcome.observations}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(BENIGN / "one_file", tmp_path / "model")
    return tmp_path / "model"


def change(folder: Path, key: str, value: str) -> None:
    """Sets one entry of the first external tensor."""
    model = onnx.load(folder / "model.onnx", load_external_data=False)
    tensor = next(one for one in model.graph.initializer if one.external_data)
    next(entry for entry in tensor.external_data if entry.key == key).value = value
    (folder / "model.onnx").write_bytes(model.SerializeToString())


@pytest.mark.parametrize("path", sorted(BENIGN.iterdir()), ids=lambda path: path.name)
def test_what_exporters_write_passes(path: Path) -> None:
    assert scanned(path)[0] == "pass"


def test_a_file_of_tensors_is_known_for_what_it_is(folder: Path) -> None:
    outcome = scan_paths([folder], strict=True)
    report = next(one for one in outcome.members if one.path.endswith(".data"))
    assert report.formats == ("onnx-tensors",)
    assert report.verdict == "pass"
    assert report.numbers == report.size


def test_a_file_that_is_not_there_is_missed(folder: Path) -> None:
    (folder / "model.onnx.data").unlink()
    verdict, met = scanned(folder)
    assert (verdict, "SW-ONNX-016" in met) == ("inconclusive", True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("offset", "999999999"), ("length", "999999999"), ("length", "4"), ("offset", "-4")),
        *(("offset", "1e3"), ("length", "9" * 30), ("offset", "")),
    ],
)
def test_a_tensor_outside_of_its_file_fails(folder: Path, key: str, value: str) -> None:
    change(folder, key, value)
    verdict, met = scanned(folder)
    assert (verdict, "SW-ONNX-017" in met) == ("fail", True)


def test_what_lies_between_and_behind_tensors_is_not_accounted_for(folder: Path) -> None:
    with (folder / "model.onnx.data").open("ab") as file:
        file.write(b"\x01\x02\x03\x04" * 40_000)
    verdict, met = scanned(folder)
    assert (verdict, "SW-FMT-006" in met) == ("inconclusive", True)


def test_a_pickle_in_place_of_tensors_is_still_a_pickle(folder: Path) -> None:
    payload = b"cos\nsystem\n(S'echo'\ntR."
    path = folder / "model.onnx.data"
    path.write_bytes(payload + bytes(path.stat().st_size - len(payload)))
    assert scanned(folder)[0] == "fail"


def test_a_link_that_leads_out_fails(folder: Path) -> None:
    outside = folder.parent / "elsewhere.bin"
    shutil.move(folder / "model.onnx.data", outside)
    (folder / "model.onnx.data").symlink_to(outside)
    verdict, met = scanned(folder)
    assert (verdict, "SW-ONNX-009" in met) == ("fail", True)


def test_a_model_that_cannot_be_read_is_left_to_its_reader(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"location" + b"\xff" * 50)
    assert scanned(folder)[0] in ("fail", "inconclusive")
