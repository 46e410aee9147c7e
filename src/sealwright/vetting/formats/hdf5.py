"""HDF5 files of any program: what they hold beside numbers, and what leads out of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sealwright.errors import MalformedError
from sealwright.vetting import documents
from sealwright.vetting.formats import hdf5_rules as rules
from sealwright.vetting.formats.embedded import is_file
from sealwright.vetting.hdf5.bytes import Source
from sealwright.vetting.hdf5.superblock import open_file, place
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule, quoted

if TYPE_CHECKING:
    from sealwright.vetting.hdf5.walk import Dataset, Outside, Unknown, Value

_CONFIGURATIONS = ("@model_config", "@training_config")
_BUILT_IN = frozenset((1, 2, 3, 4, 5, 6, 32000))
"""Deflate, shuffle, Fletcher-32, szip, n-bit, scale-offset, and LZF, which h5py brings along."""
_REGISTERED = frozenset((305, 307, *range(32001, 32032)))
"""Filters of the HDF Group's list of registered plug-ins: LZO, bzip2, Blosc, LZ4 and so on."""
_MAX_SHOWN = 20


def recognise(member: Member) -> Fit:
    """By the first superblock. In a tar archive it may be that of a member, which is visited."""
    start = place(member.data)
    if start is None or (start == 512 and bytes(member.data[257:262]) == b"ustar"):
        return "no"
    return "strong"


def examine(examining: Examining) -> None:
    """Looks at everything that the root reaches, and at what stands before and after the file."""
    from sealwright.vetting.hdf5.walk import walk

    work = _Work(examining)
    sources: list[Source] = []
    try:
        for item in walk(examining.data, spend=examining.session.spend, opened=sources.append):
            work.look(item)
    finally:
        for source in sources:
            examining.parsed += min(source.parsed, len(examining.data) - examining.numbers)
            for reason in dict.fromkeys(source.gaps[:_MAX_SHOWN]):
                examining.gap(reason)
    _around(examining)


def _around(examining: Examining) -> None:
    """What stands before the superblock and behind the end that it declares."""
    data = examining.data
    source, superblock = open_file(data, spend=examining.session.spend)
    end = source.base + superblock.end
    before, after = bytes(data[: source.base]), memoryview(data)[max(end, 0) :]
    if before.strip(b"\0"):
        examining.session.visit("user block", before, within=examining.member)
        examining.parsed += len(before)
    if end > len(data):
        raise MalformedError(f"the file is cut off: {len(data)} bytes of {end}")
    if len(after) and bytes(after[: 1 << 20]).strip(b"\0"):
        examining.session.visit("trailing", after, within=examining.member)
        examining.parsed += len(after)


class _Work:
    """Judges one item after the other. Each rule is shown at most `_MAX_SHOWN` times."""

    def __init__(self, examining: Examining) -> None:
        self.examining = examining
        self.shown: Counter[str] = Counter()
        self.filters: set[int] = set()

    def find(self, rule: Rule, message: str) -> None:
        self.shown[rule.id] += 1
        if self.shown[rule.id] <= _MAX_SHOWN:
            self.examining.find(rule, message)

    def look(self, item: Value | Dataset | Outside | Unknown) -> None:
        from sealwright.vetting.hdf5.walk import Dataset, Outside, Value

        if isinstance(item, Value):
            self.value(item)
        elif isinstance(item, Dataset):
            self.dataset(item)
        elif isinstance(item, Outside):
            link = item.link
            rule = rules.EXTERNAL_LINK if link.kind == "external" else rules.USER_LINK
            self.find(rule, f"{quoted(item.path)} leads to {quoted(link.target)}")
        else:
            self.find(rules.USER_LINK, f"{quoted(item.path)} has {item.what}")

    def dataset(self, item: Dataset) -> None:
        self.examining.numbers += item.numbers
        if item.external:
            files = ", ".join(quoted(name) for name in item.external[:5])
            self.find(rules.EXTERNAL_STORAGE, f"{quoted(item.path)} is kept in {files}")
        if item.virtual:
            self.find(rules.VIRTUAL, f"{quoted(item.path)} is a virtual dataset")
        for step in item.filters:
            if step.id in _BUILT_IN or step.id in self.filters:
                continue
            self.filters.add(step.id)
            rule = rules.PLUGIN_FILTER if step.id in _REGISTERED else rules.UNKNOWN_FILTER
            self.find(rule, f"{quoted(item.path)}: filter {step.id} {quoted(step.name)}")

    def value(self, item: Value) -> None:
        data = item.held.data
        if len(data) < 3:
            return
        if item.held.kind == "text" and self.document(item.path, data):
            return
        if is_file(data, self.examining.session):
            self.examining.session.visit(item.path, data, within=self.examining.member)

    def document(self, path: str, data: bytes) -> bool:
        """Whether the text was JSON, or has to be."""
        expected = path.endswith(_CONFIGURATIONS)
        stripped = data.lstrip(b"\xef\xbb\xbf \t\r\n")
        if not expected and stripped[:1] not in (b"{", b"["):
            return False
        try:
            documents.examine_json(data, self.examining, what=path)
        except MalformedError as error:
            if expected:
                self.find(rules.BROKEN_CONFIG, f"{quoted(path)}: {error.message}")
            return expected
        return True


FORMAT = Format(
    id="hdf5",
    title="HDF5 file",
    examines=(
        "The structure from the superblock on: every group, dataset, attribute and link that the "
        "root reaches, in all versions of the format. Texts that are JSON are given to the checks "
        "of documents (Keras configurations), texts and blobs of other formats are examined as "
        "those. Links and data outside the file, filters, user block and trailing bytes. Numbers "
        "are counted and not judged. Not read: texts in chunks of the newest index types, "
        "compressed heaps, the shared message heap (inconclusive)."
    ),
    extensions=(".h5", ".hdf5", ".hdf", ".he5"),
    recognise=recognise,
    examine=examine,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
    executes=True,
)
