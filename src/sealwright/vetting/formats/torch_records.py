"""The records of a torch archive: which folder torch looks into, small marks, and what nobody
explains.

Follows PyTorchStreamReader (caffe2/serialize/inline_container.cc): records are looked up below the
folder of the archive's first entry, without regard to case.
"""

from __future__ import annotations

import re

import msgspec

from sealwright.patterns import regex
from sealwright.vetting.archives.zip_archive import Archive, Entry
from sealwright.vetting.formats import torch_rules as rules
from sealwright.vetting.interface import Examining, quoted

ROOT_PICKLES = ("data.pkl", "constants.pkl", "bytecode.pkl", "attributes.pkl")
"""Pickles right below the folder that torch unpickles."""
_MARKS: dict[str, re.Pattern[bytes]] = {
    "version": regex(rb"[0-9]{1,6}\n?"),
    "byteorder": regex(rb"little|big"),
    ".data/serialization_id": regex(rb"[0-9]{0,64}"),
    ".format_version": regex(rb"[0-9]{1,6}\n?"),
    ".storage_alignment": regex(rb"[0-9]{1,10}"),
    ".data/version": regex(rb"[0-9]{1,6}\n?"),
    "archive_format": regex(rb"[a-z0-9_]{1,32}\n?"),
    "archive_version": regex(rb"[0-9]{1,6}\n?"),
}
"""Small records with a fixed content, below the root."""
_NATIVE = (
    *(b"\x7fELF", b"MZ", b"!<arch>", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe"),
    *(b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf"),
)
_NATIVE_NAMES = (".so", ".dll", ".dylib", ".cubin", ".fatbin", ".hsaco", ".o", ".a")
MAX_ROOTS = 16
"""Folders that are examined as archives; more than one is a finding already."""
CLOSED = 0x41
"""Flags of an encrypted entry: left to the zip reader."""


class Root(msgspec.Struct):
    """One folder that is a torch archive: its records by lower-case name below the folder."""

    folder: str
    records: dict[str, list[Entry]] = msgspec.field(default_factory=dict)
    used: set[Entry] = msgspec.field(default_factory=set)
    """Storages that some pickle refers to."""

    def entries(self, name: str) -> list[Entry]:
        """All records that torch could take for `name`."""
        return self.records.get(name.casefold(), [])


def folders_of(archive: Archive) -> list[str]:
    """Folders that are torch archives, with their slash, sorted; none within another."""
    names = dict.fromkeys(_plain_name(entry) for entry in archive.entries)
    found: dict[str, None] = {}
    for name in names:
        folder = name.removesuffix(".data/extern_modules")
        if folder == name:
            folder, slash, last = name.rpartition("/")
            folder += slash
            if last not in ROOT_PICKLES and last != "archive_format":
                continue
        if f"{folder}version" in names or f"{folder}.data/version" in names:
            found[folder] = None
    outer: list[str] = []
    for folder in sorted(found):
        if not outer or not folder.startswith(outer[-1]):
            outer.append(folder)
    return outer[:MAX_ROOTS]


def _plain_name(entry: Entry) -> str:
    return entry.name.casefold().replace("\\", "/")


def read_root(archive: Archive, folder: str) -> Root:
    """The records below one folder."""
    root = Root(folder)
    for entry in archive.entries:
        name = _plain_name(entry)
        if name.startswith(folder) and not entry.is_folder:
            root.records.setdefault(name[len(folder) :], []).append(entry)
    return root


def check_roots(archive: Archive, roots: list[Root], examining: Examining) -> None:
    """Says where torch and other readers would look for different checkpoints."""
    first = _plain_name(archive.entries[0]).partition("/")[0] + "/"
    if len(roots) > 1:
        listed = ", ".join(quoted(root.folder) for root in roots[:5])
        examining.find(rules.ROOTS, f"{len(roots)} folders hold a checkpoint: {listed}")
    elif roots[0].folder != first:
        looked = any(_plain_name(entry) == f"{first}version" for entry in archive.entries)
        if looked:
            message = (
                f"torch looks into {quoted(first)}, the checkpoint is {quoted(roots[0].folder)}"
            )
            examining.find(rules.ROOTS, message)
    for root in roots:
        for name, entries in root.records.items():
            if len({entry.name for entry in entries}) > 1:
                message = f"records that differ in case only: {quoted(name)}"
                examining.find(rules.ROOTS, message, offset=entries[-1].header)


def check_marks(archive: Archive, root: Root, examining: Examining) -> set[Entry]:
    """Checks the small records; gives those that are what torch writes."""
    taken: set[Entry] = set()
    for name, pattern in _MARKS.items():
        for entry in root.entries(name):
            if entry.flags & CLOSED:
                continue
            content = archive.peek(entry, 4096)
            if not pattern.fullmatch(content):
                message = f"{quoted(entry.name)} holds {entry.size} bytes: {content[:32]!a}"
                examining.find(rules.MARK, message, offset=entry.start)
                continue
            archive.read(entry)
            examining.parsed += len(content)
            taken.add(entry)
    return taken


_EXPECTED = (
    "extra/",
    "models/",
    "data/sample_inputs/",
    "data/aotinductor/",
    ".data/ts_code/",
    "code/",
)
"""Folders whose records are examined by their content and need no explanation."""


def check_rest(archive: Archive, root: Root, examining: Examining, taken: set[Entry]) -> None:
    """What is left: native code, what other parts of torch write, and what nobody can explain."""
    compiled = bool(root.entries("archive_format"))
    package = bool(root.entries(".data/extern_modules"))
    for name, entries in root.records.items():
        for entry in entries:
            if entry in taken:
                continue
            if archive.peek(entry, 8).startswith(_NATIVE) or name.endswith(_NATIVE_NAMES):
                message = f"record {quoted(entry.name)} is native code"
                examining.find(rules.NATIVE, message, offset=entry.header)
            elif not (package or name.startswith(_EXPECTED) or (compiled and _of_pt2(name))):
                message = f"record {quoted(entry.name)} of {entry.size} bytes"
                examining.find(rules.EXTRA, message, offset=entry.header)
    for entry in archive.entries:
        outside = not _plain_name(entry).startswith(root.folder)
        if outside and entry not in taken and not entry.is_folder:
            message = f"entry {quoted(entry.name)} lies outside the checkpoint's folder"
            examining.find(rules.EXTRA, message, offset=entry.header)


def _of_pt2(name: str) -> bool:
    folder, _, last = name.rpartition("/")
    return folder in ("data/weights", "data/constants") and (
        last.endswith((".json", ".pt")) or last.startswith(("weight_", "tensor_", "custom_obj_"))
    )
