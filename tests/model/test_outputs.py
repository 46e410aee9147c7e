"""A new model takes the place of the old one in one step, and no death in between loses both."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.phases.model import outputs
from sealwright.phases.model.outputs import PREVIOUS, clear, move_into_place


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """A stage with a new model, beside the old one."""
    folder = tmp_path / ".stage"
    for place, text in ((folder / "output", "new"), (tmp_path / "model", "old")):
        place.mkdir(parents=True)
        (place / "file").write_text(text)
    return folder


def place(stage: Path) -> str:
    target = stage.parent / "model"
    move_into_place(stage / "output", target, aside=stage / PREVIOUS / target.name)
    return (target / "file").read_text()


@pytest.fixture(params=[True, False], ids=["exchange", "no exchange"])
def exchange(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """With and without a file system that can exchange two folders."""
    if not request.param:
        monkeypatch.setattr(outputs, "_exchange", lambda one, other: False)
    return bool(request.param)


@pytest.mark.usefixtures("exchange")
def test_the_new_model_is_there_and_the_old_one_gone_with_the_stage(stage: Path) -> None:
    assert place(stage) == "new"
    clear(stage)
    assert [path.name for path in stage.parent.iterdir()] == ["model"]
    assert (stage.parent / "model/file").read_text() == "new"


@pytest.mark.usefixtures("exchange")
def test_the_first_model_has_nothing_to_replace(stage: Path) -> None:
    clear_old = stage.parent / "model"
    (clear_old / "file").unlink()
    clear_old.rmdir()
    assert place(stage) == "new"


def test_exchanging_never_leaves_the_name_empty(
    stage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("two steps where one would do")

    monkeypatch.setattr(Path, "rename", fail)
    assert place(stage) == "new"
    assert (stage / "output/file").read_text() == "old"


def test_a_death_between_the_two_steps_is_mended_by_whoever_comes_next(
    stage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "_exchange", lambda one, other: False)
    rename = Path.rename

    def die(self: Path, target: Path) -> Path:
        if self.name == "output":
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", die)
        with pytest.raises(KeyboardInterrupt):
            place(stage)
    assert not (stage.parent / "model").exists()
    clear(stage)
    assert (stage.parent / "model/file").read_text() == "old"
    assert not stage.exists()


def test_a_failure_of_the_second_step_undoes_the_first(
    stage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "_exchange", lambda one, other: False)
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name == "output":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(OSError, match="No space left"):
            place(stage)
    assert (stage.parent / "model/file").read_text() == "old"


def test_clearing_puts_nothing_over_a_newer_model(stage: Path) -> None:
    (stage / PREVIOUS / "model").mkdir(parents=True)
    (stage / PREVIOUS / "model/file").write_text("older")
    clear(stage)
    assert (stage.parent / "model/file").read_text() == "old"
    assert not stage.exists()
