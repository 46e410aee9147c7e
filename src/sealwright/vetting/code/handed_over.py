"""Functions that are given to others to be called: `Thread(target=os.system, args=("id",))` is
judged as `os.system("id")`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

MAX_ARGUMENTS = 64
_CALLERS = frozenset(
    ("Thread", "Timer", "Process", "submit", "map", "starmap", "imap", "imap_unordered",
     "map_async", "starmap_async", "apply", "apply_async", "run_in_executor", "to_thread",
     "run_sync", "call_soon", "call_later", "call_at", "call_soon_threadsafe",
     "start_new_thread", "register", "reduce", "filter", "finalize", "sub", "subn", "sorted",
     "min", "max", "iter", "accumulate", "starmap_unordered")
)  # fmt: skip
"""What calls the function that it is given, by the last part of its name."""


def as_call(node: ast.Call, position: int) -> ast.Call:
    """The call of the argument at `position` with the other arguments, lists and tuples opened."""
    values = [*node.args, *(each.value for each in node.keywords)]
    others = [*values[position + 1 :], *values[:position]]
    opened = list(_opened(others))[:MAX_ARGUMENTS]
    return ast.copy_location(ast.Call(func=values[position], args=opened, keywords=[]), node)


def _opened(values: Iterable[ast.expr]) -> Iterator[ast.expr]:
    for value in values:
        match value:
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                yield from elements
            case ast.Dict(values=held):
                yield from held
            case _:
                yield value


def calls_it(node: ast.Call, paths: tuple[str, ...]) -> bool:
    """Whether the function that `node` calls is known to call what it is given."""
    match node.func:
        case ast.Name(id=last) | ast.Attribute(attr=last) if last in _CALLERS:
            return True
    return any(path.rpartition(".")[2] in _CALLERS for path in paths)


def is_getattr(node: ast.expr) -> bool:
    """`getattr(os, "system")`: a function by another spelling."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id == "getattr")
    )
