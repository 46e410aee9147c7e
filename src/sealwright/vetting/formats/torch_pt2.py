"""Accounts for the raw weights of a PT2 archive (torch.export.save since 2.8) by their
configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sealwright.errors import MalformedError
from sealwright.vetting.archives.zip_archive import Archive, Entry
from sealwright.vetting.documents import parse_json
from sealwright.vetting.formats import torch_rules as rules
from sealwright.vetting.interface import Examining, quoted
from sealwright.vetting.session import Spent

ITEMSIZES: dict[int, int] = {
    **dict.fromkeys((1, 2, 12, 29, 30, 31, 32, 33), 1),
    **dict.fromkeys((3, 6, 13, 28), 2),
    **dict.fromkeys((4, 7, 9), 4),
    **dict.fromkeys((5, 8, 10), 8),
    11: 16,
}
"""Scalar type of torch/_export/serde/schema.py → bytes of one element."""

Find = Callable[[str], list[Entry]]
"""Records by their name below the archive's folder."""


def raw_weights(
    archive: Archive, names: list[str], find: Find, examining: Examining
) -> Iterator[Entry]:
    """The records that configurations among `names` describe as plain numbers, where they fit."""
    for name in names:
        folder, _, last = name.rpartition("/")
        if folder not in ("data/weights", "data/constants") or not last.endswith("_config.json"):
            continue
        for entry in find(name):
            for payload in _payloads(archive, entry):
                yield from _record(archive, folder, payload, find, examining)


def _payloads(archive: Archive, entry: Entry) -> Iterator[dict[str, Any]]:
    content = archive.read(entry)
    if content is None:
        return
    try:
        value = parse_json(content, archive.session)
    except (MalformedError, Spent):
        return  # the visit of the record by its content says so
    config = value.get("config") if isinstance(value, dict) else None
    for payload in config.values() if isinstance(config, dict) else ():
        if isinstance(payload, dict) and payload.get("use_pickle") is False:
            yield payload


def _record(
    archive: Archive, folder: str, payload: dict[str, Any], find: Find, examining: Examining
) -> Iterator[Entry]:
    name, meta = payload.get("path_name"), payload.get("tensor_meta")
    if not isinstance(name, str) or not isinstance(meta, dict):
        return
    entries = find(f"{folder}/{name}")
    if len(entries) != 1:
        examining.find(rules.STORAGE, f"weight {quoted(name)} has {len(entries)} records")
        return
    entry = entries[0]
    held = entry.size if entry.method else entry.end - entry.start
    needed = _needed(meta)
    if needed is None or needed > held:
        message = f"weight {quoted(name)} needs {needed} bytes, its record has {held}"
        examining.find(rules.STORAGE, message, offset=entry.start)
        return
    yield entry


def _needed(meta: dict[str, Any]) -> int | None:
    """Bytes up to the last element that a tensor shows; None where it is not plain numbers."""
    sizes, strides = _numbers(meta.get("sizes")), _numbers(meta.get("strides"))
    offset = _numbers([meta.get("storage_offset")])
    dtype = meta.get("dtype")
    itemsize = ITEMSIZES.get(dtype) if isinstance(dtype, int) else None
    if sizes is None or strides is None or offset is None or itemsize is None:
        return None
    if len(sizes) != len(strides):
        return None
    if 0 in sizes:
        return 0
    steps = sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    return (offset[0] + steps + 1) * itemsize


def _numbers(values: Any) -> list[int] | None:
    if not isinstance(values, list):
        return None
    found = [value.get("as_int") if isinstance(value, dict) else None for value in values]
    plain = [number for number in found if type(number) is int and number >= 0]
    return plain if len(plain) == len(found) else None
