"""Keras configurations of versions 2 and 3, wherever they are found: every object at any depth."""

from __future__ import annotations

import re
from typing import Any

from sealwright.patterns import regex
from sealwright.vetting.documents import walk_document
from sealwright.vetting.formats import keras_code, keras_names, tensorflow_names
from sealwright.vetting.formats import keras_rules as rules
from sealwright.vetting.interface import DocumentCheck, Examining, Member, Rule, quoted
from sealwright.vetting.session import Session

_PLAIN = frozenset(
    (
        *("__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "__tuple__"),
        *("__keras_tensor__", "CLASS_TYPE", "TensorShape", "NoneType", "__ndarray__"),
    )
)
"""Marks of values that Keras writes as objects."""
_TYPE_SPECS_TEXT = """
    TensorSpec RaggedTensorSpec SparseTensorSpec TensorArraySpec IndexedSlicesSpec
"""
_TYPE_SPECS = frozenset(_TYPE_SPECS_TEXT.split())
_LOOKUPS_TEXT = """
    StringLookup IntegerLookup TextVectorization IndexLookup CategoryLookup
"""
_LOOKUPS = frozenset(_LOOKUPS_TEXT.split())
_LAMBDA_KEYS = ("function", "output_shape", "mask")
_ADDRESS = regex(r"(?:https?|ftp|gs|s3|file|hdfs|az|abfss?)://", re.IGNORECASE)
_NAME = regex(r"[A-Za-z_][\w.]*(?:>[\w.<> -]*)?", re.ASCII)
_MAX_SHOWN = 100
_SEARCHED = 500_000


def applies(value: Any, member: Member) -> bool:
    """Whether an object names a class with a configuration, as Keras does, at any depth."""
    pending: list[Any] = [value]
    for _ in range(_SEARCHED):
        if not pending:
            return False
        one = pending.pop()
        if isinstance(one, dict):
            if "class_name" in one and ("config" in one or "module" in one):
                return True
            pending.extend(inner for inner in one.values() if isinstance(inner, dict | list))
        elif isinstance(one, list):
            pending.extend(inner for inner in one if isinstance(inner, dict | list))
    return True


def examine(value: Any, examining: Examining) -> None:
    """Judges every object of a document that is a Keras configuration."""
    work = _Work(examining)
    for path, node in walk_document(value, examining.session, arrays=True):
        if isinstance(node, dict) and "class_name" in node:
            work.object(path or "model", node)
        work.texts(path or "model", node)


class _Work:
    """One document. A message is given once, however often it is met."""

    def __init__(self, examining: Examining) -> None:
        self.examining = examining
        self.said: set[tuple[str, str]] = set()
        self.session: Session = examining.session

    def find(self, rule: Rule, path: str, message: str) -> None:
        if (rule.id, message) in self.said or len(self.said) >= _MAX_SHOWN:
            return
        self.said.add((rule.id, message))
        self.examining.find(rule, f"{quoted(path)}: {message}")

    def object(self, path: str, node: dict[str, Any]) -> None:
        """One object with a `class_name`."""
        name, module = node["class_name"], node.get("module")
        registered = node.get("registered_name")
        if name is None and not module:
            return
        odd = next(
            (one for one in (name, module, registered) if one is not None and not _named(one)), None
        )
        if odd is not None or name is None:
            self.find(rules.STRANGE, path, f"a name is {quoted(repr(odd))}")
            return
        package, _, last = name.rpartition(">")
        self.examining.fact("layer", f"{module}.{name}" if module else registered or name)
        config = node.get("config")
        if name == "__lambda__":
            self.find(rules.LAMBDA, path, f"a lambda{_uses(config)}")
        elif name in ("__typespec__", "TypeSpec"):
            self.type_spec(path, node)
        elif name in _PLAIN:
            return
        elif name == "function":
            self.function(path, config, module or "", registered)
        elif self.special(path, last, config):
            return
        elif module:
            self.in_module(path, last, module, registered or package, config)
        elif not (last in keras_names.names().flat and package in ("", "Custom")):
            what = registered or name
            self.find(rules.CUSTOM, path, f"the class {quoted(what)} is not part of Keras")

    def type_spec(self, path: str, node: dict[str, Any]) -> None:
        """The type of an input, by module and name, or by TensorFlow's name for it."""
        name, module = node.get("spec_name"), str(node.get("module") or "")
        if node["class_name"] == "TypeSpec":
            module, _, name = str(node.get("type_spec")).rpartition(".")
        root = module.split(".")[0]
        if not (name in _TYPE_SPECS and root in ("tf", "tensorflow", "keras", "tf_keras")):
            self.find(rules.IMPORT, path, f"the type {quoted(f'{module}.{name}')}")

    def special(self, path: str, last: str, config: Any) -> bool:
        """Layers that need more than a look at their names. True: nothing else is to be said."""
        if last == "Lambda":
            self.lambda_layer(path, config)
            return True
        if last in ("TorchModuleWrapper", "TFSMLayer"):
            self.find(rules.FOREIGN, path, f"a {last}{_path_of(config)}")
            return True
        if last in ("JaxLayer", "FlaxLayer"):
            self.find(rules.CUSTOM, path, f"a {last} runs functions that are not part of Keras")
            return True
        if last in (
            "TFOpLambda",
            "SlicingOpLambda",
            "TensorFlowOpLayer",
            "ClassMethod",
            "InstanceMethod",
            "InstanceProperty",
        ):
            self.operation(path, last, config)
            return True
        if last in _LOOKUPS and isinstance(config, dict):
            vocabulary = config.get("vocabulary")
            if isinstance(vocabulary, str) and vocabulary:
                self.find(rules.FILE, path, f"a {last} reads {quoted(vocabulary)}")
        return False

    def lambda_layer(self, path: str, config: Any) -> None:
        if not isinstance(config, dict):
            self.find(rules.LAMBDA, path, "a Lambda layer whose function is not to be seen")
            return
        for key in _LAMBDA_KEYS:
            function = config.get(key)
            kind = config.get(f"{key}_type")
            nested = (
                isinstance(function, dict)
                and function.get("class_name") == "function"
                and isinstance(function.get("config"), str)
            )
            if key == "function" or kind in ("lambda", "raw"):
                by_value = kind in ("lambda", "raw") or not (isinstance(function, str) or nested)
                if by_value or (isinstance(function, str) and keras_code.is_code(function)):
                    self.find(rules.LAMBDA, path, f"a Lambda layer{_uses(function)}")
                    continue
            if isinstance(function, str) and key == "function":
                module = config.get("module")
                if isinstance(module, str) and self.forbidden(module, function):
                    self.find(rules.IMPORT, path, f"Lambda calls {quoted(f'{module}.{function}')}")
                self.find(rules.NAMED_LAMBDA, path, f"Lambda calls {quoted(function)}")
            elif isinstance(function, dict) and key == "function":
                self.find(
                    rules.NAMED_LAMBDA, path, f"Lambda calls {quoted(str(function['config']))}"
                )

    def operation(self, path: str, last: str, config: Any) -> None:
        """Keras 2's layers around single operations of TensorFlow."""
        held = config if isinstance(config, dict) else {}
        if last == "TensorFlowOpLayer":
            node = held.get("node_def")
            name = node.get("op") if isinstance(node, dict) else None
            good = isinstance(name, str) and tensorflow_names.computes(name)
        elif last in ("ClassMethod", "InstanceMethod", "InstanceProperty"):
            name = f"{held.get('cls_ref', '')}.{held.get('method_name', held.get('attr_name'))}"
            good = not held.get("cls_ref") and not str(name).startswith("._")
        else:
            name = held.get(
                "function", "__operators__.getitem" if last == "SlicingOpLambda" else None
            )
            good = isinstance(name, str) and tensorflow_names.computing_function(name)
        if not good:
            self.find(rules.OPERATION, path, f"{last} calls {quoted(str(name))}")

    def function(self, path: str, name: Any, module: str, registered: Any) -> None:
        """A function by its name."""
        if not isinstance(name, str) or not _named(name):
            self.find(rules.STRANGE, path, f"a function is called {quoted(repr(name))}")
        elif module in ("", "builtins"):
            if name in keras_names.BUILTIN_CALLS:
                self.find(rules.IMPORT, path, f"the function {quoted(f'builtins.{name}')}")
            elif name not in keras_names.names().built_in:
                self.find(rules.CUSTOM, path, f"the function {quoted(name)} is not part of Keras")
        elif keras_names.own(module):
            if keras_names.known_function(module, name) or keras_names.known_class(module, name):
                return
            self.unknown(path, module, name)
        else:
            self.outside(path, module, name, registered)

    def in_module(self, path: str, name: str, module: str, registered: str, config: Any) -> None:
        """A class by module and name."""
        if keras_names.own(module):
            if keras_names.known_class(module, name):
                if registered and ">" in registered and not registered.startswith("Custom>"):
                    message = f"the class {quoted(registered)} is not part of Keras"
                    self.find(rules.CUSTOM, path, message)
                return
            if keras_names.known_function(module, name):
                return
            self.unknown(path, module, name)
        else:
            self.outside(path, module, name, registered)

    def unknown(self, path: str, module: str, name: str) -> None:
        """Something of Keras that the table does not have."""
        if keras_names.loads(module, name):
            self.find(rules.GADGET, path, f"{quoted(f'{module}.{name}')}")
        else:
            self.find(rules.CUSTOM, path, f"{quoted(f'{module}.{name}')} is in no table of Keras")

    def outside(self, path: str, module: str, name: str, registered: Any) -> None:
        """Something of another package."""
        dotted = f"{module}.{name}"
        if self.forbidden(module, name):
            self.find(rules.IMPORT, path, f"{quoted(dotted)}")
        else:
            also = f" (registered as {quoted(registered)})" if isinstance(registered, str) else ""
            self.find(rules.CUSTOM, path, f"{quoted(dotted)} is not part of Keras{also}")

    def forbidden(self, module: str, name: str) -> bool:
        root = module.split(".", maxsplit=1)[0]
        return root in keras_names.STANDARD or self.session.policy.label(module, name) is not None

    def texts(self, path: str, node: dict[str, Any] | list[Any]) -> None:
        """Texts that are code or addresses, whatever they belong to."""
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for key, text in pairs:
            if not isinstance(text, str) or len(text) < 6:
                continue
            if _ADDRESS.match(text):
                self.find(rules.ADDRESS, path, f"{quoted(str(key))} is {quoted(text)}")
            elif len(text) >= 16 and keras_code.is_code(text):
                self.find(rules.LAMBDA, path, f"{quoted(str(key))} is Python bytecode{_uses(text)}")


def _named(one: Any) -> bool:
    return isinstance(one, str) and (one == "" or _NAME.fullmatch(one) is not None)


def _uses(code: Any) -> str:
    """What a stored function uses, for the message."""
    pending: list[Any] = [code]
    for _ in range(100):
        if not pending:
            break
        one = pending.pop(0)
        if isinstance(one, dict):
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, str) and keras_code.is_code(one):
            found = keras_code.names_in(keras_code.decoded(one) or b"")
            return f" that uses {', '.join(found)}" if found else ""
    return ""


def _path_of(config: Any) -> str:
    path = config.get("filepath") if isinstance(config, dict) else None
    return f" of {quoted(path)}" if isinstance(path, str) else ""


CHECK = DocumentCheck(
    id="keras-config",
    title="Keras configuration",
    examines=(
        "Every object at any depth: layers, inner models, initializers, optimizers, losses, "
        "metrics, build and compile settings. Classes and functions by exact names of Keras 2.3 to "
        "3.15 and tf_keras; code by value, imports, loaders, vocabularies from files, operations "
        "of TensorFlow, addresses. Custom classes need a review of their code."
    ),
    applies=applies,
    examine=examine,
    rules=rules.RULES,
)
