"""`sealwright model diff` and `sealwright model convert`: exit codes, text and JSON."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.console import Console

BENIGN = Path(__file__).parents[1] / "benign"


@pytest.fixture
def models(tmp_path: Path) -> Console:
    """A folder without a project: two versions of a model."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        shutil.copy(BENIGN / "safetensors/plain.safetensors", tmp_path / name / "model.safetensors")
        (tmp_path / name / "config.json").write_text(json.dumps({"name": name}))
    return Console(tmp_path)


def test_the_same_ends_with_0(models: Console) -> None:
    assert models("model", "diff", "old", "old").out.startswith("the same files")
    assert models.json("model", "diff", "old", "old")["identical"] is True


def test_what_nobody_has_to_look_at_ends_with_0_unless_any_counts(models: Console) -> None:
    answer = models("model", "diff", "old", "new")
    assert '~ name: "old" -> "new"' in answer.out
    models("model", "diff", "old", "new", "--fail-on", "any", expect=1)
    models("model", "diff", "old", "old", "--fail-on", "any")


def test_code_ends_with_1(models: Console) -> None:
    (models.folder / "new/modeling.py").write_text("print('\x1b[31mhello')\n")
    answer = models("model", "diff", "old", "new", expect=1)
    assert "look at code" in answer.out
    assert "\x1b" not in answer.out
    value = models.json("model", "diff", "old", "new", expect=1)
    assert value["look"] == 1
    assert [one["kind"] for one in value["differences"] if one["look"]] == ["code"]


def test_what_was_not_examined_ends_with_3(models: Console) -> None:
    (models.folder / "new/odd.blob").write_bytes(b"\x93\x07\xfe\x00" * 64)
    answer = models("model", "diff", "old", "old", expect=0)
    answer = models("model", "diff", "old", "new", expect=None)
    assert answer.code in (1, 3)
    assert "not compared" in answer.out


def test_names_need_a_project(models: Console) -> None:
    assert "Traceback" not in models("model", "diff", "old", "base", expect=None).err
    assert models("model", "diff", "old", "base", expect=None).code in (2, 3)


def test_a_project_knows_its_models(trained: Console, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(trained.folder / "model", other)
    same = trained("model", "diff", "model", str(other))
    assert same.out.startswith("the same files")
    digest = trained.json("model", "verify")["model"]
    # Of a digest alone no copy is kept before the model is released.
    assert "no copy" in trained("model", "diff", digest, str(other), expect=3).err
    bring = ("--from", "https://example.org/x", "--revision", "1", "--licence", "MIT")
    trained("model", "import", str(other), "--name", "outside", *bring, expect=None)
    assert trained("model", "diff", "outside", "model").out.startswith("the same files")


def test_import_offers_a_conversion(trained: Console, tmp_path: Path) -> None:
    place = tmp_path / "download"
    place.mkdir()
    shutil.copy(BENIGN / "torch/state_dict.pt", place / "weights.pt")
    bring = ("--from", "https://example.org/x", "--revision", "1", "--licence", "MIT")
    answer = trained("model", "import", str(place), "--name", "outside", *bring, expect=None)
    assert f"sealwright model convert {place / 'weights.pt'} -o OUT" in answer.out


def test_convert_writes_and_says_so(models: Console) -> None:
    source = str(BENIGN / "torch/state_dict.pt")
    answer = models("model", "convert", source, "--to", "safetensors", "-o", "out.safetensors")
    assert "9 tensors" in answer.out
    assert models("scan", "out.safetensors").out.startswith("PASS")
    assert (
        "there already" in models("model", "convert", source, "-o", "out.safetensors", expect=2).err
    )
    value = models.json("model", "convert", source, "-o", "again.safetensors")
    assert value["converted"]["tensors"] == 9
    assert (models.folder / "out.safetensors").read_bytes() == (
        models.folder / "again.safetensors"
    ).read_bytes()


def test_convert_refuses_to_lose_anything(models: Console) -> None:
    source = str(BENIGN / "torch/checkpoint.pth")
    err = models("model", "convert", source, "-o", "out.safetensors", expect=1).err
    assert "'epoch' is a int" in err
    assert "--only-tensors" in err
    answer = models("model", "convert", source, "-o", "out.safetensors", "--only-tensors")
    assert "left out: epoch" in answer.out
    models("model", "convert", str(BENIGN / "torch/scripted.pt"), "-o", "x", expect=3)
