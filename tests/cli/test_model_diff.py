"""`sealwright model diff` and `sealwright model convert`: exit codes, text and JSON."""

from __future__ import annotations

import json
import re
import shlex
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
    assert str(place) not in answer.out  # what was downloaded is read once
    (hint,) = (line for line in answer.out.splitlines() if "model convert" in line)
    words = shlex.split(hint.partition(": sealwright ")[2])
    assert words[:2] == ["model", "convert"]
    assert Path(words[2]).is_relative_to(trained.folder / ".sealwright/imports")
    trained(*words[:3], "-o", str(tmp_path / "x.safetensors"))


def test_import_lists_rules_and_how_many_findings_more(trained: Console, tmp_path: Path) -> None:
    place = tmp_path / "download"
    place.mkdir()
    for number in range(25):
        (place / f"{number}.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    bring = ("--from", "https://example.org/x", "--revision", "1", "--licence", "MIT")
    answer = trained("model", "import", str(place), "--name", "outside", *bring, expect=1)
    listed = [line for line in answer.out.splitlines() if " critical: " in line]
    assert all(line.split()[0].startswith("SW-") for line in listed)
    said = re.search(r"scan: failed, (\d+) findings", answer.out)
    assert said is not None
    assert f"and {int(said[1]) - 20} more; --format json has all" in answer.out


@pytest.mark.parametrize("name", ["", "../../x", "a\nb", "A", "-x", "x" * 65])
def test_import_took_any_name(trained: Console, tmp_path: Path, name: str) -> None:
    bring = ("--from", "https://example.org/x", "--revision", "1", "--licence", "MIT")
    before = len(trained.entries("model-import"))
    answer = trained("model", "import", str(tmp_path), f"--name={name}", *bring, expect=2)
    assert "lower-case letters, digits and dashes" in answer.err
    assert len(trained.entries("model-import")) == before


def test_import_warns_where_the_project_names_no_place(trained: Console, tmp_path: Path) -> None:
    place = tmp_path / "download"
    place.mkdir()
    shutil.copy(BENIGN / "safetensors/plain.safetensors", place / "model.safetensors")
    bring = ("--from", "https://example.org/x", "--revision", "1", "--licence", "MIT")
    answer = trained("model", "import", str(place), "--name", "outside", *bring, expect=None)
    assert "names no place for outside" in answer.out
    assert "[training.models]" in answer.out


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
    models("model", "convert", str(BENIGN / "torch/scripted.pt"), "-o", "x.safetensors", expect=3)


def test_convert_wrote_safetensors_under_another_name(models: Console) -> None:
    source = str(BENIGN / "torch/state_dict.pt")
    for name in ("x2.pt", "x", "x.safetensors.bin"):
        answer = models("model", "convert", source, "-o", name, expect=2)
        assert ".safetensors" in answer.err
        assert not (models.folder / name).exists()
    models("model", "convert", source, "-o", "X.SafeTensors")


def test_secrets_are_not_shown(models: Console) -> None:
    config = {"hub": {"token": "hidden-1"}, "password": {"value": "hidden-2"}}
    (models.folder / "new/config.json").write_text(json.dumps(config))
    (models.folder / "new/load.py").write_text('API_KEY = "sk-hidden-3"\n')
    for form in ("text", "json"):
        answer = models("model", "diff", "old", "new", "--format", form, expect=1)
        assert "hidden-" not in answer.out + answer.err
        assert "(not shown)" in answer.out
