"""A project with a script, a data file, a canary and a secret, and a way to run the script."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sealwright.clock import system_clock
from sealwright.sandbox.interface import (
    Level,
    Limits,
    SandboxOutcome,
    SandboxSpec,
)
from sealwright.sandbox.supervise import run

LEVELS: tuple[Level, ...] = ("bubblewrap", "landlock")


@dataclass(frozen=True)
class Attempt:
    """What came of a script."""

    outcome: SandboxOutcome
    output: Path
    project: Path

    @property
    def kinds(self) -> set[str]:
        return {violation.kind for violation in self.outcome.violations}

    @property
    def details(self) -> str:
        return "; ".join(violation.detail for violation in self.outcome.violations)


Run = Callable[..., Attempt]


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> Level:
    chosen: Level = request.param
    return chosen


@pytest.fixture
def attempt(tmp_path: Path, level: Level) -> Run:
    """Runs a Python script with `data/a.csv` as its only input; keywords are limits."""

    def run_script(
        code: str,
        *,
        command: tuple[str, ...] = ("python", "train.py"),
        environment: dict[str, str] | None = None,
        notify: bool = True,
        **limits: Any,
    ) -> Attempt:
        project, output = tmp_path / "project", tmp_path / "output"
        (project / "data").mkdir(parents=True)
        output.mkdir()
        (project / "train.py").write_text(textwrap.dedent(code))
        (project / "data/a.csv").write_text("1,2\n")
        (project / "canary.txt").write_text("the canary")
        bounds = {"seconds": 60, "memory_mb": 512, "processes": 8, "output_mb": 8, **limits}
        outcome = run(
            SandboxSpec(
                command=command,
                inputs={"train.py": project / "train.py", "data/a.csv": project / "data/a.csv"},
                output="model",
                output_dir=output,
                project=project,
                environment=environment or {},
                limits=Limits(**bounds),
                minimum="landlock",
            ),
            clock=system_clock,
            level=level,
            notify=notify,
        )
        assert not [name for name in tmp_path.iterdir() if name.name.startswith(".")], "left over"
        return Attempt(outcome, output, project)

    return run_script
