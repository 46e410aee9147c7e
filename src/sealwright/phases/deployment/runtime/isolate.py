"""How a runtime is started so that it reaches nothing: no network, no files but the model's.

    argv, env, level = isolate.command(settings)
    child = await asyncio.create_subprocess_exec(*argv, env=env, stdin=PIPE, stdout=PIPE)
    child.stdin.write(msgspec.json.encode(settings) + b"\\n")  # and stays open while it serves

With bubblewrap the process sees the interpreter, the libraries and the model, read-only, and one
folder of its own for the socket; without it, rules of the kernel deny the same. In both cases it
then gives up, before it reads the model, what it does not need (`sandbox.service`).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final, NamedTuple

from sealwright.errors import Unsupported
from sealwright.phases.deployment.runtime.listening import make_way
from sealwright.phases.deployment.settings import RuntimeSettings
from sealwright.sandbox import bubblewrap
from sealwright.sandbox.choose import available
from sealwright.sandbox.interface import Level
from sealwright.sandbox.service import package_folder
from sealwright.sandbox.view import system_paths

MODULE: Final = "sealwright.phases.deployment.runtime"
BASE_MEMORY_MB: Final = 1024
"""Data that a runtime may hold before its model; interpreter and libraries need about 150."""
MODEL_TIMES: Final = 6
"""The model's bytes, the engine's copy, what it makes of them, and room to work."""
# One thread each: serving gives the scores that validation measured.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Command(NamedTuple):
    """What to start. Its standard input takes the settings and stays open while it may serve."""

    argv: tuple[str, ...]
    env: dict[str, str]
    """The whole environment: nothing is inherited."""
    level: Level
    """What the process will reach, or it does not start."""


def command(
    settings: RuntimeSettings, *, level: Level | None = None, memory_mb: int | None = None
) -> Command:
    """The command line of one runtime, at the strongest level that this machine offers.

    `level` forces one; `memory_mb` bounds the process's data (default: by the model's size). Makes
    the folder of the socket. Raises Unsupported where there is no isolation, or not the one asked
    for. The thread that starts the process must live as long as it (Linux tells its death).
    """
    offered = available()
    if not offered or (level is not None and level not in offered):
        raise Unsupported(
            f"a model is served in isolation only, and this machine offers {level or 'none'} not",
            advice="install the package bubblewrap and allow unprivileged user namespaces",
        )
    reached = offered[0] if level is None else level
    socket = make_way(settings.socket)
    memory = memory_mb if memory_mb is not None else _memory_mb(settings)
    interpreter = (sys.executable, "-I", "-B", "-m", MODULE)
    argv: tuple[str, ...] = (*interpreter, "--level", reached, "--memory-mb", str(memory))
    if reached == "bubblewrap":
        argv = (*_view(Path(settings.folder), socket.parent), "--", *argv)
    return Command(argv=argv, env=_environment(), level=reached)


def _view(model: Path, sockets: Path) -> tuple[str, ...]:
    """The file tree of the process. Paths are the same inside and outside."""
    program = shutil.which("bwrap") or "bwrap"
    system, package = bubblewrap.system_mounts(), package_folder()
    if not any(Path(package).is_relative_to(path) for path in system_paths()):
        system += ["--ro-bind", package, package]
    return (
        *(program, *bubblewrap.walls(user=bubblewrap.user_namespace() is not False)),
        *("--proc", "/proc", "--dev", "/dev", *system),
        *("--ro-bind", str(model), str(model)),
        *("--bind", str(sockets), str(sockets)),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"),
    )


def _memory_mb(settings: RuntimeSettings) -> int:
    size = sum(entry.size for entry in settings.files)
    return BASE_MEMORY_MB + (MODEL_TIMES * size >> 20)


def _environment() -> dict[str, str]:
    # bwrap and the interpreter's own libraries are found by these alone.
    fixed = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin:/bin", "LANG": "C.UTF-8"}
    return {**fixed, "HOME": "/nonexistent", **dict.fromkeys(_THREADS, "1")}
