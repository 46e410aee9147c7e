"""Loading what a scan allows, and nothing else, with real libraries behind real walls."""

from __future__ import annotations

import io
import os
import pickle
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import sealwright
from sealwright.errors import InputMissing, Refused, Unsupported
from sealwright.phases.model import loading, restricted
from sealwright.phases.model.loading import Checked, checked, load, trial
from sealwright.vetting.outcome import Coverage, Outcome

ROWS = np.array([[0.0], [1.0], [2.0], [3.0]])


def clock() -> datetime:
    return datetime.now(UTC)


class Opens:
    """Would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.path), "w"))


def test_a_fitted_model_is_loaded_and_answers_as_before(tmp_path: Path) -> None:
    model = LogisticRegression().fit(ROWS, [0, 0, 1, 1])
    place = tmp_path / "model.joblib"
    joblib.dump(model, place, compress=3)
    found = sealwright.load(place)
    assert found.predict(ROWS).tolist() == model.predict(ROWS).tolist()
    with checked(place) as ready:
        said = trial(ready, clock=clock)
    assert said.type == "sklearn.linear_model._logistic.LogisticRegression"
    assert said.names == len(ready.allowed) > 0
    assert not ready.file.exists()


@pytest.mark.parametrize("name", ["plain.pkl", "arrays.joblib", "objects.npy", "several.npz"])
def test_each_form_gives_the_object(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    data = {"w": np.arange(6.0).reshape(2, 3), "names": np.array(["a", None], dtype=object)}
    if name.endswith("pkl"):
        place.write_bytes(pickle.dumps(data))
    elif name.endswith("joblib"):
        joblib.dump(data, place)
    elif name.endswith("npy"):
        np.save(place, data["names"], allow_pickle=True)
    else:
        np.savez(place, w=data["w"], names=data["names"])
    with checked(place) as ready:
        found = restricted.load(ready.file, ready.form, ready.allowed)
    if name.endswith("npy"):
        assert found.tolist() == ["a", None]
        return
    assert found["w"].tolist() == data["w"].tolist()
    assert found["names"].tolist() == ["a", None]


def test_what_does_not_pass_is_not_loaded(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    place = tmp_path / "bad.pkl"
    place.write_bytes(pickle.dumps(Opens(marker)))
    with pytest.raises(Refused, match="its scan says fail"):
        load(place, clock=clock)
    assert not marker.exists()
    with pytest.raises(InputMissing):
        load(tmp_path / "gone.pkl", clock=clock)
    (tmp_path / "notes.txt").write_text("hello\n")
    with pytest.raises(Unsupported):
        load(tmp_path / "notes.txt", clock=clock)


@pytest.mark.parametrize("what", ["pipe", "folder", "loop", "endless"])
def test_what_is_no_file_is_named_and_not_copied(tmp_path: Path, what: str) -> None:
    place = tmp_path / "f.pkl"
    if what == "pipe":
        os.mkfifo(place)
    elif what == "folder":
        place.mkdir()
    elif what == "loop":
        place.symlink_to("f.pkl")
    else:
        try:
            os.mknod(place, 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # as /dev/zero
        except PermissionError:
            pytest.skip("this user may make no device nodes")
    said = {
        "pipe": "a model is loaded from a file, and this is a pipe",
        "folder": "a model is loaded from a file, and this is a folder",
        "loop": "Too many levels of symbolic links",
        "endless": "a model is loaded from a file, and this is a device",
    }
    with pytest.raises(InputMissing, match=f"f.pkl: {said[what]}") as raised:
        load(place, clock=clock)
    assert raised.value.advice


def test_what_does_not_pass_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "bad.pkl"
    place.write_bytes(pickle.dumps(Opens(tmp_path / "marker")))

    def never(*_: object, **__: object) -> Path:
        raise AssertionError("it was copied")

    monkeypatch.setattr(loading, "copied", never)
    with pytest.raises(Refused), checked(place):
        pass


def ready_for(place: Path, *names: tuple[str, str]) -> Checked:
    """A file as if its scan had allowed these names."""
    nothing = Coverage(files=1, members=0, bytes_total=0, bytes_parsed=0, bytes_numbers=0)
    outcome = Outcome(
        verdict="pass", members=(), observations=(), coverage=nothing, rules="", packs={}
    )
    return Checked(file=place, form="pickle", allowed=frozenset(names), outcome=outcome)


def test_the_unpickler_finds_nothing_but_what_was_allowed(tmp_path: Path) -> None:
    place = tmp_path / "a.pkl"
    place.write_bytes(pickle.dumps(np.float64(3)))
    with pytest.raises(restricted.NotAllowed, match="numpy"):
        restricted.load(place, "pickle", frozenset())
    array = np.array([{"a": 1}, Opens(tmp_path / "marker")], dtype=object)
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    (tmp_path / "a.npy").write_bytes(buffer.getvalue())
    numpy_alone = frozenset(
        [("numpy._core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")]
    )
    with pytest.raises(restricted.NotAllowed, match="open"):
        restricted.load(tmp_path / "a.npy", "npy", numpy_alone)
    joblib.dump([array], tmp_path / "a.joblib")
    wrapper = frozenset([("joblib.numpy_pickle", "NumpyArrayWrapper")])
    with pytest.raises(restricted.NotAllowed, match="open"):
        restricted.load(tmp_path / "a.joblib", "joblib", numpy_alone | wrapper)
    assert not (tmp_path / "marker").exists()


def test_names_of_python_2_are_held_to_what_they_mean(tmp_path: Path) -> None:
    place = tmp_path / "old.pkl"
    place.write_bytes(pickle.dumps(range, protocol=2))
    assert restricted.load(place, "pickle", frozenset([("builtins", "range")])) is range
    with pytest.raises(restricted.NotAllowed):
        restricted.load(place, "pickle", frozenset([("builtins", "list")]))


def test_a_misjudged_name_does_no_harm_in_the_sandbox(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    place = tmp_path / "bad.pkl"
    place.write_bytes(pickle.dumps(Opens(marker), protocol=4))
    with pytest.raises(Refused):
        trial(ready_for(place, ("io", "open"), ("_io", "open")), clock=clock)
    assert not marker.exists()


def test_what_cannot_be_loaded_here_is_told(tmp_path: Path) -> None:
    place = tmp_path / "other.pkl"
    place.write_bytes(b"\x80\x04\x8c\x0bnot_at_home\x8c\x01A\x93.")
    with pytest.raises(Refused, match="not_at_home"):
        trial(ready_for(place, ("not_at_home", "A")), clock=clock)
