"""What a sandboxed run is asked to do and what it reports back. Shapes only, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

Level = Literal["bubblewrap", "landlock", "none"]
"""How strong the walls are, strongest first. Nothing ever runs at `none`."""

ViolationKind = Literal["network", "file", "memory", "processes", "time", "output"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run may use in all, over every process that it starts."""

    seconds: float = 600
    memory_mb: int = 4096
    """Resident private and shared memory of all processes together, in MiB."""
    processes: int = 64
    """Processes alive at the same time, the first one included; threads are counted apart."""
    output_mb: int = 1024
    """Size of the output folder, and separately of the private temporary folder, in MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """One run. Paths seen inside are POSIX, relative to the working folder of the run."""

    command: tuple[str, ...]
    """Program and arguments; `python` is the interpreter that runs sealwright."""
    inputs: dict[str, Path]
    """Path seen inside → file or folder on this machine. Visible read-only, nothing else is."""
    output: str
    """Folder seen inside that the command may write to."""
    output_dir: Path
    """Existing empty folder on this machine that receives what is written there."""
    project: Path
    """Folder that the relative paths belong to; used to name what was tried, never made visible."""
    environment: dict[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    minimum: Level = "bubblewrap"
    """The weakest level that is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing the run tried and was not allowed to do, seen `times` times."""

    kind: ViolationKind
    detail: str
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """An output stream: the end of its text, and size and sha256 of the whole of it."""

    tail: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOutcome:
    """What happened. Only `clean` outcomes may become a model."""

    level: Level
    mechanisms: tuple[str, ...]
    """What was really in force, by name, sorted."""
    network_isolated: bool
    exit_code: int | None
    """None when a signal ended it."""
    signal: int | None
    started: datetime
    finished: datetime
    stdout: Log
    stderr: Log
    peak_memory: int
    """Bytes, the highest sum over all processes that was seen."""
    peak_processes: int
    violations: tuple[Violation, ...]

    @property
    def clean(self) -> bool:
        """Ended by itself with status 0, and tried nothing that is not allowed."""
        return self.exit_code == 0 and self.signal is None and not self.violations
