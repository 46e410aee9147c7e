"""Reads an ONNX model without loading it: every graph, function, node and tensor, however deep."""

from __future__ import annotations

from collections import Counter
from graphlib import CycleError, TopologicalSorter

import msgspec

from sealwright.errors import LimitReached, SealwrightError
from sealwright.vetting.formats import onnx_rules as rules
from sealwright.vetting.formats.active_texts import examine_text
from sealwright.vetting.formats.onnx_tables import IR_VERSION, OPERATORS, OPSETS, SCHEMA
from sealwright.vetting.interface import (
    Buffer,
    Examining,
    Fit,
    Format,
    Member,
    Rule,
    quoted,
)
from sealwright.vetting.protobuf import Budget, Message, outline, read_message, signed
from sealwright.vetting.settings import tell_setting

OLDEST_IR_VERSION = 3
"""ONNX 1.0; what is older names no operator sets."""
MAX_BYTES = (1 << 31) - 1
"""Protobuf's own limit."""
MAX_EXPANDED_NODES = 10_000_000
"""Nodes after every function is written out where it is called."""
_REVIEW = ("com.microsoft", "ai.onnx.preview", "ai.onnx.training")
"""Domains (and those below them) that ship with a runtime or with ONNX, but do more than ONNX."""
_LOADERS = frozenset(
    ("EPContext", "PyOp", "PythonOp", "PythonOpGrad", "ATen", "ExternalGradient", "Snpe")
)
"""Operators of such domains that load a binary or run Python."""
_LEFT_OVER = ("org.pytorch.aten", "com.ms.internal")
"""Domains that ONNX Runtime's optimiser imports into every model that it writes."""
_RUNTIME_KEYS = frozenset(("ort_config",))
_LONGEST = 64 * 1024 * 1024
"""Bytes of a metadata value that are looked at."""
_LISTED = 20

Function = tuple[str, str]
"""Domain and name."""
_MAIN: Function = ("", "")
"""Stands for the main graph, which is no function."""


class _Seen(msgspec.Struct):
    rule: Rule
    first: int
    count: int = 0


class _Reading(msgspec.Struct):
    """What is known while one model is read."""

    data: Buffer
    functions: frozenset[Function]
    work: Examining
    seen: dict[tuple[str, str], _Seen] = msgspec.field(default_factory=dict)
    numbers: int = 0
    """Bytes of tensors, which are measured and not judged."""
    calls: dict[Function, Counter[Function]] = msgspec.field(default_factory=dict)
    nodes: Counter[Function] = msgspec.field(default_factory=Counter)
    used_domains: set[str] = msgspec.field(default_factory=set)
    main_domains: set[str] = msgspec.field(default_factory=set)
    """Those of nodes outside functions; functions import for themselves."""

    def report(self, rule: Rule, message: str, *, at: Message) -> None:
        """Keeps the first place of each different message, and counts the others."""
        known = self.seen.setdefault((rule.id, message), _Seen(rule, at.start))
        known.count += 1

    def tell(self, work: Examining) -> None:
        """All of it, as observations."""
        for (_, message), one in self.seen.items():
            times = f" ({one.count} times)" if one.count > 1 else ""
            work.find(one.rule, message + times, offset=one.first)


def recognise(member: Member) -> Fit:
    """Whether the outermost fields are those of an ONNX model with a graph, to the last byte."""
    data = member.data
    if not len(data):
        return "no"
    fields = SCHEMA["ModelProto"]
    try:
        numbers = outline(data, kind="ModelProto", schema=SCHEMA, budget=Budget(fields=100_000))
    except SealwrightError:
        return "no"
    return "strong" if any(fields[number].name == "graph" for number in numbers) else "no"


def examine(work: Examining) -> None:
    """Reads the whole file and looks at every message in it."""
    data = work.data
    if len(data) > MAX_BYTES:
        work.find(rules.LIMIT, f"{len(data)} bytes; at most {MAX_BYTES} are read")
        return
    try:
        model = read_message(data, kind="ModelProto", schema=SCHEMA, budget=Budget())
    except LimitReached as error:
        work.find(rules.LIMIT, error.message)
        return
    functions = [(f.text("domain"), f.text("name")) for f in model.each("functions")]
    reading = _Reading(data=data, functions=frozenset(functions), work=work)
    _walk(reading, model)
    _model(reading, model)
    _functions(reading, model)
    reading.tell(work)
    work.parsed = len(data) - reading.numbers
    work.numbers = reading.numbers


def _walk(reading: _Reading, model: Message) -> None:
    """Visits every message, whatever it is embedded in: there is no place to hide a node."""
    pending: list[tuple[Message, Function]] = [(model, _MAIN)]
    while pending:
        message, owner = pending.pop()
        for strange in message.strange:
            reading.report(rules.STRANGE, f"{message.type}: {strange}", at=message)
        match message.type:
            case "FunctionProto":
                owner = (message.text("domain"), message.text("name"))
            case "NodeProto":
                _node(reading, message, owner)
            case "TensorProto":
                _tensor(reading, message)
            case "OperatorSetIdProto":
                _operator_set(reading, message)
            case "TypeProto.Opaque":
                kind = quoted(f"{message.text('domain')}.{message.text('name')}")
                reading.report(rules.REVIEW_OPERATOR, f"the opaque type {kind}", at=message)
            case "TrainingInfoProto":
                reading.report(rules.TRAINING, "a training graph", at=message)
        for inner in message.messages.values():
            pending.extend((one, owner) for one in inner)


def _node(reading: _Reading, node: Message, owner: Function) -> None:
    domain, operator = node.text("domain"), node.text("op_type")
    reading.nodes[owner] += 1
    reading.used_domains.add(domain)
    if owner == _MAIN:
        reading.main_domains.add("" if domain == "ai.onnx" else domain)
    name = quoted(f"{domain}.{operator}" if domain else operator)
    reading.work.fact("operator", f"{domain or 'ai.onnx'}.{operator}")
    if (domain, operator) in reading.functions:
        reading.calls.setdefault(owner, Counter())[(domain, operator)] += 1
    elif domain in OPERATORS:
        if operator not in OPERATORS[domain]:
            reading.report(rules.NEWER, f"operator {name} is not known", at=node)
    elif _in_review(domain) and operator not in _LOADERS:
        reading.report(rules.REVIEW_OPERATOR, f"operator {name}", at=node)
    else:
        reading.report(rules.CUSTOM_OPERATOR, f"operator {name}", at=node)


def _in_review(domain: str) -> bool:
    return any(domain == known or domain.startswith(known + ".") for known in _REVIEW)


def _tensor(reading: _Reading, tensor: Message) -> None:
    from sealwright.vetting.formats.onnx_tensors import described, examine_tensor

    reading.work.fact("tensor", described(reading.data, tensor))

    def report(rule: Rule, message: str) -> None:
        reading.report(rule, message, at=tensor)

    reading.numbers += examine_tensor(reading.data, tensor, report)


def _operator_set(reading: _Reading, imported: Message) -> None:
    domain, version = imported.text("domain"), signed(imported.number("version"))
    name = quoted(domain or "ai.onnx")
    tell_setting(f"operator set {domain or 'ai.onnx'}", version, reading.work)
    if version < 1:
        reading.report(rules.INCOMPLETE, f"operator set {name} version {version}", at=imported)
    elif version > OPSETS.get(domain, version):
        message = f"operator set {name} version {version}; known up to {OPSETS[domain]}"
        reading.report(rules.NEWER, message, at=imported)


def _model(reading: _Reading, model: Message) -> None:
    """What a model must have at least, and what it says about itself."""
    version = signed(model.number("ir_version"))
    if version < OLDEST_IR_VERSION:
        reading.report(rules.INCOMPLETE, f"IR version {version}", at=model)
    elif version > IR_VERSION:
        message = f"IR version {version}; known up to {IR_VERSION}"
        reading.report(rules.NEWER, message, at=model)
    graphs = model.each("graph")
    if len(graphs) != 1:
        reading.report(rules.INCOMPLETE, f"{len(graphs)} main graphs instead of one", at=model)
    for graph in graphs:
        for part in ("node", "output"):
            if not graph.each(part):
                reading.report(rules.INCOMPLETE, f"the main graph has no {part}", at=graph)
    # Some exporters import a set twice; harmless, unless the versions differ.
    imports = {(o.text("domain"), o.number("version")) for o in model.each("opset_import")}
    domains = {domain for domain, _ in imports}
    if not domains or len(imports) != len(domains):
        message = "operator sets must be imported, each in one version"
        reading.report(rules.INCOMPLETE, message, at=model)
    written_short = {"" if domain == "ai.onnx" else domain for domain in domains}
    for domain in sorted(reading.main_domains - written_short):
        message = f"operators of domain {quoted(domain)} are used, no version of it is imported"
        reading.report(rules.INCOMPLETE, message, at=model)
    own = {domain for domain, _ in reading.functions}
    for domain in sorted(domains - set(OPERATORS) - reading.used_domains - own):
        if _in_review(domain) or domain.startswith(_LEFT_OVER):
            continue
        reading.report(rules.IMPORTED_DOMAIN, f"domain {quoted(domain)}", at=model)
    _metadata(reading, model)


def _metadata(reading: _Reading, model: Message) -> None:
    keys = sorted(entry.text("key") for entry in model.each("metadata_props"))
    for entry in model.each("metadata_props"):
        name = f"metadata {entry.text('key')}"
        spans = entry.spans.get("value", [])[-1:]
        held = b"".join(bytes(reading.data[span.start : span.end][:_LONGEST]) for span in spans)
        value = held.decode("utf-8", "replace")
        tell_setting(name, value, reading.work)
        examine_text(value, reading.work, where=name)
    if len(set(keys)) != len(keys):
        reading.report(rules.STRANGE, "a metadata key occurs twice", at=model)
    for key in sorted(_RUNTIME_KEYS & set(keys)):
        reading.report(rules.RUNTIME_CONFIG, f"metadata {quoted(key)}", at=model)
    if keys:
        shown = ", ".join(quoted(key) for key in keys[:_LISTED])
        more = f" and {len(keys) - _LISTED} more" if len(keys) > _LISTED else ""
        reading.report(rules.METADATA, f"metadata {shown}{more}", at=model)


def _functions(reading: _Reading, model: Message) -> None:
    """Local functions: each once, none in place of an operator, none endless when written out."""
    defined: set[tuple[str, str, str]] = set()
    for function in model.each("functions"):
        domain, name = function.text("domain"), function.text("name")
        shown = quoted(f"{domain}.{name}")
        if (domain, name, function.text("overload")) in defined:
            reading.report(rules.FUNCTION, f"function {shown} is defined twice", at=function)
        defined.add((domain, name, function.text("overload")))
        if domain in OPERATORS:
            reading.report(rules.FUNCTION, f"function {shown} is in a standard domain", at=function)
    graph = {caller: set(callees) for caller, callees in reading.calls.items()}
    try:
        order = tuple(TopologicalSorter(graph).static_order())
    except CycleError:
        reading.report(rules.FUNCTION, "functions call each other in a circle", at=model)
        return
    expanded: dict[Function, int] = {}
    for one in order:
        inner = reading.calls.get(one, Counter())
        expanded[one] = reading.nodes[one] + sum(expanded[c] * n for c, n in inner.items())
    if expanded.get(_MAIN, 0) > MAX_EXPANDED_NODES:
        message = f"functions expand to more than {MAX_EXPANDED_NODES} nodes"
        reading.report(rules.LIMIT, message, at=model)


FORMAT = Format(
    id="onnx",
    title="ONNX",
    examines=(
        "The protobuf encoding, versions, operators and their domains in all graphs, subgraphs and "
        "functions, tensor types, shapes and sizes, external data, metadata. The weights are not "
        "judged: a model can pass and still be wrong, biased or poisoned."
    ),
    extensions=(".onnx",),
    recognise=recognise,
    examine=examine,
    malformed=rules.MALFORMED,
    rules=rules.RULES,
)
