"""Looks at TorchScript: the source in a torch.jit archive and the operators of mobile bytecode.

TorchScript is no Python: it imports nothing and calls only operators that are registered in the
process. Some of those read or write files, and `__setstate__` runs while the archive loads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from sealwright.patterns import regex
from sealwright.vetting.interface import Examining, Rule, quoted

MAX_SOURCE = 16 * 1024 * 1024
"""Bytes of one source file that are read."""

FILES = Rule(
    id="SW-TS-001",
    effect="fail",
    severity="critical",
    title="TorchScript uses an operator that reads or writes files, or talks to other hosts",
    why=(
        "aten::save writes any value as a pickle to any path, aten::from_file maps any file into a "
        "tensor and can create it. A script in __setstate__ does so while torch.jit.load runs."
    ),
    example=("def __setstate__(self, state: int) -> None:\n  torch.save([state], '/etc/profile')"),
    remediation="do not load it; no model needs files of the host",
    atlas=("AML.T0011.000", "AML.T0018.002"),
    cwe=(73, 94),
)
OPERATOR = Rule(
    id="SW-TS-002",
    effect="review",
    severity="medium",
    title="TorchScript uses operators of another library",
    why=(
        "Such an operator is native code that the host must have registered. What it does with its "
        "arguments is not known here."
    ),
    example="ops.my_extension.run(x)",
    remediation="find out which library registers the operator, and what it does",
    atlas=("AML.T0011.000",),
)
HIDDEN = Rule(
    id="SW-TS-003",
    effect="fail",
    severity="high",
    title="TorchScript reaches an operator by a detour, or calls back into Python",
    why=(
        "The exporter writes every operator as torch.name or ops.library.name. Another name "
        "for the torch module, or getattr with a text, hides from readers which operator is "
        "called."
    ),
    example="getattr(torch, 'sa' 've')([x], 'file')",
    remediation="do not load it; export the model again from its source",
    atlas=("AML.T0011.000", "AML.T0074"),
    cwe=(94,),
)
UNREADABLE = Rule(
    id="SW-TS-004",
    effect="fail",
    severity="high",
    title="TorchScript source is not text",
    why="The loader takes source as UTF-8 text. What is neither text nor source hides something.",
    example="code/__torch__.py that begins with the bytes 7F 45 4C 46",
    remediation="do not load it; export the model again",
    atlas=("AML.T0076",),
)
RULES = (FILES, OPERATOR, HIDDEN, UNREADABLE)

_FILE_OPERATORS = regex(
    r"(?:image::(?:read|write)_file|.*::.*(?:_file|load_audio|save_audio)\w*"
    r"|(?:rpc|c10d|_c10d_functional|symm_mem|aoti\w*|_dist\w*|dist_\w+|tensorpipe)::.*"
    r"|aten::(?:save|from_file|_save_parameters|_load_parameters)|.*::(?:system|popen|exec\w*))"
)
KNOWN = frozenset(
    (
        *("aten", "prim", "prims", "quantized", "_quantized", "quantized_decomposed", "sparse"),
        *("prepacked", "xnnpack", "mkldnn", "mkldnn_prepacked", "onednn", "metal", "vulkan"),
        *(
            "metal_prepack",
            "vulkan_prepack",
            "torchvision",
            "profiler",
            "higher_order",
            "upgraders",
        ),
        *("inductor", "tensorexpr", "static_runtime", "cuda", "_test", "mkl", "nvprims"),
    )
)
"""Namespaces whose operators come with torch or torchvision; `_FILE_OPERATORS` are excepted."""
_GAP = r"(?:[\s\\])*"
_CHAIN = regex(
    rf"(?<![\w.])(torch|ops)\b((?:{_GAP}\.{_GAP}[A-Za-z_][A-Za-z_0-9]*)*)(?P<type>[ \t]*:)?"
)
_LINK = regex(rf"\.{_GAP}([A-Za-z_][A-Za-z_0-9]*)")
_PYTHON = regex(r"\^\s*[A-Za-z_]\w*\s*\(")
_QUIET = regex(
    r"#[^\n]*|\"\"\".*?\"\"\"|\'\'\'.*?\'\'\'"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'",
    re.DOTALL,
)
"""Comments and texts, in which no operator is called."""
_GETATTR = regex(r"\bgetattr\b")
_NAMED = regex(r"\([^\"'#\\]{1,200}, \"([^\"\\\n]{1,200})\"\)")
_NAME = regex(r"[A-Za-z_]\w*::[A-Za-z_]\w*")


class Source(msgspec.Struct, frozen=True):
    """One source file of an archive."""

    name: str
    text: str


def decode(raw: bytes, name: str, examining: Examining) -> Source | None:
    """The source as text; a finding where it is none."""
    if len(raw) > MAX_SOURCE:
        examining.gap(f"{quoted(name)}: {len(raw)} bytes of TorchScript; {MAX_SOURCE} are read")
        raw = raw[:MAX_SOURCE]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        examining.find(UNREADABLE, f"{quoted(name)} is not UTF-8")
        return None
    if "\x00" in text:
        examining.find(UNREADABLE, f"{quoted(name)} holds zero bytes")
    return Source(name, text)


def examine_sources(sources: Iterable[Source], examining: Examining) -> None:
    """Looks at all source files of one archive."""
    for source in sources:
        examining.session.spend(1 + len(source.text) // 16)
        where = f"{examining.member.path}!{source.name}"
        for rule, message in dict.fromkeys(_problems(source.text, examining)):
            examining.find(rule, message, location=where)


def _problems(text: str, examining: Examining) -> Iterator[tuple[Rule, str]]:
    code = _QUIET.sub(_blank, text)
    if '"' in code or "'" in code:
        yield UNREADABLE, "a text in the source does not end"
    for match in _CHAIN.finditer(code):
        names = _LINK.findall(match[2])
        if not names and match["type"] and not code[: match.start()].rpartition("\n")[2].strip():
            continue  # the declaration of an attribute of that name
        yield from _chain_problems(match[1], names, examining)
    if _PYTHON.search(code):
        yield HIDDEN, "a call of a Python function (prim::PythonOp)"
    for place in _GETATTR.finditer(code):
        # The exporter needs getattr only for names that are no identifiers, such as "0".
        plain = _NAMED.match(text, place.end())
        if plain is None or plain[1].isidentifier():
            yield HIDDEN, "getattr with a name that could be written out"


def _blank(match: re.Match[str]) -> str:
    """As many characters, so that places stay the same."""
    return " " * len(match[0]) if match[0].startswith("#") else " 0".ljust(len(match[0]))


def _chain_problems(
    root: str, names: list[str], examining: Examining
) -> Iterator[tuple[Rule, str]]:
    """What is to be said of `torch` or `ops` with the names after its dots."""
    if root == "torch" and names[:1] == ["ops"]:
        root, names = "ops", names[1:]
    if root == "ops":
        if len(names) < 2:
            yield HIDDEN, "ops without the name of an operator"
        else:
            examining.fact("operator", f"{names[0]}::{names[1]}")
            yield from operator_problems(f"{names[0]}::{names[1]}")
    elif names in ([], ["autograd"]):
        yield HIDDEN, "another name is given to the torch module"
    else:
        for name in names:
            examining.fact("operator", f"aten::{name}")
            yield from operator_problems(f"aten::{name}")


def operator_problems(operator: str) -> Iterator[tuple[Rule, str]]:
    """What is to be said about an operator of the form `namespace::name`."""
    if _FILE_OPERATORS.fullmatch(operator):
        yield FILES, f"operator {quoted(operator)}"
    elif operator.partition("::")[0] not in KNOWN:
        yield OPERATOR, f"operator {quoted(operator)}"


def examine_operators(texts: Iterable[str], examining: Examining, *, where: str) -> None:
    """Looks at the operators that bytecode names: every text of the form
    `namespace::name`."""
    location = f"{examining.member.path}!{where}"
    named = sorted({text for text in texts if len(text) < 256 and _NAME.fullmatch(text)})
    for operator in named:
        examining.fact("operator", operator)
        for rule, message in operator_problems(operator):
            examining.find(rule, message, location=location)
