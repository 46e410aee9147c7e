"""The environment's digest follows what is installed."""

from __future__ import annotations

import dataclasses
import platform
from pathlib import Path

import pytest

from sealwright.evidence.digest import is_digest
from sealwright.phases.model.environment import current_environment, environment_resource


def test_the_environment_names_interpreter_and_packages() -> None:
    environment = current_environment()
    names = [item.name for item in environment.distributions]
    assert names == sorted(set(names))
    assert {"msgspec", "cryptography", "pytest"} <= set(names)
    assert environment.python == platform.python_version()
    msgspec = next(item for item in environment.distributions if item.name == "msgspec")
    assert is_digest(msgspec.record)
    assert environment == current_environment()


def test_another_version_record_or_interpreter_is_another_environment() -> None:
    environment = current_environment()
    first, *rest = environment.distributions
    others = [
        dataclasses.replace(environment, python="3.0.0"),
        dataclasses.replace(environment, distributions=tuple(rest)),
        dataclasses.replace(
            environment, distributions=(dataclasses.replace(first, record="00" * 32), *rest)
        ),
        dataclasses.replace(
            environment, distributions=(dataclasses.replace(first, version="0.0.0.1"), *rest)
        ),
    ]
    digests = {environment.digest, *(other.digest for other in others)}
    assert len(digests) == 5


def test_as_a_dependency_it_is_of_kind_environment() -> None:
    environment = current_environment()
    resource = environment_resource(environment)
    assert resource.annotations["kind"] == "environment"
    assert resource.digest == {"sha256": environment.digest}


def test_a_package_that_changes_while_we_run_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "thing-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (package / "RECORD").write_text("thing.py,sha256=a,1\n")
    before = current_environment()
    monkeypatch.syspath_prepend(str(tmp_path))
    first = current_environment()
    assert first is current_environment()  # read once
    assert first.digest != before.digest
    (package / "RECORD").write_text("thing.py,sha256=b,1\n")
    assert current_environment().digest not in (first.digest, before.digest)
