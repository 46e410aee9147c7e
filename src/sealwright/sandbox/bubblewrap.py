"""The stronger level: a file tree, process tree and network of its own, made by bubblewrap."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from sealwright.sandbox import plan as common_plan
from sealwright.sandbox.interface import SandboxSpec
from sealwright.sandbox.plan import Plan
from sealwright.sandbox.view import View, system_paths

WORKDIR = "/sealwright/work"
_TEMPORARY = "/tmp"  # noqa: S108 - the private one inside
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - the private one inside
_LAUNCHER = "/sealwright/launcher.py"
_USER = "1000"


def works() -> bool:
    """Whether bubblewrap is installed and this machine lets it make its namespaces."""
    return user_namespace() is not None


@lru_cache(maxsize=1)
def user_namespace() -> bool | None:
    """Whether it gets a user namespace; None if it does not work at all.

    Root can do without one, in containers that forbid them.
    """
    program = shutil.which("bwrap")
    if program is None:
        return None
    if _starts(program, user=True):
        return True
    return False if os.geteuid() == 0 and _starts(program, user=False) else None


def _starts(program: str, *, user: bool) -> bool:
    command = [
        program,
        *walls(user=user),
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--",
        "/bin/true",
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def prepare(spec: SandboxSpec, *, scratch: Path, notify: bool, user: bool | None = None) -> Plan:
    """The run as a bubblewrap command. `scratch` is an empty folder of ours on this machine.

    `user` says whether to make a user namespace (default: if this machine allows it).
    """
    with_user = user_namespace() is not False if user is None else user
    program = shutil.which("bwrap") or "bwrap"
    temporary = scratch / "tmp"
    temporary.mkdir(mode=0o700)
    output = f"{WORKDIR}/{spec.output}"
    shared_memory = max(spec.limits.memory_mb // 4, 1) << 20
    mounts = ["--proc", "/proc", "--dev", "/dev"]
    mounts += ["--size", str(shared_memory), "--tmpfs", _SHARED_MEMORY]
    # First the private /tmp, then the system: an interpreter may itself be installed below /tmp.
    mounts += ["--bind", str(temporary), _TEMPORARY]
    mounts += system_mounts()
    mounts += ["--dir", WORKDIR]
    for inside, host in sorted(spec.inputs.items()):
        mounts += ["--ro-bind", str(host), f"{WORKDIR}/{inside}"]
    mounts += ["--bind", str(spec.output_dir), output]
    mounts += ["--ro-bind", str(common_plan.LAUNCHER), _LAUNCHER]
    mounts += ["--remount-ro", "/dev", "--remount-ro", "/"]
    environment = ["--clearenv", "--setenv", "LANG", "C.UTF-8", "--chdir", "/"]
    launch = common_plan.launcher_command(_LAUNCHER)
    system = [path for path in system_paths() if path not in ("/", _TEMPORARY)]
    inputs = [f"{WORKDIR}/{inside}" for inside in spec.inputs]
    return Plan(
        level="bubblewrap",
        program=(program, *walls(user=with_user), *mounts, *environment, "--", *launch),
        order=common_plan.order(
            spec, level="bubblewrap", cwd=WORKDIR, home=_TEMPORARY, notify=notify
        ),
        view=View(
            workdir=WORKDIR,
            project=str(spec.project),
            visible=(*system, "/proc", "/dev", _TEMPORARY, output, *inputs, _LAUNCHER),
            writable=(_TEMPORARY, "/dev", output, "/proc/self", "/proc/thread-self"),
            hosts={
                output: str(spec.output_dir),
                _TEMPORARY: str(temporary),
                **{path: path for path in system if path.startswith(f"{_TEMPORARY}/")},
            },
            private_root=True,
        ),
        mechanisms=(
            "bubblewrap",
            "file-namespace",
            "process-namespace",
            "network-namespace",
            "ipc-namespace",
            *(("user-namespace",) if with_user else ()),
            "capabilities-dropped",
            "cleared-environment",
        ),
        own_processes=1,
        temporary=temporary,
    )


def walls(*, user: bool) -> list[str]:
    """Options for namespaces of its own, an end with its parent, and no capabilities."""
    namespaces = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    if user:
        namespaces += ["--unshare-user", "--uid", _USER, "--gid", _USER]
    return [
        *namespaces,
        *("--unshare-cgroup-try", "--die-with-parent", "--new-session"),
        *("--cap-drop", "ALL", "--hostname", "sandbox"),
    ]


def system_mounts() -> list[str]:
    """Options that show the machine's programs and libraries, read-only."""
    mounts: list[str] = []
    for path in system_paths():
        # /bin and /lib are often links into /usr, and stay links inside.
        if Path(path).is_symlink() and path.count("/") == 1:
            mounts += ["--symlink", str(Path(path).readlink()), path]
        else:
            mounts += ["--ro-bind", path, path]
    return mounts
