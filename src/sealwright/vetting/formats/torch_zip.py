"""Examines torch archives (torch.save since 1.6, torch.jit.save, mobile, torch.package, PT2) within
a zip.

Follows PyTorchStreamReader (caffe2/serialize/inline_container.cc): records are looked up below the
folder of the archive's first entry, without regard to case. Every data.pkl is examined, wherever it
lies.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec.structs import replace

from sealwright.patterns import regex
from sealwright.vetting.archives.interface import ZipLayout
from sealwright.vetting.archives.zip_archive import Archive, Entry
from sealwright.vetting.archives.zip_read import STORED
from sealwright.vetting.formats import torch_rules as rules
from sealwright.vetting.formats import torch_script
from sealwright.vetting.formats.torch_records import (
    CLOSED,
    ROOT_PICKLES,
    Root,
    check_marks,
    check_rest,
    check_roots,
    folders_of,
    read_root,
)
from sealwright.vetting.interface import Examining
from sealwright.vetting.pickle.policy import Entry as PolicyEntry
from sealwright.vetting.pickle.policy import Policy

_CLASS = regex(r"^\s*class\s+([A-Za-z_]\w*)\s*\(", re.MULTILINE)


def recognise(archive: Archive) -> bool:
    """A folder with a version mark, as the reader asks for it, and one of torch's pickles or
    marks."""
    return bool(folders_of(archive))


def examine(archive: Archive, examining: Examining) -> Collection[Entry]:
    """Examines every root; gives back the entries that need no second look by their content."""
    taken: set[Entry] = set()
    roots = [read_root(archive, folder) for folder in folders_of(archive)]
    check_roots(archive, roots, examining)
    for root in roots:
        taken |= _examine_root(archive, root, examining)
    return taken


def _examine_root(archive: Archive, root: Root, examining: Examining) -> set[Entry]:
    from sealwright.vetting.formats.torch_pt2 import raw_weights

    taken = check_marks(archive, root, examining)
    sources, classes = _sources(archive, root, examining, taken)
    torch_script.examine_sources(sources, examining)
    package = bool(root.entries(".data/extern_modules"))
    if package:
        examining.find(rules.PACKAGE, "the archive has .data/extern_modules")
    policy = _with_classes(examining.session.policy, classes)
    for name, entries in root.records.items():
        if _is_pickle(name, script=bool(sources), package=package):
            for entry in entries:
                _pickle(archive, root, entry, examining, policy, package=package)
                taken.add(entry)
    numbers = root.used - taken
    numbers |= set(raw_weights(archive, list(root.records), root.entries, examining)) - taken
    for entry in numbers:
        examining.numbers += entry.end - entry.start
    taken |= numbers
    check_rest(archive, root, examining, taken)
    return taken


def _is_pickle(name: str, *, script: bool, package: bool) -> bool:
    """Whether torch unpickles a record with the storages of the archive."""
    if name in ROOT_PICKLES or (package and name.endswith(".pkl")):
        return True
    return (
        script
        and name.endswith((".pkl", ".debug_pkl"))
        and ("/" not in name or name.startswith(("code/", ".data/ts_code/")))
    )


def _sources(
    archive: Archive, root: Root, examining: Examining, taken: set[Entry]
) -> tuple[list[torch_script.Source], set[tuple[str, str]]]:
    """The TorchScript source below code/, and the classes that it defines."""
    sources: list[torch_script.Source] = []
    classes: set[tuple[str, str]] = set()
    for name, entries in root.records.items():
        place = name.find("code/")
        if not name.endswith(".py") or place not in (0, len(".data/ts_code/")):
            continue
        for entry in entries:
            content = archive.read(entry)
            source = torch_script.decode(bytes(content or b""), entry.name, examining)
            if source is None:
                continue
            sources.append(source)
            taken.add(entry)
            examining.parsed += entry.end - entry.start
            path = entry.name[len(root.folder) + place + len("code/") : -len(".py")]
            module = path.replace("/", ".")
            classes |= {(module, each) for each in _CLASS.findall(source.text)}
    return sources, classes


NATIVE_CLASSES = frozenset(
    (f"__torch__.torch.classes.{space}", name)
    for space, names in {
        "quantized": "LinearPackedParamsBase Conv2dPackedParamsBase Conv3dPackedParamsBase "
        "EmbeddingPackedParamsBase",
        "sparse": "LinearPackedParamsBase",
        "rnn": "CellParamsBase",
        "xnnpack": "LinearOpContext Conv2dOpContext TransposeConv2dOpContext",
    }.items()
    for name in names.split()
)
"""Classes of torch itself that scripts of quantized models hold."""


def _with_classes(policy: Policy, classes: set[tuple[str, str]]) -> Policy:
    """The policy with the archive's own TorchScript classes, which no Python module provides."""
    if classes:
        classes = classes | NATIVE_CLASSES
    own = {
        (module, name): PolicyEntry(
            name=f"{module}.{name}", role="class", args="any", state="any", hashable=True
        )
        for module, name in classes
        if module == "__torch__" or module.startswith("__torch__.")
    }
    return replace(policy, entries={**policy.entries, **own}) if own else policy


def _pickle(
    archive: Archive,
    root: Root,
    entry: Entry,
    examining: Examining,
    policy: Policy,
    *,
    package: bool,
) -> None:
    """Judges one pickle with the storages that lie beside it."""
    from sealwright.vetting.formats.torch_pickle import examine_pickle, part, strings
    from sealwright.vetting.formats.torch_storages import Storages

    data = archive.read(entry)
    if data is None:
        return
    stem = entry.name.casefold().rpartition("/")[2].removesuffix(".pkl")

    def measure(key: str) -> int | None:
        names = [f"{folder}/{key}" for folder in (stem, "data", "constants", "tensors")]
        if package:
            names = [f".data/{key}.storage", f".data/{key}"]
        for name in names:
            for one in root.entries(name):
                if not one.flags & CLOSED:
                    root.used.add(one)
                return _length(archive, one)
        return None

    storages = Storages(measure, without_data=stem == "traced_inputs")
    inner = part(examining, entry.name, data)
    trace = examine_pickle(inner, storages=storages, policy=policy)
    examining.parsed += entry.end - entry.start
    if stem == "bytecode":
        torch_script.examine_operators(strings(trace), examining, where=entry.name)
    if trace.end < len(data):
        rest = memoryview(data)[trace.end :]
        inner.find(rules.EXTRA, f"{len(rest)} bytes follow the pickle", offset=trace.end)
        examining.session.visit(f"{entry.name}!trailing", rest, within=examining.member)


def _length(archive: Archive, entry: Entry) -> int:
    """Bytes of a record; a compressed one is inflated to learn it."""
    if entry.method == STORED:
        return entry.end - entry.start
    content = archive.read(entry)
    return len(content) if content is not None else 0


LAYOUT = ZipLayout(
    id="torch",
    title="Torch archive",
    recognise=recognise,
    examine=examine,
    rules=(*rules.RULES, *torch_script.RULES),
)
