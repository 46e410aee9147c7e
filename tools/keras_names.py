#!/usr/bin/env python3
"""Writes the table of Keras names from unpacked wheels, importing nothing of them.

    tools/keras_names.py FOLDER… > src/sealwright/vetting/formats/keras_names.json

Each folder is an unpacked wheel of keras or tf_keras, named `<package>-<version>`. Taken are the
classes and functions that Keras exports for models, and the subclasses of its building blocks.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

EXPORTERS = ("keras_export", "tf_keras_export", "tf_export")
ROOMS = (
    *("layers", "models", "activations", "initializers", "regularizers", "constraints"),
    *("optimizers", "losses", "metrics", "dtype_policies", "mixed_precision", "ops"),
    *("quantizers", "experimental", "utils", "random"),
)
"""Modules whose names may stand in a model's configuration, with those below them."""
INSIDE = (
    *(*ROOMS, "engine", "premade", "premade_models", "optimizer_v1", "optimizer_v2"),
    *("legacy", "feature_column", "dtensor", "trainers", "activations"),
)
"""Rooms of the packages themselves that hold classes of such names."""
_BLOCKS_TEXT = """
    Layer Operation Initializer Regularizer Constraint Loss Metric Optimizer LearningRateSchedule
    DTypePolicy Quantizer Model Functional Policy Wrapper OptimizerV2 OptimizerV1
"""
BLOCKS = frozenset(_BLOCKS_TEXT.split())
"""Base classes of what a configuration can build."""
_NO_PART_TEXT = """
    get serialize deserialize serialize_keras_object deserialize_keras_object from_config Lambda
    TFSMLayer TorchModuleWrapper JaxLayer FlaxLayer custom_gradient clone_model load_model
    save_model model_from_json model_from_yaml model_from_config
"""
NO_PART = frozenset(_NO_PART_TEXT.split())
"""Names that load, look up or carry code."""
BACKEND_OPTIMIZER = re.compile(r"backend\.[a-z]+\.optimizers?(\.|$)")
"""Optimizers that Keras 3 names by the backend that a model was trained with."""
UTILS = frozenset(("FeatureSpace",))
"""The only names below `utils` that a model may name."""


def normal(module: str) -> str:
    """A module's path without what differs between packages and versions."""
    parts = [part for part in module.split(".") if part not in ("keras", "tf_keras", "src", "api")]
    return ".".join(parts)


def exports(node: ast.ClassDef | ast.FunctionDef) -> Iterator[str]:
    """The public names that decorators give."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name | ast.Attribute):
            called = decorator.func
            name = called.id if isinstance(called, ast.Name) else called.attr
            if name in EXPORTERS:
                for one in ast.walk(
                    ast.Module(body=[ast.Expr(a) for a in decorator.args], type_ignores=[])
                ):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield one.value


def collect(folder: Path) -> tuple[set[tuple[str, str, bool]], dict[str, set[str]]]:
    """(module, name, is a class) of all exports, and classes by module that are building blocks."""
    public: set[tuple[str, str, bool]] = set()
    classes: list[tuple[str, str, set[str]]] = []
    for path in sorted(folder.rglob("*.py")):
        if "test" in path.stem or "/applications/" in str(path) or "/callbacks/" in str(path):
            continue
        module = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                classes.append((module, node.name, bases))
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                for name in exports(node):
                    room, _, last = name.rpartition(".")
                    public.add((room, last, isinstance(node, ast.ClassDef)))
                if folder.name == "Keras-2.3.1" and not node.name.startswith("_"):
                    public.add(
                        (".".join(module.split(".")[:2]), node.name, isinstance(node, ast.ClassDef))
                    )
    known = set(BLOCKS)
    while more := {name for _, name, bases in classes if bases & known} - known:
        known |= more
    internal: dict[str, set[str]] = defaultdict(set)
    for module, name, bases in classes:
        if name in known and (bases & known or name in BLOCKS):
            internal[normal(module)].add(name)
    return public, internal


def main() -> None:
    """Prints the table."""
    classes: dict[str, set[str]] = defaultdict(set)
    functions: dict[str, set[str]] = defaultdict(set)
    folders = [Path(argument) for argument in sys.argv[1:]]
    for folder in folders:
        public, internal = collect(folder)
        for room, name, is_class in public:
            short = normal(room)
            first = short.split(".")[0]
            if first not in (*ROOMS, "") or (first == "utils" and name not in UTILS):
                continue
            if short == "" and not is_class:
                continue
            if short == "experimental" and not is_class:
                continue
            if first in ("models", "layers", "utils", "mixed_precision") and not is_class:
                continue
            (classes if is_class else functions)[short].add(name)
        for module, names in internal.items():
            if module.split(".")[0] in INSIDE or BACKEND_OPTIMIZER.match(module):
                classes[module] |= names
    table = {
        "versions": sorted(folder.name.lower().replace("-", " ") for folder in folders),
        "classes": {m: sorted(n - NO_PART) for m, n in sorted(classes.items()) if n - NO_PART},
        "functions": {m: sorted(n - NO_PART) for m, n in sorted(functions.items()) if n - NO_PART},
    }
    json.dump(table, sys.stdout, separators=(",", ":"), sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
