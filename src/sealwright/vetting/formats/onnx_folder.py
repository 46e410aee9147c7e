"""ONNX models whose tensors lie in files beside them: that the files are there and hold just
those.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from sealwright.errors import SealwrightError
from sealwright.vetting.formats import onnx_rules as rules
from sealwright.vetting.interface import DirectoryCheck, Examining, Listing, Member, quoted
from sealwright.vetting.recognise import UNKNOWN

if TYPE_CHECKING:
    from sealwright.vetting.formats.onnx_tensors import External
    from sealwright.vetting.protobuf import Message

_ALIGNMENT = 1 << 16
"""Writers begin large tensors at a page: so many bytes may lie between two tensors."""
_LISTED = 20


class _File(msgspec.Struct):
    """A file of tensors as one or more models use it."""

    size: int
    spans: list[tuple[int, int]] = msgspec.field(default_factory=list)


def applies(listing: Listing) -> bool:
    """A folder that holds ONNX models itself."""
    return any(_is_model(name) for name in listing.members)


def _is_model(name: str) -> bool:
    return "/" not in name and name.endswith(".onnx")


def examine(listing: Listing, examining: Examining) -> None:
    """Every tensor that is elsewhere. A file that consists of tensors is known for what it is."""
    files: dict[str, _File] = {}
    for name in sorted(filter(_is_model, listing.members)):
        member = listing.members[name]()
        if b"location" not in bytes(member.data):
            continue
        for found in _tensors(member):
            examining.session.spend(4)
            _place(found, listing, files, member.path, examining)
    for name, file in files.items():
        if _covered(file):
            _account(listing.members[name]().path, examining)


def _tensors(member: Member) -> Iterator[External]:
    """The tensors that a model keeps elsewhere; what is wrong with the model is told by its
    reader.
    """
    from sealwright.vetting.formats.onnx_tables import SCHEMA
    from sealwright.vetting.formats.onnx_tensors import external
    from sealwright.vetting.protobuf import Budget, read_message

    try:
        model = read_message(member.data, kind="ModelProto", schema=SCHEMA, budget=Budget())
    except SealwrightError:
        return
    pending: list[Message] = [model]
    while pending:
        message = pending.pop()
        if message.type == "TensorProto" and message.each("external_data"):
            found = external(member.data, message)
            if found is not None:
                yield found
        for inner in message.messages.values():
            pending.extend(inner)


def _place(
    tensor: External, listing: Listing, files: dict[str, _File], place: str, examining: Examining
) -> None:
    """Holds one tensor against the file that it names."""
    name = tensor.location.removeprefix("./")
    if name not in listing.members:
        examining.find(rules.MISSING, f"the file {quoted(name)} is not there", location=place)
        return
    path = Path(listing.root, name)
    if name not in files:
        files[name] = _File(_size(path, listing, name))
        if _leads_out(path, Path(listing.root)):
            message = f"{quoted(name)} is a link that leads out of the folder"
            examining.find(rules.ESCAPE, message, location=place)
    file = files[name]
    length = tensor.length if tensor.length is not None else file.size - tensor.offset
    if tensor.offset < 0 or length < 0 or tensor.offset + length > file.size:
        message = f"{quoted(tensor.name)}: bytes {tensor.offset} to {tensor.offset + length}"
        examining.find(rules.OUTSIDE, f"{message} of {file.size}", location=place)
    elif tensor.needed is not None and tensor.needed != length:
        message = f"{quoted(tensor.name)} needs {tensor.needed} bytes and is given {length}"
        examining.find(rules.OUTSIDE, message, location=place)
    else:
        file.spans.append((tensor.offset, tensor.offset + length))


def _size(path: Path, listing: Listing, name: str) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return len(listing.members[name]().data)


def _leads_out(path: Path, root: Path) -> bool:
    """Whether a link of the folder leads elsewhere; the blobs of a download cache do not count."""
    try:
        target = path.resolve()
        inside = target.is_relative_to(root.resolve())
    except OSError:
        return True
    return path.is_symlink() and not inside and target.parent.name != "blobs"


def _covered(file: _File) -> bool:
    """Whether tensors fill the file, but for the bytes that align them."""
    position = 0
    for start, end in sorted(file.spans):
        if start - position > _ALIGNMENT:
            return False
        position = max(position, end)
    return file.size - position <= _ALIGNMENT and bool(file.spans)


def _account(path: str, examining: Examining) -> None:
    """Takes back that the file is of no known format, if that is all there is against it."""
    reports = examining.session.reports
    for index, report in enumerate(reports):
        if report.path == path and {seen.rule for seen in report.observations} == {UNKNOWN}:
            reports[index] = replace(
                report,
                formats=("onnx-tensors",),
                verdict="pass",
                numbers=report.size,
                observations=(),
            )


CHECK = DirectoryCheck(
    id="onnx-folder",
    title="Tensors of ONNX models in other files",
    examines=(
        "That each file which a model names is there, that every tensor lies within it and has the "
        "size of its type and shape, and that the file holds nothing but tensors."
    ),
    applies=applies,
    examine=examine,
    rules=(rules.MISSING, rules.OUTSIDE, rules.ESCAPE),
)
