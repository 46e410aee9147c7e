"""First program inside a sandbox: puts the last walls around itself, then becomes the command.

It runs as a plain file under `python -I -S`, away from the package, so it imports the standard
library only. The order (a memory file with JSON) and one end of a socket pair are inherited. Where
there is no process namespace it first leaves a warden behind that outlives the command, inherits
every orphan and kills all of them.
"""

from __future__ import annotations

# ruff: noqa: PTH112, PTH208, SIM105 - it starts on every run, and every import is time
import array  # noqa: F401 - send_fds imports it, at a time when nobody answers for the file
import ctypes
import errno
import json
import os
import platform
import resource
import select
import signal
import socket
import sys
import time
from typing import Any

PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_SECUREBITS = 1, 24, 28
_PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
_SECURE_NOROOT_LOCKED = 0x3
_CLONE_NEWIPC, _CLONE_NEWNET = 0x08000000, 0x40000000
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SECCOMP_SET_MODE_FILTER, _NEW_LISTENER, _WAIT_KILLABLE = 1, 1 << 3, 1 << 5
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_FILE = 0x1 | 0x2 | 0x4 | 1 << 14 | 1 << 15  # the rights that a file (not a folder) has
_LANDLOCK_RIGHTS = {
    "read": 0x1 | 0x4 | 0x8,  # execute, read file, read folder
    "device": 0x2 | 0x4 | 1 << 14 | 1 << 15,
    "write": 0xFFFF & ~(1 << 6 | 1 << 11 | 1 << 15),  # everything but devices
}

_libc = ctypes.CDLL(None, use_errno=True)


class _SockFprog(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def prctl(option: int, value: int, what: str) -> None:
    """One setting of this process; OSError naming `what` if the kernel refuses."""
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), what)


def landlock_abi() -> int:
    """The kernel's Landlock version; 0 where it has none."""
    return max(0, int(_libc.syscall(_LANDLOCK_CREATE, None, 0, 1)))


def restrict_files(rules: list[list[str]], abi: int) -> list[str]:
    """Landlock for this thread and what it starts: [path, access] pairs; what is now in force."""
    rights = 0x1FFF | (abi >= 2) << 13 | (abi >= 3) << 14 | (abi >= 5) << 15
    network, scope = (3 if abi >= 4 else 0), (3 if abi >= 6 else 0)
    words = 3 if abi >= 6 else 2 if abi >= 4 else 1
    attributes = (ctypes.c_uint64 * 3)(rights, network, scope)
    ruleset = _check(
        _libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(words * 8), 0),
        "landlock_create_ruleset",
    )
    for path, access in rules:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # not on this machine: nothing to allow
        allowed = _LANDLOCK_RIGHTS[access] & rights
        if not os.path.isdir(path):
            allowed &= _LANDLOCK_FILE
        beneath = allowed.to_bytes(8, "little") + place.to_bytes(4, "little")
        _check(_libc.syscall(_LANDLOCK_ADD, ruleset, 1, beneath, 0), f"landlock rule for {path}")
        os.close(place)
    _check(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)
    names = [f"landlock-abi-{abi}", "landlock-files"]
    return names + ["landlock-tcp"] * (abi >= 4) + ["landlock-scope"] * (abi >= 6)


def give_up_root() -> list[str]:
    """What only root can do, and then root's powers themselves. Nothing to do for other users."""
    done = []
    if _libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC) == 0:
        done += ["network-namespace", "ipc-namespace"]
    if os.geteuid() != 0:
        return done
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break  # past the last capability of this kernel
    prctl(_PR_SET_SECUREBITS, _SECURE_NOROOT_LOCKED, "securebits")
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    return [*done, "capabilities-dropped"]


def _install_filter(order: dict[str, Any]) -> tuple[int, list[str]]:
    """The listener (or -1 where the kernel lends none) and the names of what is in force."""
    judged, plain = bytes.fromhex(order["filter"]), bytes.fromhex(order["filter_plain"])
    for flags in (_NEW_LISTENER | _WAIT_KILLABLE, _NEW_LISTENER):
        listener = install_seccomp(judged, flags) if order["notify"] else -1
        if listener >= 0:
            return listener, ["seccomp", "seccomp-notify"]
    _check(install_seccomp(plain, 0), "seccomp")
    return -1, ["seccomp"]


def install_seccomp(program: bytes, flags: int) -> int:
    """Puts a filter on this thread and what it starts; 0 or a listener, negative on failure."""
    code = ctypes.create_string_buffer(program, len(program))
    wrapped = _SockFprog(len(program) // 8, ctypes.cast(code, ctypes.c_void_p))
    call = _SECCOMP[platform.machine()]
    return int(_libc.syscall(call, _SECCOMP_SET_MODE_FILTER, flags, ctypes.byref(wrapped)))


def _become(order: dict[str, Any], control: socket.socket) -> None:
    mechanisms = ["rlimits", "no-new-privileges"]
    for name, value in order["rlimits"]:
        resource.setrlimit(getattr(resource, name), (value, value))
    if order["level"] == "landlock":
        mechanisms += give_up_root()
    prctl(PR_SET_NO_NEW_PRIVS, 1, "no_new_privs")
    if order["level"] == "landlock":
        mechanisms += restrict_files(order["rules"], landlock_abi())
    listener, names = _install_filter(order)
    if order["level"] == "landlock" and listener < 0:
        # Without a process namespace, only the supervisor's "no" to a fork ends a fork bomb.
        raise OSError(errno.ENOSYS, "this kernel lends no seccomp listener here")
    message = json.dumps({"ready": sorted(mechanisms + names)}).encode()
    socket.send_fds(control, [message], [listener] if listener >= 0 else [])
    if control.recv(16) != b"go":
        os._exit(126)
    os.closerange(3, 4096)
    os.chdir(order["cwd"])
    os.execvpe(order["argv"][0], order["argv"], order["environment"])  # noqa: S606


def _run_command(order: dict[str, Any], control: socket.socket) -> None:
    try:
        _become(order, control)
    except OSError as error:
        if control.fileno() >= 0:
            try:
                control.send(json.dumps({"error": str(error)}).encode())
            except OSError:
                # Past "go" the socket is closed: the only thing left to fail is the command itself.
                os.write(2, f"sandbox: cannot run {order['argv'][0]}: {error}\n".encode())
    os._exit(127)


def _descendants(root: int) -> set[int]:
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError):
                continue  # gone meanwhile
    found: set[int] = set()
    fresh = {root}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def _kill_all() -> None:
    """Stops everything below until nothing new appears, then kills it; returns when all is dead."""
    while True:
        seen: set[int] = set()
        while fresh := _descendants(os.getpid()) - seen:
            for pid in fresh:
                _signal(pid, signal.SIGSTOP)
            seen |= fresh
        for pid in seen:
            _signal(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        pass  # dead already


def _guard(order: dict[str, Any], control: socket.socket) -> None:
    """The warden: waits for the command, for the word to kill, or for the supervisor to be gone."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1, "subreaper")
    warden = os.getpid()
    child = os.fork()
    if child == 0:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, "pdeathsig")
        if os.getppid() != warden:
            os._exit(126)
        os.setsid()  # a process group of its own, so that kill(0) does not reach the warden
        _run_command(order, control)
    os.closerange(0, 3)
    poll = select.poll()
    watched = os.pidfd_open(child)
    poll.register(watched, select.POLLIN)
    # The child reads its "go" from the same socket; the word to kill is its closing.
    poll.register(control, select.POLLRDHUP)
    poll.poll()
    status = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    _kill_all()
    if status is not None:
        exited = status.si_code == os.CLD_EXITED
        os._exit(status.si_status if exited else 128 + status.si_status)
    os._exit(128 + signal.SIGKILL)


def main() -> None:
    """`launcher.py CONTROL-FD ORDER-FD`"""
    control = socket.socket(fileno=int(sys.argv[1]))
    with os.fdopen(int(sys.argv[2]), "rb") as file:
        order = json.loads(file.read())
    if order["warden"]:
        _guard(order, control)
    _run_command(order, control)


if __name__ == "__main__":
    main()
