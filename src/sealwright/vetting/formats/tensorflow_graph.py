"""Every node of a TensorFlow graph and of its functions, judged by its operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from sealwright.errors import LimitReached
from sealwright.vetting.formats import tensorflow_names as names
from sealwright.vetting.formats import tensorflow_rules as rules
from sealwright.vetting.formats.tensorflow_schema import SCHEMA
from sealwright.vetting.interface import Buffer, Examining, Rule, quoted
from sealwright.vetting.protobuf import Budget, Message, read_message
from sealwright.vetting.session import Spent

_BY_SET: tuple[tuple[frozenset[str], Rule], ...] = (
    (names.PYTHON, rules.PYTHON),
    (names.FILES, rules.FILES),
    (names.NETWORK, rules.NETWORK),
    (names.PROCESS, rules.PROCESS),
    (names.NATIVE, rules.NATIVE),
    (names.DATASETS_FROM, rules.NESTED),
)
_NUMBERS = ("content", "float", "double", "int", "int64", "bool", "half", "scomplex", "dcomplex")
_ASSIGNMENTS = frozenset(("AssignVariableOp", "Assign"))
_MAX_SHOWN = 20


class Body(msgspec.Struct):
    """A graph or one function: its nodes and, of a function, its arguments."""

    name: str
    """Empty for the graph itself."""
    nodes: dict[str, Message]
    arguments: tuple[str, ...] = ()
    assigned: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Variable → what is assigned to it."""
    calls: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Node → the functions that its attributes name."""

    def __post_init__(self) -> None:
        """Notes the assignments."""
        for node in self.nodes.values():
            if node.text("op") in _ASSIGNMENTS:
                inputs = node.texts.get("input", [])
                self.assigned.setdefault("".join(inputs[:1]).split(":")[0], []).extend(inputs[1:2])


class Program(msgspec.Struct):
    """A graph with all its functions, and what else of its file bears on it."""

    data: Buffer
    bodies: list[Body] = msgspec.field(default_factory=list)
    given: set[str] = msgspec.field(default_factory=set)
    """Nodes of the graph whose constants stand for what the loader gives: assets."""
    bound: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Function → for its last arguments, the constant of the graph that each is bound to, or ''."""


def program_of(data: Buffer, graphs: Iterable[Message]) -> Program:
    """The bodies of some graphs."""
    program = Program(data)
    for graph in graphs:
        program.bodies.append(Body("", _named(graph.each("node"))))
        for library in graph.each("library"):
            for function in library.each("function"):
                signature = function.each("signature")
                program.bodies.append(
                    Body(
                        next((one.text("name") for one in signature), "?"),
                        _named(function.each("node")),
                        tuple(a.text("name") for one in signature for a in one.each("input")),
                    )
                )
    return program


def _named(nodes: Iterable[Message]) -> dict[str, Message]:
    """By name; a node whose name is taken keeps its place under another."""
    made: dict[str, Message] = {}
    for node in nodes:
        name = node.text("name")
        made[name if name not in made else f"{name}\0{len(made)}"] = node
    return made


def attributes(data: Buffer, node: Message) -> Iterator[tuple[str, Message]]:
    """Names and entries of a node's attributes, read one after the other and not kept."""
    budget = Budget(text=1 << 20)
    for span in node.spans.get("attr", ()):
        try:
            entry = read_message(data, kind="Attr", schema=SCHEMA, budget=budget, span=span)
        except LimitReached as error:
            raise Spent(error.message) from None
        yield entry.text("key"), entry


def attribute(data: Buffer, node: Message, key: str) -> Message | None:
    """The value of an attribute; of several the last, as TensorFlow takes it."""
    found = None
    for name, entry in attributes(data, node):
        if name == key:
            found = next(iter(entry.each("value")[-1:]), None)
    return found


def texts(data: Buffer, value: Message | None, field_name: str = "s") -> list[bytes]:
    """The strings of an attribute, or of a tensor (`string`)."""
    if value is None:
        return []
    spans = [*value.spans.get(field_name, ())]
    for inner in value.each("list"):
        spans += inner.spans.get(field_name, ())
    return [bytes(data[span.start : span.end]) for span in spans]


def report_strange(message: Message, examining: Examining, *, limit: int = _MAX_SHOWN) -> int:
    """Reports fields that no writer writes, in a message with all that it holds. How many."""
    pending, shown = [message], 0
    while pending and shown < limit:
        one = pending.pop()
        for what in one.strange[: limit - shown]:
            shown += 1
            rule = rules.NEWER if what.startswith("unknown field") else rules.STRANGE
            examining.find(rule, f"{one.type}: {what}")
        for inner in one.messages.values():
            pending += inner
    return shown


def judge_operations(program: Program, examining: Examining) -> None:
    """Reports every operation that does more than compute, once for each operation and body."""
    functions = {body.name for body in program.bodies}
    counted: Counter[tuple[str, str]] = Counter()
    shown: Counter[str] = Counter()
    left = _MAX_SHOWN
    for body in program.bodies:
        for name, node in body.nodes.items():
            examining.session.spend(1 + 8 * len(node.spans.get("attr", ())))
            for _, entry in attributes(program.data, node):
                examining.numbers += _tensor_bytes(entry)
                left -= report_strange(entry, examining, limit=left)
                if called := tuple(_called(entry)):
                    body.calls[name] = (*body.calls.get(name, ()), *called)
            operation = node.text("op")
            if operation not in functions:
                examining.fact("operator", operation)
            found = _judge(program.data, node, operation, functions)
            if found is None:
                continue
            rule, why = found
            counted[operation, body.name] += 1
            shown[rule.id] += 1
            if counted[operation, body.name] > 1 or shown[rule.id] > _MAX_SHOWN:
                continue
            place = f"the function {quoted(body.name)}" if body.name else "the graph"
            shown_name = quoted(node.text("name"))
            message = f"{quoted(operation)} in {place}, node {shown_name}{why}"
            examining.find(rule, message, offset=node.start)


def _judge(
    data: Buffer, node: Message, operation: str, functions: set[str]
) -> tuple[Rule, str] | None:
    for members, rule in _BY_SET:
        if operation in members:
            return rule, _constant_inputs(node)
    if operation == "PrintV2":
        for stream in texts(data, attribute(data, node, "output_stream")):
            if stream.startswith(b"file:"):
                return rules.FILES, f" writes to {quoted(stream.decode('utf-8', 'replace'))}"
    if operation in ("DecodeProtoV2", "EncodeProto"):
        for source in texts(data, attribute(data, node, "descriptor_source")):
            if source and not source.startswith((b"local://", b"bytes://")):
                return rules.FILES, f" reads {quoted(source.decode('utf-8', 'replace'))}"
    if operation.startswith("Debug"):
        for url in texts(data, attribute(data, node, "debug_urls")):
            return rules.FILES, f" sends to {quoted(url.decode('utf-8', 'replace'))}"
    if operation not in functions and not names.known(operation):
        return rules.CUSTOM, ""
    return None


def _constant_inputs(node: Message) -> str:
    inputs = [one for one in node.texts.get("input", ()) if not one.startswith("^")]
    return f" on {', '.join(quoted(one) for one in inputs[:3])}" if inputs else ""


def _tensor_bytes(entry: Message) -> int:
    tensors = (tensor for value in entry.each("value") for tensor in value.each("tensor"))
    stores = (
        span for tensor in tensors for store in _NUMBERS for span in tensor.spans.get(store, ())
    )
    return sum(span.size for span in stores)


def _called(entry: Message) -> Iterator[str]:
    """Functions that an attribute names."""
    for value in entry.each("value"):
        for call in value.each("func"):
            yield call.text("name")
        for inner in value.each("list"):
            for call in inner.each("func"):
                yield call.text("name")
