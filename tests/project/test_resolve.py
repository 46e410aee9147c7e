"""From what a person types to an artifact."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealwright.errors import InputMissing, SealwrightError, UsageError
from sealwright.evidence.digest import is_digest
from sealwright.evidence.tree import identify
from sealwright.project.core import Project
from sealwright.project.resolve import data_set, inputs_of, model, resolve, training_inputs


def test_the_words_for_the_system_and_the_model(released: Project) -> None:
    assert resolve(released, "system").digest == resolve(released, "small").digest
    assert resolve(released, "system").digest == released.system
    folder = released.layout.root / "model"
    assert resolve(released, "model").digest == identify(folder).digest
    assert resolve(released, "model").files.root == folder


def test_a_data_set_by_its_name(started: Project) -> None:
    found = resolve(started, "train")
    assert found == data_set(started, "train")
    assert found.digest == identify(started.layout.root / "data/train.csv").digest
    assert training_inputs(started) == (found,)
    assert inputs_of(started, resolve(started, "system")) == (found,)
    assert inputs_of(started, found) == ()


def test_a_path_has_the_name_that_was_declared_for_it(
    released: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = released.layout.root
    assert resolve(released, str(root / "data/test.csv")).name == "test"
    assert resolve(released, str(root / "model")) == model(released)
    monkeypatch.chdir(root / "data")
    assert resolve(released, "test.csv").name == "test"
    assert resolve(released, "../model").name == "model"
    assert resolve(released, "../train.py").name == "train.py"


def test_a_copy_is_the_same_artifact_under_its_own_name(released: Project, tmp_path: Path) -> None:
    shutil.copytree(released.layout.root / "model", tmp_path / "copy")
    copy = resolve(released, str(tmp_path / "copy"))
    assert (copy.name, copy.digest) == ("copy", model(released).digest)


def test_the_first_digits_of_a_digest_on_record(released: Project) -> None:
    digest = model(released).digest
    for reference in (digest, digest[:8], digest[:20].upper()):
        found = resolve(released, reference)
        assert (found.name, found.digest) == ("model", digest)
    on_record = resolve(released, digest)
    with pytest.raises(InputMissing, match="known by its digest alone"):
        _ = on_record.files


def test_digits_that_are_on_no_record(released: Project) -> None:
    with pytest.raises(UsageError, match="no artifact in the ledger"):
        resolve(released, "0123456789abcdef")


def test_digits_that_could_mean_two(released: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from sealwright.project import resolve as module

    monkeypatch.setattr(module, "_SHORTEST_PREFIX", 0)
    with pytest.raises(UsageError, match=r"\d+ artifacts in the ledger") as caught:
        resolve(released, "")
    assert caught.value.advice == "give more digits"


def test_too_few_digits_and_other_words_are_nothing_known(started: Project) -> None:
    for reference in ("abc", "1234567", "horoscope", "", "train.csv ", "\0", "a" * 5000):
        with pytest.raises(UsageError, match="is no artifact known here") as caught:
            resolve(started, reference)
        assert "8 or more digits" in caught.value.advice


def test_without_a_model_it_says_what_to_do(started: Project) -> None:
    with pytest.raises(InputMissing, match="there is no model yet") as caught:
        resolve(started, "model")
    assert "sealwright train" in caught.value.advice


def test_a_name_that_is_no_data_set(started: Project) -> None:
    with pytest.raises(UsageError, match="no data set 'validation'") as caught:
        data_set(started, "validation")
    assert caught.value.advice == "declared are: train, test"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(reference=st.text(max_size=40) | st.text("0123456789abcdef", max_size=70))
def test_whatever_is_typed_gives_an_artifact_or_an_error_in_words(
    started: Project, reference: str
) -> None:
    with contextlib.suppress(SealwrightError):
        assert is_digest(resolve(started, reference).digest)
