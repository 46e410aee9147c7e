"""The tensors of a torch checkpoint, found by following its pickle; nothing of it is executed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sealwright.errors import MalformedError, Unsupported
from sealwright.vetting.archives.zip_archive import Archive
from sealwright.vetting.archives.zip_read import STORED
from sealwright.vetting.convert.interface import Left, Plan, Tensor
from sealwright.vetting.convert.strided import problem
from sealwright.vetting.formats import torch_named as named
from sealwright.vetting.formats.torch_records import Root, folders_of, read_root
from sealwright.vetting.formats.torch_storages import Storage, Storages, numbers, text_of, whole
from sealwright.vetting.interface import Buffer, quoted
from sealwright.vetting.pickle.machine import run
from sealwright.vetting.pickle.trace import Asked, Trace
from sealwright.vetting.pickle.values import Const, Global, List, Made, Persistent, Tuple, Value
from sealwright.vetting.session import Session

_STORAGES = {
    "DoubleStorage": "F64",
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "ComplexFloatStorage": "C64",
}
_DTYPES = {
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e8m0fnu": "F8_E8M0",
}
"""torch's names of element types → those of safetensors."""

Open = Callable[[], Buffer]
Find = Callable[[Storage], tuple[Open, int] | None]
"""Gives a storage's bytes and how many they are."""


class _Notes(msgspec.Struct):
    gradients: bool = False
    versions: bool = False
    nested: bool = False


def plan_zip(archive: Archive) -> Plan:
    """Of a zip archive that `torch.save` wrote. Unsupported for TorchScript and exports."""
    folders = folders_of(archive)
    root = read_root(archive, folders[0]) if len(folders) == 1 else None
    if root is None:
        raise Unsupported("the archive holds more than one checkpoint")
    if any(name.startswith("code/") or name == "constants.pkl" for name in root.records):
        raise Unsupported("a TorchScript archive is a program: it is more than its tensors")
    pickles = root.entries("data.pkl")
    if len(pickles) != 1:
        raise Unsupported(f"{len(pickles)} records are called data.pkl")
    order = root.entries("byteorder")
    if order and archive.peek(order[0], 16) != b"little":
        raise Unsupported("the numbers are not stored in little-endian order")
    data = archive.read(pickles[0])
    if data is None:
        raise Unsupported("data.pkl cannot be read")
    trace = _followed(data, 0, archive.session)

    def find(storage: Storage) -> tuple[Open, int] | None:
        return _record(archive, root, storage.key)

    return _plan("a torch checkpoint", trace, Storages(), find)


def _record(archive: Archive, root: Root, key: str) -> tuple[Open, int] | None:
    entries = root.entries(f"data/{key}")
    if len(entries) != 1:
        return None
    (entry,) = entries

    def content() -> Buffer:
        read = archive.view(entry) if entry.method == STORED else archive.read(entry)
        if read is None:
            raise Unsupported(f"record {quoted(entry.name)} cannot be read")
        return read

    return content, entry.end - entry.start if entry.method == STORED else entry.size


def plan_legacy(data: Buffer, session: Session) -> Plan:
    """Of a file that torch before 1.6 wrote: five pickles, then the storages one by one."""
    position = 0
    for _ in range(3):
        position = _followed(data, position, session).end
    main = _followed(data, position, session)
    keys = _followed(data, main.end, session)
    storages = Storages(legacy=True)
    sizes: dict[str, int] = {}
    for event in main.events:
        if type(event) is Asked:
            asked = storages.parse(event.persistent.id)
            if isinstance(asked, Storage):
                sizes.setdefault(asked.key, asked.numel * asked.itemsize)
    places: dict[str, tuple[int, int]] = {}
    position = keys.end
    listed = keys.result.items if isinstance(keys.result, List | Tuple) else ()
    for item in listed:
        key = text_of(item)
        if key is None or key not in sizes:
            raise MalformedError("a storage key belongs to no storage")
        places[key] = (position + 8, position + 8 + sizes[key])
        position = places[key][1]
    if position > len(data):
        raise MalformedError("the file ends before its last storage")

    def find(storage: Storage) -> tuple[Open, int] | None:
        if storage.key not in places:
            return None
        start, end = places[storage.key]
        return (lambda: memoryview(data)[start:end]), end - start

    return _plan("a torch checkpoint in the form before 1.6", main, storages, find)


def _followed(data: Buffer, start: int, session: Session) -> Trace:
    trace = run(data, start=start, session=session)
    if trace.broken or trace.result is None:
        raise MalformedError(f"the pickle at byte {start} breaks at byte {trace.end}")
    return trace


def _plan(form: str, trace: Trace, storages: Storages, find: Find) -> Plan:
    assert trace.result is not None
    tensors: list[Tensor] = []
    left: list[Left] = []
    notes = _Notes(versions=_has_versions(trace.result))
    keys: list[str] = []
    for path, value in named.leaves(trace.result):
        if path == named.MORE:
            raise Unsupported(f"more than {named.MAX_LEAVES} values")
        name = ".".join(path)
        notes.nested = notes.nested or len(path) > 1
        made = _tensor(name, value, storages, find, keys)
        if isinstance(made, Tensor):
            notes.gradients = notes.gradients or named.needs_gradient(value)
            tensors.append(made)
        else:
            left.append(Left(name or "the file itself", made))
    return Plan(
        form=form, tensors=tuple(tensors), left=tuple(left), notes=tuple(_told(notes, keys))
    )


def _has_versions(value: Value) -> bool:
    inside = (named.mapping(value) or {}).values()
    return any(named.has_versions(one) for one in (value, *inside) if named.mapping(one))


def _told(notes: _Notes, keys: list[str]) -> list[str]:
    shared = len(keys) - len(set(keys))
    return [
        *(["nested names are joined by dots"] if notes.nested else []),
        *(["which tensors need a gradient is not kept"] if notes.gradients else []),
        *(["the versions of modules (_metadata) are not kept"] if notes.versions else []),
        *(
            [f"{shared} tensors shared their bytes with others; each has its own now"]
            if shared
            else []
        ),
    ]


def _tensor(
    name: str, value: Value, storages: Storages, find: Find, keys: list[str]
) -> Tensor | str:
    """The tensor that a leaf stands for, or what it is instead."""
    found = named.rebuilt(value)
    if found is None or not name:
        return _kind(value)
    function, args = found
    kind = named.element_type(function, args)
    dtype = (_DTYPES if function.endswith("_v3") else _STORAGES).get(kind)
    if dtype is None:
        return f"a tensor of type {quoted(kind)}"
    storage = storages.parse(args[0].id) if type(args[0]) is Persistent else None
    offset, shape, strides = whole(args[1]), numbers(args[2]), numbers(args[3])
    if not isinstance(storage, Storage) or offset is None or shape is None or strides is None:
        return "a tensor of a form that torch does not write"
    place = find(storage)
    if place is None:
        return f"a tensor whose storage {quoted(storage.key)} is not there"
    content, held = place
    if storage.view:
        start, size = (each * storage.itemsize for each in storage.view)
        content, held = _part(content, start, start + size), size
    made = Tensor(
        name=name,
        dtype=dtype,
        shape=shape,
        strides=strides,
        offset=offset,
        storage=content,
        held=held,
    )
    wrong = problem(made)
    if not wrong and made.size:
        keys.append(storage.key)
    return f"a tensor that is none: {wrong}" if wrong else made


def _part(content: Open, start: int, end: int) -> Open:
    return lambda: memoryview(content())[start:end]


def _kind(value: Value) -> str:
    """What a leaf is, for people."""
    if type(value) is Const:
        return "nothing (None)" if value.value is None else f"a {type(value.value).__name__}"
    if type(value) is Made and type(value.function) is Global:
        return f"an object made by {quoted(value.function.dotted)}"
    return f"a {type(value).__name__.lower()}"
