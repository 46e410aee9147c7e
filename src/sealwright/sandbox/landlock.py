"""The weaker level, for machines without bubblewrap: rules of the kernel on the same file tree.

Landlock denies files, TCP and signals outside; seccomp denies every other socket and what Landlock
does not govern. The machine's file names stay visible (not their content), and there is no process
namespace: a warden kills what is left. The working folder is a copy made of hard links.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sealwright.sandbox import plan as common_plan
from sealwright.sandbox.interface import SandboxSpec
from sealwright.sandbox.launcher import landlock_abi
from sealwright.sandbox.plan import Plan
from sealwright.sandbox.view import View, system_paths

MINIMUM_ABI = 3
"""Before version 3 (Linux 6.2) Landlock does not keep files outside from being cut to nothing."""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_PROCESS = (
    *("/proc/self", "/proc/thread-self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"),
    *("/proc/loadavg", "/proc/version", "/proc/uptime", "/proc/sys/vm", "/proc/sys/kernel"),
)


def works() -> bool:
    """Whether this kernel has a Landlock that is strong enough."""
    return landlock_abi() >= MINIMUM_ABI


def prepare(spec: SandboxSpec, *, scratch: Path, notify: bool) -> Plan:
    """The run under Landlock. `scratch` is an empty folder of ours on this machine."""
    scratch = scratch.resolve()
    work, temporary, launcher = scratch / "work", scratch / "tmp", scratch / "launcher.py"
    temporary.mkdir(mode=0o700)
    work.mkdir(mode=0o700)
    shutil.copyfile(common_plan.LAUNCHER, launcher)
    for inside, host in sorted(spec.inputs.items()):
        _link(host, work / inside)
    output = work / spec.output
    output.parent.mkdir(parents=True, exist_ok=True)
    # The real folder must lie in the tree itself: a link would resolve to where no rule is.
    spec.output_dir.rename(output)
    output.chmod(0o700)
    system = system_paths()
    rules = [[path, "read"] for path in [*system, *_PROCESS, str(work)]]
    rules += [[path, "write"] for path in (str(output), str(temporary))]
    rules += [[path, "device"] for path in _DEVICES]
    order = common_plan.order(
        spec, level="landlock", cwd=str(work), home=str(temporary), notify=notify
    )
    order["rules"] = rules
    own = {str(output): str(output), str(temporary): str(temporary)}
    resolved = [os.path.realpath(path) for path in system]
    inputs = [str(work / inside) for inside in spec.inputs]
    return Plan(
        level="landlock",
        program=common_plan.launcher_command(str(launcher)),
        order=order,
        view=View(
            workdir=str(work),
            project=str(spec.project),
            visible=(*system, *resolved, *_PROCESS, *_DEVICES, *own, *inputs),
            writable=(*_DEVICES, *own),
            hosts=own,
            private_root=False,
        ),
        mechanisms=("warden", "cleared-environment"),
        own_processes=0,
        temporary=temporary,
    )


def finish(spec: SandboxSpec, *, scratch: Path) -> None:
    """Moves the output folder back to where the caller gave it."""
    (scratch.resolve() / "work" / spec.output).rename(spec.output_dir)


def _link(source: Path, target: Path) -> None:
    """The same files under another name; copies where links cannot be made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, copy_function=_link_file, dirs_exist_ok=True)
    else:
        _link_file(str(source), str(target))


def _link_file(source: str, target: str) -> None:
    if os.path.lexists(target):
        return  # declared twice, by itself and within a folder: writing would reach the original
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target, follow_symlinks=False)
