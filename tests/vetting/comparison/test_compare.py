"""Says what one model has otherwise than another: what can run something first."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sealwright.vetting.comparison.compare import compare
from sealwright.vetting.comparison.records import Comparison, Difference, Side
from sealwright.vetting.comparison.sources import MAX_BYTES, MAX_SHOWN, changed_lines
from sealwright.vetting.comparison.text import MAX_LISTED, render
from sealwright.vetting.scan import scan_paths

BENIGN = Path(__file__).parents[2] / "benign"


def side(path: Path, **more: Any) -> Side:
    return Side(label=path.name, root=path, outcome=scan_paths([path], strict=True), **more)


RULES: dict[str, Path] = {}


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compiled rules of the secret detector, made once: it takes seconds."""
    RULES["cache"] = tmp_path_factory.getbasetemp() / "secret-rules"


def diff(old: Path, new: Path) -> Comparison:
    return compare(side(old), side(new), cache=RULES["cache"])


def seen(compared: Comparison, kind: str, *, look: bool | None = None) -> list[tuple[str, str]]:
    return [
        (one.change, one.name)
        for one in compared.differences
        if one.kind == kind and look in (None, one.look)
    ]


def text(compared: Comparison) -> str:
    return "\n".join(line.text for line in render(compared))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two copies of a small model with a configuration."""
    for name in ("old", "new"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(BENIGN / "safetensors/plain.safetensors", folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps({"hidden_size": 8, "model_type": "bert"}))
    return tmp_path / "old", tmp_path / "new"


def test_the_same_model_has_no_difference(folders: tuple[Path, Path]) -> None:
    compared = diff(*folders)
    assert compared.identical
    assert compared.differences == ()
    assert compared.unknown == ()
    assert text(compared).startswith("the same files")


def test_files_come_go_and_are_renamed(folders: tuple[Path, Path]) -> None:
    old, new = folders
    (old / "notes.txt").write_text("one\n")
    (old / "gone.txt").write_text("gone\n")
    (new / "moved").mkdir()
    (new / "moved/notes.txt").write_text("one\n")
    (new / "more.txt").write_text("more\n")
    compared = diff(old, new)
    assert seen(compared, "file") == [
        ("new", "more.txt"),
        ("gone", "gone.txt"),
        ("renamed", "moved/notes.txt"),
    ]
    assert compared.look == ()
    assert not compared.identical


def test_settings_are_told_one_by_one_and_secrets_are_not(folders: tuple[Path, Path]) -> None:
    old, new = folders
    (new / "config.json").write_text(
        json.dumps(
            {
                "hidden_size": 16,
                "model_type": "gpt2",
                "hub": {"api_key": "hidden-value", "url": "https://me:hidden-value@example.org/x"},
                "words": ["a", "b"],
            }
        )
    )
    compared = diff(old, new)
    assert seen(compared, "setting", look=True) == [("changed", "model_type")]
    assert seen(compared, "setting", look=False) == [
        ("new", "hub.api_key"),
        ("new", "hub.url"),
        ("new", "words"),
        ("changed", "hidden_size"),
    ]
    shown = text(compared)
    assert "~ hidden_size: 8 -> 16" in shown
    assert '+ words: ["a", "b"]' in shown
    assert "hidden-value" not in repr(compared)


def test_new_code_is_shown_and_has_to_be_looked_at(folders: tuple[Path, Path]) -> None:
    old, new = folders
    before = "import torch\n\n\ndef forward(x):\n    return x\n"
    (old / "modeling.py").write_text(before)
    (new / "modeling.py").write_text(before.replace("    return x", "    print(x)\n    return x"))
    (new / "config.json").write_text('{"auto_map": {"AutoModel": "modeling.Net"}}')
    compared = diff(old, new)
    (code,) = [one for one in compared.differences if one.kind == "code"]
    assert code.look
    assert "+    print(x)" in code.lines
    assert seen(compared, "finding", look=True)[0][1].startswith("SW-HF-")
    assert ("new", "auto_map.AutoModel") in seen(compared, "setting", look=True)
    back = diff(new, old)
    assert seen(back, "finding", look=True) == []
    assert ("changed", "modeling.py") in seen(back, "code", look=True)


def test_a_pickle_that_reaches_a_new_name(tmp_path: Path) -> None:
    old, new, bad = (tmp_path / f"{name}.pkl" for name in ("old", "new", "bad"))
    old.write_bytes(pickle.dumps([1]))
    import collections

    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, ("echo",)

    new.write_bytes(pickle.dumps(collections.OrderedDict(a=1)))
    bad.write_bytes(pickle.dumps(Payload()))
    compared = diff(old, new)
    assert seen(compared, "global", look=True) == [("new", "collections.OrderedDict")]
    assert seen(diff(new, old), "global") == [("gone", "collections.OrderedDict")]
    assert diff(new, old).look == ()
    worst = diff(old, bad)
    assert worst.differences[0].kind == "finding"
    assert seen(worst, "global", look=True) == [("new", "posix.system")]


def test_a_name_that_another_file_reached_is_not_new(tmp_path: Path) -> None:
    import collections

    held = pickle.dumps(collections.OrderedDict(a=1))
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.pkl").write_bytes(held)
    (tmp_path / "new/b.pkl").write_bytes(pickle.dumps(collections.OrderedDict(b=1)))
    compared = diff(tmp_path / "old", tmp_path / "new")
    assert seen(compared, "global") == []
    assert seen(compared, "file") == [("new", "b.pkl")]


def test_real_formats_tell_what_differs() -> None:
    torch = diff(BENIGN / "torch/state_dict.pt", BENIGN / "torch/checkpoint.pth")
    assert ("new", "model.head.weight") in seen(torch, "tensor")
    assert ("new", "torch.ByteStorage") in seen(torch, "global", look=True)
    keras = diff(BENIGN / "keras_tf/sequential.keras", BENIGN / "keras_tf/functional.keras")
    assert ("new", "keras.layers.LSTM") in seen(keras, "layer", look=True)
    gguf = diff(BENIGN / "gguf/vocabulary.gguf", BENIGN / "gguf/model.gguf")
    assert any(change == "new" for change, _ in seen(gguf, "tensor"))
    graphs = diff(BENIGN / "documents/onnx/linear.onnx", BENIGN / "documents/onnx/lstm.onnx")
    assert ("new", "ai.onnx.LSTM") in seen(graphs, "operator", look=True)
    frozen = diff(BENIGN / "keras_tf/text_saved_model", BENIGN / "keras_tf/frozen.pb")
    assert any(change == "gone" for change, _ in seen(frozen, "operator"))
    scripts = diff(BENIGN / "torch/traced.pt", BENIGN / "torch/mobile.ptl")
    assert ("new", "aten::gt") in seen(scripts, "operator", look=True)
    trees = BENIGN / "documents/boosters"
    boosters = diff(trees / "lightgbm.txt", trees / "lightgbm_stump.txt")
    assert ("changed", "feature_names") in seen(boosters, "setting")
    skops = sorted((BENIGN / "documents/skops").glob("*.skops"))
    assert seen(diff(skops[0], skops[-1]), "global")


def test_another_shape_is_told(tmp_path: Path) -> None:
    from tests.cli.test_scan import safetensors

    old, new = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    old.write_bytes(safetensors())
    new.write_bytes(safetensors().replace(b"[2]", b"[2,1]").replace(b'{"x"', b'{"x"', 1))
    data = bytearray(new.read_bytes())
    data[:8] = (int.from_bytes(data[:8], "little") + 2).to_bytes(8, "little")
    new.write_bytes(data)
    compared = diff(old, new)
    (shape,) = [one for one in compared.differences if one.kind == "tensor"]
    assert (shape.name, shape.before, shape.after) == ("x", "F32 [2]", "F32 [2, 1]")
    assert compared.look == ()


def test_weights_in_a_form_that_runs_code_have_to_be_looked_at(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, source in ((old, "safetensors/plain.safetensors"), (new, "pickles/arrays.4.pkl")):
        folder.mkdir()
        shutil.copy(BENIGN / source, folder / "weights.bin")
    assert seen(diff(old, new), "format", look=True) == [("changed", "weights.bin")]
    assert seen(diff(new, old), "format", look=True) == []


def test_members_of_containers(tmp_path: Path) -> None:
    old, new = tmp_path / "old.zip", tmp_path / "new.zip"
    for place, names in ((old, {"a.txt": "a", "b.txt": "b"}), (new, {"a.txt": "x", "c.py": "c=1"})):
        with zipfile.ZipFile(place, "w") as archive:
            for name, held in names.items():
                archive.writestr(name, held)
    compared = diff(old, new)
    assert seen(compared, "member") == [("changed", "a.txt"), ("gone", "b.txt")]
    assert seen(compared, "code", look=True) == [("new", "c.py")]


def test_requirements(folders: tuple[Path, Path]) -> None:
    old, new = folders
    (old / "requirements.txt").write_text("numpy==1.0\ntorch==2.0\n")
    (new / "requirements.txt").write_text(
        "--extra-index-url https://example.org/simple\nnumpy==1.1\ntorch==2.0\nreqests==1\n"
    )
    compared = diff(old, new)
    assert seen(compared, "dependency", look=True) == [
        ("new", "reqests"),
        ("changed", "requirements.txt"),
        ("changed", "numpy"),
    ]
    assert "--extra-index-url" in text(compared)


def test_packages_on_record(folders: tuple[Path, Path]) -> None:
    old, new = folders
    compared = compare(
        side(old, packages={"numpy": "1.0", "old": "1"}),
        side(new, packages={"numpy": "2.0"}),
    )
    assert seen(compared, "dependency") == [("changed", "numpy"), ("gone", "old")]
    assert seen(compare(side(old, packages={"a": "1"}), side(new)), "dependency") == []


def test_what_was_not_examined_is_not_compared(folders: tuple[Path, Path]) -> None:
    old, new = folders
    (old / "odd.blob").write_bytes(b"\x93\x07\xfe\x00" * 64)
    (new / "odd.blob").write_bytes(b"\x93\x07\xfe\x00" * 64)
    assert diff(old, new).unknown == ()  # the same bytes
    (new / "odd.blob").write_bytes(b"\x94\x07\xfe\x00" * 64)
    compared = diff(old, new)
    assert [line.partition(": ")[0] for line in compared.unknown] == ["old", "new"]
    assert "not compared" in text(compared)


def test_an_empty_folder_is_not_the_same_as_another(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    compared = diff(tmp_path / "a", tmp_path / "b")
    assert not compared.identical
    assert compared.unknown


def test_a_file_against_a_folder_that_holds_it(folders: tuple[Path, Path]) -> None:
    old, _ = folders
    compared = diff(old / "model.safetensors", old)
    assert seen(compared, "file") == [("new", "config.json")]


def test_more_operators_than_are_told_cannot_be_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sealwright.vetting.interface.MAX_FACTS", 2)
    monkeypatch.setattr("sealwright.vetting.comparison.facts.MAX_FACTS", 2)
    old, new = BENIGN / "documents/onnx/linear.onnx", BENIGN / "documents/onnx/lstm.onnx"
    compared = diff(old, new)
    assert any("operator" in line for line in compared.unknown)
    assert any("tensor" in line for line in compared.partly)


def test_long_lists_are_cut_in_the_text_alone(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text("{}")
    new.write_text(json.dumps({f"key{n}": n for n in range(100)}))
    compared = diff(old, new)
    assert len(seen(compared, "setting")) == 100
    assert f"and {100 - MAX_LISTED} more" in text(compared)


def test_texts_are_compared_within_bounds() -> None:
    old = b"".join(b"a\n" for _ in range(4000))
    new = b"".join(b"b%d\n" % n for n in range(4000))
    lines = changed_lines(old, new)
    assert len(lines) == MAX_SHOWN + 1
    assert changed_lines(None, b"")[0].startswith("… not shown")
    assert all(len(line) <= 500 for line in changed_lines(b"", b"x" * MAX_BYTES))
    assert changed_lines(b"\xff\n", b"\xfe\n")[1:] == ("-\\xff", "+\\xfe")


def test_line_numbers_are_those_of_the_whole_text() -> None:
    old = "".join(f"line {n}\n" for n in range(50))
    lines = changed_lines(old.encode(), old.replace("line 30\n", "").encode())
    assert lines[0] == "@@ -28,7 +28,6 @@"
    assert "-line 30" in lines


def test_a_name_can_hold_anything(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text('{"a": {"b = c": 1}}')
    new.write_text('{"a": {"b = c": 2}, "\\u0000": "\\ud800", "": [[]]}')
    compared = diff(old, new)
    assert compared.differences
    assert all(isinstance(one, Difference) for one in compared.differences)
    text(compared)


def test_the_root_is_no_part_of_a_finding(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "list.pkl").write_bytes(b"cposix\nsystem\n(Vecho\ntR.")
        (tmp_path / name / "x.txt").write_text(name)
    compared = diff(tmp_path / "first", tmp_path / "second")
    assert seen(compared, "finding") == []
    assert compared.new.verdict == "fail"


def test_onnx_metadata_is_compared() -> None:
    old = BENIGN / "documents/boosters/catboost.onnx"
    new = BENIGN / "documents/onnx/linear.onnx"
    assert any(name.startswith("metadata ") for _, name in seen(diff(old, new), "setting"))


HUB = "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi"
AMAZON = "AKIA" + "QZ7XWRT2PLMN4VCX"
SLACK = "https://hooks.slack.com/services/" + "T0A1B2C3D/B0A1B2C3D/" + "x7Yq2LmN8vRt4WzKp9Hs3DfG"


def test_a_secret_was_shown_because_only_the_last_part_of_a_name_counted(
    folders: tuple[Path, Path],
) -> None:
    old, new = folders
    secret = {
        "password": {"value": "hidden-1"},
        "credentials": {"pw": "hidden-2", "user": "hidden-3"},
        "token": "hidden-4",
        "auth": [{"value": "hidden-5"}],
        "hub": {"accessToken": "hidden-6", "x": HUB, "y": ["a", AMAZON]},
        "headers": {"a": "Authorization: Bearer hidden-7"},
        "passwd": 12345678,
        "sas": "hidden-8",
        "z": "https://store.example/c?sv=1&sig=hidden-9",
    }
    shown = {
        "bos_token": "<s>",
        "eos_token_id": 31999,
        "pad_token": "[PAD]",
        "additional_special_tokens": ["<a>", "<b>"],
        "tokenizer_class": "LlamaTokenizerFast",
        "max_new_tokens": 31998,
        "num_tokens": 31997,
        "image_token_index": 31996,
        "use_auth_token": False,
    }
    (new / "config.json").write_text(json.dumps(secret | shown | {"model_type": "bert"}))
    compared = diff(old, new)
    told = repr(compared)
    for word in ("hidden-", "12345678", HUB, AMAZON):
        assert word not in told
    settings = {one.name: one.after for one in compared.differences if one.kind == "setting"}
    for name, value in shown.items():
        assert settings[name] == json.dumps(value)


def test_secrets_in_changed_lines_and_requirements_were_shown(folders: tuple[Path, Path]) -> None:
    old, new = folders
    (new / "modeling.py").write_text(
        f'API_KEY = "sk-hidden-1"\nhook = "{SLACK}"\nprint("shown")\n'
        'KEY = """-----BEGIN PRIVATE KEY-----\nMIIhiddenhiddenhidden\n'
        '-----END PRIVATE KEY-----"""\n'
    )
    (new / "requirements.txt").write_text(
        "--index-url https://user:hidden-2@example.org/simple\n"
        "mine @ https://hidden-3@example.org/mine.whl\nnumpy==1.0\n"
    )
    compared = diff(old, new)
    told = repr(compared) + text(compared)
    assert "hidden" not in told.replace("(hidden", "")
    assert SLACK.rpartition("/")[2] not in told
    assert '+print("shown")' in told
    assert "example.org/simple" in told


def test_a_change_behind_what_is_shown_of_a_long_value_is_told(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    long = "//a" * 1_000_000
    started = time.process_time()
    for place, end in ((old, "x"), (new, "y")):
        place.write_text(json.dumps({"a": long + end, "b": [long + end], long[:5_000]: 1}))
    compared = diff(old, new)
    assert seen(compared, "setting") == [("changed", "a"), ("changed", "b")]
    assert time.process_time() - started < 20
