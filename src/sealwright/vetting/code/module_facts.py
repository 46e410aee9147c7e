"""What one module does, as the rules ask for it: calls, assignments, returned values, imports."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import msgspec

from sealwright.vetting.code.scope import Origin, Scope

MODULE = ""
HELD = "<held>"
"""Where a call stands that is prepared here, and made by whoever holds the function."""
GUARDED = "<main>"
"""Where code stands that runs only when the file is the program."""
MAX_FACTS = 100_000


class Call(msgspec.Struct, frozen=True):
    """One call, or one assignment to an attribute (then `node` is the target)."""

    node: ast.expr
    paths: tuple[str, ...]
    origins: frozenset[Origin]
    """Where the values of the arguments come from."""
    function: str
    """Qualified name of the function that it stands in; empty on the module's top level."""
    scope: Scope
    value: ast.expr | None = None
    """Of an assignment."""
    first: frozenset[Origin] = frozenset()
    """Where the value of the first argument comes from."""

    @property
    def line(self) -> int:
        """1-based."""
        return self.node.lineno


class Facts(msgspec.Struct):
    """What one module does."""

    calls: list[Call] = msgspec.field(default_factory=list)
    assignments: list[Call] = msgspec.field(default_factory=list)
    returns: list[Call] = msgspec.field(default_factory=list)
    """Values that functions return: `paths` are what the value stands for."""
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = msgspec.field(
        default_factory=dict
    )
    imports: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """Line and module."""
    _edges: dict[str, set[str]] = msgspec.field(default_factory=dict)

    def at_import(self) -> frozenset[str]:
        """Functions that run when the module is imported, with `MODULE` itself."""
        reached, waiting = {MODULE}, [MODULE]
        while waiting:
            for name in self._edges.get(waiting.pop(), ()):
                if name not in reached:
                    reached.add(name)
                    waiting.append(name)
        return frozenset(reached)

    def link(self, caller: str, paths: Iterable[str]) -> None:
        """`caller` calls, or hands on, functions of this module (`@name`, `@Class().method`)."""
        for path in paths:
            if path.startswith("@"):
                name = path[1:].replace("()", "")
                self._edges.setdefault(caller, set()).update((name, f"{name}.__init__"))


def keyword(node: ast.Call, name: str) -> ast.expr | None:
    """The value of one keyword argument."""
    return next((each.value for each in node.keywords if each.arg == name), None)
