"""Text that is not written down: put together from numbers, turned around, or kept in another file.

`assembled` is what has no other purpose than that a reader does not see it, once it runs as code.
"""

from __future__ import annotations

import ast
import re

from sealwright.patterns import regex
from sealwright.vetting.code.scope import Origin, Scope
from sealwright.vetting.code.texts import MAX_STEPS, fold, parts

MAX_NODES = 200
_FEW = 4
"""Numbers or characters from which they spell something."""
_USUAL_CODECS = regex(
    r"(?:utf[-_]?8(?:-sig)?|(?:us-)?ascii|latin-?1|iso-?8859-?1|cp1252)?", re.IGNORECASE
)
_UNESCAPING = frozenset(
    ("urllib.parse.unquote", "urllib.parse.unquote_plus", "urllib.parse.unquote_to_bytes",
     "html.unescape", "quopri.decodestring", "reversed", "codecs.encode")
)  # fmt: skip
_READS = regex(
    r"open|(?:io|codecs|tokenize|gzip|bz2|lzma)\.open|zipfile\.ZipFile|tarfile\.open"
    r"|pathlib\.\w*Path\(\)\.(?:open|read_text|read_bytes)|numpy\.(?:fromfile|memmap)"
    r"|pkgutil\.get_data|importlib\.resources\.(?:read_text|read_binary|files)|linecache\.getlines"
    r"|safetensors\.safe_open|mmap\.mmap"
)
_PARSES = regex(
    r"(?:json|yaml|toml|tomli|tomllib|csv|configparser|msgpack|orjson|pickle|h5py)\..*"
    r"|ast\.literal_eval|(?:torch|joblib|numpy)\.load(?:txt)?|numpy\.genfromtxt|pandas\.read_\w+"
    r"|safetensors\.(?:\w+\.)?load\w*"
)
_NUMBERS = frozenset(
    ("len", "int", "float", "bool", "ord", "sum", "range", "isinstance", "hash", "id", "any", "all")
)
_CODE_FILE = regex(r".*\.(?:py[iw]?|ipy)", re.IGNORECASE | re.DOTALL)
_OTHER_FILE = regex(r".*\.\w{1,12}", re.DOTALL)
_HIDES: frozenset[Origin] = frozenset(("assembled",))
_KEPT: frozenset[Origin] = frozenset(("file",))
_PARSED: frozenset[Origin] = frozenset(("parsed",))
_TEXTUAL: frozenset[Origin] = frozenset(("assembled", "file", "parsed"))
_NONE: frozenset[Origin] = frozenset()


def of_expression(node: ast.AST, scope: Scope) -> frozenset[Origin]:
    """What an expression other than a call adds to the origins of its parts."""
    match node:
        case ast.ListComp() | ast.GeneratorExp():
            return _HIDES if _spells(node) else _NONE
        case ast.Subscript(value=value, slice=ast.Slice(step=step)) if step is not None:
            return _HIDES if (fold(value, scope) or "").strip() else _NONE
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str() as text)):
            return _HIDES if text.count("%c") >= _FEW else _NONE
    return _NONE


def of_call(
    node: ast.Call, paths: tuple[str, ...], came: frozenset[Origin], scope: Scope
) -> frozenset[Origin]:
    """The origins of what a call answers, where those of its arguments are `came`."""
    if came & _TEXTUAL and any(path in _NUMBERS for path in paths):
        came -= _TEXTUAL
    if _hides(node, paths, scope):
        came |= _HIDES
    if any(_PARSES.fullmatch(path) for path in paths):
        return came - _KEPT | _PARSED
    where = _read(node, paths)
    if where is not None and _kind(where, scope) == "data":
        came |= _KEPT
    return came


def _spells(node: ast.ListComp | ast.GeneratorExp) -> bool:
    """`chr(x) for x in ...`, `c ^ 42 for c in ...`: not the letters of a range."""
    over = node.generators[0].iter
    counts = isinstance(over, ast.Call) and isinstance(over.func, ast.Name)
    counts = counts and over.func.id == "range"  # type: ignore[attr-defined]
    for number, each in enumerate(ast.walk(node.elt)):
        if number > MAX_NODES:
            break
        match each:
            case ast.BinOp(op=ast.BitXor()):
                return True
            case ast.Call(func=ast.Name(id="chr"), args=[of]):
                return not counts or any(isinstance(x, ast.Subscript) for x in ast.walk(of))
    return False


def _hides(node: ast.Call, paths: tuple[str, ...], scope: Scope) -> bool:
    first = node.args[0] if node.args else None
    match node.func:
        case ast.Attribute(value=value, attr="translate"):
            return fold(value, scope) is not None
        case ast.Attribute(attr="to_bytes", value=ast.Constant()):
            return True
        case ast.Attribute(attr="decode" | "encode") if first is not None and len(paths) < 2:
            codec = fold(first, scope)
            return codec is not None and _USUAL_CODECS.fullmatch(codec) is None
    for path in paths:
        if path == "map" and isinstance(first, ast.Name) and first.id == "chr":
            return True
        if path in ("bytes", "bytearray", "struct.pack") and _numbers(node, first):
            return True
        if path in _UNESCAPING and fold(first, scope) is not None:
            return path != "codecs.encode" or len(node.args) > 1
    return False


def _numbers(node: ast.Call, first: ast.expr | None) -> bool:
    match first:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            pass
        case ast.Call(func=ast.Attribute(attr="tolist")) | ast.Call(func=ast.Name(id="map")):
            return True
        case ast.ListComp() | ast.GeneratorExp():
            return _spells(first)
        case _:
            elements = node.args[1:]
    known = [one for one in elements if isinstance(one, ast.Constant)]
    return len([one for one in known if isinstance(one.value, int)]) >= _FEW


def _read(node: ast.Call, paths: tuple[str, ...]) -> ast.expr | None:
    """The path of the file that a call reads."""
    first = node.args[0] if node.args else None
    match node.func:
        case ast.Attribute(value=value, attr="read_text" | "read_bytes"):
            return value
        case ast.Attribute(value=value, attr="open") if not first or _is_mode(first):
            return value
    return first if any(_READS.fullmatch(path) for path in paths) else None


def _is_mode(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 4


def _kind(node: ast.expr, scope: Scope) -> str:
    """`code` for the path of Python source, `data` for that of another file, empty if not seen."""
    kinds = {
        _named(each.value)
        for each in parts(node, scope)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }
    if "code" in kinds:
        return "code"
    whole = fold(node, scope)
    return "data" if "data" in kinds or (whole and "{" not in whole) else ""


def _named(text: str) -> str:
    if _CODE_FILE.fullmatch(text):
        return "code"
    return "data" if _OTHER_FILE.fullmatch(text) else ""


def spelled(node: ast.expr, scope: Scope) -> bool:
    """`chr(105) + chr(109) + ...`, directly or by a name."""
    seen = 0
    for each in parts(node, scope):
        match each:
            case ast.Call(func=ast.Name(id="chr"), args=[ast.Constant()]):
                seen += 1
    return seen >= _FEW


def documentation(node: ast.expr, scope: Scope) -> bool:
    """`__doc__.split("#")[1]`, or a name for it: a docstring, and nothing around it."""
    for _ in range(MAX_STEPS):
        match node:
            case ast.Name(id="__doc__") | ast.Attribute(attr="__doc__"):
                return True
            case ast.Name(id=name) if (holder := scope.find(name)) is not None:
                values = holder.values.get(name, ())
                if len(values) != 1:
                    return False
                node, scope = values[0]
            case ast.Call(func=ast.Attribute(value=value), args=arguments):
                node = arguments[0] if isinstance(value, ast.Constant) and arguments else value
            case ast.Call(args=[first, *_]) | ast.Subscript(value=first):
                node = first
            case _:
                return False
    return False
