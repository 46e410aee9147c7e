"""The data steps: what was rejected does not become clean by another name, or by a lost copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.data import CheckResult, DatasetValidation, DatasetVersion
from sealwright.phases.data import record as data_record
from sealwright.project.core import Project
from sealwright.project.resolve import data_set
from sealwright.project.run import run
from tests.project.factory import Recorder, table


def examine(project: Project) -> Project:
    """A run of the data phase, as another process would do it; close the project it returns."""
    other = Project.open(project.layout.root, clock=project.clock)
    run(other, phases=("data",), progress=Recorder())
    return other


def labels_of(project: Project, name: str) -> dict[str, CheckResult]:
    """The newest label checks of a data set, as it lies on disk."""
    digest = data_set(project, name).digest
    for item in reversed(project.evidence()):
        said = item.predicate
        about = item.statement.subjects[0].sha256 == digest
        if about and isinstance(said, DatasetValidation) and said.kind == "labels":
            return {check.check: check for check in said.checks}
    raise AssertionError(f"no label check of {name} is on record")


def result_of(project: Project, name: str) -> Result | None:
    """What the comparison with the version before came to; None where there was none."""
    check = labels_of(project, name).get("label-change")
    return check.result if check else None


def parent_of(project: Project, name: str) -> str:
    digest = data_set(project, name).digest
    return next(
        item.predicate.parent
        for item in reversed(project.evidence())
        if isinstance(item.predicate, DatasetVersion)
        and item.statement.subjects[0].sha256 == digest
    )


def write(project: Project, text: str, *, path: str = "data/train.csv") -> None:
    (project.layout.root / path).write_text(text, encoding="utf-8")


def rename(project: Project, new: str, *, path: str = "data/train.csv") -> None:
    """Calls the training data something else, in all of `sealwright.toml`."""
    file = project.layout.lifecycle
    text = file.read_text().replace("[data.train", f"[data.{new}")
    text = text.replace('inputs = ["train"]', f'inputs = ["{new}"]')
    text = text.replace('train = "train"', f'train = "{new}"')
    file.write_text(text.replace("data/train.csv", path))


def test_a_first_version_is_compared_with_nothing(started: Project) -> None:
    with examine(started) as seen:
        assert result_of(seen, "train") is None
        assert parent_of(seen, "train") == ""


def test_changed_labels_fail_and_the_rejected_version_is_no_parent(started: Project) -> None:
    with examine(started) as seen:
        good = data_set(seen, "train").digest
    for changed in (10, 11):
        write(started, table("train", changed=changed))
        with examine(started) as seen:
            assert result_of(seen, "train") == "failed"
            assert parent_of(seen, "train") == good


@pytest.mark.parametrize("path", ["data/train.csv", "data/patients.csv"])
def test_a_rejected_set_does_not_pass_under_another_name(started: Project, path: str) -> None:
    with examine(started) as seen:
        good = data_set(seen, "train").digest
    write(started, table("train", changed=10), path=path)
    rename(started, "patients", path=path)
    with examine(started) as seen:
        assert result_of(seen, "patients") == "failed"
        assert parent_of(seen, "patients") == good


def test_another_name_for_the_same_rows_is_the_same_set(started: Project) -> None:
    """What was quarantined under its old name is found upstream of the new one."""
    with examine(started) as seen:
        good = data_set(seen, "train").digest
    lines = table("train").splitlines()
    lines[1], lines[2] = lines[2], lines[1]
    write(started, "\n".join(lines) + "\n", path="data/patients.csv")
    rename(started, "patients", path="data/patients.csv")
    with examine(started) as seen:
        assert result_of(seen, "patients") == "passed"
        assert parent_of(seen, "patients") == good


def test_the_name_of_another_set_does_not_hide_where_rows_come_from(started: Project) -> None:
    """Two training sets: the poisoned rows of one are put in the place of the other."""
    second = started.layout.lifecycle.read_text()
    start, end = second.index("[data.train]"), second.index("[data.test]")
    block = second[start:end].replace("data.train", "data.more").replace("train.csv", "more.csv")
    started.layout.lifecycle.write_text(second[:end] + block + second[end:])
    moved = "\n".join(
        line
        if number == 0
        else f"{float(line.split(',')[0]) / 3 + 0.001:.5f},{line.split(',', 1)[1]}"
        for number, line in enumerate(table("train").splitlines())
    )
    write(started, moved + "\n", path="data/more.csv")
    with examine(started) as seen:
        assert parent_of(seen, "more") == ""  # the same columns, but no row in common
        assert result_of(seen, "more") is None
    write(started, table("train", changed=10), path="data/more.csv")
    with examine(started) as seen:
        assert result_of(seen, "more") == "failed"


@pytest.mark.parametrize("renamed", [False, True])
def test_a_lost_copy_of_the_version_before_is_inconclusive(started: Project, renamed: bool) -> None:
    with examine(started):
        pass
    shutil.rmtree(started.layout.state / "versions")
    path = "data/patients.csv" if renamed else "data/train.csv"
    write(started, table("train", changed=10), path=path)
    name = "patients" if renamed else "train"
    if renamed:
        rename(started, name, path=path)
    for _ in range(2):  # and no second run launders it
        with examine(started) as seen:
            assert result_of(seen, name) == "inconclusive"
            assert "not at hand" in labels_of(seen, name)["label-change"].detail


def test_a_version_that_nobody_examined_to_the_end_is_no_measure(
    started: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed between the version and its checks leaves no new parent behind."""
    with examine(started) as seen:
        good = data_set(seen, "train").digest
    write(started, table("train", changed=10))
    with monkeypatch.context() as patch:
        patch.setattr(data_record, "validate", lambda *_, **__: ())
        with examine(started):
            pass
    write(started, table("train", changed=11))
    with examine(started) as seen:
        assert result_of(seen, "train") == "failed"
        assert parent_of(seen, "train") == good


def test_a_version_spoiled_by_other_rules_stays_the_measure(started: Project) -> None:
    """Who declares a rule that the good version breaks does not get rid of it."""
    with examine(started) as seen:
        good = data_set(seen, "train").digest
    file: Path = started.layout.lifecycle
    text = file.read_text()
    file.write_text(text.replace("min = -10, max = 10", "min = -10, max = 0"))
    with examine(started):
        pass
    file.write_text(text)
    write(started, table("train", changed=10))
    with examine(started) as seen:
        assert result_of(seen, "train") == "failed"
        assert parent_of(seen, "train") == good
