"""Python files that programs import because of their name alone, whatever a configuration says."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sealwright.vetting.formats.imported_code import files_of, parsed
from sealwright.vetting.interface import Listing

_WEIGHTS = (".safetensors", ".bin", ".h5", ".msgpack", ".pt", ".pth", ".gguf", ".onnx")
_BINDING = frozenset(("globals", "exec", "__builtins__"))
"""Names by which a module binds what its text does not show."""
_MOST = 50
"""Files that are followed through `from … import *`."""


def is_meant(
    name: str, listing: Listing, *, takes: frozenset[str], anyhow: bool = False, hidden: bool = True
) -> bool:
    """Whether the file `name` is what a program looks for under that name: many ordinary scripts
    are called handler.py or inference.py as well.

    `takes`: classes or functions of which it defines one if it is meant. `anyhow`: it is meant also
    if it defines none, as the program imports it before it looks for them. `hidden`: it is meant
    if what it defines cannot be seen.
    """
    tree = parsed(bytes(listing.members[name]().data))
    if tree is None:
        return anyhow or hidden
    if all(map(_is_inert, tree.body)):
        return False
    return anyhow or _defines(tree, name, listing, takes=takes, hidden=hidden)


def holds_weights(listing: Listing) -> bool:
    """Whether weights lie in the folder itself."""
    return any("/" not in name and name.endswith(_WEIGHTS) for name in listing.members)


def _is_inert(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def _defines(
    tree: ast.Module, name: str, listing: Listing, *, takes: frozenset[str], hidden: bool
) -> bool:
    """Whether one of the names is bound in the file, or in files of which it imports everything."""
    pending, seen = [(name, tree)], {name}
    while pending:
        here, one = pending.pop()
        if hidden and any(map(_binds_unseen, one.body)):
            return True
        for node in ast.walk(one):
            mentioned = _names(node)
            if takes & mentioned or (hidden and _BINDING & mentioned):
                return True
            if not isinstance(node, ast.ImportFrom) or node.names[0].name != "*":
                continue
            behind = list(_everything(node, here, listing))
            if hidden and not behind and _is_beside(node, listing):
                return True
            for other in behind:
                if other in seen or len(seen) >= _MOST:
                    continue
                seen.add(other)
                inner = parsed(bytes(listing.members[other]().data))
                if inner is not None:
                    pending.append((other, inner))
    return False


def _binds_unseen(node: ast.stmt) -> bool:
    """A function of a module that answers for every name, or a use of its own names as a dict."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name == "__getattr__"
    return any("locals" in _names(one) for one in ast.walk(node))


def _is_beside(node: ast.ImportFrom, listing: Listing) -> bool:
    """Whether a module that is no source file may be one of the folder: a compiled one, say."""
    first = (node.module or "").partition(".")[0]
    return node.level > 0 or any(
        name.startswith((f"{first}.", f"{first}/")) or f"/{first}." in name
        for name in listing.members
    )


def _everything(node: ast.ImportFrom, name: str, listing: Listing) -> Iterator[str]:
    """Files behind `from … import *`."""
    return files_of(node.module or "", node.level, name, listing, on_path=True)


def _names(node: ast.AST) -> set[str]:
    """What a node binds or mentions. `sys.modules` counts as a way to bind anything."""
    if isinstance(node, ast.Attribute):
        written = f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else ""
        return {"__builtins__" if written == "sys.modules" else node.attr}
    found = (getattr(node, field, None) for field in ("name", "asname", "id"))
    return {one for one in found if isinstance(one, str)}
