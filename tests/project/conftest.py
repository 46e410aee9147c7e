"""One project that was run to the end, made once and copied; starting a fresh one is cheap."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sealwright.project.core import Project
from sealwright.project.decide import approve, ask
from sealwright.project.resolve import model
from sealwright.project.run import run
from tests.project.factory import OWNER, Recorder, Ticking, add_person, make_project


def _make(root: Path) -> None:
    """Trained, evaluated, approved by sam and admitted."""
    with make_project(root) as project:
        add_person(project, "sam")
        run(project, progress=Recorder())
        approve(
            project,
            model(project),
            "release",
            signer="sam",
            discipline="security",
            answer="approve",
            reason="it was looked at",
        )
        assert ask(project, model(project), "release", signer=OWNER).verdict.admitted


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the project that was run; made once for all workers of a test run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place = shared / "small-project"
    with (shared / "small-project.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            nursery = shared / "small-project.new"
            shutil.rmtree(nursery, ignore_errors=True)
            _make(nursery)
            nursery.rename(place)
    return place


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Project]:
    """A project with a ledger of one entry, of tier minimal."""
    with make_project(tmp_path / "project") as project:
        yield project


@pytest.fixture
def released(made: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of the project whose model was admitted, an hour later."""
    root = tmp_path / "project"
    shutil.copytree(made, root)
    clock = Ticking()
    clock.now += timedelta(hours=1)
    with Project.open(root, clock=clock) as project:
        yield project
