"""Walks a syntax tree once in the order of execution and notes what the rules ask about: calls by
the names they resolve to, what flows into them, and whether importing the module makes them run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import msgspec

from sealwright.vetting.code import origins
from sealwright.vetting.code.names import Origin, Scope, bind_import, fold, resolve

MODULE = ""
GUARDED = "<main>"
"""Where code stands that runs only when the file is the program."""
MAX_FACTS = 100_000


class Call(msgspec.Struct, frozen=True):
    """One call, or one assignment to an attribute (then `node` is the target)."""

    node: ast.expr
    paths: tuple[str, ...]
    origins: frozenset[Origin]
    """Where the values of the arguments come from."""
    function: str
    """Qualified name of the function that it stands in; empty on the module's top level."""
    scope: Scope
    value: ast.expr | None = None
    """Of an assignment."""

    @property
    def line(self) -> int:
        """1-based."""
        return self.node.lineno


class Facts(msgspec.Struct):
    """What one module does."""

    calls: list[Call] = msgspec.field(default_factory=list)
    assignments: list[Call] = msgspec.field(default_factory=list)
    returns: list[Call] = msgspec.field(default_factory=list)
    """Values that functions return: `paths` are what the value stands for."""
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = msgspec.field(
        default_factory=dict
    )
    imports: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """Line and module."""
    _edges: dict[str, set[str]] = msgspec.field(default_factory=dict)

    def at_import(self) -> frozenset[str]:
        """Functions that run when the module is imported, with `MODULE` itself."""
        reached, waiting = {MODULE}, [MODULE]
        while waiting:
            for name in self._edges.get(waiting.pop(), ()):
                if name not in reached:
                    reached.add(name)
                    waiting.append(name)
        return frozenset(reached)

    def link(self, caller: str, paths: Iterable[str]) -> None:
        """`caller` calls, or hands on, functions of this module (`@name`, `@Class().method`)."""
        for path in paths:
            if path.startswith("@"):
                name = path[1:].replace("()", "")
                self._edges.setdefault(caller, set()).update((name, f"{name}.__init__"))


def facts(tree: ast.Module) -> Facts:
    """The facts of a module. Two passes: what functions return is known in the second.

    Raises RecursionError where expressions are nested too deeply.
    """
    first = _Walk({}, {})
    first.module(tree)
    if not any(first.returned.values()) and not first.flow.fields:
        return first.facts
    second = _Walk(first.returned, first.flow.fields)
    second.module(tree)
    return second.facts


class _Walk:
    def __init__(
        self,
        returned: dict[str, frozenset[Origin]],
        fields: dict[str, frozenset[Origin]],
    ) -> None:
        self.facts = Facts()
        self.returned: dict[str, frozenset[Origin]] = {}
        self.scope = Scope()
        self.function = MODULE
        self.owner = ""
        self.waiting: list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, Scope, str]] = []
        self.flow = origins.Flow(returned, fields)

    def module(self, tree: ast.Module) -> None:
        self.statements(tree.body)
        while self.waiting:
            node, scope, name = self.waiting.pop(0)
            self.scope, self.function, self.owner = scope, name, name
            self.statements(node.body)

    def statements(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                bind_import(self.scope, node)
                module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
                names = [module] if module else [alias.name for alias in node.names]
                self.facts.imports += [(node.lineno, name) for name in names]
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.define(node)
            case ast.ClassDef():
                self.class_(node)
            case ast.If(test=test, body=body, orelse=other) if _is_main_guard(test):
                self.guarded(body)
                self.statements(other)
            case ast.Assign(targets=targets, value=value):
                self.expression(value)
                for target in targets:
                    self.assign(target, value)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self.expression(value)
                self.assign(target, value)
            case ast.AugAssign(target=target, value=value):
                self.expression(value)
                self.flow.add(target, self.flow.of(value, self.scope), self.scope)
                if isinstance(target, ast.Name):
                    both = ast.BinOp(left=ast.Name(id=target.id), op=ast.Add(), right=value)
                    self.scope.holds(target.id, None)
                    self.scope.texts[target.id] = fold(both, self.scope)
            case ast.Return(value=value) if value is not None:
                self.expression(value)
                self.gives(value)
            case _:
                self.compound(node)

    def compound(self, node: ast.stmt) -> None:
        match node:
            case ast.For(target=target, iter=over) | ast.AsyncFor(target=target, iter=over):
                self.expression(over)
                self.assign(target, over, element=True)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    self.expression(item.context_expr)
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, item.context_expr)
                self.statements(node.body)
                return
        for child in _children(node):
            if isinstance(child, ast.stmt):
                self.statement(child)
            elif not (isinstance(node, ast.For | ast.AsyncFor) and child is node.iter):
                self.expression(child)

    def guarded(self, body: Iterable[ast.stmt]) -> None:
        before = self.function
        self.function = GUARDED if before == MODULE else before
        self.statements(body)
        self.function = before

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = node.args
        for default in [*arguments.defaults, *(d for d in arguments.kw_defaults if d)]:
            self.expression(default)
        name = f"{self.owner}.{node.name}" if self.owner else node.name
        self.scope.bind(node.name, [f"@{name}"])
        self.facts.functions.setdefault(name, node)
        for decorator in node.decorator_list:
            self.expression(decorator)
            self.facts.link(self.function, resolve(decorator, self.scope))
        inner = Scope(parent=self.scope)
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
        for position, argument in enumerate(every):
            is_self = position == 0 and self.scope.is_class and bool(self.owner)
            inner.bind(argument.arg, [f"@{self.owner}()"] if is_self else [])
        self.waiting.append((node, inner, name))

    def class_(self, node: ast.ClassDef) -> None:
        for each in [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]:
            self.expression(each)
        name = f"{self.owner}.{node.name}" if self.owner else node.name
        self.scope.bind(node.name, [f"@{name}"])
        outer, owner = self.scope, self.owner
        self.scope, self.owner = Scope(parent=outer, is_class=True), name
        self.statements(node.body)
        self.scope, self.owner = outer, owner

    def assign(self, target: ast.expr, value: ast.expr, *, element: bool = False) -> None:
        came = self.flow.of(value, self.scope)
        match target:
            case ast.Name(id=name):
                self.scope.bind(name, () if element else resolve(value, self.scope))
                self.scope.holds(name, None if element else fold(value, self.scope))
                self.flow.add(target, came, self.scope)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                same = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(targets)
                parts = value.elts if same and isinstance(value, ast.Tuple | ast.List) else None
                for position, each in enumerate(targets):
                    self.assign(each, parts[position] if parts else value, element=not parts)
            case ast.Starred(value=inner):
                self.assign(inner, value, element=True)
            case ast.Attribute() | ast.Subscript():
                self.expression(target.value)
                self.flow.add(target, came, self.scope)
                paths = resolve(target, self.scope)
                self.note(self.facts.assignments, target, paths, came, value)

    def gives(self, value: ast.expr) -> None:
        came = self.flow.of(value, self.scope)
        known = self.returned.get(self.function, frozenset())
        self.returned[self.function] = known | came
        paths = resolve(value, self.scope)
        if isinstance(value, ast.Tuple) and value.elts:
            paths = resolve(value.elts[0], self.scope)
        self.note(self.facts.returns, value, paths, came, value)

    def expression(self, node: ast.AST) -> None:
        """Notes every call below `node`, inner ones first, and binds what it binds."""
        match node:
            case ast.Lambda(args=arguments, body=body):
                outer = self.scope
                self.scope = Scope(parent=outer)
                for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
                    self.scope.bind(argument.arg)
                self.expression(body)
                self.scope = outer
                return
            case ast.NamedExpr(target=target, value=value):
                self.expression(value)
                self.assign(target, value)
                return
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for generator in node.generators:
                    self.expression(generator.iter)
                    self.assign(generator.target, generator.iter, element=True)
                    for test in generator.ifs:
                        self.expression(test)
                parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
                for part in parts:
                    self.expression(part)
                return
        for child in _children(node):
            self.expression(child)
        if isinstance(node, ast.Call):
            self.call(node)

    def call(self, node: ast.Call) -> None:
        paths = resolve(node.func, self.scope)
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        came: frozenset[Origin] = frozenset().union(
            *(self.flow.of(value, self.scope) for value in values)
        )
        self.facts.link(self.function, paths)
        for value in values:
            if isinstance(value, ast.Name | ast.Attribute):
                self.facts.link(self.function, resolve(value, self.scope))
        if isinstance(node.func, ast.Attribute):
            came |= self.flow.of(node.func.value, self.scope) & origins.THROUGH_METHODS
        self.note(self.facts.calls, node, paths, came, None)

    def note(
        self,
        into: list[Call],
        node: ast.expr,
        paths: tuple[str, ...],
        came: frozenset[Origin],
        value: ast.expr | None,
    ) -> None:
        if len(into) < MAX_FACTS:
            into.append(Call(node, paths, came, self.function, self.scope, value))


_SKIPPED = frozenset(("ctx", "op", "ops", "type_comment", "type_ignores"))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Child nodes, without the contexts and operators that say nothing."""
    for name in node._fields:
        if name in _SKIPPED:
            continue
        value = getattr(node, name, None)
        if isinstance(value, list):
            yield from (each for each in value if isinstance(each, ast.AST))
        elif isinstance(value, ast.AST):
            yield value


def _is_main_guard(test: ast.expr) -> bool:
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            names = {type(one): one for one in (left, right)}
            name, text = names.get(ast.Name), names.get(ast.Constant)
            return (
                isinstance(name, ast.Name)
                and name.id == "__name__"
                and isinstance(text, ast.Constant)
                and text.value == "__main__"
            )
    return False
