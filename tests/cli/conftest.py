"""The demo's project, made once through the command line and copied for each test.

The model is trained in the real sandbox. Only the black-box attack and the bootstrap are cut short.
"""

from __future__ import annotations

import fcntl
import os
import runpy
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from tests.cli.console import Console

APPROVERS = {"sam": "security", "dana": "data", "lea": "legal", "ines": "domain"}
"""Principal → discipline."""

ROOT = Path(__file__).parents[2]


def lay_out(folder: Path) -> None:
    """The demo's files and data, before `sealwright init`."""
    folder.mkdir(parents=True)
    source = Path(str(files("sealwright.demo"))) / "project"
    for name in ("prepare.py", "train.py", "sealwright.toml"):
        shutil.copyfile(source / name, folder / name)
    shutil.copyfile(ROOT / "requirements/run.txt", folder / "requirements.txt")
    Console(folder).replace(
        "sealwright.toml",
        ("attack_queries = 200", "attack_queries = 20"),
        ("bootstrap = 1000", "bootstrap = 200"),
    )
    runpy.run_path(str(folder / "prepare.py"), run_name="__main__")


def begin(folder: Path) -> None:
    """Keys, trust root and ledger, and everybody who signs something in these tests."""
    sealwright = Console(folder)
    sealwright("init", "--owner", "mina", "--owner-name", "Mina Park")
    for person, discipline in APPROVERS.items():
        sealwright("keys", "add", person, "--role", "approver", "--discipline", discipline)
    sealwright("keys", "add", "gia", "--role", "granter", "--discipline", "executive")


def _copy(source: Path, target: Path) -> Console:
    shutil.copytree(source, target)
    return Console(target)


def make(folder: Path) -> None:
    """The project at five stages, each a folder."""
    lay_out(folder / "fresh")
    begin(folder / "fresh")
    poisoned = _copy(folder / "fresh", folder / "poisoned")
    poison(poisoned, share=3)
    poisoned("run", expect=1)
    _copy(folder / "fresh", folder / "examined")("run", "governance", "data")
    _copy(folder / "examined", folder / "trained")("run", expect=1)
    approve_all(_copy(folder / "trained", folder / "admitted"))


def poison(sealwright: Console, *, share: int) -> None:
    """Turns each `share`-th label of the training data."""
    place = sealwright.folder / "data/train.csv"
    header, *rows = place.read_text().splitlines()
    turned = [
        f"{row[:-1]}{1 - int(row[-1])}" if number % share == 0 else row
        for number, row in enumerate(rows)
    ]
    place.write_text("\n".join([header, *turned]) + "\n")


def approve_all(sealwright: Console) -> None:
    """Everybody says yes to the present question."""
    for person in APPROVERS:
        sealwright("approve", "model", "--as", person, "--reason", "read and understood")


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the projects to copy; made once, also where several workers share a run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place = shared / "houses"
    with (shared / "houses.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            nursery = shared / "houses.new"
            shutil.rmtree(nursery, ignore_errors=True)
            make(nursery)
            nursery.rename(place)
    return place


@pytest.fixture
def fresh(houses: Path, tmp_path: Path) -> Console:
    """A project with keys and an empty record: nothing was run yet."""
    return _copy(houses / "fresh", tmp_path / "project")


@pytest.fixture
def poisoned(houses: Path, tmp_path: Path) -> Console:
    """A project whose labels were tampered with, after the run that the gate stopped."""
    return _copy(houses / "poisoned", tmp_path / "project")


@pytest.fixture
def examined(houses: Path, tmp_path: Path) -> Console:
    """A project whose data is on record, and that has no model yet."""
    return _copy(houses / "examined", tmp_path / "project")


@pytest.fixture
def trained(houses: Path, tmp_path: Path) -> Console:
    """A project whose model waits for approvals."""
    return _copy(houses / "trained", tmp_path / "project")


@pytest.fixture
def admitted(houses: Path, tmp_path: Path) -> Console:
    """A project whose model four people approved."""
    return _copy(houses / "admitted", tmp_path / "project")
