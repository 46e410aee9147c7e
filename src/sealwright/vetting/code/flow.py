"""Walks a syntax tree once in the order of execution and notes what the rules ask about: calls by
the names they resolve to, what flows into them, and whether importing the module makes them run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from sealwright.vetting.code import origins
from sealwright.vetting.code.handed_over import as_call, calls_it, is_getattr
from sealwright.vetting.code.module_facts import GUARDED, HELD, MAX_FACTS, MODULE, Call, Facts
from sealwright.vetting.code.names import bind_import, keep, resolve
from sealwright.vetting.code.parameters import Parameters, defaults, give
from sealwright.vetting.code.references import direct, executes, runs_text
from sealwright.vetting.code.scope import Origin, Scope
from sealwright.vetting.code.texts import fold


def facts(tree: ast.Module) -> Facts:
    """The facts of a module. Two passes: what functions return is known in the second.

    Where text is run as code, both follow what texts are made of, too.

    Raises RecursionError where expressions are nested too deeply.
    """
    first = _Walk({}, {})
    first.module(tree)
    textual = any(runs_text(path) for call in first.facts.calls for path in call.paths)
    if textual:
        first = _Walk({}, {}, textual=True)
        first.module(tree)
    if not any(first.returned.values()) and not first.flow.fields:
        return first.facts
    second = _Walk(first.returned, first.flow.fields, textual=textual)
    second.module(tree)
    return second.facts


class _Walk:
    def __init__(
        self,
        returned: dict[str, frozenset[Origin]],
        fields: dict[str, frozenset[Origin]],
        *,
        textual: bool = False,
    ) -> None:
        self.facts = Facts()
        self.returned: dict[str, frozenset[Origin]] = {}
        self.scope = Scope()
        self.function = MODULE
        self.owner = ""
        self.parameters = Parameters()
        self.waiting: list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, Scope, str]] = []
        self.flow = origins.Flow(returned, fields, textual=textual)

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
        self.parameters.define(name, [one.arg for one in every], inner)
        defaults(arguments, inner, self.scope)
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
                paths = () if element else resolve(value, self.scope)
                self.scope.bind(name, paths)
                self.scope.assigned(name, value, self.scope)
                if self.scope.is_class:
                    keep([f"@{self.owner}.{name}"], paths, self.scope)
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
                keep(paths, resolve(value, self.scope), self.scope)
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
            case ast.Lambda():
                self.lambda_(node, [])
                return
            case ast.Call(func=ast.Lambda() as function):
                for value in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    self.expression(value)
                self.lambda_(function, node.args)
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

    def lambda_(self, node: ast.Lambda, values: list[ast.expr]) -> None:
        arguments = node.args
        inner = Scope(parent=self.scope)
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for argument in every:
            inner.bind(argument.arg)
        for default in [*arguments.defaults, *(d for d in arguments.kw_defaults if d)]:
            self.expression(default)
        defaults(arguments, inner, self.scope)
        for argument, value in zip(every, values, strict=False):
            give(inner, argument.arg, value, self.scope)
        outer, self.scope = self.scope, inner
        self.expression(node.body)
        self.scope = outer

    def call(self, node: ast.Call, *, function: str | None = None, handed: bool = False) -> None:
        paths = resolve(node.func, self.scope)
        paths += tuple(filter(None, (direct(path) for path in paths)))
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        each = [self.flow.of(value, self.scope) for value in values]
        came: frozenset[Origin] = frozenset().union(*each)
        self.facts.link(self.function, paths)
        if isinstance(node.func, ast.Attribute):
            came |= self.flow.of(node.func.value, self.scope) & origins.THROUGH_METHODS
        first = each[0] if each else frozenset()
        self.note(self.facts.calls, node, paths, came, None, first, function)
        if handed:
            return
        self.parameters.enter(node, paths, self.scope)
        for position, value in enumerate(values):
            if isinstance(value, ast.Name | ast.Attribute) or is_getattr(value):
                found = resolve(value, self.scope)
                self.facts.link(self.function, found)
                if any(executes(path) for path in found):
                    now = function if calls_it(node, paths) else HELD
                    self.call(as_call(node, position), function=now, handed=True)

    def note(
        self,
        into: list[Call],
        node: ast.expr,
        paths: tuple[str, ...],
        came: frozenset[Origin],
        value: ast.expr | None,
        first: frozenset[Origin] = frozenset(),
        function: str | None = None,
    ) -> None:
        if len(into) < MAX_FACTS:
            by = self.function if function is None else function
            into.append(Call(node, paths, came, by, self.scope, value, first))


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
