"""Which classes of a library provably do no more than hold data when a pickle builds them."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import msgspec

from sealwright.vetting.packs.build.effects import Place, effect
from sealwright.vetting.packs.build.sources import Module, Sources, dotted


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry of the class may say."""

    args: str
    state: str
    changes: tuple[str, ...]
    hashable: bool


class Foreign(msgspec.Struct, frozen=True):
    """A base class without source that is known."""

    changes: tuple[str, ...] = ()
    hashable: bool = True
    kind: str = "plain"


_PLAIN = Foreign()
_ENUM = Foreign(kind="enum")
FOREIGN: dict[tuple[str, str], Foreign] = {
    **{("builtins", name): _PLAIN for name in ("object",)},
    **{("abc", name): _PLAIN for name in ("ABC",)},
    **{("typing", name): _PLAIN for name in ("Generic", "Protocol")},
    **{("typing_extensions", name): _PLAIN for name in ("Generic", "Protocol")},
    **{("enum", n): _ENUM for n in ("Enum", "IntEnum", "Flag", "IntFlag", "StrEnum")},
    ("typing", "NamedTuple"): Foreign(kind="tuple"),
    ("builtins", "tuple"): Foreign(kind="tuple"),
    **{("builtins", name): Foreign(kind="value") for name in ("str", "int", "float", "bytes")},
    ("builtins", "dict"): Foreign(("setitem",), hashable=False),
    ("builtins", "list"): Foreign(("append",), hashable=False),
    ("builtins", "set"): Foreign(("add",), hashable=False),
    ("collections", "OrderedDict"): Foreign(("setitem",), hashable=False),
    ("collections", "defaultdict"): Foreign(("setitem",), hashable=False),
    ("collections", "UserDict"): Foreign(hashable=False),
    ("collections", "UserList"): Foreign(hashable=False),
    **{
        ("collections.abc", name): Foreign(hashable=False)
        for name in [
            "Mapping",
            "MutableMapping",
            "Sequence",
            "MutableSequence",
            "Set",
            "MutableSet",
            "Iterable",
            "Iterator",
            "Collection",
            "Container",
            "Sized",
            "Callable",
            "Hashable",
            "Generator",
        ]
    },
}
_DECORATORS_NAMES = (
    "dataclass dataclasses.dataclass functools.total_ordering total_ordering final "
    "typing.final runtime_checkable typing.runtime_checkable set_module _set_module "
    "inherit_doc doc xp_capabilities deprecated register_extension_dtype inherit_names "
    "delegate_names Appender type_check_only inherit_docstring_from Substitution"
)
_DECORATORS = frozenset(_DECORATORS_NAMES.split())
"""Class decorators that give back the class as it was, or with comparison methods."""
_METACLASSES = frozenset({"ABCMeta", "abc.ABCMeta", "EnumMeta", "enum.EnumMeta"})
_CHANGES = {"setitem": {"__setitem__"}, "append": {"append", "extend"}, "add": {"add"}}
_NEVER = {
    "__del__": "runs __del__ with the state of the file",
    "__getattribute__": "looks attributes up by __getattribute__",
    "__getinitargs__": "has __getinitargs__",
}
_DANGEROUS_NAMES = (
    "open exec eval compile __import__ input breakpoint os.system os.popen os.remove "
    "os.unlink os.mkdir os.makedirs os.rmdir os.rename"
)
_DANGEROUS = frozenset(_DANGEROUS_NAMES.split())
_DANGEROUS_ROOTS_NAMES = (
    "subprocess shutil socket urllib requests ctypes importlib pickle cPickle joblib tempfile "
    "marshal runpy tarfile zipfile httpx aiohttp cloudpickle dill multiprocessing"
)
_DANGEROUS_ROOTS = frozenset(_DANGEROUS_ROOTS_NAMES.split())
_AT_ONCE_NAMES = (
    "__init__ __new__ __setstate__ __post_init__ __hash__ __eq__ __call__ __repr__ __str__ "
    "__len__ __bool__ __iter__ __getitem__ __setitem__ __setattr__ __array__"
)
_AT_ONCE = frozenset(_AT_ONCE_NAMES.split())
"""Methods that run while an object is built, or that Python calls by itself."""

Order = tuple[tuple[Module, ast.ClassDef], ...]


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a person reviewed, for proofs to build on."""

    methods: Mapping[str, str] = msgspec.field(default_factory=dict)
    """`module.Class.method` → the state that a reviewed __setstate__ takes, or nothing."""
    bases: Mapping[str, Foreign] = msgspec.field(default_factory=dict)
    """`module.Class` of classes without source → what they are."""
    decorators: frozenset[str] = frozenset()
    """`module.function` of class decorators."""


NOTHING = Given()


def prove(
    module: Module, node: ast.ClassDef, sources: Sources, given: Given = NOTHING
) -> Proved | str:
    """What the class may be allowed, or why that could not be proved."""
    found = _order(module, node, sources, given)
    if isinstance(found, str):
        return found
    order, foreign = found
    for where, definition in order:
        reason = _definition(where, definition, sources, given)
        reason = reason or _dangers(where, definition)
        if reason:
            return reason
    kinds = {base.kind for base in foreign} - {"plain"}
    if len(kinds) > 1 and kinds != {"enum", "value"}:
        return "mixes kinds of bases"
    return _allowed(order, foreign, kinds, sources, given)


def public_modules(node: ast.ClassDef) -> tuple[str, ...]:
    """Where `set_module("pandas")` says that the class is, and pickles then name it."""
    return tuple(
        str(decorator.args[0].value)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and (dotted(decorator.func) or "").endswith("set_module")
        and decorator.args
        and isinstance(decorator.args[0], ast.Constant)
    )


def _allowed(
    order: Order, foreign: tuple[Foreign, ...], kinds: set[str], sources: Sources, given: Given
) -> Proved | str:
    reason = _effects(order, sources, given)
    if reason:
        return reason
    hashable = all(base.hashable for base in foreign) and not any(
        True for name in ("__hash__", "__eq__") for _ in _methods(order, name)
    )
    if "enum" in kinds:
        custom = any(
            f"{where.name}.{node.name}.{name}" not in given.methods
            for name in ("_missing_", "__new__")
            for where, node, _ in _defined(order, name)
        )
        if custom:
            return "an enumeration with a lookup of its own"
        return Proved(args="enum", state="none", changes=(), hashable=True)
    changes = {change for base in foreign for change in base.changes}
    changes = {
        change
        for change in changes
        if not any(True for name in _CHANGES[change] for _ in _methods(order, name))
    }
    return Proved(
        args=_args(order, kinds, given),
        state=_state(order, given),
        changes=tuple(sorted(changes)),
        hashable=hashable and not _is_dataclass(order),
    )


def _effects(order: Order, sources: Sources, given: Given) -> str:
    """What runs while an object is built, except what was reviewed."""
    for name in ("__new__", "__setstate__", "__getattr__"):
        for where, node, part in _defined(order, name):
            if f"{where.name}.{node.name}.{name}" in given.methods:
                continue
            reason = effect(part, Place(sources, where, order))
            if reason:
                return f"{name} {reason}"
    return ""


def _args(order: Order, kinds: set[str], given: Given) -> str:
    """Without arguments, unless it is a tuple or number, or has a __new__ that was proved."""
    made = [f"{where.name}.{node.name}.__new__" for where, node, _ in _defined(order, "__new__")]
    if any(name in given.methods for name in made):
        return "new"
    if "value" in kinds:
        return "new(inert*)"  # a text or number is made of them
    return "new(any*)" if made or "tuple" in kinds else "new"


def _state(order: Order, given: Given) -> str:
    for name in ("__setstate__", "__getattribute__", "__getattr__"):
        for where, node, _ in _defined(order, name):
            stated = given.methods.get(f"{where.name}.{node.name}.{name}")
            if stated:
                return stated
    if any(True for _ in _methods(order, "__setstate__")):
        return "any"
    if any(_slotted_dataclass(node) for _, node in order):
        return "any"  # dataclasses sets the fields by object.__setattr__
    if not any(_has_slots(node) for _, node in order):
        return "dict"
    setters = any(
        isinstance(decorator, ast.Attribute) and decorator.attr == "setter"
        for _, node in order
        for part in node.body
        if isinstance(part, ast.FunctionDef)
        for decorator in part.decorator_list
    )
    return "dict" if setters or any(True for _ in _methods(order, "__setattr__")) else "slots"


def _order(
    module: Module, node: ast.ClassDef, sources: Sources, given: Given
) -> tuple[Order, tuple[Foreign, ...]] | str:
    """The class and all bases with source, nearest first, and the bases without; or why not."""
    order: list[tuple[Module, ast.ClassDef]] = []
    foreign: list[Foreign] = []
    waiting = [(module, node)]
    while waiting:
        where, definition = waiting.pop(0)
        if any(definition is other for _, other in order):
            continue
        order.append((where, definition))
        if len(order) > 60:
            return "has too many bases"
        for base in definition.bases:
            place = sources.resolve(where, base)
            if place is None and _is_namedtuple(base):
                foreign.append(Foreign(kind="tuple"))
                continue
            if place is None:
                return f"has a base that is not a plain name: {ast.unparse(base)[:60]}"
            known = FOREIGN.get(place) or given.bases.get(".".join(place))
            if known is not None:
                foreign.append(known)
                continue
            if place[0] == "builtins" and place[1].endswith(("Error", "Warning", "Exception")):
                return "is an exception"
            found = sources.module(place[0])
            if found is not None and place[1] in found.classes:
                waiting.append((found, found.classes[place[1]]))
            elif found is not None and _is_namedtuple(found.values.get(place[1])):
                foreign.append(Foreign(kind="tuple"))
            else:
                return f"has a base without source: {place[0]}.{place[1]}"
    return tuple(order), tuple(foreign)


def _is_namedtuple(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and dotted(value.func) in {
        "namedtuple",
        "collections.namedtuple",
    }


def _definition(module: Module, node: ast.ClassDef, sources: Sources, given: Given) -> str:
    for keyword in node.keywords:
        if keyword.arg == "metaclass" and dotted(keyword.value) not in _METACLASSES:
            return f"{node.name} has a metaclass of its own"
    for decorator in node.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = dotted(call) or "?"
        place = sources.resolve(module, call)
        if place is not None and ".".join(place) in given.decorators:
            continue
        if name not in _DECORATORS and name.rpartition(".")[2] not in _DECORATORS:
            return f"{node.name} is decorated by {name}"
    for part in node.body:
        if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        reviewed = f"{module.name}.{node.name}.{part.name}" in given.methods
        if _NEVER.get(part.name) and not reviewed:
            return f"{node.name} {_NEVER[part.name]}"
    return ""


def _dangers(module: Module, node: ast.ClassDef) -> str:
    """Files, commands and code in what runs by itself."""
    for part in node.body:
        if not isinstance(part, ast.FunctionDef) or part.name not in _AT_ONCE:
            continue
        for inner in ast.walk(part):
            path = dotted(inner.func) if isinstance(inner, ast.Call) else None
            if path is None:
                continue
            root = path.partition(".")[0]
            target = module.imports.get(root, ("", ""))[0].partition(".")[0]
            if path in _DANGEROUS or root in _DANGEROUS_ROOTS or target in _DANGEROUS_ROOTS:
                return f"{node.name}.{part.name} calls {path}"
    return ""


def _methods(order: Order, name: str) -> list[ast.FunctionDef]:
    return [part for _, _, part in _defined(order, name)]


def _defined(order: Order, name: str) -> list[tuple[Module, ast.ClassDef, ast.FunctionDef]]:
    return [
        (where, node, part)
        for where, node in order
        for part in node.body
        if isinstance(part, ast.FunctionDef) and part.name == name
    ]


def _slotted_dataclass(node: ast.ClassDef) -> bool:
    return any(
        isinstance(decorator, ast.Call)
        and any(keyword.arg == "slots" for keyword in decorator.keywords)
        for decorator in node.decorator_list
    )


def _has_slots(node: ast.ClassDef) -> bool:
    return any(
        isinstance(part, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == "__slots__" for t in part.targets)
        for part in node.body
    )


def _is_dataclass(order: Order) -> bool:
    return any(
        (dotted(d.func if isinstance(d, ast.Call) else d) or "").endswith("dataclass")
        for _, node in order
        for d in node.decorator_list
    )
