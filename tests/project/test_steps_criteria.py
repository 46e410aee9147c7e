"""What has no criterion is told early and not measured, so that one can still be fixed honestly."""

from __future__ import annotations

from pathlib import Path

from sealwright.evidence.predicates.validation import Evaluation
from sealwright.project.run import run
from tests.project.factory import Recorder, make_project


def test_kinds_without_a_criterion_are_named_before_training(tmp_path: Path) -> None:
    with make_project(tmp_path / "project", answer="unknown") as project:
        progress = Recorder()
        run(project, phases=("governance", "data", "model"), progress=progress)
        named = {note.split(":")[0] for note in progress.notes if "no criterion" in note}
        assert named == {"calibration", "fairness", "generalisation", "privacy", "robustness"}
        assert ("criteria", "warned", "1 criteria fixed") in progress.ended


def test_only_what_has_a_criterion_is_measured(tmp_path: Path) -> None:
    with make_project(tmp_path / "project") as project:
        run(project, progress=Recorder())
        kinds = [
            item.predicate.kind
            for item in project.evidence()
            if isinstance(item.predicate, Evaluation)
        ]
        assert kinds == ["performance"]
