"""A user's installation, and a throw-away one that was made once for all workers of a test run."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sealwright.clock import system_clock
from sealwright.drill import installation, journal
from sealwright.drill.journal import Journal
from sealwright.drill.run import TEMPORARY
from sealwright.drill.sides import BASE
from sealwright.project.core import Project
from tests.project.factory import make_project

Prepare = Callable[[Path], Journal]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installation that drills copy."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    place = shared / "drill-base"
    with (shared / "drill-base.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            nursery = shared / "drill-base.new"
            shutil.rmtree(nursery, ignore_errors=True)
            installation.make(nursery)
            nursery.rename(place)
    return place


@pytest.fixture
def user(tmp_path: Path) -> Iterator[Project]:
    """The installation of somebody who runs drills."""
    with make_project(tmp_path / "user", bare=True, clock=system_clock) as project:
        yield project


@pytest.fixture
def prepared(user: Project, base: Path) -> Iterator[Journal]:
    """A run of drills that has its installation."""
    written = journal.begin(user.layout.state, installation.new_run())
    shutil.copytree(base, written.folder / BASE)
    (written.folder / TEMPORARY).mkdir()
    try:
        yield written
    finally:
        assert written.close() == ()
