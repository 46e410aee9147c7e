"""Writes the large files that `bench/scan.py` scans: much data, little structure."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

MIB = 1 << 20
TENSORS = 64
_REAL = """
import sys, torch
torch.manual_seed(0)
count, elements = int(sys.argv[2]), int(sys.argv[3])
torch.save({f"layer{i}.weight": torch.rand(elements) for i in range(count)}, sys.argv[1])
"""


def noise(size: int) -> Iterator[bytes]:
    """Pseudo-random bytes, a MiB at a time: this process stays small, as its children begin so."""
    block = random.Random(0).randbytes(MIB)
    for start in range(0, size, MIB):
        yield block[: min(MIB, size - start)]


def torch_checkpoint(path: Path, *, size: int, torch: Path | None) -> None:
    """A state dict of 64 float32 tensors as `torch.save` writes it, or by a real torch."""
    elements = size // TENSORS // 4
    if torch is not None:
        subprocess.run([torch, "-c", _REAL, path, str(TENSORS), str(elements)], check=True)
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", _state_dict(elements))
        archive.writestr("archive/byteorder", b"little")
        for index in range(TENSORS):
            with archive.open(f"archive/data/{index}", "w", force_zip64=False) as file:
                for piece in noise(elements * 4):
                    file.write(piece)
        archive.writestr("archive/version", b"3\n")


def _state_dict(elements: int) -> bytes:
    """The pickle of the state dict, protocol 2."""
    made = bytearray(b"\x80\x02ccollections\nOrderedDict\n)R(")
    for index in range(TENSORS):
        made += _text(f"layer{index}.weight")
        made += b"ctorch._utils\n_rebuild_tensor_v2\n("
        made += b"(" + _text("storage") + b"ctorch\nFloatStorage\n" + _text(str(index))
        made += _text("cpu") + _number(elements) + b"tQ"
        made += _number(0) + _number(elements) + b"\x85" + _number(1) + b"\x85\x89"
        made += b"ccollections\nOrderedDict\n)RtR"
    return bytes(made + b"u.")


def _text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def _number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def safetensors(path: Path, *, size: int) -> None:
    """64 float32 tensors."""
    each = size // TENSORS // 4 * 4
    header = json.dumps(
        {
            f"layer{index}.weight": {
                "dtype": "F32",
                "shape": [each // 4],
                "data_offsets": [index * each, (index + 1) * each],
            }
            for index in range(TENSORS)
        }
    ).encode()
    header += b" " * (-len(header) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for _ in range(TENSORS):
            for piece in noise(each):
                file.write(piece)
