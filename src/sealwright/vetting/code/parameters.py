"""What the parameters of functions are given: by default, and by calls in the same module."""

from __future__ import annotations

import ast

from sealwright.vetting.code.names import dangerous, resolve
from sealwright.vetting.code.scope import Scope


class Parameters:
    """The parameters of a module's own functions."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[list[str], Scope]] = {}

    def define(self, function: str, names: list[str], inner: Scope) -> None:
        """`function`, by its qualified name, binds `names` in `inner`."""
        self._known[function] = (names, inner)

    def enter(self, node: ast.Call, paths: tuple[str, ...], scope: Scope) -> None:
        """Notes what a call in `scope` gives to the functions that it may stand for."""
        for path in paths:
            name = path[1:].replace("()", "")
            if not path.startswith("@") or name not in self._known:
                continue
            names, inner = self._known[name]
            own = names[1:] if names[:1] in (["self"], ["cls"]) else names
            for parameter, value in zip(own, node.args, strict=False):
                give(inner, parameter, value, scope)
            for keyword in node.keywords:
                if keyword.arg in names:
                    give(inner, keyword.arg, keyword.value, scope)


def defaults(arguments: ast.arguments, inner: Scope, scope: Scope) -> None:
    """`def run(command, by=os.system)`, where the default is understood in `scope`."""
    positional = [*arguments.posonlyargs, *arguments.args]
    for one, value in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        give(inner, one.arg, value, scope)
    for only, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=False):
        if default is not None:
            give(inner, only.arg, default, scope)


def give(inner: Scope, name: str, value: ast.expr, scope: Scope) -> None:
    """The parameter `name` may hold what `value` is in `scope`."""
    inner.assigned(name, value, scope)
    if isinstance(value, ast.Name | ast.Attribute):
        inner.bind(name, dangerous(resolve(value, scope)))
