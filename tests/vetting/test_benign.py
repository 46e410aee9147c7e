"""What ordinary libraries write passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vetting.benign_files import BENIGN, NOT_PASSED, files, wrong

FILES = tuple(files())


@pytest.mark.parametrize("name", FILES)
def test_files_of_ordinary_libraries_pass(name: str) -> None:
    assert wrong(name) == ""


def test_exceptions_are_there_and_say_why() -> None:
    assert set(NOT_PASSED) <= set(FILES)
    assert all(reason.partition(": ")[2] for reason in NOT_PASSED.values())


@pytest.mark.parametrize("script", sorted(BENIGN.glob("write_*.py")), ids=lambda path: path.name)
def test_every_writer_kept_the_versions_that_wrote(script: Path) -> None:
    versions = json.loads((BENIGN / f"{script.stem}.versions.json").read_text())
    assert versions
    assert all(isinstance(version, str) and version for version in versions.values())
