"""Configurations of gin: which modules a reader imports for them, and what they refer to."""

from __future__ import annotations

import ast
import re

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.code.source import parse
from sealwright.vetting.formats.huggingface_names import escapes
from sealwright.vetting.formats.text import is_text
from sealwright.vetting.interface import Examining, Fit, Format, Member, Rule, quoted
from sealwright.vetting.session import Spent
from sealwright.vetting.texts import decode_text

_MAX_TEXT = 4 * 1024 * 1024
_ATLAS = ("AML.T0011.000", "AML.T0010.003")

IMPORTS = Rule(
    id="SW-GIN-001",
    effect="review",
    severity="high",
    title="A gin configuration has its reader import a module that is not known",
    remediation="find out what the module is, and where it is installed from",
    why="`gin.parse_config_file` imports what `import` lines name, from wherever Python finds it, "
    "and reads every file that `include` lines name.",
    example="import my_package.models",
    atlas=_ATLAS,
    cwe=(470, 829),
)
DANGEROUS = Rule(
    id="SW-GIN-002",
    effect="fail",
    severity="critical",
    title="A gin configuration names a dangerous module or function",
    remediation="do not load the configuration",
    why="With dynamic registration, everything that an imported module holds can be called by the "
    "configuration, with arguments of its choice.",
    example="from os import system",
    atlas=_ATLAS,
    cwe=(470, 94),
)
RULES = (IMPORTS, DANGEROUS)

_OWN = ("__gin__", "__main__")
_KNOWN = frozenset(
    (
        *("gin", "absl", "numpy", "jax", "flax", "optax", "clu", "trax"),
        *("tensorflow", "tensorflow_datasets", "tensorflow_text", "tensorflow_probability"),
        *("mesh_tensorflow", "tensor2tensor", "tf_agents", "t5", "t5x", "seqio", "flaxformer"),
        *("ddsp", "magenta", "mt3", "dopamine", "torch"),
    )
)
"""Packages that come with gin configurations, or that these configure."""
_IMPORT = regex(
    r"(?:from[ \t]+(?P<package>[\w.]+)[ \t]+)?import[ \t]+(?P<name>[\w.]+)"
    r"(?:[ \t]+as[ \t]+(?P<alias>\w+))?[ \t]*(?:#.*)?"
)
_INCLUDE = regex(r"include[ \t]+([rRuU]?['\"].{0,4000})")
_REFERENCE = regex(r"@(?:[\w.]+/)*([\w.]+)")
_MAX_REFERENCES = 10_000
_BINDING = regex(rb"(?m)^[\w./]+[ \t]*=[ \t]*\S")


def recognise(member: Member) -> Fit:
    """Weak: a text with the extension, or one that gin itself wrote under its usual name."""
    named = member.extension == ".gin" or member.name.startswith("operative_config")
    if not named or not is_text(member.data):
        return "no"
    if member.extension == ".gin" or _BINDING.search(bytes(member.data[:65_536])):
        return "weak"
    return "no"


def examine(examining: Examining) -> None:
    """Its imports, what it includes, and what it refers to."""
    if len(examining.data) > _MAX_TEXT:
        raise Spent(f"{len(examining.data)} bytes; at most {_MAX_TEXT} are read")
    try:
        text = decode_text(examining.data)
    except MalformedError:
        text = bytes(examining.data).decode("latin-1")
    examining.session.spend(1 + len(text))
    examining.parsed = len(examining.data)
    imported: dict[str, str] = {}
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        _include(line.strip(), examining)
        _import(line.strip(), imported, examining)
    for name in sorted(set(_REFERENCE.findall(text)))[:_MAX_REFERENCES]:
        first, dot, rest = name.partition(".")
        if dot and first in imported:
            _judge(f"{imported[first]}.{rest}", f"it refers to {quoted(name)}", examining)


def _include(line: str, examining: Examining) -> None:
    found = _INCLUDE.fullmatch(line)
    if found is None:
        return
    tree = parse(found[1]).tree
    match tree.body if tree is not None else ():
        case [ast.Expr(value=ast.Constant(value=str() as path))] if escapes(path):
            examining.find(IMPORTS, f"it includes {quoted(path)}")


def _import(line: str, imported: dict[str, str], examining: Examining) -> None:
    """Reports an import of what is not known, and keeps what its name stands for."""
    found = _IMPORT.fullmatch(line)
    if found is None:
        return
    package, name, alias = found["package"], found["name"], found["alias"]
    whole = f"{package}.{name}" if package else name
    first = whole.partition(".")[0]
    if alias or package:
        imported[alias or name] = whole
    else:
        imported[first] = first
    if first in _OWN:
        return
    dangerous = _judge(
        whole if package else f"{whole}.any", f"it imports {quoted(whole)}", examining
    )
    if not dangerous and first not in _KNOWN:
        examining.find(IMPORTS, f"it imports {quoted(whole)}")


def _judge(name: str, said: str, examining: Examining) -> bool:
    """Reports a dangerous name; True where it was one."""
    from sealwright.vetting.targets import judge_name

    judged = judge_name(name, examining.session.policy)
    if judged.dangerous:
        examining.find(DANGEROUS, f"{said}{judged.because}")
    return judged.dangerous


FORMAT = Format(
    id="gin",
    title="gin configuration",
    examines=(
        "The modules that it imports, the files that it includes, and names that it refers to. "
        "The values that it binds are not judged."
    ),
    extensions=(".gin",),
    recognise=recognise,
    examine=examine,
    rules=RULES,
)
