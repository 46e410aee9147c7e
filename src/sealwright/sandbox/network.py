"""Internet sockets of a run: it is handed dead ends, and what it asks them for is written down.

A call to open a socket gets one end of a local pair that leads nowhere: the next call tells where
it wanted to go; name queries are read from the other end. Opening a socket to find out whether IPv6
works (bind to port 0 of the loopback, as HTTP libraries do when imported) is not an attempt.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct

from sealwright.sandbox import notify
from sealwright.sandbox.interface import Level
from sealwright.sandbox.notify import Call
from sealwright.sandbox.recorder import Recorder

MAX_DEAD_ENDS = 64
_MAX_ADDRESS = 128
_DNS_PORT = 53
_DNS_HEADER = 12


class DeadEnds:
    """The sockets that were handed out, and what is still unexplained about them."""

    def __init__(self, level: Level, recorder: Recorder) -> None:
        self._level = level
        self._recorder = recorder
        self._opened: dict[int, list[str]] = {}
        self.ours: dict[int, socket.socket] = {}
        """Our ends, by descriptor: to be watched for data."""

    def open(self, listener: int, call: Call) -> None:
        """socket(): a dead end, or a refusal where the kernel cannot lend one."""
        family, kind = call.arguments[0] & 0xFFFFFFFF, call.arguments[1] & 0xFFFFFFFF
        if family != socket.AF_UNIX:
            self._opened.setdefault(call.thread, []).append(f"open {_family(family)} socket")
        flags = kind & (socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        lent = False
        if len(self.ours) < MAX_DEAD_ENDS and family != socket.AF_NETLINK:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.setblocking(False)
            theirs.setblocking(not flags & socket.SOCK_NONBLOCK)
            cloexec = bool(flags & socket.SOCK_CLOEXEC)
            lent = notify.give_descriptor(listener, call, theirs.fileno(), close_on_exec=cloexec)
            theirs.close()
            if lent:
                self.ours[ours.fileno()] = ours
            else:
                ours.close()
        if not lent:
            notify.refuse(listener, call, errno.EACCES)

    def address(self, listener: int, call: Call, name: str) -> None:
        """connect(), bind() or sendto() with an address: written down and refused."""
        at, length = (4, 5) if name == "sendto" else (1, 2)
        size = min(call.arguments[length] & 0xFFFFFFFF, _MAX_ADDRESS)
        data = notify.read_memory(call.thread, call.arguments[at], size) if size else None
        family = struct.unpack_from("<H", data)[0] if data and len(data) >= 2 else None
        if family == socket.AF_UNIX:
            self._local(listener, call, name, data or b"")
            return
        if self._opened.get(call.thread):
            self._opened[call.thread].pop()
        target = _internet(family, data or b"")
        if name == "bind" and target is not None and _is_probe(*target):
            notify.refuse(listener, call, errno.EADDRNOTAVAIL)
            return
        words = {"connect": "connect to", "bind": "listen on", "sendto": "send to"}[name]
        self._recorder.add("network", f"{words} {_spell(target, family)}")
        if name == "connect" and target is not None and target[1] == _DNS_PORT:
            notify.succeed(listener, call)  # the query that follows tells which name it is about
        else:
            notify.refuse(listener, call, errno.EACCES)

    def _local(self, listener: int, call: Call, name: str, data: bytes) -> None:
        if self._level == "bubblewrap":  # local sockets of its own file tree and nothing else
            notify.let_pass(listener, call)
            return
        path = data[2:].lstrip(b"\0").partition(b"\0")[0].decode("utf-8", "replace")
        if name != "bind" and "nscd" not in path:
            self._recorder.add("network", f"connect to the local socket {path}")
        notify.refuse(listener, call, errno.EACCES)

    def receive(self, descriptor: int) -> None:
        """Data, or the end of it, at one of our ends."""
        ours = self.ours.pop(descriptor)
        try:
            data = ours.recv(4096)
        except OSError:
            data = b""
        ours.close()
        if data:
            name = queried_name(data)
            words = f"look up the name {name}" if name else f"send {len(data)} bytes"
            self._recorder.add("network", words)

    def close(self) -> None:
        """At the end: sockets that were opened and never explained count as what they are."""
        for opened in self._opened.values():
            for words in opened:
                self._recorder.add("network", words)
        self._opened.clear()
        for ours in self.ours.values():
            ours.close()
        self.ours.clear()


def queried_name(packet: bytes) -> str | None:
    """The first name a DNS query (RFC 1035, section 4.1) asks for; None if it is no query."""
    labels: list[str] = []
    at = _DNS_HEADER
    while at < len(packet) and len(labels) < 128:
        length = packet[at]
        if length == 0:
            return ".".join(labels) or None
        if length > 63 or at + 1 + length > len(packet):
            return None
        labels.append(packet[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return None


def _family(number: int) -> str:
    try:
        return f"an {socket.AddressFamily(number).name}"
    except ValueError:
        return f"a family {number}"


def _internet(family: int | None, data: bytes) -> tuple[str, int] | None:
    """(address, port) of a sockaddr_in or sockaddr_in6."""
    if family == socket.AF_INET and len(data) >= 8:
        return str(ipaddress.IPv4Address(data[4:8])), int.from_bytes(data[2:4], "big")
    if family == socket.AF_INET6 and len(data) >= 24:
        return str(ipaddress.IPv6Address(data[8:24])), int.from_bytes(data[2:4], "big")
    return None


def _spell(target: tuple[str, int] | None, family: int | None) -> str:
    if target is not None:
        return f"{target[0]} port {target[1]}"
    return "an address that could not be read" if family is None else f"{_family(family)} address"


def _is_probe(address: str, port: int) -> bool:
    return port == 0 and ipaddress.ip_address(address).is_loopback
