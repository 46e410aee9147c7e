"""Writes safetensors files, and proves each one by reading it back.

The same tensors give the same bytes: no metadata, the header's entries in the order of the data,
which begin at a multiple of eight; larger elements first, then by name.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from sealwright.errors import CannotLook, Refused, TamperError, Unsupported, UsageError
from sealwright.files import sync_folder
from sealwright.vetting.convert.interface import BITS, Tensor
from sealwright.vetting.convert.strided import pieces
from sealwright.vetting.formats.safetensors import (
    FORMAT,
    MAX_HEADER_READ,
    MAX_NAME,
    MAX_TENSORS,
)
from sealwright.vetting.interface import Buffer, quoted
from sealwright.vetting.sources import opened

_ALIGNED = 8


def ordered(tensors: Sequence[Tensor]) -> list[Tensor]:
    """As they are written. Refused for names that a file cannot hold."""
    names: set[str] = set()
    for tensor in tensors:
        if not 1 <= len(tensor.name) <= MAX_NAME or not tensor.name.isprintable():
            raise Refused(
                f"a tensor is called {quoted(tensor.name)}, which safetensors cannot hold"
            )
        if tensor.name in names or tensor.name == "__metadata__":
            raise Refused(f"two tensors would be called {quoted(tensor.name)}")
        names.add(tensor.name)
    if len(tensors) > MAX_TENSORS:
        raise Unsupported(f"{len(tensors)} tensors; at most {MAX_TENSORS} are written")
    return sorted(tensors, key=lambda one: (-BITS[one.dtype], one.name))


def header(tensors: Sequence[Tensor]) -> bytes:
    """Length and JSON of the header of tensors that lie one after the other."""
    entries = {}
    position = 0
    for tensor in tensors:
        entries[tensor.name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [position, position + tensor.size],
        }
        position += tensor.size
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    if len(text) > MAX_HEADER_READ:
        raise Unsupported(f"a header of {len(text)} bytes; at most {MAX_HEADER_READ} are written")
    return len(text).to_bytes(8, "little") + text


def write(out: Path, tensors: Sequence[Tensor]) -> None:
    """Writes a new file, proved before it has its name.

    Raises UsageError where there is one, CannotLook where it cannot be written, TamperError where
    what was written is not what was read.
    """
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out}: is there already", advice="choose another name")
    listed = ordered(tensors)
    head = header(listed)
    draft = out.with_name(f".{out.name}.{secrets.token_hex(6)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            _fill(file, head, listed)
        prove(draft, listed, head)
        os.link(draft, out)  # never over another file
        sync_folder(out.parent)
    except FileExistsError as error:
        raise UsageError(f"{out}: is there already", advice="choose another name") from error
    except OSError as error:
        raise CannotLook(
            f"{out}: cannot be written: {error.strerror}",
            advice="is the folder there and writable, and the disk not full?",
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def _fill(file: BinaryIO, head: bytes, tensors: Sequence[Tensor]) -> None:
    file.write(head)
    for tensor in tensors:
        file.writelines(pieces(tensor))
    file.flush()
    os.fsync(file.fileno())


def prove(path: Path, tensors: Sequence[Tensor], head: bytes) -> None:
    """Reads the file with the scanner's own reader, and holds name, type, shape and every byte of
    each tensor against the source. TamperError where one differs."""
    with opened(path) as (data, _):
        problems = _read_back(data)
        if problems:
            raise TamperError(f"what was written is not a safetensors file: {problems[0]}")
        if bytes(data[: len(head)]) != head:
            raise TamperError("the header that was written is another one")
        entries = json.loads(bytes(data[8 : len(head)]))
        for tensor in tensors:
            entry = entries.pop(tensor.name)
            start, end = (len(head) + each for each in entry["data_offsets"])
            same = (entry["dtype"], tuple(entry["shape"])) == (tensor.dtype, tensor.shape)
            with memoryview(data)[start:end] as there:
                if not same or not _equal(there, pieces(tensor)):
                    raise TamperError(f"tensor {quoted(tensor.name)} is not what the source holds")
        if entries:
            raise TamperError("the file holds tensors that the source does not")


def _equal(there: memoryview, parts: Iterator[bytes | memoryview]) -> bool:
    position = 0
    for part in parts:
        if there[position : position + len(part)] != part:
            return False
        position += len(part)
    return position == len(there)


def _read_back(data: Buffer) -> list[str]:
    """What the reader of safetensors has to say."""
    from sealwright.vetting.interface import Examining, Member
    from sealwright.vetting.packs.load import builtin_policy
    from sealwright.vetting.scan import inspect
    from sealwright.vetting.session import Session

    session = Session(policy=builtin_policy(), inspect=inspect)
    work = Examining(Member(path="draft.safetensors", data=data), session)
    assert FORMAT.examine is not None
    FORMAT.examine(work)
    return [*(seen.finding.message for seen in work.observations), *work.gaps]
