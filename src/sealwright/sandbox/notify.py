"""The kernel's side of seccomp user notification: receive a judged call, look at it, answer it.

Structures from include/uapi/linux/seccomp.h. Memory of the caller is only read to name an attempt;
no answer that lets a call pass rests on it (the caller could change it in between).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from dataclasses import dataclass

_RECEIVE, _SEND, _VALID, _ADD_FD = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103
_NOTIFICATION = struct.Struct("<QIIiIQ6Q")
_ANSWER = struct.Struct("<QqiI")
_ADDED = struct.Struct("<QIIII")
_CONTINUE = 1
_ADD_AND_SEND = 2
_CLOEXEC = 0o2000000
_PAGE = 4096
MAX_PATH = 4096

_libc = ctypes.CDLL(None, use_errno=True)


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that waits for its answer. `thread` is its id as this process sees it."""

    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]


def receive(listener: int) -> Call | None:
    """The next call; None if its caller died meanwhile."""
    buffer = bytearray(_NOTIFICATION.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer)
    except OSError:
        return None
    identity, thread, _, number, _, _, *arguments = _NOTIFICATION.unpack(buffer)
    return Call(identity, thread, number, tuple(arguments))


def let_pass(listener: int, call: Call) -> None:
    """The kernel runs the call as if nothing had been."""
    _send(listener, _ANSWER.pack(call.id, 0, 0, _CONTINUE))


def succeed(listener: int, call: Call) -> None:
    """The call returns 0 without having been made."""
    _send(listener, _ANSWER.pack(call.id, 0, 0, 0))


def refuse(listener: int, call: Call, error: int) -> None:
    """The call fails with this errno."""
    _send(listener, _ANSWER.pack(call.id, 0, -error, 0))


def give_descriptor(listener: int, call: Call, descriptor: int, *, close_on_exec: bool) -> bool:
    """The call returns a copy of our `descriptor`; False where the kernel cannot (before 5.14)."""
    flags = _CLOEXEC if close_on_exec else 0
    request = _ADDED.pack(call.id, _ADD_AND_SEND, descriptor, 0, flags)
    try:
        fcntl.ioctl(listener, _ADD_FD, request)
    except OSError:
        return False
    return True


def still_waits(listener: int, call: Call) -> bool:
    """Whether the caller is still there, so that what was read about it was about it."""
    try:
        fcntl.ioctl(listener, _VALID, struct.pack("<Q", call.id))
    except OSError:
        return False
    return True


def read_memory(thread: int, address: int, size: int) -> bytes | None:
    """Up to `size` bytes at `address` in the caller; None where it cannot be read at all."""
    buffer = ctypes.create_string_buffer(size)
    pieces = []
    while size > 0:
        length = min(size, _PAGE - address % _PAGE)
        pieces.append(_Vector(address, length))
        address += length
        size -= length
    local = _Vector(ctypes.addressof(buffer), len(buffer))
    remote = (_Vector * len(pieces))(*pieces)
    count = _libc.process_vm_readv(thread, ctypes.byref(local), 1, remote, len(pieces), 0)
    return buffer.raw[:count] if count > 0 else None


def read_path(thread: int, address: int) -> str | None:
    """The C string at `address` as a path; None where it cannot be read."""
    data = read_memory(thread, address, MAX_PATH)
    return None if data is None else os.fsdecode(data.partition(b"\0")[0])


def _send(listener: int, answer: bytes) -> None:
    try:
        fcntl.ioctl(listener, _SEND, answer)
    except OSError:
        return  # the caller is gone
