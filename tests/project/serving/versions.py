"""An installation with two admitted versions of one model, made once and copied per test.

    from tests.project.serving.versions import house, installation, twice_trained  # noqa: F401

`installation` is opened with a clock of its own, an hour later: `.clock.now` may be moved. The
first version's copy is kept; the second lies in the model's folder. Nothing is released yet.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sealwright.clock import format_time, system_clock
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.operation import Release
from sealwright.evidence.predicates.serving import Snapshot
from sealwright.evidence.statement import Statement, Subject, subject
from sealwright.evidence.verify import Verified
from sealwright.project.core import Project
from sealwright.project.decide import approve, ask
from sealwright.project.named import Named
from sealwright.project.resolve import model
from sealwright.project.run import run
from sealwright.project.serving.compile import compile_snapshot
from tests.project.factory import OWNER, Recorder, Ticking, add_person, make_project
from tests.serving_house import (
    APPROVER,
    FRONT,
    MODEL,
    OPERATOR,
    SERVING,
    add_people,
    admit,
    declare,
)

MINUTE = timedelta(minutes=1)


def _make(root: Path) -> None:
    with make_project(root, bare=True, clock=system_clock) as project:
        add_people(project)
    declare(root, SERVING)
    with Project.open(root) as project:
        run(project, progress=Recorder())
        admit(project)
        shutil.copytree(root / "model", root / "first")
        add_person(project, "ines", roles=("operator",), disciplines=("domain",))
        add_person(project, "eve", roles=("engineer",), disciplines=("engineering",))
        script = root / "train.py"
        script.write_text(script.read_text().replace('"spare"', '"extra"'))
        run(project, progress=Recorder())
        admit(project)


@pytest.fixture(scope="session")
def twice_trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the installation to copy; made once for all workers of a test run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place = shared / "twice-trained"
    with (shared / "twice-trained.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            nursery = shared / "twice-trained.new"
            shutil.rmtree(nursery, ignore_errors=True)
            _make(nursery)
            nursery.rename(place)
    return place


@pytest.fixture
def installation(twice_trained: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy, opened an hour after it was made."""
    root = tmp_path / "project"
    shutil.copytree(twice_trained, root)
    clock = Ticking(now=system_clock() + timedelta(hours=1))
    with Project.open(root, clock=clock) as project:
        yield project


def wait(project: Project, span: timedelta) -> None:
    """Lets time pass."""
    clock = project.clock
    assert isinstance(clock, Ticking)
    clock.now += span


def versions(project: Project) -> tuple[Subject, Subject]:
    """The first and the second version."""
    second = model(project).subject
    first = next(
        item.statement.subjects[0]
        for item in project.evidence()
        if item.kind == "custody" and item.statement.subjects[0].sha256 != second.sha256
    )
    return first, second


def data_set(project: Project, name: str) -> Subject:
    """A data set on record."""
    return next(
        about
        for item in project.evidence()
        if item.kind == "dataset-version"
        for about in item.statement.subjects
        if about.name == name
    )


def say(project: Project, who: str, said: Predicate, about: Subject) -> Verified:
    """Records a statement by hand, as whoever holds a key could."""
    return project.record(Statement((about,), said), signer=who)


def route(
    project: Project,
    about: Subject,
    *,
    who: str = OPERATOR,
    action: str = "admit",
    name: str = MODEL,
    role: str = "champion",
    percent: int = 100,
    because: str = "",
) -> Verified:
    """A release by hand: no gate is asked."""
    said = Release(
        action=action,  # type: ignore[arg-type]
        reason="by hand",
        name=name,
        role=role,  # type: ignore[arg-type]
        percent=percent,
        because=because,
        at=format_time(project.clock()),
    )
    return say(project, who, said, about)


def approve_again(project: Project, about: Subject) -> None:
    """Sam says yes to everything as it stands now, and the gate's new answer is put on record."""
    artifact = Named(name=about.name, digest=about.sha256)
    approve(
        project,
        artifact,
        "release",
        signer=APPROVER,
        discipline="security",
        answer="approve",
        reason="the new contract was looked at",
    )
    assert ask(project, artifact, "release", signer=OWNER).verdict.admitted


def withdraw(project: Project, about: Subject, action: str = "revoke", *, who: str = "sam") -> None:
    """Takes something out of use, or puts it back, by hand."""
    said = Release(action=action, reason="consent withdrawn", at=format_time(project.clock()))  # type: ignore[arg-type]
    say(project, who, said, about)


def compiled(project: Project, *, sequence: int = 1) -> Snapshot:
    """The snapshot now."""
    return compile_snapshot(
        project, sequence=sequence, now=project.clock(), valid_for=MINUTE
    ).predicate


def served(project: Project) -> list[tuple[str, str, int]]:
    """Name, role and share of what is served, with the beginning of nothing else."""
    return [(each.digest, each.role, each.percent) for each in compiled(project).models]


def reasons(project: Project) -> dict[str, str]:
    """Digest → why it is not served."""
    return {each.digest: each.reason for each in compiled(project).refused}


def system(project: Project) -> Subject:
    """The system as a subject."""
    return subject("small", project.system)


__all__ = ["FRONT", "MODEL", "OPERATOR"]
