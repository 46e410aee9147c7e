"""Small pickles for the attacks: what runs a command, and what rebuilds a tensor."""

from __future__ import annotations

import struct

COMMAND = b"cposix\nsystem\n(Vtouch pwned\ntR"
"""Protocol 0: calls os.system."""


def calls() -> bytes:
    """A pickle that runs a command and gives a dict."""
    return COMMAND + b"0}."


def text(value: str) -> bytes:
    """BINUNICODE."""
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    """LONG1, whatever the size."""
    raw = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def storage(
    key: str = "0", count: int = 4, *, kind: bytes = b"ctorch\nFloatStorage\n", extra: bytes = b""
) -> bytes:
    """BINPERSID of a storage."""
    return b"(" + text("storage") + kind + text(key) + text("cpu") + number(count) + extra + b"tQ"


def tensor(
    key: str = "0",
    count: int = 4,
    *,
    offset: int = 0,
    size: tuple[int, ...] = (4,),
    stride: tuple[int, ...] = (1,),
    extra: bytes = b"",
    kind: bytes = b"ctorch\nFloatStorage\n",
) -> bytes:
    """torch._utils._rebuild_tensor_v2 of a storage."""
    extents = b"(" + b"".join(number(each) for each in size) + b"t"
    steps = b"(" + b"".join(number(each) for each in stride) + b"t"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage(key, count, extra=extra, kind=kind)
        + number(offset)
        + extents
        + steps
        + b"\x89ccollections\nOrderedDict\n)RtR"
    )


def state_dict(*tensors: bytes) -> bytes:
    """A dict of tensors named w0, w1, ..."""
    pairs = b"".join(text(f"w{n}") + each for n, each in enumerate(tensors))
    return b"\x80\x02}(" + pairs + b"u."
