"""The text that an expression makes: what is put together (`"ex" + "ec"`) is folded, so that a name
cannot hide in pieces.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sealwright.vetting.code.scope import MAX_VALUES, Scope

MAX_FOLDED = 65_536
"""Characters of a folded text."""
MAX_WORDS = 64
MAX_PARTS = 200
MAX_STEPS = 60
"""Attribute steps, operators and calls that one name is followed through."""


def fold(node: ast.expr | None, scope: Scope, steps: int = MAX_STEPS) -> str | None:
    """The text that an expression makes, where that is plain to see; None otherwise."""
    if node is None or steps <= 0:
        return None
    text: str | None = None
    match node:
        case ast.Constant(value=str() as value):
            text = value
        case ast.Constant(value=bytes() as raw):
            text = raw.decode("latin-1")
        case ast.Name(id=name):
            holder = scope.find(name)
            text = holder.texts.get(name) if holder is not None else None
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            text = _joined([fold(left, scope, steps - 1), fold(right, scope, steps - 1)])
        case ast.BinOp(op=ast.Mod(), left=left):
            text = fold(left, scope, steps - 1)
        case ast.JoinedStr(values=values):
            text = "".join(fold(each, scope, steps - 1) or "{}" for each in values)
        case ast.FormattedValue(value=value):
            text = fold(value, scope, steps - 1)
        case ast.Call():
            text = _folded_call(node, scope, steps - 1)
        case ast.Subscript(value=value, slice=ast.Slice(lower=None, upper=None, step=step)):
            base = fold(value, scope, steps - 1)
            if base is not None and _is_minus_one(step):
                text = base[::-1]
    return text if text is None or len(text) <= MAX_FOLDED else text[:MAX_FOLDED]


def candidates(node: ast.expr, scope: Scope) -> Iterator[str]:
    """The commands that a value may be: texts, and lists joined by spaces, by whatever name."""
    waiting, seen = [(node, scope)], 0
    while waiting and seen < MAX_VALUES:
        each, of = waiting.pop(0)
        seen += 1
        text = fold(each, of)
        if text is not None:
            yield text
            continue
        match each:
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                words = [fold(word, of) for word in elements[:MAX_WORDS]]
                yield " ".join(word for word in words if word)
            case ast.Name(id=name) if (holder := of.find(name)) is not None:
                waiting += holder.values.get(name, ())


def parts(node: ast.expr, scope: Scope) -> Iterator[ast.AST]:
    """What an expression consists of, through the names in it, as far as `MAX_PARTS`."""
    waiting: list[tuple[ast.AST, Scope]] = [(node, scope)]
    seen: set[int] = set()
    for _ in range(MAX_PARTS):
        if not waiting:
            return
        each, of = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [(child, of) for child in ast.iter_child_nodes(each)]
        if isinstance(each, ast.Name) and (holder := of.find(each.id)) is not None:
            waiting += holder.values.get(each.id, ())


def _is_minus_one(node: ast.expr | None) -> bool:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)):
            return True
    return False


def _joined(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None


def _folded_call(node: ast.Call, scope: Scope, steps: int) -> str | None:
    """`chr(101)`, `"".join([...])`, `x.replace("_", "")`, `x.format(...)`, `x.decode()`."""
    match node:
        case ast.Call(func=ast.Name(id="chr"), args=[ast.Constant(value=int() as code)]):
            return chr(code) if 0 <= code < 0x110000 else None
        case ast.Call(func=ast.Name(id="str"), args=[only]):
            return fold(only, scope, steps)
        case ast.Call(
            func=ast.Attribute(attr="join", value=by), args=[ast.List() | ast.Tuple() as of]
        ):
            parts = [fold(each, scope, steps) for each in of.elts]
            glue, whole = fold(by, scope, steps), _joined(parts)
            return None if glue is None or whole is None else glue.join(p or "" for p in parts)
        case ast.Call(
            func=ast.Attribute(attr="join", value=ast.Constant(value="")),
            args=[ast.Call(func=ast.Name(id="reversed"), args=[turned])],
        ):
            text = fold(turned, scope, steps)
            return None if text is None else text[::-1]
        case ast.Call(func=ast.Attribute(attr="replace", value=of_), args=[old, new]):
            pieces = [fold(each, scope, steps) for each in (of_, old, new)]
            if all(piece is not None for piece in pieces):
                base, before, after = (piece or "" for piece in pieces)
                return base.replace(before, after) if len(after) <= 64 else None
        case ast.Call(
            func=ast.Attribute(attr=("decode" | "encode" | "lower" | "strip"), value=of_)
        ):
            return fold(of_, scope, steps)
        case ast.Call(func=ast.Attribute(attr="format", value=of_)):
            return fold(of_, scope, steps)
    return None
