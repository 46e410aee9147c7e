"""skops files: the tree of nodes in schema.json, each held against exact names.

The archive itself and the arrays in it are examined as a zip and as npy files.
"""

from __future__ import annotations

from typing import Any

from sealwright.errors import MalformedError
from sealwright.patterns import regex
from sealwright.vetting.documents import parse_json, walk_document
from sealwright.vetting.interface import DocumentCheck, Examining, Member, Rule, quoted

_ATLAS = ("AML.T0011.000", "AML.T0018.002")
_NODE = ("__class__", "__module__", "__loader__")
PROTOCOLS = range(3)
_LOADERS = """
    DictNode DefaultDictNode ListNode SetNode TupleNode BytesNode BytearrayNode SliceNode
    FunctionNode MethodNode PartialNode TypeNode ConstructorFromReduceNode ObjectNode JsonNode
    OperatorFuncNode NdArrayNode MaskedArrayNode DTypeNode RandomStateNode RandomGeneratorNode
    QuantileForestNode SparseMatrixNode LossNode TreeNode _DictWithDeprecatedKeysNode CachedNode
"""
LOADERS = frozenset(_LOADERS.split())

DANGEROUS = Rule(
    id="SW-SKOPS-001",
    effect="fail",
    severity="critical",
    title="The schema names a dangerous function or class",
    remediation="do not load the file, and do not put the name on the list of trusted types",
    why="Loading builds what the schema names once its name is trusted; people copy the list of "
    "untrusted names from the error message.",
    example='{"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}',
    atlas=_ATLAS,
    cwe=(502,),
)
UNTRUSTED = Rule(
    id="SW-SKOPS-002",
    effect="review",
    severity="medium",
    title="The schema names a class or function that is not known",
    remediation="look at what is named before you trust it",
    why="The name is in no table of what ordinary models are made of. skops refuses it until "
    "someone trusts it, and then builds it.",
    example='{"__class__": "Net", "__module__": "mine", "__loader__": "ObjectNode"}',
    atlas=_ATLAS,
    cwe=(502,),
)
CONFUSED = Rule(
    id="SW-SKOPS-003",
    effect="fail",
    severity="critical",
    title="A node shows one name and builds another",
    remediation="do not load the file",
    why="Versions of skops before 0.12 judged a node by the names in it and then built something "
    "else: an operator of another module, a method of another object (CVE-2025-54412, "
    "CVE-2025-54413). No version writes such nodes.",
    example='{"__class__": "call", "__module__": "sklearn", "__loader__": "OperatorFuncNode"}',
    atlas=_ATLAS,
    cwe=(351, 502),
)
METHOD = Rule(
    id="SW-SKOPS-004",
    effect="review",
    severity="high",
    title="The schema takes a method of an object, or calls one by name",
    remediation="look at which method of which object is taken",
    why="A method that is stored in a model is called when the model is used; with a chosen object "
    "it can be any function of a library.",
    example='{"__loader__": "MethodNode", "content": {"func": "run", "obj": …}}',
    atlas=_ATLAS,
    cwe=(502,),
)
DAMAGED = Rule(
    id="SW-SKOPS-005",
    effect="fail",
    severity="high",
    title="The schema is not one that skops writes",
    remediation="get the file again from its source",
    why="Names that are no names, or a protocol that does not exist, serve to break those who "
    "check the file before it is loaded.",
    example='"protocol": -1',
    atlas=("AML.T0076",),
    cwe=(20,),
)
NEWER = Rule(
    id="SW-SKOPS-006",
    effect="inconclusive",
    severity="medium",
    title="The file was written by a version of skops that is not known",
    remediation="update the scanner, or write the file with an older version",
    why="A node of a kind that is not known may build anything.",
    example='"protocol": 9',
)
RULES = (DANGEROUS, UNTRUSTED, CONFUSED, METHOD, DAMAGED, NEWER)

_NAME = regex(r"[^\W\d]\w*")
_DOTTED = regex(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def applies(value: Any, member: Member) -> bool:
    """A schema: an object with a node's keys and a protocol."""
    if not isinstance(value, dict):
        return False
    marks = ("protocol" in value or "_skops_version" in value) and "__loader__" in value
    return marks or all(key in value for key in _NODE)


def examine(value: Any, examining: Examining) -> None:
    """Every object that has a loader, wherever it stands: what a reader skips is looked at as
    well.
    """
    protocol = value.get("protocol", 0)
    if not isinstance(protocol, int) or isinstance(protocol, bool) or protocol < 0:
        examining.find(DAMAGED, f"the protocol is {quoted(str(protocol))}")
    elif protocol not in PROTOCOLS:
        examining.find(NEWER, f"protocol {protocol}")
    for path, one in walk_document(value, examining.session):
        if isinstance(one.get("__loader__"), str):
            _node(path or "the root", one, examining)


def _node(path: str, node: dict[str, Any], examining: Examining) -> None:
    loader, module, name = node["__loader__"], node.get("__module__"), node.get("__class__")
    if loader not in LOADERS:
        examining.find(NEWER, f"{quoted(path)}: a node of kind {quoted(loader)}")
    if loader == "CachedNode" and module is None and name is None:
        return
    if not isinstance(module, str) or not isinstance(name, str):
        examining.find(DAMAGED, f"{quoted(path)}: a node without names")
        return
    if not _DOTTED.fullmatch(module) or not _NAME.fullmatch(name):
        message = f"{quoted(path)}: {quoted(f'{module}.{name}')} is no name"
        examining.find(DAMAGED, message)
        return
    match loader:
        case "OperatorFuncNode":
            _operator(path, node, f"{module}.{name}", examining)
        case "MethodNode":
            _method(path, node, f"{module}.{name}", examining)
        case "FunctionNode" | "TypeNode" if _calls(f"{module}.{name}"):
            examining.find(METHOD, f"{quoted(path)}: {quoted(f'{module}.{name}')} as a value")
        case "FunctionNode":
            _function(path, node, f"{module}.{name}", examining)
        case "JsonNode":
            _json(path, node, examining)
        case _:
            _named(path, f"{module}.{name}", examining)
            _file(path, node, examining)


def _calls(name: str) -> bool:
    """Whether a function calls what it is given, or makes what does: kept by itself, it is a step
    of an attack."""
    from sealwright.vetting.pickle.kept_functions import CALLING

    return name in CALLING and name not in ("collections.defaultdict", "builtins.type")


def _operator(path: str, node: dict[str, Any], name: str, examining: Examining) -> None:
    """The loader takes the class from the module operator, whatever the node says."""
    from sealwright.vetting.formats.jinja_names import forbidden_name
    from sealwright.vetting.pickle.attribute_paths import refused_part

    if name == "operator.methodcaller":
        examining.find(METHOD, f"{quoted(path)}: {quoted(name)}")
    elif name not in ("operator.attrgetter", "operator.itemgetter"):
        examining.find(CONFUSED, f"{quoted(path)}: {quoted(name)} as an operator")
    for inner, one in walk_document(node.get("attrs"), examining.session):
        text = one.get("content")
        if not isinstance(text, str):
            continue
        leads_out = name == "operator.attrgetter" and refused_part(text.strip('"'))
        if forbidden_name(text) or leads_out:
            message = f"{quoted(f'{path}.attrs.{inner}')}: the attribute {quoted(text)}"
            examining.find(DANGEROUS, message)


def _method(path: str, node: dict[str, Any], owner: str, examining: Examining) -> None:
    """The loader takes the method of `content.obj`, whatever class the node names."""
    content = node.get("content")
    held = content.get("obj") if isinstance(content, dict) else None
    method = content.get("func") if isinstance(content, dict) else None
    if not isinstance(held, dict) or not isinstance(method, str):
        examining.find(DAMAGED, f"{quoted(path)}: a method without an object")
        return
    real = f"{held.get('__module__')}.{held.get('__class__')}"
    shown = quoted(f"{real}.{method}")
    if real != owner:
        examining.find(CONFUSED, f"{quoted(path)}: {shown} under the name {quoted(owner)}")
    elif method.startswith("__") or not _NAME.fullmatch(method):
        examining.find(DANGEROUS, f"{quoted(path)}: the method {shown}")
    else:
        examining.find(METHOD, f"{quoted(path)}: the method {shown}")
    _named(path, owner, examining)


def _function(path: str, node: dict[str, Any], name: str, examining: Examining) -> None:
    """A function by the names of the node; in protocol 0 by those in its content."""
    content = node.get("content")
    names = {name}
    if isinstance(content, dict) and ("module_path" in content or "function" in content):
        names = {f"{content.get('module_path')}.{content.get('function')}"}
        # Protocol 0 writes the type of the function as the node's own name.
        if name not in ("builtins.function", "numpy.ufunc") and name not in names:
            names.add(name)
    for one in sorted(names):
        _named(path, one, examining)


def _named(path: str, name: str, examining: Examining) -> None:
    from sealwright.vetting.formats.skops_tables import CLASSES, FUNCTIONS
    from sealwright.vetting.targets import judge_name

    examining.fact("global", name)
    if name in CLASSES or name in FUNCTIONS:
        return
    module, _, last = name.rpartition(".")
    policy = examining.session.policy
    entry = policy.entry(module, last)
    if entry is not None and entry.role != "reduce":
        return
    judged = judge_name(name, policy)
    if judged.dangerous:
        examining.find(DANGEROUS, f"{quoted(path)}: {quoted(name)}{judged.because}")
    else:
        examining.find(UNTRUSTED, f"{quoted(path)}: {quoted(name)}")


def _json(path: str, node: dict[str, Any], examining: Examining) -> None:
    content = node.get("content")
    try:
        if isinstance(content, str):
            parse_json(content, examining.session)
            return
    except MalformedError:
        pass
    examining.find(DAMAGED, f"{quoted(path)}: its content is no JSON text")


def _file(path: str, node: dict[str, Any], examining: Examining) -> None:
    file = node.get("file")
    if file is not None and (not isinstance(file, str) or "/" in file or "\\" in file):
        examining.find(DAMAGED, f"{quoted(path)}: the file {quoted(str(file))}")


CHECK = DocumentCheck(
    id="skops",
    title="skops schema",
    examines=(
        "Every node of the schema: its kind, and the class or function that it builds, by exact "
        "name. Arrays and other files of the archive are examined by content."
    ),
    applies=applies,
    examine=examine,
    rules=RULES,
)
