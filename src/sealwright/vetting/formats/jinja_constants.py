"""Works out what constant expressions of a template are, without Jinja computing anything.

Names that are forbidden to a template are put together from pieces: `'__cla' ~ 'ss__'`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sealwright.patterns import regex

if TYPE_CHECKING:
    from jinja2 import nodes

MAX_MADE = 4096
"""Characters of a text that is worked out."""
_DEPTH = 40
_PLAIN_METHODS = ("lower", "upper", "strip", "lstrip", "rstrip", "swapcase", "title", "capitalize")
_DIRECTIVES = regex(r"%[-+ #0]*\d{0,3}(?:\.\d{1,2})?[csdxXor%]")

Constant = str | int | list[Any] | None
"""None: not known."""


def fold(
    node: nodes.Node | None, names: Mapping[str, nodes.Node], *, depth: int = _DEPTH
) -> Constant:
    """The value of an expression that is made of constants. `names`: what is assigned only once."""
    if node is None or depth == 0:
        return None
    match type(node).__name__:
        case "Const":
            value = node.value  # type: ignore[attr-defined]
            return value if isinstance(value, str | int) else None
        case "Name":
            return _named(node.name, names, depth)  # type: ignore[attr-defined]
        case "Getattr":
            known = f"{getattr(node.node, 'name', '')}.{node.attr}"  # type: ignore[attr-defined]
            return _named(known, names, depth)
        case "Concat" | "List" | "Tuple":
            return _folded_parts(node, names, depth)
        case "Add" | "Mul" | "Mod":
            left = fold(node.left, names, depth=depth - 1)  # type: ignore[attr-defined]
            right = fold(node.right, names, depth=depth - 1)  # type: ignore[attr-defined]
            return _operate(type(node).__name__, left, right)
        case "Filter":
            return _filtered(node, names, depth)
        case "Call":
            return _called(node, names, depth)
        case "Getitem":
            return _item(node, names, depth)
        case _:
            return None


class Names(dict[str, "nodes.Node"]):
    """What is assigned only once, with the values that were found before: names that stand for
    sums of names would be followed again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.folded: dict[str, tuple[int, Constant]] = {}


def _named(name: str, names: Mapping[str, nodes.Node], depth: int) -> Constant:
    known = names.folded if isinstance(names, Names) else {}
    tried, value = known.get(name, (0, None))
    if value is None and tried < depth:
        value = fold(names.get(name), names, depth=depth - 1)
        known[name] = depth, value
    return value


def _folded_parts(node: Any, names: Mapping[str, nodes.Node], depth: int) -> Constant:
    parts: list[Constant] = []
    for one in node.items if hasattr(node, "items") else node.nodes:
        parts.append(fold(one, names, depth=depth - 1))
        if parts[-1] is None or len(parts) > MAX_MADE:
            return None
    if type(node).__name__ == "Concat":
        return _bounded("".join(str(one) for one in parts if not isinstance(one, list)))
    return parts


def _bounded(text: str) -> str | None:
    return text if len(text) <= MAX_MADE else None


def _operate(operator: str, left: Constant, right: Constant) -> Constant:
    match operator, left, right:
        case "Add", str(), str():
            return _bounded(left + right)
        case "Add", list(), list():
            return [*left, *right][:MAX_MADE]
        case "Mul", str(), int():
            return left * right if 0 <= len(left) * right <= MAX_MADE else None
        case "Mul", int(), str():
            return _operate("Mul", right, left)
        case "Mod", str(), _ if right is not None:
            return formatted(left, right if isinstance(right, list) else [right])
        case (("Add" | "Mul"), int(), int()):
            made = left + right if operator == "Add" else left * right
            return made if made.bit_length() < 256 else None
        case _:
            return None


def formatted(pattern: str, values: list[Any]) -> str | None:
    """`pattern % values`, where that is small and plain."""
    if len(pattern) > MAX_MADE or _DIRECTIVES.sub("", pattern).count("%"):
        return None
    try:
        return _bounded(pattern % tuple(values))
    except (TypeError, ValueError, OverflowError):
        return None


def _filtered(node: Any, names: Mapping[str, nodes.Node], depth: int) -> Constant:
    value = fold(node.node, names, depth=depth - 1)
    arguments = [fold(one, names, depth=depth - 1) for one in node.args]
    if value is None or None in arguments:
        return None
    return _applied(node.name, value, arguments)


def _called(node: Any, names: Mapping[str, nodes.Node], depth: int) -> Constant:
    """A method of a constant: `'-'.join([...])`, `'x'.replace('a', 'b')`; or a macro's text."""
    method = node.node
    if type(method).__name__ == "Name":
        return _named(f"{method.name}()", names, depth)
    if type(method).__name__ != "Getattr" or node.kwargs:
        return None
    value = fold(method.node, names, depth=depth - 1)
    arguments = [fold(one, names, depth=depth - 1) for one in node.args]
    if not isinstance(value, str) or None in arguments:
        return None
    if method.attr == "join":
        return _joined(arguments[0] if arguments else None, value)
    if method.attr == "format":
        return _fields(value, arguments)
    return _applied(method.attr, value, arguments)


def _applied(name: str, value: Constant, arguments: list[Constant]) -> Constant:
    if name == "join":
        separator = arguments[0] if arguments else ""
        return _joined(value, separator)
    if name in ("list", "reverse") and isinstance(value, str | list):
        turned = list(value) if name == "list" else value[::-1]
        return turned if len(turned) <= MAX_MADE else None
    if name in ("first", "last") and isinstance(value, str | list) and value:
        picked: Constant = value[0 if name == "first" else -1]
        return picked
    if name == "format" and isinstance(value, str):
        return formatted(value, arguments)
    if name == "string":
        return str(value) if isinstance(value, str | int) else None
    if isinstance(value, str) and name == "replace":
        return _replaced(value, arguments)
    if isinstance(value, str) and name in (*_PLAIN_METHODS, "trim", "safe", "escape", "e"):
        made = getattr(value, name if name in _PLAIN_METHODS else "strip")()
        return _bounded(made)
    return None


def _replaced(value: str, arguments: list[Constant]) -> str | None:
    match arguments:
        case [str() as old, str() as new, *_] if old and len(new) * len(value) <= MAX_MADE * 16:
            return _bounded(value.replace(old, new))
        case _:
            return None


def _joined(values: Constant, separator: Constant) -> str | None:
    if not isinstance(values, list | str) or not isinstance(separator, str):
        return None
    if len(values) * (len(separator) + 8) > MAX_MADE * 16:
        return None
    return _bounded(separator.join(str(one) for one in values))


def _fields(pattern: str, values: list[Constant]) -> str | None:
    """`'{}{}'.format(...)` where the fields are plain; what is not plain is looked at as it is."""
    plain = re.sub(r"\{\d{0,2}\}", "", pattern)
    if len(pattern) > MAX_MADE or "{" in plain or "}" in plain:
        return None
    try:
        return _bounded(pattern.format(*(one for one in values if not isinstance(one, list))))
    except (IndexError, ValueError, KeyError):
        return None


def _item(node: Any, names: Mapping[str, nodes.Node], depth: int) -> Constant:
    value = fold(node.node, names, depth=depth - 1)
    if not isinstance(value, str | list):
        return None
    if type(node.arg).__name__ == "Slice":
        parts = [node.arg.start, node.arg.stop, node.arg.step]
        known = [_whole(one, names, depth) for one in parts]
        if any(one is None for one in known) or known[2] == (0,):
            return None
        sliced: Constant = value[slice(*(one[0] for one in known if one is not None))]
        return sliced
    index = fold(node.arg, names, depth=depth - 1)
    if isinstance(index, int) and -len(value) <= index < len(value):
        picked: Constant = value[index]
        return picked
    return None


def _whole(node: Any, names: Mapping[str, nodes.Node], depth: int) -> tuple[int | None] | None:
    """A part of a slice: `(None,)` where it is left out, None where it is not known."""
    if node is None:
        return (None,)
    negative = type(node).__name__ == "Neg"
    value = fold(node.node if negative else node, names, depth=depth - 1)
    if not isinstance(value, int):
        return None
    return (-value if negative else value,)
