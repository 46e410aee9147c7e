"""`sealwright model`: what was signed is what is there, or the difference is named."""

from __future__ import annotations

from pathlib import Path

from tests.cli.console import Console, open_ones


def test_files_as_signed_are_verified(trained: Console) -> None:
    answer = trained("model", "verify")
    assert ": as signed, 1 file" in answer.out


def test_a_swapped_weight_file_is_named_and_cannot_be_released(admitted: Console) -> None:
    place = admitted.folder / "model/model.onnx"
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)
    answer = admitted("model", "verify", expect=4)
    assert "model.onnx" in answer.err
    assert "Traceback" not in answer.err
    verdict = admitted.json("gate", "model", "--for", "release", expect=1)
    assert {"model-signature", "scan-artifact", "training-run"} <= set(open_ones(verdict))


def test_an_added_file_is_named(trained: Console) -> None:
    (trained.folder / "model/extra.onnx").write_bytes(b"x")
    assert "extra.onnx" in trained("model", "verify", expect=4).err


def test_a_removed_file_is_named(trained: Console) -> None:
    (trained.folder / "model/model.onnx").rename(trained.folder / "model/other.onnx")
    err = trained("model", "verify", expect=4).err
    assert "model.onnx" in err
    assert "other.onnx" in err


def test_the_signature_of_another_project_does_not_count(
    trained: Console, houses: Path, tmp_path: Path
) -> None:
    stranger = Console(tmp_path / "stranger")
    stranger.folder.mkdir()
    for name in ("sealwright.toml", "prepare.py", "train.py"):
        (stranger.folder / name).write_bytes((houses / "fresh" / name).read_bytes())
    stranger("init", "--owner", "mallory")
    (bundle,) = (trained.folder / ".sealwright/signatures").iterdir()
    answer = stranger(
        "model", "verify", "--path", str(trained.folder / "model"), "--bundle", str(bundle),
        expect=4,
    )  # fmt: skip
    assert "Traceback" not in answer.err


def test_a_pickle_among_the_weights_fails_the_scan(trained: Console) -> None:
    # GLOBAL os.system, MARK, text, TUPLE, REDUCE, STOP: loading it would run a command.
    (trained.folder / "model/extra.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    answer = trained("model", "scan", expect=1)
    assert "extra.pkl" in answer.out


def test_signing_again_is_on_record_and_verified(trained: Console) -> None:
    before = len(trained.entries("model-signature"))
    trained("model", "sign", "--as", "mina")
    assert len(trained.entries("model-signature")) == before + 1
    trained("model", "verify")


def test_a_retrained_model_is_reviewed_against_the_one_that_serves(trained: Console) -> None:
    serving = trained.json("model", "verify")["model"]
    trained.replace("train.py", ("C=0.1", "C=0.2"))
    trained("run", "model", expect=None)
    assert trained.json("model", "verify")["model"] != serving
    review = ("model", "review", "model", "--against", serving[:12], "--reason", "looked at it")
    told = trained(*review, "--as", "sam", expect=None)
    assert "not known: how both compare" in told.out
    assert told.code == 3
