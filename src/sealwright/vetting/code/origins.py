"""Where values in source code come from: the network, decoding, the environment, kept credentials.

An approximation within one module: names carry the origins of all that was assigned to them, and an
expression has those of its parts.
"""

from __future__ import annotations

import ast

from sealwright.patterns import regex
from sealwright.vetting.code import assembled
from sealwright.vetting.code.names import resolve
from sealwright.vetting.code.scope import Origin, Scope
from sealwright.vetting.code.texts import fold

THROUGH_METHODS: frozenset[Origin] = frozenset(("network", "decoded", "environment", "credentials"))
"""What a method call keeps of the object that it is called on: `response.content.decode()`."""
LONG = 400
"""Characters of a literal from which it is not written by hand."""
_NETWORK = regex(
    r"(?:requests|httpx)\.(?:(?:Session|Client|AsyncClient|session)\(\)\.)?"
    r"(?:get|post|put|patch|request|stream)"
    r"|urllib\.request\.(?:urlopen|urlretrieve)|urllib3\.(?:PoolManager\(\)\.)?request"
    r"|http\.client\.HTTPS?Connection\(\)\.getresponse|aiohttp\.ClientSession\(\)\.(?:get|post)"
    r"|socket\.(?:socket|create_connection)\(\)\.(?:recv|recvfrom|makefile)"
    r"|wget\.download|pycurl\.Curl|ftplib\.FTP\(\)\.retrbinary"
)
_DECODING = regex(
    r"base64\.(?:b64|b32|b16|b85|a85|urlsafe_b64|standard_b64)?decode(?:bytes)?"
    r"|base64\.(?:b64|b32|b16|b85|a85|urlsafe_b64|standard_b64)decode"
    r"|binascii\.(?:unhexlify|a2b_\w+)|(?:zlib|gzip|bz2|lzma)\.decompress|codecs\.decode"
    r"|(?:bytes|bytearray)\.fromhex|marshal\.loads|cryptography\.fernet\.Fernet\(\)\.decrypt"
)
_ENVIRONMENT = frozenset(("os.environ", "os.environb"))
_ONE_VARIABLE = frozenset(("get", "pop", "setdefault", "update"))
CREDENTIALS = regex(
    r"(?:\.aws[/\\]credentials|\.ssh[/\\](?:id_|\*|authorized)|\.netrc|\.git-credentials"
    r"|\.kube[/\\]config"
    r"|\.docker[/\\]config\.json|\.pypirc|\.npmrc|huggingface[/\\](?:stored_)?tokens?|kaggle\.json"
    r"|\.config[/\\]gcloud|application_default_credentials|/etc/shadow|Login Data|\.bash_history"
    r"|wallet\.dat|cookies\.sqlite|\.azure[/\\])"
)
_NONE: frozenset[Origin] = frozenset()
_BUILDS = (ast.ListComp, ast.GeneratorExp, ast.Subscript, ast.BinOp)


class Flow:
    """The origins of names, per scope. `returned`: of what the module's own functions return.
    `textual`: text that is not written down (`assembled`) is followed as well."""

    def __init__(
        self,
        returned: dict[str, frozenset[Origin]],
        fields: dict[str, frozenset[Origin]],
        *,
        textual: bool = False,
    ) -> None:
        self._returned = returned
        self._textual = textual
        self.fields = fields
        """Of attributes of this module's own classes: `@Class().name`."""
        self._seen: dict[int, tuple[ast.expr, frozenset[Origin]]] = {}

    def add(self, target: ast.expr, came: frozenset[Origin], scope: Scope) -> None:
        """`target` (a name, `self.name`, `name[...]`) holds something of these origins, too."""
        if not came:
            return
        for path in _fields(target, scope):
            if not came <= self.fields.get(path, _NONE):
                self.fields[path] = self.fields.get(path, _NONE) | came
                self._seen.clear()
        if name := _written(target):
            holder = scope.find(name.partition(".")[0]) or scope
            holder.came[name] = holder.came.get(name, _NONE) | came
            self._seen.clear()

    def of(self, node: ast.AST, scope: Scope) -> frozenset[Origin]:
        """Where the value of an expression comes from."""
        if isinstance(node, ast.Constant):
            return _literal(node.value)
        known = self._seen.get(id(node))
        if known is not None and known[0] is node:
            return known[1]
        found = self._of(node, scope)
        if isinstance(node, ast.expr):
            self._seen[id(node)] = (node, found)
        return found

    def _of(self, node: ast.AST, scope: Scope) -> frozenset[Origin]:
        match node:
            case ast.Name(id=name):
                return self._named(name, scope) | _environment(node, scope)
            case ast.Subscript(value=value, slice=index) if _is_environment(value, scope):
                return self.of(index, scope)
            case ast.Attribute(value=value):
                written = self._named(_written(node), scope)
                for path in _fields(node, scope):
                    written |= self.fields.get(path, _NONE)
                return written | self.of(value, scope) | _environment(node, scope)
            case ast.Call():
                return self._called(node, scope)
            case ast.Lambda(body=body):
                return self.of(body, scope)
        parts = _NONE.union(*(self.of(child, scope) for child in ast.iter_child_nodes(node)))
        if self._textual and isinstance(node, _BUILDS):
            parts |= assembled.of_expression(node, scope)
        return parts

    def _named(self, name: str, scope: Scope) -> frozenset[Origin]:
        holder = scope.find(name.partition(".")[0]) or scope
        return holder.came.get(name, _NONE)

    def _called(self, node: ast.Call, scope: Scope) -> frozenset[Origin]:
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        found = _NONE.union(*(self.of(value, scope) for value in values))
        function = node.func
        if isinstance(function, ast.Attribute):
            one = function.attr in _ONE_VARIABLE and _is_environment(function.value, scope)
            found |= _NONE if one else self.of(function.value, scope)
        paths = resolve(function, scope)
        for path in paths:
            if path.startswith("@"):
                found |= self._returned.get(path[1:].replace("()", ""), _NONE)
            found |= _source(path)
        text = fold(node.args[0], scope) if node.args else None
        if text and CREDENTIALS.search(text):
            found |= {"credentials"}
        return assembled.of_call(node, paths, found, scope) if self._textual else found


def _fields(node: ast.expr, scope: Scope) -> list[str]:
    """`@Class().name` for an attribute of an object of this module's own classes."""
    if not isinstance(node, ast.Attribute):
        return []
    return [path for path in resolve(node, scope) if path.startswith("@") and "()." in path]


def _source(path: str) -> frozenset[Origin]:
    if _NETWORK.fullmatch(path):
        return frozenset(("network",))
    if _DECODING.fullmatch(path):
        return frozenset(("decoded",))
    return frozenset(("code",)) if path == "compile" else _NONE


def _literal(value: object) -> frozenset[Origin]:
    if not isinstance(value, str | bytes):
        return _NONE
    spaced = b" " if isinstance(value, bytes) else " "
    long = len(value) >= LONG and value.count(spaced) < len(value) // 40  # type: ignore[arg-type]
    return frozenset(("long-text",)) if long else _NONE


def _is_environment(node: ast.expr, scope: Scope) -> bool:
    return any(path in _ENVIRONMENT for path in resolve(node, scope))


def _environment(node: ast.expr, scope: Scope) -> frozenset[Origin]:
    return frozenset(("environment",)) if _is_environment(node, scope) else _NONE


def _written(node: ast.expr) -> str:
    """`name` or `name.attribute`, as written; empty for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return f"{name}.{attribute}"
        case ast.Subscript(value=value):
            return _written(value)
    return ""
