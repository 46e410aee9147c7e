"""What the parts of a formula may be that patsy and formulaic evaluate as Python: a closed set of
nodes of its syntax tree, which compute from columns and take no longer than these ask for."""

from __future__ import annotations

import ast

from sealwright.errors import MalformedError
from sealwright.vetting.pickle.formula_names import (
    CALLS,
    CONTRASTS,
    DANGEROUS,
    KEYWORDS,
    POWERS,
    TEXTS,
)

MAX_POWER = 10
MAX_NUMBER = 10**15
_COMPUTING = (
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod),
    *(ast.BitAnd, ast.BitOr, ast.BitXor),
)


def check_python(node: ast.expr, *, powers: bool = True, texts: bool = False) -> None:
    """Raises `MalformedError` where it is not a computation from columns.

    `powers`: it may hold one. `texts`: it may be a text or a list; where it is computed with, a
    text of a few bytes could be repeated without end.
    """
    if isinstance(node, ast.Name):
        if node.id.startswith("__") or node.id in DANGEROUS:
            raise MalformedError(f"with {node.id[:40]!r}")
    elif isinstance(node, ast.Constant):
        _check_constant(node.value, texts=texts)
    elif isinstance(node, ast.Attribute):
        _check_attribute(node)
    elif isinstance(node, ast.Call):
        _check_call(node, powers=powers)
    elif isinstance(node, ast.BinOp):
        _check_operator(node, powers=powers)
    else:
        inside = _parts(node, texts=texts)
        for value in inside:
            compared = isinstance(node, ast.Compare | ast.List | ast.Tuple)
            check_python(value, powers=powers, texts=compared)


def _parts(node: ast.expr, *, texts: bool) -> list[ast.expr]:
    """What a comparison, a list or a logical operator joins."""
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.List | ast.Tuple) and texts:
        return node.elts
    raise MalformedError(f"with {ast.unparse(node)[:40]!r}")


def _check_constant(value: object, *, texts: bool) -> None:
    kinds = {int, float, bool, type(None)} | ({str} if texts else set())
    if type(value) not in kinds or (type(value) is int and value > MAX_NUMBER):
        raise MalformedError(f"with {str(value)[:40]!r}")


def _check_attribute(node: ast.Attribute) -> None:
    """A name with dots, as formulaic takes for a column; nothing private."""
    below: ast.expr = node
    names = []
    while isinstance(below, ast.Attribute):
        names.append(below.attr)
        below = below.value
    if not isinstance(below, ast.Name) or any(part.startswith("_") for part in (below.id, *names)):
        raise MalformedError(f"with {ast.unparse(node)[:40]!r}")


def _check_operator(node: ast.BinOp, *, powers: bool) -> None:
    if isinstance(node.op, ast.Pow):
        _check_power(node.left, node.right, powers=powers)
        return
    if not isinstance(node.op, _COMPUTING):
        raise MalformedError(f"with {ast.unparse(node)[:40]!r}")
    check_python(node.left, powers=powers)
    check_python(node.right, powers=powers)


def _check_power(base: ast.expr, power: ast.expr, *, powers: bool) -> None:
    """A power by a small number, and not of another power."""
    if isinstance(power, ast.UnaryOp) and isinstance(power.op, ast.USub):
        power = power.operand
    value = power.value if isinstance(power, ast.Constant) else None
    small = isinstance(value, int | float) and 0 <= value <= MAX_POWER
    if not powers or not small:
        raise MalformedError("with a power that is no small number")
    check_python(base, powers=False)


def _check_call(node: ast.Call, *, powers: bool) -> None:
    called = ast.unparse(node.func)
    if called.startswith("numpy."):
        called = called.replace("numpy.", "np.", 1)
    if called not in CALLS:
        raise MalformedError(f"that calls {called[:40]}")
    if called in POWERS:
        if len(node.args) != (2 if called == "np.power" else 1):
            raise MalformedError("with a power that is no small number")
        power = node.args[1] if called == "np.power" else ast.Constant(2)
        _check_power(node.args[0], power, powers=powers)
    for word in node.keywords:
        if word.arg not in KEYWORDS:
            raise MalformedError(f"that sets {str(word.arg)[:40]}")
        if word.arg in {"contrast", "contrasts"}:
            _check_contrast(word.value)
        check_python(word.value, powers=powers, texts=True)
    for place, value in enumerate(node.args):
        if place == _CONTRAST_AT.get(called):
            _check_contrast(value)
        check_python(value, powers=powers, texts=called in TEXTS)
    if called == "Q" and not (len(node.args) == 1 and isinstance(node.args[0], ast.Constant)):
        raise MalformedError("with a name that is none of a column")


_CONTRAST_AT = {"C": 1, "hashed": 2}
"""Arguments that would be called."""


def _check_contrast(node: ast.expr) -> None:
    """A contrast of the library's own, or what it is given."""
    if isinstance(node, ast.Call):
        node = node.func
    if not isinstance(node, ast.Constant | ast.List) and ast.unparse(node) not in CONTRASTS:
        raise MalformedError(f"with {ast.unparse(node)[:40]!r} for a contrast")
