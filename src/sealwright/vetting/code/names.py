"""What a name in Python source stands for: imports, aliases, rebinding, attribute walks.

A may-analysis: a name that is bound more than once stands for all that it was bound to. Text that
is
put together (`"ex" + "ec"`) is folded, so that a name cannot hide in pieces.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import msgspec

Origin = Literal["network", "decoded", "environment", "credentials", "code", "long-text"]
"""Where a value comes from, as far as it matters; see `origins`."""
MAX_ALTERNATIVES = 8
MAX_FOLDED = 65_536
"""Characters of a folded text."""
MAX_STEPS = 60
"""Attribute steps, operators and calls that one name is followed through."""
_BUILTINS = frozenset((*dir(builtins), "get_ipython"))
_SAME = {
    "_pickle": "pickle",
    "cPickle": "pickle",
    "pickle._Unpickler": "pickle.Unpickler",
    "pickle._loads": "pickle.loads",
    "pickle._load": "pickle.load",
    "posix": "os",
    "nt": "os",
    "os.popen2": "os.popen",
    "torch.serialization.load": "torch.load",
    "sklearn.externals.joblib": "joblib",
    "joblib.numpy_pickle": "joblib",
    "pandas.io.pickle": "pandas",
    "numpy.lib.npyio": "numpy",
    "numpy.lib._npyio_impl": "numpy",
    "tensorflow.compat.v1": "tensorflow",
    "tensorflow.compat.v2": "tensorflow",
    "tensorflow.keras": "keras",
    "tensorflow.python.keras": "keras",
    "tf_keras": "keras",
    "keras.src": "keras",
    "urllib2": "urllib.request",
    "_socket": "socket",
    "_ctypes": "ctypes",
    "ruamel_yaml": "yaml",
    "dill._dill": "dill",
    "cloudpickle.cloudpickle": "cloudpickle",
}
"""Other ways to the same thing."""
_WALKERS = frozenset(("getattr", "vars", "functools.partial"))


class Scope(msgspec.Struct):
    """Names of a module, class or function. An empty set: bound to something that is not
    followed."""

    parent: Scope | None = None
    is_class: bool = False
    names: dict[str, set[str]] = msgspec.field(default_factory=dict)
    texts: dict[str, str | None] = msgspec.field(default_factory=dict)
    """Names that hold one known text; None once they may hold another."""
    stars: list[str] = msgspec.field(default_factory=list)
    """Modules of which everything was imported."""
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

    def find(self, name: str) -> Scope | None:
        """The scope that binds `name`, as Python looks it up; classes are left out on the way."""
        scope: Scope | None = self
        first = True
        while scope is not None:
            if name in scope.names and (first or not scope.is_class):
                return scope
            scope, first = scope.parent, False
        return None


def bind_import(scope: Scope, node: ast.Import | ast.ImportFrom) -> None:
    """`import a.b as c`, `from a import b as c`, `from a import *`."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.split(".")[0]
            scope.bind(alias.asname or first, [same(alias.name if alias.asname else first)])
        return
    module = "." * node.level + (node.module or "")
    for alias in node.names:
        if alias.name == "*":
            scope.stars.append(module)
        else:
            scope.bind(alias.asname or alias.name, [same(f"{module}.{alias.name}")])


@lru_cache(maxsize=16_384)
def same(path: str) -> str:
    """One spelling for things that can be reached by several paths."""
    for _ in range(3):
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            head = ".".join(parts[:end])
            if head in _SAME:
                path = ".".join([_SAME[head], *parts[end:]])
                break
        else:
            break
    for prefix in ("builtins.", "__builtins__."):
        path = path.removeprefix(prefix)
    return path


def resolve(node: ast.expr, scope: Scope, steps: int = MAX_STEPS) -> tuple[str, ...]:
    """Dotted paths that `node` may stand for, sorted; `()` after what is called. Empty if not
    known."""
    if steps <= 0:
        return ()
    match node:
        case ast.Name(id=name):
            found = _name(name, scope)
        case ast.Attribute(value=value, attr=attribute):
            found = _attribute(resolve(value, scope, steps - 1), attribute)
        case ast.Call():
            found = _called(node, scope, steps - 1)
        case ast.Subscript(value=value, slice=index):
            found = _item(resolve(value, scope, steps - 1), fold(index, scope))
        case ast.IfExp(body=body, orelse=other):
            found = {*resolve(body, scope, steps - 1), *resolve(other, scope, steps - 1)}
        case ast.BoolOp(values=values):
            found = {path for each in values for path in resolve(each, scope, steps - 1)}
        case ast.NamedExpr(value=value) | ast.Await(value=value):
            found = set(resolve(value, scope, steps - 1))
        case _:
            return ()
    if len(found) < 2:
        return tuple(same(path) for path in found)
    return tuple(sorted(same(path) for path in found))[:MAX_ALTERNATIVES]


def _name(name: str, scope: Scope) -> set[str]:
    holder = scope.find(name)
    if holder is not None:
        return set(holder.names[name])
    found = {name} if name in _BUILTINS or name == "__builtins__" else set()
    outer: Scope | None = scope
    while outer is not None:
        if outer.stars:
            found.update(f"{module}.{name}" for module in outer.stars)
        outer = outer.parent
    return found


def _attribute(paths: tuple[str, ...], attribute: str) -> set[str]:
    if attribute in ("__dict__", "__call__"):
        return {path if attribute == "__call__" else f"vars({path})" for path in paths}
    if attribute == "__globals__":
        return {"globals()"}
    return {f"{path}.{attribute}" for path in paths}


def _called(node: ast.Call, scope: Scope, steps: int) -> set[str]:
    found: set[str] = set()
    first = node.args[0] if node.args else None
    functions = resolve(node.func, scope, steps)
    walks = any(path in _WALKERS or path.startswith("attrgetter(") for path in functions)
    bases = resolve(first, scope, steps) if walks and first is not None else ()
    for path in functions:
        if path in ("__import__", "importlib.import_module", "importlib.__import__"):
            text = fold(first, scope)
            found.add(text or f"{path}()")
        elif path == "getattr" and first is not None and len(node.args) > 1:
            text = fold(node.args[1], scope)
            found |= {f"{base}.{text}" for base in bases if text}
        elif path == "vars" and first is not None:
            found |= {f"vars({base})" for base in bases}
        elif path == "functools.partial" and first is not None:
            found |= set(bases)
        elif path in ("operator.attrgetter", "operator.methodcaller"):
            found.add(f"attrgetter({fold(first, scope)})")
        elif path.startswith("attrgetter(") and first is not None:
            walked = path[11:].partition(")")[0]
            found |= {f"{base}.{walked}" for base in bases}
        else:
            found.add(f"{path}()")
    return found


def _item(paths: tuple[str, ...], key: str | None) -> set[str]:
    if not key:
        return {f"{path}[]" for path in paths}
    found = set()
    for path in paths:
        if path == "sys.modules":
            found.add(key)
        elif path.startswith("vars(") and path.endswith(")"):
            found.add(f"{path[5:-1]}.{key}")
        elif path in ("__builtins__", "globals().__builtins__", "builtins"):
            found.add(key)
        elif path in ("globals()", "locals()", "vars()"):
            found.add(key if key != "__builtins__" else "__builtins__")
        else:
            found.add(f"{path}[]")
    return found


def fold(node: ast.expr | None, scope: Scope, steps: int = MAX_STEPS) -> str | None:
    """The text that an expression makes, where that is plain to see; None otherwise."""
    if node is None or steps <= 0:
        return None
    text: str | None = None
    match node:
        case ast.Constant(value=str() as value):
            text = value
        case ast.Constant(value=bytes() as raw):
            text = raw.decode("latin-1")
        case ast.Name(id=name):
            holder = scope.find(name)
            text = holder.texts.get(name) if holder is not None else None
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            text = _joined([fold(left, scope, steps - 1), fold(right, scope, steps - 1)])
        case ast.BinOp(op=ast.Mod(), left=left):
            text = fold(left, scope, steps - 1)
        case ast.JoinedStr(values=values):
            text = "".join(fold(each, scope, steps - 1) or "{}" for each in values)
        case ast.FormattedValue(value=value):
            text = fold(value, scope, steps - 1)
        case ast.Call():
            text = _folded_call(node, scope, steps - 1)
        case ast.Subscript(value=value, slice=ast.Slice(lower=None, upper=None, step=step)):
            base = fold(value, scope, steps - 1)
            if base is not None and _is_minus_one(step):
                text = base[::-1]
    return text if text is None or len(text) <= MAX_FOLDED else text[:MAX_FOLDED]


def _is_minus_one(node: ast.expr | None) -> bool:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)):
            return True
    return False


def _joined(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None


def _folded_call(node: ast.Call, scope: Scope, steps: int) -> str | None:
    """`chr(101)`, `"".join([...])`, `x.replace("_", "")`, `x.format(...)`, `x.decode()`."""
    match node:
        case ast.Call(func=ast.Name(id="chr"), args=[ast.Constant(value=int() as code)]):
            return chr(code) if 0 <= code < 0x110000 else None
        case ast.Call(func=ast.Name(id="str"), args=[only]):
            return fold(only, scope, steps)
        case ast.Call(
            func=ast.Attribute(attr="join", value=by), args=[ast.List() | ast.Tuple() as of]
        ):
            parts = [fold(each, scope, steps) for each in of.elts]
            glue, whole = fold(by, scope, steps), _joined(parts)
            return None if glue is None or whole is None else glue.join(p or "" for p in parts)
        case ast.Call(func=ast.Attribute(attr="replace", value=of_), args=[old, new]):
            pieces = [fold(each, scope, steps) for each in (of_, old, new)]
            if all(piece is not None for piece in pieces):
                base, before, after = (piece or "" for piece in pieces)
                return base.replace(before, after) if len(after) <= 64 else None
        case ast.Call(
            func=ast.Attribute(attr=("decode" | "encode" | "lower" | "strip"), value=of_)
        ):
            return fold(of_, scope, steps)
        case ast.Call(func=ast.Attribute(attr="format", value=of_)):
            return fold(of_, scope, steps)
    return None
