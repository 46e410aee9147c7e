"""The arrays of .npy and .npz files, by their headers; NumPy itself is not needed."""

from __future__ import annotations

from collections.abc import Callable

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.archives.zip_archive import Archive, Entry
from sealwright.vetting.archives.zip_read import STORED
from sealwright.vetting.convert.interface import Left, Plan, Tensor
from sealwright.vetting.convert.strided import MAX_RANK, column_major, row_major
from sealwright.vetting.formats.npy_header import MAGIC, MAX_HEADER, Header, read_header
from sealwright.vetting.interface import Buffer, quoted

_TYPE = regex(r"([<>|=]?)([?bBiufc])([0-9]{0,2})")
_DTYPES = {
    **{f"i{size}": f"I{8 * size}" for size in (1, 2, 4, 8)},
    **{f"u{size}": f"U{8 * size}" for size in (1, 2, 4, 8)},
    **{f"f{size}": f"F{8 * size}" for size in (2, 4, 8)},
    "b1": "BOOL",
    "?": "BOOL",
    "c8": "C64",
}
"""NumPy's type strings without their byte order → element types of safetensors."""
ALONE = "array"
"""Name of the one array of a .npy file, which has none."""


def plan_npy(data: Buffer) -> Plan:
    """Of a file with one array."""
    header = read_header(data, 0)
    made = _tensor(ALONE, header, lambda: data, held=len(data))
    left = [] if isinstance(made, Tensor) else [Left(ALONE, made)]
    if isinstance(made, Tensor) and header.start + header.size < len(data):
        left.append(
            Left("what follows the array", f"{len(data) - header.start - header.size} bytes")
        )
    tensors = (made,) if isinstance(made, Tensor) else ()
    return Plan(form="a NumPy array", tensors=tensors, left=tuple(left))


def plan_npz(archive: Archive) -> Plan:
    """Of an archive of arrays."""
    tensors: list[Tensor] = []
    left: list[Left] = []
    for entry in archive.entries:
        if entry.is_folder:
            continue
        made = _member(archive, entry)
        if isinstance(made, Tensor):
            tensors.append(made)
        else:
            left.append(Left(entry.name, made))
    return Plan(form="a NumPy archive", tensors=tuple(tensors), left=tuple(left))


def _member(archive: Archive, entry: Entry) -> Tensor | str:
    stored = entry.method == STORED
    head: Buffer = archive.view(entry) if stored else archive.peek(entry, MAX_HEADER + 16)
    if bytes(head[:6]) != MAGIC:
        return "no array"
    try:
        header = read_header(head, 0)
    except MalformedError as error:
        return f"no array: {error.message}"

    def content() -> Buffer:
        read = archive.view(entry) if stored else archive.read(entry)
        if read is None:
            raise MalformedError(f"member {quoted(entry.name)} cannot be read")
        return read

    held = entry.end - entry.start if stored else entry.size
    return _tensor(entry.name.removesuffix(".npy"), header, content, held=held)


def _tensor(name: str, header: Header, content: Callable[[], Buffer], *, held: int) -> Tensor | str:
    """The tensor of an array, or what it is instead."""
    match = _TYPE.fullmatch(header.descr) if isinstance(header.descr, str) else None
    dtype = _DTYPES.get(f"{match[2]}{match[3]}") if match else None
    if match is None or dtype is None:
        return f"an array of type {quoted(str(header.descr))}"
    if len(header.shape) > MAX_RANK:
        return f"an array of {len(header.shape)} dimensions"
    if header.start + header.size > held:
        return f"an array of {header.size} bytes, of which {held - header.start} are there"
    width = header.element.size // (2 if match[2] == "c" else 1)
    strides = column_major(header.shape) if header.fortran else row_major(header.shape)
    return Tensor(
        name=name,
        dtype=dtype,
        shape=header.shape,
        strides=strides,
        offset=0,
        storage=lambda: memoryview(content())[header.start : header.start + header.size],
        held=header.size,
        swap=width if match[1] == ">" and width > 1 else 0,
    )
