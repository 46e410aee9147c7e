"""TensorFlow's graphs: SavedModel, MetaGraphDef and GraphDef, and the metadata that Keras adds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sealwright.errors import LimitReached, MalformedError
from sealwright.patterns import regex
from sealwright.vetting import documents
from sealwright.vetting.formats import tensorflow_rules as rules
from sealwright.vetting.formats.tensorflow_schema import SCHEMA
from sealwright.vetting.interface import Buffer, Examining, Fit, Format, Member, quoted
from sealwright.vetting.protobuf import Budget, Message, read_message, varints
from sealwright.vetting.session import Spent

_OPERATION = regex(rb"[A-Za-z_][\w>./-]{0,200}", re.ASCII)
_LOOKED_AT = 2_000
"""Fields of a message by which it is recognised."""
_HEAD = 64 * 1024 * 1024
_KEPT = ("text", "bytes", "message")
_FIELDS = 2_000_000
_MESSAGES = 300_000
"""Nodes, mostly: each takes about a kilobyte."""


def _fields(data: Buffer, kind: str) -> frozenset[int]:
    """The field numbers of `data` as a message of `kind`, of the first `_LOOKED_AT` fields; none if
    a field does not belong there."""
    declared = SCHEMA[kind]
    found: set[int] = set()
    for number, kept, _, _ in _outline(data):
        if number not in declared or kept != (declared[number].kind in _KEPT):
            return frozenset()
        found.add(number)
    return frozenset(found if -1 not in found else ())


def _outline(data: Buffer) -> Iterator[tuple[int, bool, int, int]]:
    """(number, whether it holds bytes, start, end) of the first fields; -1 where it breaks."""
    position, end = 0, len(data)
    for _ in range(_LOOKED_AT):
        if position >= end:
            return
        tag, position = _number(data, position)
        wire, start = tag & 7, position
        if wire == 0:
            _, position = _number(data, position)
        elif wire == 2:
            size, start = _number(data, position)
            position = start + size
        else:
            position += {1: 8, 5: 4}.get(wire, end + 1)
        if position > end:
            yield -1, False, 0, 0
            return
        yield tag >> 3, wire == 2, start, position


def _number(data: Buffer, position: int) -> tuple[int, int]:
    """A variable-length number and the position behind it; beyond the end where it is cut off."""
    value = shift = 0
    while position < len(data) and shift < 70:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
    return value, len(data) + 1


def _first(data: Buffer, wanted: int) -> bytes | None:
    """The first field of a number that holds bytes, of the fields that are looked at."""
    for number, kept, start, end in _outline(data):
        if number == wanted and kept:
            return bytes(data[start : min(end, start + _HEAD)])
    return None


def _is_graph(data: Buffer) -> bool:
    """Whether the fields are those of a graph, and the first node or function is one."""
    found = _fields(data, "Graph")
    if 1 in found:
        node = _first(data, 1) or b""
        operation = _first(node, 2) or b""
        return 2 in _fields(node, "Node") and _OPERATION.fullmatch(operation) is not None
    return 2 in found and 1 in _fields(_first(data, 2) or b"", "Library")


def _is_meta_graph(data: Buffer) -> bool:
    """Whether the fields are those of a meta graph, and the first says for which TensorFlow."""
    found = _fields(data, "MetaGraph")
    if not (1 in found and 2 in found and _is_meta_info(_first(data, 1) or b"")):
        return False
    graph = _first(data, 2) or b""
    return not graph or bool(_fields(graph, "Graph") & {1, 2, 4})


def _is_meta_info(data: bytes) -> bool:
    return bool(_fields(data, "Info") & {2, 4, 5})


def recognise_saved_model(member: Member) -> Fit:
    """By a first meta graph of its own fields."""
    if bytes(member.data[:1]) not in (b"\x08", b"\x12"):
        return "no"
    found = _fields(member.data, "SavedModel")
    inner = _first(member.data, 2) if 2 in found else None
    return "strong" if inner and _is_meta_graph(inner) else "no"


def recognise_meta_graph(member: Member) -> Fit:
    """By its own fields and those of its first part."""
    if bytes(member.data[:1]) != b"\x0a" or _is_graph(member.data):
        return "no"
    return "strong" if _is_meta_graph(member.data) else "no"


def recognise_graph(member: Member) -> Fit:
    """By its own fields and those of its first node."""
    if bytes(member.data[:1]) not in (b"\x0a", b"\x12", b"\x22"):
        return "no"
    return "strong" if _is_graph(member.data) else "no"


def recognise_metadata(member: Member) -> Fit:
    """By the identifier of its first node."""
    if bytes(member.data[:1]) != b"\x0a" or 1 not in _fields(member.data, "Metadata"):
        return "no"
    identifier = _first(_first(member.data, 1) or b"", 4) or b""
    return "strong" if identifier.startswith(b"_tf_keras_") else "no"


def recognise_fingerprint(member: Member) -> Fit:
    """A small message of large numbers, by name and fields."""
    small = len(member.data) < 512 and member.name == "fingerprint.pb"
    return "strong" if small and _fields(member.data, "Fingerprint") >= {1, 2} else "no"


def _read(examining: Examining, kind: str) -> Message:
    budget = Budget(messages=_MESSAGES, fields=_FIELDS, text=64 * 1024 * 1024)
    try:
        message = read_message(examining.data, kind=kind, schema=SCHEMA, budget=budget)
    except LimitReached as error:
        raise Spent(error.message) from None
    examining.session.spend(_FIELDS - budget.fields)
    examining.parsed = len(examining.data)
    return message


def examine_saved_model(examining: Examining) -> None:
    """Every meta graph with its functions, assets and objects."""
    from sealwright.vetting.formats.tensorflow_graph import report_strange

    message = _read(examining, "SavedModel")
    report_strange(message, examining)
    if not message.each("meta_graphs"):
        raise MalformedError("a SavedModel without a graph")
    for meta in message.each("meta_graphs"):
        _meta_graph(meta, examining)


def examine_meta_graph(examining: Examining) -> None:
    """One meta graph, as checkpoints of TensorFlow 1 have it."""
    from sealwright.vetting.formats.tensorflow_graph import report_strange

    message = _read(examining, "MetaGraph")
    report_strange(message, examining)
    _meta_graph(message, examining)


def examine_graph(examining: Examining) -> None:
    """One graph with its functions."""
    from sealwright.vetting.formats.tensorflow_graph import (
        judge_operations,
        program_of,
        report_strange,
    )
    from sealwright.vetting.formats.tensorflow_paths import judge_paths

    message = _read(examining, "Graph")
    report_strange(message, examining)
    program = program_of(examining.data, [message])
    judge_operations(program, examining)
    judge_paths(program, examining)


def examine_metadata(examining: Examining) -> None:
    """The configurations of Keras objects beside a SavedModel."""
    from sealwright.vetting.formats.tensorflow_graph import report_strange

    message = _read(examining, "Metadata")
    report_strange(message, examining)
    for node in message.each("nodes"):
        _configuration(node.text("metadata"), node.text("path") or "metadata", examining)


def examine_fingerprint(examining: Examining) -> None:
    """Numbers that describe the other files."""
    from sealwright.vetting.formats.tensorflow_graph import report_strange

    report_strange(_read(examining, "Fingerprint"), examining)


def _meta_graph(meta: Message, examining: Examining) -> None:
    from sealwright.vetting.formats.tensorflow_graph import judge_operations, program_of
    from sealwright.vetting.formats.tensorflow_paths import judge_paths

    program = program_of(examining.data, meta.each("graph"))
    for asset in meta.each("assets"):
        filename = asset.text("filename")
        if _leads_outside(filename):
            examining.find(rules.ASSET, f"the asset {quoted(filename)}", offset=asset.start)
        else:
            program.given.update(one.text("name").split(":")[0] for one in asset.each("tensor"))
    for objects in meta.each("objects"):
        nodes = objects.each("nodes")
        for concrete in objects.each("functions"):
            for one in concrete.each("value"):
                examining.session.spend(sum(span.size for span in one.spans.get("bound", ())))
            program.bound[concrete.text("key")] = [
                _constant_of(nodes, number)
                for one in concrete.each("value")
                for span in one.spans.get("bound", ())
                for number in varints(examining.data, span)
            ]
        for node in nodes:
            for user in node.each("user"):
                if user.text("metadata").lstrip()[:1] == "{":
                    _configuration(user.text("metadata"), user.text("identifier"), examining)
    judge_operations(program, examining)
    judge_paths(program, examining)


def _constant_of(nodes: list[Message], number: int) -> str:
    """The constant behind an object; nothing if it is another object."""
    if not 0 <= number < len(nodes):
        return ""
    return next((one.text("operation") for one in nodes[number].each("constant")), "")


def _leads_outside(filename: str) -> bool:
    parts = filename.replace("\\", "/").split("/")
    return filename.startswith(("/", "\\")) or ".." in parts or ":" in filename or not filename


def _configuration(text: str, name: str, examining: Examining) -> None:
    if not text.strip():
        return
    try:
        documents.examine_json(text, examining, what=name)
    except MalformedError as error:
        message = f"the metadata of {quoted(name)}: {error.message}"
        examining.find(rules.MALFORMED, message)


_EXAMINES = (
    "Every node of the graph and of all functions by exact operation (TensorFlow 2.21): operations "
    "that read or write files, call Python or the network, end the process, run other graphs; "
    "where the names of saved and restored files come from; assets; unknown and repeated fields"
)
SAVED_MODEL = Format(
    id="tensorflow-saved-model",
    title="TensorFlow SavedModel",
    examines=f"{_EXAMINES}; configurations of Keras objects. Variables are not judged.",
    extensions=(".pb",),
    recognise=recognise_saved_model,
    examine=examine_saved_model,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
    executes=True,
)
META_GRAPH = Format(
    id="tensorflow-meta-graph",
    title="TensorFlow meta graph",
    examines=f"{_EXAMINES}.",
    extensions=(".meta",),
    recognise=recognise_meta_graph,
    examine=examine_meta_graph,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
    executes=True,
)
GRAPH = Format(
    id="tensorflow-graph",
    title="TensorFlow graph",
    examines=f"{_EXAMINES}. Weights in constants are not judged.",
    extensions=(".pb",),
    recognise=recognise_graph,
    examine=examine_graph,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
    executes=True,
)
METADATA = Format(
    id="keras-metadata",
    title="Keras metadata of a SavedModel",
    examines="The configuration of every Keras object, by the check of Keras configurations.",
    extensions=(".pb",),
    recognise=recognise_metadata,
    examine=examine_metadata,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
    executes=True,
)
FINGERPRINT = Format(
    id="tensorflow-fingerprint",
    title="Fingerprint of a SavedModel",
    examines="Its fields: numbers that nothing is loaded from.",
    extensions=(".pb",),
    recognise=recognise_fingerprint,
    examine=examine_fingerprint,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
)
FORMATS = (SAVED_MODEL, META_GRAPH, GRAPH, METADATA, FINGERPRINT)
