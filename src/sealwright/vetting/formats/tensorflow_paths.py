"""Where the names of files come from that a graph saves to, restores from and reads tables from.

Saving is normal where the caller gives the name. A name that only constants make is the maker's.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sealwright.patterns import regex
from sealwright.vetting.formats import tensorflow_names as names
from sealwright.vetting.formats import tensorflow_rules as rules
from sealwright.vetting.formats.tensorflow_graph import Body, Program, attribute, texts
from sealwright.vetting.interface import Examining, quoted
from sealwright.vetting.protobuf import Message

_NAMES_AT: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(names.SAVING, (0,)),
    "MergeV2Checkpoints": (0, 1),
    **dict.fromkeys(names.TABLES, (1,)),
}
"""Operation → which of its inputs are names of files."""
_GIVEN = frozenset(("Placeholder", "PlaceholderV2", "PlaceholderWithDefault", "_Arg"))
_VARIABLES = frozenset(("VarHandleOp", "VariableV2", "Variable"))
_DEFAULT = b"model"
"""The name in graphs of TensorFlow 1, which its saver replaces when it is called."""
_ELSEWHERE = regex(rb"^[/\\~]|\.\.|://|^[A-Za-z]:")
_ROUNDS = 50
_STEPS = 2_000
_MAX_SHOWN = 20


class _Origin(msgspec.Struct):
    """What a value is made from."""

    given: bool = False
    """At least partly by the caller, or by the loader."""
    arguments: set[int] = msgspec.field(default_factory=set)
    constants: list[bytes] = msgspec.field(default_factory=list)


def judge_paths(program: Program, examining: Examining) -> None:
    """Reports names of files that the graph itself chooses. Comes after `judge_operations`, which
    finds out who calls what."""
    arguments: dict[str, set[int]] = {}
    reported: set[tuple[str, str]] = set()
    for _ in range(_ROUNDS):
        changed = False
        for body in program.bodies:
            for node, position in _uses(program, body, arguments):
                examining.session.spend(1)
                origin = _origin(program, body, node, position, examining)
                if body.name and origin.arguments - arguments.get(body.name, set()):
                    arguments.setdefault(body.name, set()).update(origin.arguments)
                    changed = True
                chosen = [one for one in origin.constants if one and one != _DEFAULT]
                if origin.given or origin.arguments:
                    # A caller's name gets endings; it is not put behind a folder of the maker's.
                    chosen = [one for one in chosen if _ELSEWHERE.search(one)]
                key = (body.name, node.text("name"))
                if chosen and key not in reported:
                    reported.add(key)
                    _report(examining, body, node, chosen)
        if not changed:
            break
    _judge_bound(program, arguments, examining)


def _report(examining: Examining, body: Body, node: Message, chosen: list[bytes]) -> None:
    place = f"the function {quoted(body.name)}" if body.name else "the graph"
    shown = ", ".join(quoted(one.decode("utf-8", "replace")) for one in chosen[:3])
    message = f"{quoted(node.text('op'))} in {place} uses the name {shown}"
    examining.find(rules.PATH, message, offset=node.start)


def _judge_bound(program: Program, arguments: dict[str, set[int]], examining: Examining) -> None:
    """Arguments that the file binds to constants: nobody calls the function with others."""
    graph = next((body for body in program.bodies if not body.name), None)
    sizes = {body.name: len(body.arguments) for body in program.bodies}
    for function, positions in arguments.items():
        bound = program.bound.get(function, [])
        for position in sorted(positions):
            at = position - (sizes.get(function, 0) - len(bound))
            if graph is None or not 0 <= at < len(bound) or not bound[at]:
                continue
            node = graph.nodes.get(bound[at])
            if node is None or bound[at] in program.given:
                continue
            chosen = [one for one in _constant(program, node) if one and one != _DEFAULT]
            if chosen:
                _report(examining, graph, node, chosen)


def _uses(
    program: Program, body: Body, arguments: dict[str, set[int]]
) -> Iterator[tuple[Message, int]]:
    """Nodes with the position of an input that is the name of a file."""
    sizes = {one.name: len(one.arguments) for one in program.bodies}
    for name, node in body.nodes.items():
        operation = node.text("op")
        for position in _NAMES_AT.get(operation, ()):
            yield node, position
        for function in (operation, *body.calls.get(name, ())):
            if function in arguments:
                inputs = len(_inputs(node))
                for position in arguments[function]:
                    yield node, position + max(0, inputs - sizes.get(function, 0))


def _inputs(node: Message) -> list[str]:
    return [one for one in node.texts.get("input", ()) if not one.startswith("^")]


def _origin(
    program: Program, body: Body, node: Message, position: int, examining: Examining
) -> _Origin:
    origin = _Origin()
    inputs = _inputs(node)
    pending = inputs[position : position + 1]
    seen: set[str] = set()
    for _ in range(_STEPS):
        if not pending:
            return origin
        examining.session.spend(1)
        name = pending.pop().split(":")[0]
        if name in seen:
            continue
        seen.add(name)
        if name in body.arguments:
            origin.arguments.add(body.arguments.index(name))
            continue
        source = body.nodes.get(name)
        if source is None:
            continue
        operation = source.text("op")
        if operation in _GIVEN or (not body.name and name in program.given):
            origin.given = True
        elif operation in ("Const", "HostConst"):
            origin.constants += _constant(program, source)
        elif operation in _VARIABLES:
            assigned = body.assigned.get(name, [])
            pending += assigned
            if not assigned:
                origin.constants.append(b"(a variable of the model)")
        else:
            pending += _inputs(source)
    return origin


def _constant(program: Program, node: Message) -> list[bytes]:
    value = attribute(program.data, node, "value")
    tensors = value.each("tensor") if value is not None else []
    return [one for tensor in tensors for one in texts(program.data, tensor, "string")]
