"""Whether a method only stores data: a closed list of what its syntax tree may hold.

What is not on the list is not proof of harm, only no proof of harmlessness: it goes to review.
"""

from __future__ import annotations

import ast

import msgspec

from sealwright.vetting.packs.build.sources import Module, Sources, dotted

MAX_CALLS = 4
"""Calls followed into the library's own functions, one inside another."""
_FUNCTIONS = frozenset(
    [
        "len",
        "isinstance",
        "issubclass",
        "dict",
        "list",
        "tuple",
        "set",
        "frozenset",
        "str",
        "int",
        "float",
        "bool",
        "bytes",
        "zip",
        "enumerate",
        "range",
        "sorted",
        "min",
        "max",
        "sum",
        "abs",
        "round",
        "repr",
        "type",
        "callable",
        "super",
        "reversed",
        "id",
        "hash",
        "any",
        "all",
        "slice",
        "object",
        "ValueError",
        "TypeError",
        "RuntimeError",
        "AttributeError",
        "KeyError",
        "NotImplementedError",
        "ImportError",
        "IndexError",
        "DeprecationWarning",
        "UserWarning",
        "FutureWarning",
        "AssertionError",
    ]
)
_METHODS = frozenset(
    [
        "update",
        "items",
        "keys",
        "values",
        "get",
        "pop",
        "copy",
        "append",
        "extend",
        "setdefault",
        "format",
        "join",
        "startswith",
        "endswith",
        "split",
        "strip",
        "replace",
        "lower",
        "upper",
        "add",
        "remove",
        "discard",
        "clear",
        "insert",
        "warn",
        "partition",
        "rpartition",
        "astype",
        "reshape",
        "ravel",
        "tolist",
        "index",
        "count",
        "union",
        "difference",
        "intersection",
        "isidentifier",
    ]
)
"""Methods of plain data. On an object of an allowed class they are its ordinary methods, too."""
_ARRAYS = frozenset(
    [
        "array",
        "asarray",
        "zeros",
        "ones",
        "empty",
        "arange",
        "full",
        "zeros_like",
        "ones_like",
        "empty_like",
        "dtype",
        "asanyarray",
        "ascontiguousarray",
        "int64",
        "int32",
        "intp",
        "float64",
        "float32",
        "bool_",
        "concatenate",
        "prod",
    ]
)
_STATEMENTS = (
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Expr,
    ast.If,
    ast.For,
    ast.Return,
    ast.Raise,
    ast.Assert,
    ast.Pass,
    ast.Try,
    ast.ExceptHandler,
    ast.Delete,
    ast.Continue,
    ast.Break,
)
_EXPRESSIONS = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Slice,
    ast.Tuple,
    ast.List,
    ast.Dict,
    ast.Set,
    ast.Compare,
    ast.BoolOp,
    ast.BinOp,
    ast.UnaryOp,
    ast.IfExp,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Starred,
    ast.ListComp,
    ast.DictComp,
    ast.SetComp,
    ast.GeneratorExp,
    ast.NamedExpr,
)
_OTHER = (
    ast.expr_context,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.comprehension,
    ast.keyword,
    ast.arguments,
    ast.arg,
    ast.alias,
)


class Place(msgspec.Struct, frozen=True):
    """Where a function stands: its module, and the classes in whose order `self.method` is looked
    up."""

    sources: Sources
    module: Module
    order: tuple[tuple[Module, ast.ClassDef], ...] = ()


def effect(function: ast.FunctionDef, place: Place, *, depth: int = 0) -> str:
    """Why a function may do more than store data; empty where it provably does not."""
    if depth > MAX_CALLS:
        return "calls too deep to follow"
    return next(
        (
            reason
            for statement in function.body
            for node in ast.walk(statement)
            if (reason := _node(node, place, depth))
        ),
        "",
    )


def _node(node: ast.AST, place: Place, depth: int) -> str:
    if isinstance(node, ast.Call):
        return _call(node, place, depth)
    if isinstance(node, ast.Attribute) and _is_self(node.value):
        return _property(node.attr, place, depth)
    if isinstance(node, _STATEMENTS + _EXPRESSIONS + _OTHER):
        return ""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return "imports"
    return f"holds {type(node).__name__}"


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _property(name: str, place: Place, depth: int) -> str:
    """Looking up or setting an attribute runs the method of a property, or of another
    descriptor."""
    decorated = any(
        isinstance(part, ast.FunctionDef) and part.name == name and part.decorator_list
        for _, node in place.order
        for part in node.body
    )
    return _own(name, place, depth) if decorated else ""


def _call(node: ast.Call, place: Place, depth: int) -> str:
    target = node.func
    if isinstance(target, ast.Name):
        return _named(target.id, node, place, depth)
    if isinstance(target, ast.Attribute):
        return _method(target, node, place, depth)
    return "calls a computed value"


def _named(name: str, node: ast.Call, place: Place, depth: int) -> str:
    module = place.module
    own = name in module.functions or name in module.classes or name in module.imports
    if not own and name in {"getattr", "hasattr", "setattr"}:
        return _by_name(name, node, place, depth)
    if not own and name in _FUNCTIONS:
        return ""
    found = place.sources.resolve(module, node.func)
    if found is None:
        return f"calls {name}"
    defined = place.sources.module(found[0])
    if defined is not None and found[1] in defined.functions:
        inner = Place(place.sources, defined)
        reason = effect(defined.functions[found[1]], inner, depth=depth + 1)
        return f"calls {name}, which {reason}" if reason else ""
    if defined is not None and found[1] in defined.classes:
        bases = {dotted(base) for base in defined.classes[found[1]].bases}
        if bases and all(base and base.endswith(("Error", "Warning")) for base in bases):
            return ""
    return f"calls {name}"


def _by_name(function: str, node: ast.Call, place: Place, depth: int) -> str:
    """getattr, hasattr and setattr with a constant name are what the dot is."""
    if len(node.args) < 2 or not isinstance(node.args[1], ast.Constant):
        return f"calls {function} by a computed name"
    if _is_self(node.args[0]):
        return _property(str(node.args[1].value), place, depth)
    return "calls setattr on another object" if function == "setattr" else ""


def _method(target: ast.Attribute, node: ast.Call, place: Place, depth: int) -> str:
    path = dotted(target) or ""
    root = path.partition(".")[0]
    if root in {"np", "numpy"}:
        return "" if target.attr in _ARRAYS else f"calls {path}"
    if path == "warnings.warn":
        return ""
    value = target.value
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "super"
    ):
        return "" if target.attr.startswith("__") else _own(target.attr, place, depth)
    if target.attr in {"__setstate__", "__new__", "__setattr__"} and root in {"object", "super"}:
        return ""
    if root == "self" and path.count(".") == 1:
        return _own(target.attr, place, depth)
    imported = root in place.module.imports and path
    if target.attr in _METHODS and not imported:
        return ""
    return f"calls {path or '….' + target.attr}"


def _own(name: str, place: Place, depth: int) -> str:
    """A method of the object itself: every definition along the order has to be harmless."""
    found = False
    for module, node in place.order:
        for part in node.body:
            if isinstance(part, ast.FunctionDef) and part.name == name:
                found = True
                inner = Place(place.sources, module, place.order)
                reason = effect(part, inner, depth=depth + 1)
                if reason:
                    return f"calls self.{name}, which {reason}"
    if found or name in _METHODS:
        return ""
    return f"calls self.{name}"
