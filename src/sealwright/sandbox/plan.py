"""What the two levels have in common: how a run is started, and the world it starts in."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sealwright.errors import InputMissing, UsageError
from sealwright.sandbox import filter as seccomp
from sealwright.sandbox import limits as resources
from sealwright.sandbox import syscalls
from sealwright.sandbox.interface import Level, SandboxSpec
from sealwright.sandbox.view import View

LAUNCHER = Path(__file__).with_name("launcher.py")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# One thread each: the same sums in the same order on every machine. A declaration may raise them.
_THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS", "LOKY_MAX_CPU_COUNT"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run that is ready to start."""

    level: Level
    program: tuple[str, ...]
    """To this, the two descriptor numbers are appended."""
    order: dict[str, object]
    """What the launcher reads."""
    view: View
    mechanisms: tuple[str, ...]
    """In force before the launcher starts."""
    own_processes: int
    """Processes below the first one that are ours, not the command's."""
    temporary: Path
    """The run's private temporary folder on this machine."""


def check(spec: SandboxSpec) -> None:
    """Raises UsageError for a declaration that makes no sense, InputMissing for a missing input."""
    if not spec.command or not all(spec.command) or "\0" in "".join(spec.command):
        raise UsageError("the training command is empty", advice="set [training] command")
    bounds = spec.limits
    if min(bounds.seconds, bounds.memory_mb, bounds.processes, bounds.output_mb) <= 0:
        raise UsageError(
            "a training limit is zero or less", advice="give every limit in [training.limits] a use"
        )
    for inside in [*spec.inputs, spec.output]:
        _check_inside(inside)
    for inside, host in spec.inputs.items():
        if not os.path.lexists(host):
            raise InputMissing(f"{inside}: nothing is there", advice="check the path")
        overlap = PurePosixPath(spec.output)
        if overlap.is_relative_to(inside) or PurePosixPath(inside).is_relative_to(overlap):
            raise UsageError(
                f"the output {spec.output} and the input {inside} lie inside each other",
                advice="write the model to a folder of its own",
            )
    for name, value in spec.environment.items():
        if not _NAME.fullmatch(name) or "\0" in value:
            raise UsageError(f"not an environment variable: {name!r:.80}")


def _check_inside(path: str) -> None:
    pure = PurePosixPath(path)
    if (
        not path
        or pure.is_absolute()
        or ".." in pure.parts
        or str(pure) in (".", "")
        or "\0" in path
    ):
        raise UsageError(
            f"{path!r:.120} is not a path below the project folder",
            advice="use relative paths without `..`",
        )


def environment(spec: SandboxSpec, *, home: str) -> dict[str, str]:
    """The whole environment of the command: nothing is inherited."""
    fixed = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "USER": "sandbox",
        "LOGNAME": "sandbox",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SEALWRIGHT_OUTPUT": spec.output,
    }
    return {**fixed, **dict.fromkeys(_THREADS, "1"), **spec.environment}


def order(
    spec: SandboxSpec, *, level: Level, cwd: str, home: str, notify: bool
) -> dict[str, object]:
    """The launcher's order, but for what only one level needs."""
    machine = syscalls.machine()
    argv = list(spec.command)
    if argv[0] in ("python", "python3"):
        argv[0] = sys.executable
    return {
        "level": level,
        "argv": argv,
        "cwd": cwd,
        "environment": environment(spec, home=home),
        "rlimits": resources.rlimits(spec.limits),
        "notify": notify,
        "filter": seccomp.program(level, spec.limits, machine=machine, notify=True).hex(),
        "filter_plain": seccomp.program(level, spec.limits, machine=machine, notify=False).hex(),
        "warden": level == "landlock",
        "rules": [],
    }


def launcher_command(script: str) -> tuple[str, ...]:
    """Our interpreter on the launcher: no user site, no site at all, no byte code written."""
    return (sys.executable, "-I", "-S", "-B", script)


def remove(folder: Path) -> None:
    """Deletes a folder of ours with whatever a run left in it, unreadable folders included."""

    def make_writable(_function: object, name: str, _error: object) -> None:
        # Nothing of the run is alive, and rmtree has not followed a link on its way to `name`.
        path = Path(name)
        path.parent.chmod(0o700)
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    shutil.rmtree(folder, onerror=make_writable)
