"""What in the syntax tree of a template is more than formatting, kind of node by kind of node."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import msgspec

from sealwright.vetting.formats import jinja_rules as rules
from sealwright.vetting.formats.jinja_constants import Names, fold
from sealwright.vetting.formats.jinja_names import core_of_a_name, forbidden_name, part_of_a_name
from sealwright.vetting.interface import Examining, Rule, quoted

if TYPE_CHECKING:
    from jinja2 import nodes

MAX_RANGE = 1_000_000
MAX_LOOPS = 50_000_000
"""Steps of nested loops over constant ranges."""
_LISTS = """
    lipsum url_for get_flashed_messages os sys subprocess importlib builtins popen eval exec open
    compile getattr setattr globals locals vars dir
    | self request cycler joiner session application g
    | popen system check_output getoutput Popen spawn exec eval fork mro
    | center ljust rjust zfill indent wordwrap batch slice range
    | map selectattr rejectattr groupby sort sum unique min max
    | join reverse format replace decode list string swapcase casefold translate center ljust rjust
    truncate zfill expandtabs urlize striptags
"""
_SYSTEM, _FRAMEWORK, _WAY_OUT, _PADDING, _NAMING, _BUILDING = (
    frozenset(names.split()) for names in _LISTS.split("|")
)
"""Names that lead to the system; objects of frameworks; methods that run things; filters that pad;
filters that read attributes; ways to build a text."""


class Reading(msgspec.Struct):
    """What is known while one template is read."""

    examining: Examining
    location: str
    names: Names = msgspec.field(default_factory=Names)
    bound: set[str] = msgspec.field(default_factory=set)
    grown: set[str] = msgspec.field(default_factory=set)
    """Names and attributes of namespaces whose text a loop, a block or a macro puts together."""
    seen: set[tuple[str, str]] = msgspec.field(default_factory=set)

    def find(self, rule: Rule, message: str, node: nodes.Node) -> None:
        """Each message once."""
        if (rule.id, message) not in self.seen:
            self.seen.add((rule.id, message))
            place = f"{self.location} line {node.lineno}".strip()
            self.examining.find(rule, message, location=place)


def repeats(reading: Reading, node: Any) -> int:
    """How often a loop over a constant range runs; 1 where that is not known."""
    call = node.iter
    if type(call).__name__ == "Call" and getattr(call.node, "name", "") == "range":
        limits = [fold(one, reading.names) for one in call.args]
        return max((one for one in limits if isinstance(one, int)), default=1)
    return 1


def look(reading: Reading, node: Any, steps: int) -> None:
    """Looks at one node, which loops run `steps` times."""
    kind = type(node).__name__
    looker = _LOOKERS.get(kind)
    if looker is not None:
        looker(reading, node)
    if kind == "For" and steps * max(1, repeats(reading, node)) > MAX_LOOPS:
        reading.find(rules.HEAVY, f"nested loops of more than {MAX_LOOPS} steps", node)
    if kind in ("Const", "Concat", "Add", "Mul", "Mod", "Filter", "Call", "Getitem"):
        value = fold(node, reading.names)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str):
                _text(reading, one, node)
    if kind in ("Concat", "Add", "Mod", "List", "Tuple"):
        _pieces(reading, node)


def _block(reading: Reading, node: Any) -> None:
    """A block whose text is a single word can be a name, as any other text can."""
    name = f"{node.name}()" if is_a(node, "Macro") else getattr(node.target, "name", "")
    value = fold(reading.names.get(name), reading.names)
    if isinstance(value, str) and len(value.split()) == 1:
        _text(reading, value.strip(), node)


def _keyword(reading: Reading, node: Any) -> None:
    _text(reading, node.key if type(node).__name__ == "Keyword" else node.attr, node)


def _loaded(reading: Reading, node: Any) -> None:
    name = fold(node.template, reading.names)
    shown = quoted(name) if isinstance(name, str) else "a name that is made up"
    reading.find(rules.LOADS, f"{type(node).__name__.lower()} of {shown}", node)


def _text(reading: Reading, text: str, node: nodes.Node) -> None:
    """A text in an expression can be the name of an attribute, there or elsewhere."""
    name = forbidden_name(text)
    if name:
        reading.find(rules.INTERNALS, f"the name {quoted(name)}", node)
    elif part_of_a_name(text):
        reading.find(rules.HIDDEN_NAME, f"a piece of a name: {quoted(text)}", node)


def _pieces(reading: Reading, node: Any) -> None:
    """`u ~ 'class' ~ u`: the middle of a forbidden name, joined to what is not known."""
    if fold(node, reading.names) is not None:
        return
    for one in node.iter_child_nodes():
        value = fold(one, reading.names)
        if isinstance(value, str) and (value == "__" or core_of_a_name(value)):
            reading.find(rules.HIDDEN_NAME, f"a piece of a name: {quoted(value)}", node)


def _attribute(reading: Reading, node: Any) -> None:
    name = node.attr
    if forbidden_name(name):
        reading.find(rules.INTERNALS, f"the attribute {quoted(name)}", node)
    elif name.startswith("_"):
        reading.find(rules.HIDDEN_NAME, f"the private attribute {quoted(name)}", node)
    elif name in ("format", "format_map"):
        pattern = fold(node.node, reading.names)
        if not isinstance(pattern, str):
            reading.find(rules.HIDDEN_NAME, "a format that is not written out", node)
        elif re.search(r"\{[^{}]*[.\[]", pattern):
            reading.find(
                rules.HIDDEN_NAME, f"a format that reads attributes: {quoted(pattern)}", node
            )


def _subscript(reading: Reading, node: Any) -> None:
    index = reading.names.get(node.arg.name, node.arg) if is_a(node.arg, "Name") else node.arg
    if fold(node.arg, reading.names) is not None or fold(index, reading.names) is not None:
        return
    if {name_of(node.arg), name_of(index)} & reading.grown - {""}:
        reading.find(
            rules.HIDDEN_NAME,
            f"a subscript that is put together: {quoted(name_of(node.arg))}",
            node,
        )
        return
    if is_a(index, "Concat") or is_a(index, "Add"):
        if _from_pieces(reading, index):
            reading.find(rules.HIDDEN_NAME, "a subscript made of single pieces", node)
    elif is_a(index, "Filter") or is_a(index, "Call"):
        maker = index.name if is_a(index, "Filter") else getattr(index.node, "attr", "")
        if maker in _BUILDING:
            reading.find(rules.HIDDEN_NAME, f"a subscript made by {quoted(maker)}", node)


def _from_pieces(reading: Reading, index: Any) -> bool:
    """Whether a text is put together from picked characters, or from three or more unknown
    pieces.
    """
    parts = [one for one in below(index) if not (is_a(one, "Concat") or is_a(one, "Add"))]
    if any(is_a(one, "Getitem") and is_a(cast("Any", one).node, "Filter") for one in parts):
        return True
    values = [fold(one, reading.names) for one in parts]
    telling = any(isinstance(one, str) and len(one.strip("_")) > 1 for one in values)
    return len(parts) >= 3 and not telling


def name_of(node: Any) -> str:
    """`name`, `namespace.attribute` or `macro()`; empty for other expressions."""
    match type(node).__name__:
        case "Name":
            return str(node.name)
        case "NSRef":
            return f"{node.name}.{node.attr}"
        case "Getattr" if is_a(node.node, "Name"):
            return f"{node.node.name}.{node.attr}"
        case "Call" if is_a(node.node, "Name"):
            return f"{node.node.name}()"
        case _:
            return ""


def grows(name: str, value: Any, names: Mapping[str, nodes.Node]) -> bool:
    """Whether a value adds text to what the name has held until then."""
    if not (is_a(value, "Concat") or is_a(value, "Add")):
        return False
    parts = [one for one in below(value) if not (is_a(one, "Concat") or is_a(one, "Add"))]
    counts = any(isinstance(fold(one, names), int) for one in parts)
    return not counts and any(name_of(one) == name for one in parts)


def is_a(node: object, kind: str) -> bool:
    """Whether a node is of a kind, by its name: nothing of Jinja is imported here."""
    return type(node).__name__ == kind


def _filter(reading: Reading, node: Any) -> None:
    name = node.name
    if name == "attr":
        reading.find(rules.HIDDEN_NAME, "the filter attr", node)
    if name in _NAMING:
        named = [one.value for one in node.kwargs if one.key == "attribute"]
        if name in ("selectattr", "rejectattr", "groupby"):
            named += node.args[:1]
        if name == "map" and node.args and fold(node.args[0], reading.names) in ("attr", None):
            reading.find(rules.HIDDEN_NAME, "map by a filter that reads attributes", node)
        if any(fold(one, reading.names) is None for one in named):
            reading.find(rules.HIDDEN_NAME, f"the filter {name} by a name that is made up", node)
    if name == "format" and is_a(node, "Filter") and fold(node, reading.names) is None:
        pattern = fold(node.node, reading.names)
        if not isinstance(pattern, str) or "c" in re.sub(r"[^%]*%[-+ #0-9.]*(\w)", r"\1", pattern):
            reading.find(rules.HIDDEN_NAME, "characters made of numbers", node)
    _padding(reading, name, node)


def _call(reading: Reading, node: Any) -> None:
    called = node.node
    name = getattr(called, "attr", None) or getattr(called, "name", "")
    if is_a(called, "Getattr") and name in _WAY_OUT:
        reading.find(rules.FUNCTION, f"a call of {quoted(name)}", node)
    _padding(reading, str(name), node)


def _padding(reading: Reading, name: str, node: Any) -> None:
    if name in _PADDING:
        for one in node.args:
            value = fold(one, reading.names)
            if isinstance(value, int) and value > MAX_RANGE:
                reading.find(rules.HEAVY, f"{quoted(name)} of {value}", node)


def _product(reading: Reading, node: Any) -> None:
    if type(node).__name__ == "Pow":
        left, right = (fold(one, reading.names) for one in (node.left, node.right))
        size = left.bit_length() * right if isinstance(left, int) and isinstance(right, int) else 0
        nested = is_a(node.right, "Pow") or is_a(node.left, "Pow")
        if size > 10_000 or nested:
            reading.find(rules.HEAVY, "an enormous power", node)
        return
    times, repeated = 1, False
    factors = [node]
    while factors:
        one = factors.pop()
        reading.examining.session.spend(16)
        value = fold(one, reading.names)
        if isinstance(value, int):
            times = min(times * max(value, 1), 1 << 62)
        elif is_a(one, "Mul"):
            factors += [one.left, one.right]
        else:
            repeated |= isinstance(value, str | list)
    if repeated and times > MAX_RANGE:
        reading.find(rules.HEAVY, f"something is repeated {times} times", node)


def _name(reading: Reading, node: Any) -> None:
    name = node.name
    if forbidden_name(name):
        reading.find(rules.INTERNALS, f"the name {quoted(name)}", node)
    elif name in reading.bound or node.ctx != "load":
        return
    elif name in _SYSTEM:
        reading.find(rules.FUNCTION, f"the name {quoted(name)}", node)
    elif name in _FRAMEWORK:
        reading.find(rules.UNUSUAL_NAME, f"the name {quoted(name)}", node)


_LOOKERS: dict[str, Callable[[Reading, Any], None]] = {
    "Getattr": _attribute,
    "Getitem": _subscript,
    "Filter": _filter,
    "Test": _filter,
    "Call": _call,
    "Name": _name,
    "Keyword": _keyword,
    "NSRef": _keyword,
    "Pow": _product,
    "Mul": _product,
    "Macro": _block,
    "AssignBlock": _block,
    **dict.fromkeys(("Include", "Import", "FromImport", "Extends"), _loaded),
}
"""Kind of node → what looks at it."""


def below(node: nodes.Node) -> Iterator[nodes.Node]:
    """A node with all that it holds; not by recursion, which deep expressions would exhaust."""
    pending = [node]
    while pending:
        one = pending.pop()
        yield one
        pending.extend(one.iter_child_nodes())
