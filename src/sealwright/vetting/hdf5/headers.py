"""Object headers of both versions with their continuations: a list of messages."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sealwright.errors import MalformedError
from sealwright.vetting.hdf5.bytes import Cursor, Source

_NOTHING, CONTINUATION = 0x00, 0x10
_SHARED = 0x02
MAX_BLOCKS = 10_000
MAX_MESSAGES = 100_000
"""Of one object. A group of the newest form with more links keeps them in a heap."""


class Message(msgspec.Struct, frozen=True):
    """One header message. `shared`: the body tells where the message is, instead of being it."""

    kind: int
    body: bytes
    shared: bool


def messages(source: Source, address: int) -> list[Message]:
    """All messages of the object at `address`, in order."""
    found: list[Message] = []
    modern = bytes(source.view(address, 4)) == b"OHDR"
    flags, block = _modern(source, address) if modern else (0, _old(source, address))
    more: list[tuple[int, int]] = []
    seen = {address}
    read = 0
    while True:
        for message in _split(source, block, modern=modern, flags=flags):
            if message.kind != CONTINUATION:
                read += 1
                if message.kind != _NOTHING:
                    found.append(message)
                if read > MAX_MESSAGES:
                    raise MalformedError(f"the object at {address} has too many messages")
                continue
            cursor = Cursor(source, message.body)
            start, size = cursor.offset(), cursor.length()
            if start in seen or len(seen) > MAX_BLOCKS:
                raise MalformedError(f"the object header at {address} goes around in a circle")
            seen.add(start)
            more.append((start, size))
        if not more:
            return found
        block = _continued(source, *more.pop(0), modern=modern)


def _old(source: Source, address: int) -> Cursor:
    prefix = source.block(address, 16)
    version = prefix.number(1)
    if version != 1:
        raise MalformedError(f"no object header at address {address}")
    prefix.take(7)
    return source.block(address + 16, prefix.number(4))


def _modern(source: Source, address: int) -> tuple[int, Cursor]:
    prefix = source.block(address, 6)
    prefix.take(4)
    version, flags = prefix.number(1), prefix.number(1)
    if version != 2:
        raise MalformedError(f"object header version {version} at address {address}")
    skip = (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = Cursor(source, bytes(source.view(address + 6 + skip, width))).number(width)
    return flags, source.block(address + 6 + skip + width, size)


def _continued(source: Source, start: int, size: int, *, modern: bool) -> Cursor:
    if not modern:
        return source.block(start, size)
    if size < 8:
        raise MalformedError(f"an object header continues in {size} bytes")
    return source.marked(start, b"OCHK", size - 4)


def _split(source: Source, block: Cursor, *, modern: bool, flags: int) -> Iterator[Message]:
    """The messages of one block; less than a message's head at its end is unused."""
    head = (4 + (2 if flags & 0x04 else 0)) if modern else 8
    while block.left >= head:
        source.spend(1)
        start = block.position
        if modern:
            kind, size, mark = block.number(1), block.number(2), block.number(1)
        else:
            kind, size, mark = block.number(2), block.number(2), block.number(1)
        block.position = start + head
        yield Message(kind, block.take(size), bool(mark & _SHARED))
