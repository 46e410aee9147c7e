"""A model's folder and a short folder for sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sealwright.phases.deployment.settings import RuntimeSettings
from tests.deployment.runtime.house import make_folder, settings_of, short_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "model")


@pytest.fixture
def sockets() -> Iterator[Path]:
    with short_folder() as place:
        yield place


@pytest.fixture
def told(folder: Path, sockets: Path) -> RuntimeSettings:
    """Settings for the model as it is."""
    return settings_of(folder, sockets)
