"""What a name in Python source stands for: imports, aliases, rebinding, attribute walks.

A may-analysis: a name that is bound more than once stands for all that it was bound to.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from functools import lru_cache

from sealwright.vetting.code.references import SYSTEM_MODULES, executes
from sealwright.vetting.code.scope import MAX_ALTERNATIVES, Scope
from sealwright.vetting.code.texts import MAX_STEPS, fold

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
_HOLDERS = frozenset(("functools.partial", "staticmethod", "classmethod"))
_WALKERS = frozenset(("getattr", "vars", *_HOLDERS))
_IMPORTS = frozenset(("__import__", "importlib.import_module", "importlib.__import__"))
MAX_ELEMENTS = 64


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
            found |= _kept(found, scope)
        case ast.Call():
            found = _called(node, scope, steps - 1)
        case ast.Subscript(value=value, slice=index):
            key = fold(index, scope)
            found = _item(resolve(value, scope, steps - 1), key)
            found |= _elements(value, key, scope, steps - 1)
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
            found.update(
                name if name in SYSTEM_MODULES else f"{module}.{name}" for module in outer.stars
            )
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
        if path in _IMPORTS or path.endswith(".importlib.import_module"):
            text = fold(first, scope)
            found.add(text or f"{path}()")
        elif path == "getattr" and first is not None and len(node.args) > 1:
            text = fold(node.args[1], scope)
            found |= {f"{base}.{text}" for base in bases if text}
        elif path == "vars" and first is not None:
            found |= {f"vars({base})" for base in bases}
        elif path in _HOLDERS and first is not None:
            found |= set(bases)
        elif path in ("operator.attrgetter", "operator.methodcaller"):
            found.add(f"attrgetter({fold(first, scope)})")
        elif path.startswith("attrgetter(") and first is not None:
            walked = path[11:].partition(")")[0]
            found |= {f"{base}.{walked}" for base in bases}
        else:
            found.add(f"{path}()")
    match node.func:
        case ast.Attribute(value=value, attr="get" | "pop" | "setdefault" | "__getitem__"):
            found |= _elements(value, fold(first, scope), scope, steps)
    return found


def _kept(paths: set[str], scope: Scope) -> set[str]:
    """What was assigned to attributes of this module's own classes: `self.run = os.system`."""
    aliases = scope.module().aliases
    if not aliases:
        return set()
    return {kept for path in paths for kept in aliases.get(path.replace("()", ""), ())}


def keep(targets: Iterable[str], paths: Iterable[str], scope: Scope) -> None:
    """Notes the attributes of this module's classes that hold a function that runs something."""
    kept = dangerous(paths)
    for target in targets if kept else ():
        if target.startswith("@"):
            scope.module().aliases.setdefault(target.replace("()", ""), set()).update(kept)


def dangerous(paths: Iterable[str]) -> list[str]:
    """Of these, what runs a command or a text, or leads to it."""
    return [path for path in paths if path in SYSTEM_MODULES or executes(path)]


def _elements(node: ast.expr, key: str | None, scope: Scope, steps: int) -> set[str]:
    """The functions in a dictionary or list that may be meant: `{"a": os.system}["a"]`."""
    given: list[tuple[ast.expr, Scope]] = [(node, scope)]
    if isinstance(node, ast.Name):
        holder = scope.find(node.id)
        given = holder.values.get(node.id, []) if holder is not None else []
    found: set[str] = set()
    for value, of in given:
        values: list[ast.expr] = []
        match value:
            case ast.Dict(keys=keys, values=held):
                both = zip(keys[:MAX_ELEMENTS], held, strict=False)
                values = [v for k, v in both if key is None or fold(k, of) in (None, key)]
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                values = elements[:MAX_ELEMENTS]
        for each in values:
            if isinstance(each, ast.Name) or _is_dotted(each):
                found.update(dangerous(resolve(each, of, steps)))
    return found


def _is_dotted(node: ast.expr) -> bool:
    """`os.system`; anything longer could be as long as it likes."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


def _item(paths: tuple[str, ...], key: str | None) -> set[str]:
    if not key:
        return {f"{path}[]" for path in paths}
    found = set()
    for path in paths:
        if path == "sys.modules" or path.endswith(".sys.modules"):
            found.add(key)
        elif path.startswith("vars(") and path.endswith(")"):
            found.add(f"{path[5:-1]}.{key}")
        elif path in ("__builtins__", "builtins") or path.endswith(".__builtins__"):
            found.add(key)
        elif path in ("globals()", "locals()", "vars()"):
            found.add(key if key != "__builtins__" else "__builtins__")
        else:
            found.add(f"{path}[]")
    return found
