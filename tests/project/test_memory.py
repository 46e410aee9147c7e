"""The memory of earlier runs: a cache that can be lost, damaged or forged without harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.project.core import Project
from sealwright.project.memory import Memory
from sealwright.project.resolve import model
from sealwright.project.run import run
from tests.project.factory import Recorder

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def test_what_was_remembered_is_recalled_for_the_same_inputs_only(tmp_path: Path) -> None:
    memory = Memory.load(tmp_path / "run.json")
    memory.remember("data/train", inputs="one", evidence=("a", "b"))
    memory.remember("data/test", inputs="one", evidence=("c",))
    for known in (memory, Memory.load(tmp_path / "run.json")):
        assert known.recall("data/train", "one") == ("a", "b")
        assert known.recall("data/train", "two") == ()
        assert known.recall("data/other", "one") == ()


def test_going_back_to_earlier_inputs_finds_their_evidence_again(tmp_path: Path) -> None:
    memory = Memory.load(tmp_path / "run.json")
    for number in range(10):
        memory.remember("step", inputs=str(number), evidence=(f"evidence of {number}",))
    memory.remember("step", inputs="7", evidence=("newer evidence of 7",))
    known = Memory.load(tmp_path / "run.json")
    assert known.recall("step", "7") == ("newer evidence of 7",)
    assert known.recall("step", "3") == ("evidence of 3",)
    assert known.recall("step", "1") == ()
    assert len(known.steps["step"]) == 8


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_damaged_file_is_no_memory(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.mktemp("memory") / "run.json"
    file.write_bytes(data)
    memory = Memory.load(file)
    assert memory.recall("step", "inputs") == ()
    memory.remember("step", inputs="inputs", evidence=("a",))
    assert Memory.load(file).recall("step", "inputs") == ("a",)


@pytest.mark.parametrize("cut", [0, 1, 50])
def test_a_file_that_was_cut_off_is_no_memory(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "run.json"
    Memory.load(file).remember("step", inputs="inputs", evidence=("a",))
    file.write_bytes(file.read_bytes()[:cut])
    assert Memory.load(file).steps == {}


def test_another_version_and_a_folder_are_no_memory(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"version": 2, "steps": {}}')
    assert Memory.load(tmp_path / "run.json").steps == {}
    assert Memory.load(tmp_path).steps == {}
    assert Memory.load(tmp_path / "missing").steps == {}


def statuses(project: Project) -> dict[str, Any]:
    return {**project.gate(model(project), "release").statuses}


def test_a_forged_memory_admits_nothing(released: Project) -> None:
    """It says that everything about a changed model was done, with evidence that is in the
    ledger: the run believes it, the gate does not."""
    (released.layout.root / "model/spare.onnx").write_bytes(b"something else")
    file = released.layout.memory
    value = json.loads(file.read_text())

    class Forged(Memory):
        def recall(self, step: str, inputs: str) -> tuple[str, ...]:
            return tuple(value["steps"].get(step, [{"evidence": []}])[-1]["evidence"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Memory, "load", lambda path: Forged(path, {}))
        report = run(released, phases=("validation",), progress=Recorder())
    assert report.verdict is not None
    assert not report.verdict.admitted
    assert report.verdict.artifact == model(released).digest
    assert {r.status for r in report.verdict.results} <= {"stale", "missing", "satisfied"}
    assert statuses(released)["model-signature"] != "satisfied"


def test_a_memory_of_evidence_that_is_in_no_ledger_is_not_believed(started: Project) -> None:
    run(started, phases=("governance",), progress=Recorder())
    value = json.loads(started.layout.memory.read_text())
    for step in value["steps"].values():
        step[0]["evidence"] = ["f" * 64]
    started.layout.memory.write_text(json.dumps(value))
    report = run(started, phases=("governance",), progress=Recorder())
    assert {step.outcome for step in report.steps} == {"done"}


def test_losing_the_memory_repeats_the_work_and_changes_no_verdict(released: Project) -> None:
    before = statuses(released)
    size = len(released.evidence())
    released.layout.memory.unlink()
    report = run(released, phases=("validation",), progress=Recorder())
    assert {step.outcome for step in report.steps} >= {"done"}
    assert len(released.evidence()) > size
    assert report.verdict is not None
    assert {**report.verdict.statuses} == before
