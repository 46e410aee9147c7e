"""What the gate was asked about is trained, and what was identified is evaluated: nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sealwright.errors import TamperError
from sealwright.evidence.predicates.data import DataAccess
from sealwright.evidence.predicates.model import Scan
from sealwright.evidence.predicates.validation import Evaluation
from sealwright.project.core import Project
from sealwright.project.resolve import model
from sealwright.project.run import run
from sealwright.project.steps import gates, validation
from sealwright.project.steps import model as model_steps
from sealwright.project.steps.step import Agreed
from tests.project.factory import Recorder, table


def before(function: Callable[..., Any], change: Callable[[], object]) -> Callable[..., Any]:
    """`function`, with `change` happening right before it."""

    def changed(*arguments: Any, **named: Any) -> Any:
        change()
        return function(*arguments, **named)

    return changed


def edit(file: Path) -> Callable[[], object]:
    """Adds a line to a script: other code, the same behaviour."""
    return lambda: file.write_text(file.read_text() + "# later\n")


def test_data_that_is_swapped_after_the_gate_is_not_trained_on(
    released: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = released.layout.root
    edit(root / "train.py")()  # so that there is something to train
    known = model(released).digest
    size = len(released.evidence())

    def swap() -> object:
        return (root / "data/train.csv").write_text(table("train", changed=10))

    monkeypatch.setattr(model_steps, "_train", before(model_steps._train, swap))
    with pytest.raises(TamperError, match=r"train\.csv: changed before the run"):
        run(released, phases=("model",), progress=Recorder(), ask_release=False)
    assert model(released).digest == known
    assert "training-run" not in [item.kind for item in released.evidence()[size:]]


def test_code_that_is_swapped_after_the_gate_is_not_run(
    released: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = released.layout.root / "train.py"
    edit(script)()
    monkeypatch.setattr(model_steps, "_train", before(model_steps._train, edit(script)))
    with pytest.raises(TamperError, match=r"train\.py: changed before the run"):
        run(released, phases=("model",), progress=Recorder(), ask_release=False)


def test_code_that_is_swapped_between_scan_and_gate_is_not_run(
    released: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = released.layout.root / "train.py"
    asked = before(model_steps.scanned_code, edit(script))
    monkeypatch.setattr(gates, "scanned_code", asked)
    with pytest.raises(TamperError, match="not the code that was scanned"):
        run(released, phases=("model",), progress=Recorder(), ask_release=False)


def test_the_gate_hands_on_what_it_was_asked_about(released: Project) -> None:
    agreed = Agreed()
    gates.train(released, agreed).work(Recorder())
    assert [item.name for item in agreed.inputs] == ["train"]
    scan = next(item for item in reversed(released.evidence()) if _is_code_scan(item.predicate))
    assert agreed.code == {"train.py": scan.statement.subjects[0].sha256}


def _is_code_scan(said: object) -> bool:
    return isinstance(said, Scan) and said.kind == "code"


def test_another_test_set_while_rows_are_read_is_noticed(
    released: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = released.layout.root / "data/test.csv"
    easy = "\n".join(file.read_text().splitlines()[:30]) + "\n"
    reading = before(validation.read_rows, lambda: file.write_text(easy))
    monkeypatch.setattr(validation, "read_rows", reading)
    size = len(released.evidence())
    with pytest.raises(TamperError):
        run(released, phases=("validation",), progress=Recorder(), again=True)
    later = [item.predicate for item in released.evidence()[size:]]
    assert not [said for said in later if isinstance(said, Evaluation)]
    assert [said for said in later if isinstance(said, DataAccess)]  # it was opened, and says so
