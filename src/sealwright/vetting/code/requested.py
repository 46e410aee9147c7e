"""Commands that come whole from a request that a handler was given: a shell for whoever may ask."""

from __future__ import annotations

import ast

from sealwright.patterns import regex
from sealwright.vetting.code.module_facts import Call, Facts, keyword
from sealwright.vetting.code.scope import Scope

MAX_STEPS = 40
_SHELLS = frozenset(
    ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput",
     "commands.getoutput", "commands.getstatusoutput", "asyncio.create_subprocess_shell")
)  # fmt: skip
_HANDLERS = regex(
    r"handle(?:r|_request)?|predict(?:_fn|_raw)?|inference|infer|transform_fn|input_fn|output_fn"
    r"|pre_?process|post_?process|__call__|forward|execute|do_[A-Z]+|lambda_handler|on_message"
    r"|generate|invoke|(?:async_)?handler|get|post|put"
)
_ROUTES = frozenset(("route", "get", "post", "put", "patch", "delete", "websocket", "api"))
_OPENING = frozenset(
    ("get", "pop", "decode", "strip", "read", "json", "loads", "str", "form", "values", "getlist",
     "get_json", "text", "body", "split", "lower", "parse_qs")
)  # fmt: skip
"""Methods and functions that only take a value out of a request."""


def is_requested(call: Call, node: ast.Call, path: str, known: Facts) -> bool:
    """Whether a shell is given an element of a parameter, and nothing else, in a handler."""
    switch = keyword(node, "shell")
    shell = isinstance(switch, ast.Constant) and switch.value is True
    if not node.args or not (path in _SHELLS or shell):
        return False
    function = known.functions.get(call.function)
    if function is None or not _is_handler(function):
        return False
    names = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    given = {one.arg for one in names} - {"self", "cls"}
    return _opened(node.args[0], call.scope, given)


def _is_handler(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if _HANDLERS.fullmatch(function.name):
        return True
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Attribute) and called.attr in _ROUTES:
            return True
    return False


def _opened(node: ast.expr, scope: Scope, given: set[str]) -> bool:
    """`data[0]["body"]`, `json.loads(request)["c"]`, by names as well; not `f"ls {data}"`."""
    inside = False
    for _ in range(MAX_STEPS):
        match node:
            case ast.Subscript(value=value):
                node, inside = value, True
            case ast.Call(func=ast.Attribute(attr="loads" | "parse_qs"), args=[first, *_]):
                node, inside = first, True
            case ast.Call(func=ast.Name(id="str" | "bytes"), args=[first, *_]):
                node = first
            case ast.Call(func=ast.Attribute(value=value, attr=attribute)) if attribute in _OPENING:
                node, inside = value, inside or attribute in ("get", "pop", "getlist")
            case ast.Attribute(value=value, attr=attribute):
                if attribute in ("rfile", "headers", "path") and _is_self(value):
                    return True
                node, inside = value, True
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                node = value
            case ast.Name(id=name):
                if name in given and name not in _assigned(scope, name):
                    return inside
                values = scope.values.get(name, ())
                if len(values) != 1:
                    return False
                node = values[0][0]
            case _:
                return False
    return False


def _assigned(scope: Scope, name: str) -> set[str]:
    """`name`, if the function assigns to its own parameter."""
    return {name} if any(of is scope for _, of in scope.values.get(name, ())) else set()


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"
