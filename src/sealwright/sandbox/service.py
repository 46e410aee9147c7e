"""Walls that a process of ours puts around itself once it has all that it will ever need.

For a process that runs for days and answers on a socket which it has already: nobody watches its
calls, so they are refused by the kernel alone. To be called before the first thread is started.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from sealwright.errors import Unsupported
from sealwright.sandbox import filter as seccomp
from sealwright.sandbox import syscalls
from sealwright.sandbox.interface import Level
from sealwright.sandbox.landlock import MINIMUM_ABI
from sealwright.sandbox.launcher import (
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    give_up_root,
    install_seccomp,
    landlock_abi,
    prctl,
    restrict_files,
)
from sealwright.sandbox.view import system_paths

MAX_DESCRIPTORS = 1024
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_MACHINE = ("/proc/cpuinfo", "/proc/meminfo", "/proc/sys/vm", "/sys/bus/pci/devices")
"""What numerical libraries look up. Nothing else of /proc: it tells of other processes."""
_ADVICE = "install the package bubblewrap, or use a kernel with Landlock (Linux 6.2 or later)"


def package_folder() -> str:
    """Where the code of sealwright lies on this machine."""
    return str(Path(__file__).resolve().parents[1])


def readable_system() -> list[str]:
    """The machine's programs and libraries, the interpreter, and our own code."""
    return [*system_paths(), package_folder()]


def confine(*, level: Level, readable: Sequence[str], memory_mb: int) -> tuple[str, ...]:
    """Gives up everything but reading below `readable` and the system; what is in force, sorted.

    `level` is what the process was started in: at `bubblewrap` it has no network already, at
    `landlock` it is denied here. `memory_mb` bounds its data in MiB. Raises Unsupported if a wall
    that the level promises is not there; nothing is loosened then.
    """
    try:
        return tuple(sorted(_walls(level, readable, memory_mb)))
    except OSError as error:
        raise Unsupported(f"the {level} walls cannot be built here: {error}", advice=_ADVICE) from (
            error
        )


def _walls(level: Level, readable: Sequence[str], memory_mb: int) -> set[str]:
    abi = landlock_abi()
    if level == "bubblewrap":
        _require_no_network()
    elif level != "landlock" or abi < MINIMUM_ABI:
        raise Unsupported(f"the isolation level {level} cannot be had here", advice=_ADVICE)
    done = {"rlimits", "no-new-privileges", "seccomp", "ends-with-parent"}
    _limit(memory_mb)
    if level == "landlock":
        _end_with_parent()
        done |= set(give_up_root())
    else:
        done |= {"bubblewrap", "network-namespace", "process-namespace", "file-namespace"}
    prctl(PR_SET_NO_NEW_PRIVS, 1, "no_new_privs")
    if abi >= MINIMUM_ABI:
        rules = [[path, "read"] for path in [*readable_system(), *_MACHINE, *readable]]
        done |= set(restrict_files(rules + [[path, "device"] for path in _DEVICES], abi))
    if install_seccomp(seccomp.service(machine=syscalls.machine()), 0) < 0:
        raise Unsupported("this kernel takes no seccomp filter", advice=_ADVICE)
    return done


def _require_no_network() -> None:
    """Bubblewrap was asked for a network namespace: in one there is nothing but loopback."""
    others = [name for _, name in socket.if_nameindex() if name != "lo"]
    if others:
        raise Unsupported("the process was started where it has a network", advice=_ADVICE)


def _limit(memory_mb: int) -> None:
    bounds = {
        resource.RLIMIT_DATA: memory_mb << 20,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: MAX_DESCRIPTORS,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for kind, wanted in bounds.items():
        hard = resource.getrlimit(kind)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))


def wake_with_parent() -> None:
    """If this process is stopped when its parent dies, it goes on, and finds its input ended."""
    prctl(PR_SET_PDEATHSIG, signal.SIGCONT, "pdeathsig")


def _end_with_parent() -> None:
    parent = os.getppid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, "pdeathsig")
    if os.getppid() != parent:
        sys.exit(0)  # it ended a moment ago: there is nobody to answer to
