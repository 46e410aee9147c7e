"""Examines checkpoints of torch before 1.6: pickles one after the other, then the storages.

Order: magic number, protocol version, system, the object, the keys, and for each key its number of
elements and its bytes (torch/serialization.py, `_legacy_save` and `_legacy_load`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sealwright.errors import MalformedError
from sealwright.vetting.formats import torch_rules as rules
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member, quoted
from sealwright.vetting.pickle.trace import Trace

if TYPE_CHECKING:
    from sealwright.vetting.formats.torch_storages import Storages

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
_HEAD = 64
_MARKS = (
    b"\x8a\x0a" + MAGIC.to_bytes(10, "little"),
    b"\x8b\x0a\x00\x00\x00" + MAGIC.to_bytes(10, "little"),
    str(MAGIC).encode(),
    f"{MAGIC:#x}".encode(),
)
"""The magic number as pickles spell it: binary, and as text."""


def is_legacy(data: Buffer) -> bool:
    """Whether the first pickle spells torch's magic number."""
    head = bytes(data[:_HEAD])
    return any(mark in head for mark in _MARKS) and head[:1] in b"\x80LI(c}]"


def recognise(member: Member) -> Fit:
    """By the magic number in the first bytes."""
    return "strong" if is_legacy(member.data) else "no"


def examine(examining: Examining) -> None:
    """Judges all five pickles, and accounts for the storages to the end of the file."""
    from sealwright.vetting.formats.torch_storages import Storages, whole
    from sealwright.vetting.pickle.values import Dict

    magic = _pickle(examining, 0)
    if magic.result is None or whole(magic.result) != MAGIC:
        raise MalformedError("the first pickle is not torch's magic number")
    version = _pickle(examining, magic.end)
    if version.result is None or whole(version.result) != PROTOCOL:
        raise MalformedError(f"the second pickle is not torch's protocol version {PROTOCOL}")
    system = _pickle(examining, version.end)
    if type(system.result) is not Dict:
        raise MalformedError("the third pickle does not describe the system that wrote the file")
    storages = Storages(legacy=True)
    main = _pickle(examining, system.end, storages)
    keys = _pickle(examining, main.end)
    end = _storages(examining, keys, storages)
    if end < len(examining.data):
        rest = memoryview(examining.data)[end:]
        examining.find(rules.TRAILING, f"{len(rest)} bytes follow the last storage", offset=end)
        examining.session.visit("trailing", rest, within=examining.member)


def _pickle(examining: Examining, start: int, storages: Storages | None = None) -> Trace:
    """One pickle of the five. A broken one ends the examination; the judge has said so."""
    from sealwright.vetting.formats.torch_pickle import examine_pickle

    if start >= len(examining.data):
        raise MalformedError(f"the file ends at byte {start}, before all its pickles")
    trace = examine_pickle(examining, start=start, storages=storages)
    examining.parsed += trace.end - start
    if trace.broken:
        raise MalformedError(f"the pickle at byte {start} breaks at byte {trace.end}")
    if trace.resume != trace.end:
        message = f"the pickle at byte {start} ends before its frame: loaders read on differently"
        raise MalformedError(message)
    return trace


def _storages(examining: Examining, keys: Trace, storages: Storages) -> int:
    """Walks the storages in the order of the keys; the offset behind the last one."""
    from sealwright.vetting.formats.torch_storages import text_of
    from sealwright.vetting.pickle.values import List, Tuple

    data, position = examining.data, keys.end
    if not isinstance(keys.result, List | Tuple):
        raise MalformedError("the fifth pickle is not a list of storage keys")
    listed = [text_of(item) for item in keys.result.items]
    for name in sorted(set(storages.found) - {key for key in listed if key is not None}):
        message = f"storage {quoted(name)} has no bytes in the file: torch leaves it uninitialized"
        examining.find(rules.STORAGE, message, offset=keys.start)
    for key in listed:
        examining.session.spend()
        storage = storages.found.get(key) if key is not None else None
        if storage is None:
            raise MalformedError(f"the storage key {quoted(str(key))} belongs to no storage")
        count = int.from_bytes(data[position : position + 8], "little", signed=True)
        size = storage.numel * storage.itemsize
        if count != storage.numel or position + 8 + size > len(data):
            left = max(len(data) - position - 8, 0)
            message = (
                f"storage {quoted(storage.key)} has {storage.numel} elements in the pickle and "
                f"{count} in the file, where {left} bytes are left"
            )
            examining.find(rules.STORAGE, message, offset=position)
            return position
        examining.parsed += 8
        examining.numbers += size
        position += 8 + size
    return position


FORMAT = Format(
    id="torch-legacy",
    title="PyTorch checkpoint (before 1.6)",
    examines=(
        "All five pickles by the policy for pickles, persistent ids, sizes of storages, tensors "
        "within them, what follows. The numbers are not judged."
    ),
    extensions=(".pt", ".pth", ".ckpt", ".bin"),
    recognise=recognise,
    examine=examine,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
    executes=True,
    within=("pickle",),
)
