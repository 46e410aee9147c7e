"""Python source of installed libraries, as syntax trees: nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sealwright.errors import InputMissing

SKIPPED_FOLDERS = frozenset({"tests", "test", "testing", "_testing", "__pycache__", "conftest"})
MAX_SOURCE = 4 * 1024 * 1024
MAX_IMPORTS = 20


class Module(msgspec.Struct):
    """The definitions at the top of one module, also inside `if` and `try`."""

    name: str
    is_package: bool
    classes: dict[str, ast.ClassDef] = msgspec.field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = msgspec.field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = msgspec.field(default_factory=dict)
    """Local name → (module, name in it, or nothing where it is the module)."""
    values: dict[str, ast.expr] = msgspec.field(default_factory=dict)
    """Local name → the expression that was assigned."""
    stars: list[str] = msgspec.field(default_factory=list)
    """Modules whose names are all imported."""


class Sources(msgspec.Struct):
    """One site-packages folder, read as far as it is asked for."""

    site: Path
    modules: dict[str, Module | None] = msgspec.field(default_factory=dict)

    def module(self, name: str) -> Module | None:
        """A module's definitions; None where there is no source."""
        if name not in self.modules:
            self.modules[name] = self._read(name)
        return self.modules[name]

    def names(self, package: str) -> Iterator[str]:
        """Every module below a package, without tests, in order."""
        top = self.site / package
        if not top.is_dir():
            if self._file(package)[0] is None:
                raise InputMissing(f"{package} has no source in {self.site}")
            yield package
            return
        for path in sorted(top.rglob("*.py")):
            parts = path.relative_to(self.site).with_suffix("").parts
            if SKIPPED_FOLDERS.intersection(parts) or parts[-1].startswith("test_"):
                continue
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def resolve(self, module: Module, node: ast.expr) -> tuple[str, str] | None:
        """(module, name) where what an expression names is defined; `builtins` where nobody
        says."""
        path = dotted(node)
        if path is None:
            return None
        first, *rest = path.split(".")
        if not rest and (first in module.classes or first in module.functions):
            return module.name, first
        if first in module.imports:
            place, name = module.imports[first]
            parts = [part for part in (name, *rest) if part]
            return self._follow(place, parts)
        if not rest and first in module.values:
            return module.name, first
        return ("builtins", path) if not rest else None

    def _follow(self, place: str, parts: list[str]) -> tuple[str, str] | None:
        for _ in range(MAX_IMPORTS):
            while len(parts) > 1 and self.module(f"{place}.{parts[0]}") is not None:
                place, parts = f"{place}.{parts[0]}", parts[1:]
            if len(parts) != 1:
                return (place, ".".join(parts)) if parts else None
            found = self.module(place)
            if found is None or parts[0] in found.classes or parts[0] in found.functions:
                return place, parts[0]
            if parts[0] not in found.imports:
                place = self._star(found, parts[0]) or place
                if place == found.name:
                    return place, parts[0]
                continue
            target, name = found.imports[parts[0]]
            if not name:
                return None
            place, parts = target, [name]
        return None

    def _star(self, module: Module, name: str) -> str | None:
        """The module behind a star import that has the name."""
        for place in module.stars:
            found = self.module(place)
            if (
                found is not None
                and place != module.name
                and (name in found.classes or name in found.imports or name in found.values)
            ):
                return place
        return None

    def _file(self, name: str) -> tuple[Path | None, bool]:
        base = self.site.joinpath(*name.split("."))
        if (base / "__init__.py").is_file():
            return base / "__init__.py", True
        plain = base.with_name(base.name + ".py")
        return (plain, False) if plain.is_file() else (None, False)

    def _read(self, name: str) -> Module | None:
        path, is_package = self._file(name)
        if path is None or path.stat().st_size > MAX_SOURCE:
            return None
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            return None
        module = Module(name, is_package)
        _collect(tree.body, module)
        return module


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` of a name with attributes; a subscript counts as what is subscripted."""
    parts: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        else:
            return None
    return ".".join((node.id, *reversed(parts)))


def _collect(body: list[ast.stmt], module: Module) -> None:
    for node in body:
        match node:
            case ast.ClassDef():
                module.classes[node.name] = node
            case ast.FunctionDef():
                module.functions[node.name] = node
            case ast.Import() | ast.ImportFrom():
                _imported(node, module)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                module.values[name] = value
            case ast.If():
                _collect([*node.body, *node.orelse], module)
            case ast.Try():
                handlers = [part for handler in node.handlers for part in handler.body]
                _collect([*handlers, *node.orelse, *node.body, *node.finalbody], module)
            case _:
                pass


def _imported(node: ast.Import | ast.ImportFrom, module: Module) -> None:
    if isinstance(node, ast.Import):
        for alias in node.names:
            place = alias.name if alias.asname else alias.name.partition(".")[0]
            module.imports[alias.asname or place] = (place, "")
        return
    place = _absolute(module, node)
    for alias in node.names:
        if alias.name == "*":
            module.stars.append(place)
        else:
            module.imports[alias.asname or alias.name] = (place, alias.name)


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    up = node.level - (1 if module.is_package else 0)
    base = parts[: len(parts) - up] if up else parts
    return ".".join([*base, *([node.module] if node.module else [])])
