"""Examines programs of torch.export as JSON: names that loading looks up, expressions that it
evaluates.

`torch.export.load` walks attributes of torch for each operator, hands symbolic expressions to
sympy (which evaluates Python) and writes names into generated code
(torch/_export/serde/serialize.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sealwright.patterns import regex
from sealwright.vetting.documents import walk_document
from sealwright.vetting.interface import DocumentCheck, Examining, Member, Rule, quoted

_ATLAS = ("AML.T0011.000", "AML.T0018.002")

TARGET = Rule(
    id="SW-PT2-001",
    effect="fail",
    severity="critical",
    title="An exported program calls a function that is no operator",
    why=(
        "Loading walks from the torch module along the dots of the name, so `torch.os.system` is "
        "found as easily as an operator, and is called when the program runs."
    ),
    example='{"target": "torch.serialization.os.system", "inputs": …}',
    remediation="do not load it; export the program again from its source",
    atlas=_ATLAS,
    cwe=(470, 94),
)
EXPRESSION = Rule(
    id="SW-PT2-002",
    effect="fail",
    severity="critical",
    title="A symbolic expression of an exported program is more than arithmetic",
    why="Loading gives the text to sympy.sympify, which evaluates it as Python.",
    example="{\"expr_str\": \"__import__('os').system('echo hello')\"}",
    remediation="do not load it; export the program again from its source",
    atlas=_ATLAS,
    cwe=(95,),
)
NAME = Rule(
    id="SW-PT2-003",
    effect="fail",
    severity="critical",
    title="A name in an exported program is no identifier",
    why=(
        "Names of inputs and values are written into the Python code that is generated from the "
        "graph."
    ),
    example='{"as_tensor": {"name": "x=print(1)"}}',
    remediation="do not load it; export the program again from its source",
    atlas=_ATLAS,
    cwe=(94,),
)
GUARDS = Rule(
    id="SW-PT2-004",
    effect="review",
    severity="medium",
    title="An exported program brings code for its guards",
    why="The texts are compiled as Python when the program is unlifted into a module.",
    example='{"guards_code": ["L[\'x\'].size()[0] >= 2"]}',
    remediation="read the guards; export the program again with static shapes",
    atlas=("AML.T0011.000",),
    cwe=(94,),
)
RULES = (TARGET, EXPRESSION, NAME, GUARDS)

_ARITHMETIC = regex(r"[A-Za-z0-9_ +\-*/%().,<>=!&|~^]{0,20000}")
_QUOTED = regex(r"\b(?:Symbol\('[A-Za-z_]\w*'|Float\('[0-9.e+\-]+')")
"""Where sympy's own representation has text: the name of a symbol, the digits of a number."""
_WORD = regex(r"(?<!\w)[A-Za-z_]\w*")
_SYMBOL = regex(r"[A-Za-z]{1,4}_?[0-9]+(?:_[0-9]+)*")
_FUNCTIONS = frozenset(
    (
        *("Add", "Mul", "Pow", "Mod", "Max", "Min", "Abs", "Eq", "Ne", "Lt", "Le", "Gt", "Ge"),
        *("And", "Or", "Not", "Integer", "Float", "Symbol", "Rational", "Piecewise", "True"),
        *("False", "true", "false", "oo", "int_oo", "zoo", "nan", "I", "E", "pi", "floor"),
        *("ceiling", "sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh"),
        *("cosh", "tanh", "Unequality", "Equality", "FloorDiv", "ModularIndexing", "Where"),
        *("PythonMod", "CleanDiv", "CeilDiv", "CeilToInt", "FloorToInt", "IntTrueDiv", "LShift"),
        *("RShift", "PowByNatural", "FloatPow", "FloatTrueDiv", "ToFloat", "TruncToInt"),
        *("TruncToFloat", "RoundToInt", "RoundDecimal", "Identity", "Half", "One", "Zero"),
        *("StrictGreaterThan", "StrictLessThan", "GreaterThan", "LessThan", "NegativeOne"),
        *("Infinity", "NegativeInfinity", "IntInfinity", "NegativeIntInfinity", "NaN"),
        *("IsNonOverlappingAndDenseIndicator", "ExprCondPair", "Tuple", "precision"),
        *("BitwiseFn_bitwise_and", "BitwiseFn_bitwise_or", "BitwiseFn_bitwise_xor"),
        *("OpaqueUnaryFn_sqrt", "OpaqueUnaryFn_exp", "OpaqueUnaryFn_log", "OpaqueUnaryFn_sin"),
        *("OpaqueUnaryFn_cos", "OpaqueUnaryFn_tan", "OpaqueUnaryFn_tanh", "OpaqueUnaryFn_log2"),
        *("integer", "positive", "nonnegative", "negative", "nonpositive", "real", "finite"),
        *("zero", "nonzero", "even", "odd", "prime", "complex", "commutative", "extended_real"),
    )
)
_GUARD = regex(r"[A-Za-z0-9_ +\-*/%().,<>=!\[\]'\"]{0,4000}")
_GUARD_TEXT = regex(r"'[\w.]*'|\"[\w.]*\"")
_GUARD_WORDS = frozenset(
    (
        *("L", "and", "or", "not", "is", "None", "True", "False", "size", "stride", "numel", "len"),
        *("storage_offset", "math", "floor", "ceil", "sqrt", "max", "min", "int", "float"),
    )
)
_OPERATOR = regex(r"torch\.ops\.(\w+)\.(\w+)(?:\.\w+)?")
_SYM = regex(r"torch\.(?:_?sym_[a-z_0-9]+)|torch\.(?:le|ge|eq|ne|lt|gt)")
_PLAIN = regex(r"(?:_operator|math)\.[a-z]\w*")
_NOT_PLAIN = ("attrgetter", "methodcaller", "itemgetter", "call", "setitem", "delitem")
_IDENTIFIER = regex(r"[A-Za-z_][\w.]*|")


def applies(value: Any, _: Member) -> bool:
    """By the outermost keys of an exported program."""
    return isinstance(value, dict) and "graph_module" in value and "opset_version" in value


def examine(value: Any, examining: Examining) -> None:
    """Looks at every target, expression, name and guard."""
    seen: set[tuple[str, str]] = set()
    for path, one in walk_document(value, examining.session):
        if not isinstance(one, dict):
            continue
        for rule, message in _problems(path, one):
            if (rule.id, message) not in seen and len(seen) < 200:
                seen.add((rule.id, message))
                examining.find(rule, message, location=f"{examining.member.path}#{path}")


def _problems(path: str, one: dict[str, Any]) -> Iterator[tuple[Rule, str]]:
    target = one.get("target")
    if isinstance(target, str) and "inputs" in one:
        yield from _target(target)
    expression = one.get("expr_str")
    if isinstance(expression, str) and not is_arithmetic(expression):
        yield EXPRESSION, f"expression {quoted(expression)}"
    for key in ("range_constraints", "symbol_name_to_range"):
        table = one.get(key)
        if isinstance(table, dict):
            for text in table:
                if not is_arithmetic(text):
                    yield EXPRESSION, f"expression {quoted(text)}"
    name = one.get("name")
    if isinstance(name, str) and not _IDENTIFIER.fullmatch(name):
        yield NAME, f"name {quoted(name)}"
    guards = one.get("guards_code")
    if isinstance(guards, list) and guards:
        yield from _guards(guards)


def _guards(guards: list[Any]) -> Iterator[tuple[Rule, str]]:
    """The texts are evaluated; sizes that are compared are what the exporter writes."""
    for guard in guards:
        if not isinstance(guard, str) or not _GUARD.fullmatch(guard):
            yield EXPRESSION, f"guard {quoted(str(guard))}"
            continue
        words = _WORD.findall(_GUARD_TEXT.sub("", guard))
        if not set(words) <= _GUARD_WORDS:
            yield EXPRESSION, f"guard {quoted(guard)}"
    yield GUARDS, f"{len(guards)} guards, the first {quoted(str(guards[0]))}"


def _target(target: str) -> Iterator[tuple[Rule, str]]:
    from sealwright.vetting.formats.torch_script import operator_problems

    match = _OPERATOR.fullmatch(target)
    if match:
        yield from operator_problems(f"{match[1]}::{match[2]}")
    elif _PLAIN.fullmatch(target):
        if target.partition(".")[2] in _NOT_PLAIN:
            yield TARGET, f"target {quoted(target)}"
    elif not _SYM.fullmatch(target):
        yield TARGET, f"target {quoted(target)}"


def is_arithmetic(text: str) -> bool:
    """Whether an expression holds numbers, symbols and known functions, and nothing else."""
    text = _QUOTED.sub("(", text)
    if not _ARITHMETIC.fullmatch(text) or re.search(r"\.\s*[A-Za-z_]", text):
        return False
    return all(word in _FUNCTIONS or _SYMBOL.fullmatch(word) for word in _WORD.findall(text))


CHECK = DocumentCheck(
    id="torch-export",
    title="Program of torch.export",
    examines="Targets of all calls, symbolic expressions, names and guards of an exported program.",
    applies=applies,
    examine=examine,
    rules=RULES,
)
