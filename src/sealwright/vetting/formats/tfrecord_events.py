"""One event of TensorBoard: numbers, pictures and texts of a run, and the graph that it ran."""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.vetting.formats import tensorflow_rules as rules
from sealwright.vetting.formats.tensorflow_graph import (
    judge_operations,
    program_of,
    report_strange,
)
from sealwright.vetting.formats.tensorflow_paths import judge_paths
from sealwright.vetting.formats.tensorflow_schema import SCHEMA
from sealwright.vetting.interface import Examining
from sealwright.vetting.protobuf import Budget, Message, Span, read_message

_FIELDS = 2_000_000
_MESSAGES = 300_000
_TEXT = 1024 * 1024
_GRAPH_TEXT = 64 * 1024 * 1024
_SHOWN = 20
_WHAT = ("version", "graph", "summary", "log", "session", "run", "meta_graph")
"""An event holds one of these."""
_LOGGING = frozenset(
    (
        *("WriteSummary", "WriteScalarSummary", "WriteImageSummary", "WriteAudioSummary"),
        *("WriteHistogramSummary", "WriteGraphSummary", "WriteRawProtoSummary"),
        *("FlushSummaryWriter", "SummaryWriter"),
    )
)
"""They wrote the event file; the operation that names a file is CreateSummaryFileWriter."""


def _read(examining: Examining, kind: str, span: Span, text: int) -> Message:
    budget = Budget(fields=_FIELDS, messages=_MESSAGES, text=text)
    message = read_message(examining.data, kind=kind, schema=SCHEMA, budget=budget, span=span)
    examining.session.spend(_FIELDS - budget.fields)
    left = _SHOWN - sum(
        seen.rule in (rules.STRANGE, rules.NEWER) for seen in examining.observations
    )
    report_strange(message, examining, limit=left)
    return message


def examine_event(examining: Examining, span: Span) -> Message:
    """Reads an event and judges its graphs. Raises LimitReached where it is too large."""
    event = _read(examining, "Event", span, _TEXT)
    held = [name for name in _WHAT if event.has(name)]
    if len(held) > 1:
        message = f"an event is {' and '.join(held)} at once"
        examining.find(rules.STRANGE, message, offset=span.start)
    for graph in event.spans.get("graph", ()):
        _judge(examining, _read(examining, "Graph", graph, _GRAPH_TEXT))
    for meta in event.spans.get("meta_graph", ()):
        if meta.size:
            data = memoryview(examining.data)[meta.start : meta.end]
            examining.session.visit("meta graph", data, within=examining.member)
    return event


def _judge(examining: Examining, graph: Message) -> None:
    """Judges what TensorFlow would run. An operation that it does not have is the name of a box in
    a drawing: `aten::addmm`, `IO Node`."""
    seen = Examining(examining.member, examining.session)
    program = program_of(examining.data, [graph])
    for body in program.bodies:
        for name in [name for name, one in body.nodes.items() if one.text("op") in _LOGGING]:
            del body.nodes[name]
    judge_operations(program, seen)
    judge_paths(program, seen)
    examining.observations += [one for one in seen.observations if one.rule is not rules.CUSTOM]


def values(event: Message) -> Iterator[tuple[Span, str]]:
    """The values in an event that may be a file, and what each is."""
    for run in event.each("run"):
        yield from ((span, "metadata of a run") for span in run.spans.get("metadata", ()))
    for summary in event.each("summary"):
        for value in summary.each("value"):
            for part, name in (("image", "encoded"), ("audio", "encoded"), ("tensor", "string")):
                for one in value.each(part):
                    yield from ((span, part) for span in one.spans.get(name, ()))
            for metadata in value.each("metadata"):
                for plugin in metadata.each("plugin"):
                    yield from ((span, "plugin") for span in plugin.spans.get("content", ()))
