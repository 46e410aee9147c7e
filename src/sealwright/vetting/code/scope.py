"""Names of a module, class or function, and what was bound to them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Literal

import msgspec

Origin = Literal[
    "network", "decoded", "environment", "credentials", "code", "long-text", "assembled", "file",
    "parsed",
]  # fmt: skip
"""Where a value comes from, as far as it matters; see `origins`."""
MAX_ALTERNATIVES = 8
MAX_VALUES = 16


class Scope(msgspec.Struct):
    """Names of a module, class or function. An empty set: bound to something that is not
    followed."""

    parent: Scope | None = None
    is_class: bool = False
    names: dict[str, set[str]] = msgspec.field(default_factory=dict)
    texts: dict[str, str | None] = msgspec.field(default_factory=dict)
    """Names that hold one known text; None once they may hold another."""
    values: dict[str, list[tuple[ast.expr, Scope]]] = msgspec.field(default_factory=dict)
    """The expressions that were assigned to a name or given for a parameter, and their scopes."""
    stars: list[str] = msgspec.field(default_factory=list)
    """Modules of which everything was imported."""
    aliases: dict[str, set[str]] = msgspec.field(default_factory=dict)
    """Of a module: `@Class.name` → the functions and modules that were assigned to it."""
    came: dict[str, frozenset[Origin]] = msgspec.field(default_factory=dict)
    """`name` or `name.attribute` → origins of all that was assigned to it."""

    def bind(self, name: str, paths: Iterable[str] = ()) -> None:
        """`name` may stand for `paths` from here on, too."""
        known = self.names.setdefault(name, set())
        for path in paths:
            if len(known) < MAX_ALTERNATIVES:
                known.add(path)

    def holds(self, name: str, text: str | None) -> None:
        """`name` holds `text`; a second, different text makes it unknown."""
        if name in self.texts and self.texts[name] != text:
            text = None
        self.texts[name] = text

    def assigned(self, name: str, value: ast.expr, scope: Scope) -> None:
        """`name` may hold what `value` is in `scope`."""
        known = self.values.setdefault(name, [])
        if len(known) < MAX_VALUES:
            known.append((value, scope))

    def module(self) -> Scope:
        """The outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def find(self, name: str) -> Scope | None:
        """The scope that binds `name`, as Python looks it up; classes are left out on the way."""
        scope: Scope | None = self
        first = True
        while scope is not None:
            if name in scope.names and (first or not scope.is_class):
                return scope
            scope, first = scope.parent, False
        return None
