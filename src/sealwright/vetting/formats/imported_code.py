"""Python files of a folder that are imported while a model is loaded, and the files beside them
that they import in turn.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import msgspec

from sealwright.vetting.code.sinks import examine_source
from sealwright.vetting.interface import Examining, Listing
from sealwright.vetting.session import Spent

_MOST = 200
"""Files that are followed; the code of a model has a handful."""
_DEEPEST = 32
"""Packages within each other."""
_IMPORTERS = frozenset(("import_module", "__import__"))


class Imported(msgspec.Struct):
    """What was examined of a folder, so that each file is examined once."""

    listing: Listing
    examining: Examining
    seen: set[str] = msgspec.field(default_factory=set)

    def examine(self, name: str, *, on_path: bool) -> None:
        """Applies the rules of code to a file and to what it imports, as code that somebody else's
        program imports. `on_path`: its folder is on the import path, not only in its package.

        Raises Spent where they are too many.
        """
        pending = [name]
        while pending:
            one = pending.pop()
            if one in self.seen:
                continue
            if len(self.seen) >= _MOST:
                raise Spent(f"more than {_MOST} files of code are imported with the model")
            self.seen.add(one)
            member = self.listing.members[one]()
            data = bytes(member.data)
            self.examining.session.spend(1 + len(data) // 8)
            examine_source(data, self.examining, where=member.path, imported=True)
            tree = parsed(data)
            if tree is not None:
                pending += imported_files(tree, one, self.listing, on_path=on_path)


def parsed(data: bytes) -> ast.Module | None:
    """The syntax tree of a file, or nothing where it is not Python."""
    from sealwright.vetting.code.source import parse

    return parse(data).tree


def imported_files(
    tree: ast.Module, name: str, listing: Listing, *, on_path: bool
) -> Iterator[str]:
    """Files of the folder that the file `name` imports."""
    for node in ast.walk(tree):
        for level, dotted in _modules(node):
            yield from files_of(dotted, level, name, listing, on_path=on_path)


def files_of(
    dotted: str, level: int, name: str, listing: Listing, *, on_path: bool
) -> Iterator[str]:
    """Files of the folder that the import of one module by the file `name` runs: the module's, and
    those of the packages around it.
    """
    folder = name.rpartition("/")[0]
    bases = {folder, ""} if on_path and not level else set()
    if level:
        parts = folder.split("/") if folder else []
        if level - 1 > len(parts):
            return
        bases = {"/".join(parts[: len(parts) - level + 1])}
    for base in sorted(bases):
        path = base
        for part in dotted.split(".", _DEEPEST)[:_DEEPEST]:
            path = f"{path}/{part}" if path and part else path + part
            for found in (f"{path}.py", f"{path}/__init__.py"):
                if found in listing.members:
                    yield found


def _modules(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Level and dotted name of what an import, or a call of one, asks for."""
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield 0, alias.name
        case ast.ImportFrom(module=module, names=names, level=level):
            for alias in names:
                yield level, f"{module}.{alias.name}" if module else alias.name
        case ast.Call(
            func=ast.Name(id=called) | ast.Attribute(attr=called),
            args=[ast.Constant(value=str() as text), *_],
        ) if called in _IMPORTERS:
            stripped = text.lstrip(".")
            yield len(text) - len(stripped), stripped
