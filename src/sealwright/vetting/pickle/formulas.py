"""What a formula of patsy or formulaic may say. Both evaluate its parts as Python.

A formula is read twice. First its tokens, of a closed set in which Python, patsy and formulaic
agree where each begins and ends. Then every term is parsed as Python, with the operators of
formulas written as Python's, and each node of its syntax tree has to be one that only computes
from columns.
"""

from __future__ import annotations

import ast
import math
import re

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.code.source import parse
from sealwright.vetting.pickle.formula_names import SIZES
from sealwright.vetting.pickle.formula_python import MAX_POWER, check_python

MAX_FORMULA = 20_000
"""Characters."""
MAX_COLUMNS = 10_000
"""Columns that the products and powers of a formula may make of its terms."""
MAX_SIZE = 4_096
"""Knots, degrees and levels that a term may ask for."""
MAX_TEXT = 1_000
"""Characters of a text in a formula."""
MAX_NESTED = 100
"""Open brackets."""

_TOKEN = regex(
    r"""(?P<space>\s+)|
    (?P<quoted>`[^`\\\n]*`)(?![\w`'"])|
    (?P<name>[^\W\d]\w*)(?![\w'"`])|
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.'"`])|
    (?P<text>'[^'\\\n`{}]*'|"[^"\\\n`{}]*")(?![\w'"`])|
    (?P<attribute>\.(?=[^\W\d]))|
    (?P<all>\.(?![\w.]))|
    (?P<inside>%in%)|
    (?P<operator>\*\*|//|[<>=!]=|:(?!=)|[-+*/,=()\[\]~|<>&%^])""",
    re.VERBOSE,
)
_WORDS = frozenset({"and", "or", "not", "in", "is"})
"""Operators of Python that look like names."""
_PRODUCT = "@"
"""Stands for `:` and `%in%`; no token is spelled so."""


def formula_reason(text: str) -> str:
    """Why a formula may do more than compute from columns; empty where it may not."""
    if len(text) > MAX_FORMULA:
        return "holds a formula that is too long"
    try:
        columns = sum(_term(term) for term in _terms(text))
    except MalformedError as error:
        return f"holds a formula {error.message}"
    return "" if columns <= MAX_COLUMNS else "holds a formula of too many columns"


# -- tokens --------------------------------------------------------------------------


def _terms(text: str) -> list[str]:
    """The terms of a formula, each as Python."""
    terms: list[str] = []
    pieces: list[str] = []
    brackets: list[str] = []
    position, sides, before = 0, 1, ""
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise MalformedError(f"with {text[position : position + 20]!r}")
        position, kind, piece = token.end(), str(token.lastgroup), token[0]
        if kind == "space":
            pieces.append(" ")
            continue
        if len(brackets) > MAX_NESTED:
            raise MalformedError("with too many open brackets")
        grouped = all(bracket == "group" for bracket in brackets)
        if not brackets and (piece == "~" or (piece in ("+", "-") and before == "operand")):
            sides += piece == "~"
            terms.append("".join(pieces))
            pieces, before = [], ""
            continue
        pieces.append(_spelled(kind, piece, grouped=grouped))
        before = _bracket(piece, brackets, before)
    if brackets or sides > 2:
        raise MalformedError("with open brackets" if brackets else "of more than two sides")
    terms.append("".join(pieces))
    return [term for term in terms if term.strip()]


def _spelled(kind: str, piece: str, *, grouped: bool) -> str:
    """A token as Python. `grouped`: it stands in no call and no list."""
    if kind == "text" and not _balanced(piece):
        raise MalformedError(f"with {piece[:20]!r}")
    if kind in {"quoted", "all"}:
        return "_column"
    if piece == ":" or kind == "inside":
        if not grouped:
            raise MalformedError(f"with {piece!r} in a call")
        return _PRODUCT
    if piece == "~" or (piece == "%" and grouped):
        raise MalformedError(f"with {piece!r}")
    return piece


def _balanced(text: str) -> bool:
    """Whether brackets in a text close: formulaic counts them there, too."""
    inside: list[str] = []
    for character in text[1:-1] if len(text) <= MAX_TEXT else "]":
        if character in "([":
            inside.append(")" if character == "(" else "]")
        elif character in ")]" and (not inside or inside.pop() != character):
            return False
    return not inside


def _bracket(piece: str, brackets: list[str], before: str) -> str:
    """Keeps account of the brackets that are open, and tells whether a value ends here."""
    if piece == "(":
        within = "group" if all(one == "group" for one in brackets) else "call"
        brackets.append("call" if before == "operand" else within)
    elif piece == "[":
        if before == "operand" or not brackets or "call" not in brackets:
            raise MalformedError("with brackets outside a call")
        brackets.append("list")
    elif piece in (")", "]"):
        if not brackets or (brackets.pop() == "list") != (piece == "]"):
            raise MalformedError("with brackets that do not match")
        return "operand"
    operand = piece[0].isalnum() or piece[0] in "_`'\"" or (piece[0] == "." and len(piece) > 1)
    return "operand" if (operand and piece not in _WORDS) else "operator"


# -- terms ---------------------------------------------------------------------------


def _term(text: str) -> int:
    """How many columns a term makes of its parts."""
    tree = parse(f"({text.strip()})").tree
    try:
        match tree.body if tree is not None else ():
            case [ast.Expr(value=value)]:
                return _columns(value)
    except (RecursionError, MemoryError):
        pass
    raise MalformedError(f"with {text.strip()[:40]!r}")


def _columns(node: ast.expr, *, powers: bool = True) -> int:
    """Of the operators of formulas: sums, products, powers. What they join is Python.

    `powers`: there may be one. After `|` patsy takes all of this for Python, too.
    """
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        return _columns(node.operand, powers=powers)
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, _OF_FORMULAS):
        check_python(node)
        return _width(node)
    if isinstance(node.op, ast.Pow | ast.BitXor):
        power = _whole(node.right)
        if not powers or not 0 <= power <= MAX_POWER:
            raise MalformedError("with a power that is no small number")
        left = _columns(node.left, powers=False)
        made = sum(math.comb(left, count) for count in range(1, power + 1))
    else:
        left = _columns(node.left, powers=powers)
        right = _columns(node.right, powers=powers)
        made = left * right if isinstance(node.op, ast.Mult | ast.MatMult) else 0
        made += left + right if not isinstance(node.op, ast.MatMult) else 0
    if made > MAX_COLUMNS:
        raise MalformedError("of too many columns")
    return made


_OF_FORMULAS = (
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.BitOr),
    *(ast.MatMult, ast.Pow, ast.BitXor),
)


def _whole(node: ast.expr) -> int:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if type(value) is int else -1


def _width(node: ast.expr) -> int:
    """Columns that splines and tables of a term are asked for, multiplied."""
    made = 1
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and ast.unparse(one.func) in SIZES:
            asked = [*one.args[1:], *(word.value for word in one.keywords if word.arg in _ASKED)]
            for value in asked:
                number = value.value if isinstance(value, ast.Constant) else 1
                size = number if isinstance(number, int | float) else 1
                made *= max(1, int(min(size, MAX_SIZE + 1)))
                if isinstance(value, ast.BinOp) or size > MAX_SIZE or made > MAX_COLUMNS:
                    raise MalformedError("of too many columns")
    return made


_ASKED = frozenset({"df", "degree", "levels"})
