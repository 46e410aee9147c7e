"""The seccomp filter of a run, as classic BPF: what the kernel itself refuses, and which calls are
put to the supervisor. Pure: the launcher installs the bytes.

Layout from the kernel's include/uapi/linux/{filter,seccomp}.h: 8 bytes per instruction; the data
that is judged is {int nr; u32 arch; u64 ip; u64 args[6]}, little-endian on both known machines.
"""

from __future__ import annotations

import errno
import os
import socket
import struct

from sealwright.sandbox import syscalls
from sealwright.sandbox.interface import Level, Limits

_KILL, _ERRNO, _NOTIFY, _ALLOW = 0x80000000, 0x00050000, 0x7FC00000, 0x7FFF0000
_LOAD, _RETURN, _AND = 0x20, 0x06, 0x54  # LD|W|ABS, RET|K, ALU|AND|K
_JEQ, _JGT, _JGE, _JSET = 0x15, 0x25, 0x35, 0x45
_X32_BIT = 0x40000000
_CLONE_THREAD = 0x00010000
_CLONE_NEW_ANY = 0x7E020000  # every CLONE_NEW* namespace flag that fits clone()
_OPEN_CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_MAP_ANONYMOUS, _MAP_NORESERVE, _PROT_WRITE = 0x20, 0x4000, 0x2

Code = list[tuple[int, int, int, int]]
# ruff: noqa: SIM905 - lists of names read best as text

# Ways around the walls (io_uring does sockets and files unseen), ways into other processes and the
# kernel, and memory that belongs to no process and so would not be counted.
_FORBIDDEN = {
    errno.EPERM: """acct add_key adjtimex bpf chroot clock_adjtime clock_settime delete_module
        fanotify_init finit_module fsconfig fsmount fsopen fspick init_module ioperm iopl kcmp
        kexec_file_load kexec_load keyctl migrate_pages mknod mknodat mount mount_setattr
        move_mount move_pages name_to_handle_at open_by_handle_at open_tree perf_event_open
        pidfd_getfd pivot_root process_madvise process_mrelease process_vm_readv
        process_vm_writev ptrace quotactl reboot request_key setdomainname sethostname setns
        settimeofday swapoff swapon syslog umount2 unshare userfaultfd vmsplice""".split(),
    errno.ENOSYS: """clone3 io_uring_enter io_uring_register io_uring_setup memfd_create
        memfd_secret mq_open msgget semget shmget""".split(),
}
# Landlock does not govern metadata: there these answer "done" and do nothing.
_METADATA = """chmod chown fchmod fchmodat fchmodat2 fchown fchownat file_setattr fremovexattr
    fsetxattr futimesat lchown lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat
    utime utimensat utimes""".split()
_SIGNALS = "kill rt_sigqueueinfo rt_tgsigqueueinfo tgkill tkill".split()
_STARTS = "execve execveat fork vfork".split()
_FOLDERS = "mkdir mkdirat mknod mknodat".split()
_SOCKETS = "socket connect bind".split()
_FILES = """creat link linkat open openat openat2 rename renameat renameat2 rmdir symlink symlinkat
    unlink unlinkat""".split()


def program(level: Level, limits: Limits, *, machine: str, notify: bool) -> bytes:
    """The filter for `level` on `machine`.

    With `notify`, judged calls go to the supervisor; without, sockets are refused outright and what
    only serves the record is let through (the walls of bubblewrap hold either way).
    """
    ask = _ret(_NOTIFY) if notify else _ret(_ALLOW)
    blocks: dict[str, Code] = {}
    for error, names in _FORBIDDEN.items():
        blocks.update({name: [_ret(_ERRNO | error)] for name in names})
    if level == "landlock":
        blocks.update({name: [_ret(_ERRNO)] for name in _METADATA})
        blocks.update({name: [ask] for name in _SIGNALS})
        blocks["pidfd_send_signal"] = [_ret(_ERRNO | errno.EPERM)]
    if notify:
        blocks.update({name: [ask] for name in [*_FILES, "connect", "bind", "fork", "vfork"]})
        # Options of internet protocols are set on dead ends only (see `network`): "done".
        option = [_low(1), (_JEQ, int(socket.SOL_SOCKET), 0, 1), _ret(_ALLOW), _ret(_ERRNO)]
        blocks["setsockopt"] = option
        blocks["sendto"] = [*_when_zero(4), ask]
        memory, output = limits.memory_mb << 20, limits.output_mb << 20
        blocks["mmap"] = [*_plain_memory(), *_when_at_most(1, memory), ask]
        blocks["mremap"] = [*_when_at_most(2, memory), ask]
        blocks["truncate"] = [ask]
        blocks["ftruncate"] = [*_when_at_most(1, output), ask]
        blocks["fallocate"] = [*_when_at_most(3, output), ask]
    blocks["clone"] = _clone(ask)
    blocks["socket"] = _socket(level, notify=notify)
    blocks["socketpair"] = _socketpair(level)
    blocks["prlimit64"] = _own_limits()
    return _assemble(blocks, machine=machine)


def service(*, machine: str) -> bytes:
    """The filter for a process that has all it needs: it answers on sockets that it has already.

    No sockets of its own, no programs, no processes (threads pass), nothing opened for writing.
    """
    blocks: dict[str, Code] = {}
    for error, names in _FORBIDDEN.items():
        blocks.update({name: [_ret(_ERRNO | error)] for name in names})
    denied = [*_STARTS, *_SOCKETS, *_FOLDERS, *_METADATA, *_SIGNALS, *_FILES, "truncate"]
    blocks.update({name: [_ret(_ERRNO | errno.EACCES)] for name in denied})
    blocks["openat2"] = [_ret(_ERRNO | errno.ENOSYS)]
    for name, flags in (("open", 1), ("openat", 2)):
        blocks[name] = [
            *(_low(flags), (_JSET, _OPEN_CHANGES, 0, 1)),
            *(_ret(_ERRNO | errno.EACCES), _ret(_ALLOW)),
        ]
    blocks["clone"] = _clone(_ret(_ERRNO | errno.EACCES))
    blocks["prlimit64"] = _own_limits()
    return _assemble(blocks, machine=machine)


def _assemble(blocks: dict[str, Code], *, machine: str) -> bytes:
    code: Code = [(_LOAD, 4, 0, 0), (_JEQ, syscalls.AUDIT_ARCH[machine], 1, 0), _ret(_KILL)]
    code.append((_LOAD, 0, 0, 0))
    code += [(_JGE, _X32_BIT, 0, 1), _ret(_ERRNO | errno.ENOSYS)]
    for name, block in sorted(blocks.items()):
        number = syscalls.number(name, on=machine)
        if number is not None:
            code += [(_JEQ, number, 0, len(block)), *block]
    code.append(_ret(_ALLOW))
    return b"".join(struct.pack("<HBBI", op, yes, no, value) for op, value, yes, no in code)


def _ret(action: int) -> tuple[int, int, int, int]:
    return (_RETURN, action, 0, 0)


def _low(argument: int) -> tuple[int, int, int, int]:
    return (_LOAD, 16 + 8 * argument, 0, 0)


def _high(argument: int) -> tuple[int, int, int, int]:
    return (_LOAD, 20 + 8 * argument, 0, 0)


def _when_zero(argument: int) -> Code:
    """Lets the call pass if the 64-bit argument is 0, else falls through."""
    return [_high(argument), (_JEQ, 0, 0, 3), _low(argument), (_JEQ, 0, 0, 1), _ret(_ALLOW)]


def _when_at_most(argument: int, bound: int) -> Code:
    """Lets the call pass if the unsigned 64-bit argument is at most `bound`, else falls through."""
    high, low = bound >> 32, bound & 0xFFFFFFFF
    return [
        _high(argument),
        (_JGT, high, 4, 0),
        (_JEQ, high, 0, 2),
        _low(argument),
        (_JGT, low, 1, 0),
        _ret(_ALLOW),
    ]


def _plain_memory() -> Code:
    """Lets pass every mmap but those of writable anonymous memory that the kernel must reserve."""
    return [
        _low(2),
        (_JSET, _PROT_WRITE, 1, 0),
        _ret(_ALLOW),
        _low(3),
        (_JSET, _MAP_NORESERVE, 1, 0),
        (_JSET, _MAP_ANONYMOUS, 1, 0),
        _ret(_ALLOW),
    ]


def _clone(ask: tuple[int, int, int, int]) -> Code:
    """New namespaces are refused, threads pass, processes are asked about."""
    return [
        _low(0),
        (_JSET, _CLONE_NEW_ANY, 0, 1),
        _ret(_ERRNO | errno.EPERM),
        (_JSET, _CLONE_THREAD, 0, 1),
        _ret(_ALLOW),
        ask,
    ]


def _own_limits() -> Code:
    return [_low(0), (_JEQ, 0, 1, 0), _ret(_ERRNO | errno.EPERM), _ret(_ALLOW)]


def _socket(level: Level, *, notify: bool) -> Code:
    """Local sockets exist only where the sandbox has its own file tree to hold them."""
    other = _ret(_NOTIFY) if notify else _ret(_ERRNO | errno.EACCES)
    if level != "bubblewrap":
        return [other]
    return [_low(0), (_JEQ, int(socket.AF_UNIX), 0, 1), _ret(_ALLOW), other]


def _socketpair(level: Level) -> Code:
    """A datagram pair could send to any local socket by path, so Landlock must not have it."""
    if level == "bubblewrap":
        return [_ret(_ALLOW)]
    return [
        _low(1),
        (_AND, 0xF, 0, 0),
        (_JEQ, int(socket.SOCK_DGRAM), 0, 1),
        _ret(_ERRNO | errno.EACCES),
        _ret(_ALLOW),
    ]
