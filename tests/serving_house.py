"""A small installation with a released model, ready to be served: made once, copied per test.

    from tests.serving_house import house, houses_of_serving  # noqa: F401 - fixtures

Its clock is the real one, because processes of their own serve it. Ports are chosen free
(`127.0.0.1:0`). Principals, all keys at hand: `mina` (owner and author), `sam` (approver), `olga`
(operator), `front` (the serving installation: gateway, operator).
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from sealwright.clock import system_clock
from sealwright.project.core import Project
from sealwright.project.decide import approve, ask
from sealwright.project.resolve import model
from sealwright.project.run import run
from sealwright.project.serving.grants import grant
from sealwright.project.serving.releases import release
from tests.project.factory import OWNER, Recorder, add_person, make_project

APPROVER, OPERATOR, FRONT = "sam", "olga", "front"
MODEL = "small"
"""The name that the model is served under."""

SERVING = f"""
[deployment]
name = "{MODEL}"
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
requests_per_minute = 100000
"""


def make(root: Path) -> None:
    """Trained, evaluated, approved by sam, admitted and released by olga, at tier minimal."""
    with make_project(root, bare=True, clock=system_clock) as project:
        add_people(project)
    declare(root, SERVING)
    with Project.open(root) as project:
        run(project, progress=Recorder())
        admit(project)
        release(project, model(project), signer=OPERATOR, reason="the first version")


def add_people(project: Project) -> None:
    """Everybody but the owner."""
    add_person(project, APPROVER)
    add_person(project, OPERATOR, roles=("operator",), disciplines=())
    add_person(project, FRONT, roles=("gateway", "operator"), disciplines=())


def declare(root: Path, text: str) -> None:
    """Adds tables to `sealwright.toml`, and the signers of deployment and monitoring."""
    place = root / "sealwright.toml"
    written = place.read_text(encoding="utf-8")
    signers = "[governance.signers]\n"
    assert signers in written
    named = f'{signers}deployment = "{FRONT}"\nmonitoring = "{FRONT}"\n'
    place.write_text(written.replace(signers, named) + text, encoding="utf-8")


def admit(project: Project) -> None:
    """Sam says yes to the model as it lies there, and the gate admits it."""
    approve(
        project,
        model(project),
        "release",
        signer=APPROVER,
        discipline="security",
        answer="approve",
        reason="it was looked at",
    )
    assert ask(project, model(project), "release", signer=OWNER).verdict.admitted


def key(root: Path, client: str = "clara", **bounds: Any) -> str:
    """A new API key for a client; `bounds` as `grants.grant` takes them."""
    with Project.open(root) as project:
        return grant(project, client, signer=OPERATOR, **bounds).key


@pytest.fixture(scope="session")
def houses_of_serving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the installation to copy; made once for all workers of a test run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place = shared / "serving-house"
    with (shared / "serving-house.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            nursery = shared / "serving-house.new"
            shutil.rmtree(nursery, ignore_errors=True)
            make(nursery)
            nursery.rename(place)
    return place


@pytest.fixture
def house(houses_of_serving: Path, tmp_path: Path) -> Path:
    """The root of a copy of the installation."""
    root = tmp_path / "house"
    shutil.copytree(houses_of_serving, root)
    return root
