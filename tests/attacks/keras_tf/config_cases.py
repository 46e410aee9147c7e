"""Attacks through the configuration of a model: as JSON, as YAML and in a .keras archive."""

from __future__ import annotations

import base64
import io
import json
import marshal
import zipfile
from functools import partial
from typing import Any

from tests.attacks.keras_tf.case import Case

Config = dict[str, Any]
_CODE = compile("__import__('os').system('echo pwned')", "layer", "eval")
CODE = base64.encodebytes(marshal.dumps(_CODE)).decode()
PICKLE = base64.b64encode(
    b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x0aecho pwned\x85R."
).decode()
WEIGHTS = b"\x89HDF\r\n\x1a\n"


def layer(name: str, /, module: str | None = "keras.layers", **config: Any) -> Config:
    """An object as Keras 3 writes it."""
    made = {"module": module, "class_name": name, "config": config, "registered_name": None}
    return {key: value for key, value in made.items() if key != "module" or module is not None}


def function(name: str, module: str = "builtins") -> Config:
    """A function as Keras 3 writes it."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def sequential(*layers: Config, **more: Any) -> Config:
    """A model of layers."""
    made = layer("Sequential", "keras", name="s", layers=[layer("InputLayer"), *layers])
    return {**made, **more}


def keras2(*layers: Config) -> Config:
    """A model as Keras 2 writes it: without modules."""
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(layers)}}


def old(name: str, /, **config: Any) -> Config:
    """A layer as Keras 2 writes it."""
    return {"class_name": name, "config": config}


def archive(config: bytes, **members: bytes) -> bytes:
    """A .keras file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.8.0"}))
        file.writestr("config.json", config)
        for name, data in members.items():
            file.writestr(name.replace("__", "."), data)
    return held.getvalue()


def _lambda(**more: Any) -> Config:
    inner = {"code": CODE, "defaults": None, "closure": None}
    made = {"class_name": "__lambda__", "config": inner}
    return layer("Lambda", function=made, arguments={}, **more)


_OLD_LAMBDA = old("Lambda", function=[CODE, None, None], function_type="lambda", module="__main__")
_RUN = layer("run", "subprocess", args="echo pwned", shell=True)
_OBJECTS: tuple[tuple[str, str, Config], ...] = (
    ("cve_2024_3660_lambda", "SW-KERAS-001", sequential(_lambda())),
    ("cve_2024_3660_lambda_of_keras_2", "SW-KERAS-001", keras2(_OLD_LAMBDA)),
    (
        "lambda_in_time_distributed",
        "SW-KERAS-001",
        keras2(old("TimeDistributed", layer=_OLD_LAMBDA)),
    ),
    (
        "lambda_in_bidirectional",
        "SW-KERAS-001",
        sequential(layer("Bidirectional", layer=_lambda())),
    ),
    ("lambda_in_inner_model", "SW-KERAS-001", sequential(sequential(sequential(_lambda())))),
    (
        "lambda_as_output_shape",
        "SW-KERAS-001",
        keras2(
            old(
                "Lambda",
                function="relu",
                function_type="function",
                output_shape=[CODE, None, None],
                output_shape_type="lambda",
            )
        ),
    ),
    (
        "lambda_as_loss",
        "SW-KERAS-001",
        sequential(
            compile_config={"loss": {"class_name": "__lambda__", "config": {"value": [CODE]}}}
        ),
    ),
    (
        "lambda_as_activation",
        "SW-KERAS-001",
        sequential(
            layer("Dense", activation={"class_name": "__lambda__", "config": {"code": CODE}})
        ),
    ),
    ("lambda_with_package", "SW-KERAS-001", keras2({**_OLD_LAMBDA, "class_name": "x>Lambda"})),
    ("lambda_of_another_module", "SW-KERAS-001", sequential({**_lambda(), "module": "mine"})),
    ("code_under_another_name", "SW-KERAS-001", keras2(old("Dense", kernel=[CODE, None]))),
    ("cve_2025_1550_subprocess", "SW-KERAS-002", sequential(_RUN)),
    (
        "cve_2025_1550_function",
        "SW-KERAS-002",
        sequential(layer("Dense", a=function("system", "os"))),
    ),
    (
        "cve_2025_1550_eval_of_builtins",
        "SW-KERAS-002",
        sequential(layer("Dense", activation=function("eval"))),
    ),
    ("module_in_initializer", "SW-KERAS-002", sequential(layer("Dense", kernel_initializer=_RUN))),
    ("module_in_build_config", "SW-KERAS-002", sequential(build_config={"x": _RUN})),
    (
        "module_in_compile_config",
        "SW-KERAS-002",
        sequential(compile_config={"metrics": [[{"deep": [_RUN]}]]}),
    ),
    ("re_export_of_os", "SW-KERAS-002", sequential(layer("os.system", "shutil"))),
    (
        "module_in_type_spec",
        "SW-KERAS-002",
        {
            "class_name": "__typespec__",
            "spec_name": "Popen",
            "module": "subprocess",
            "config": ["x"],
        },
    ),
    (
        "cve_2025_8747_get_file",
        "SW-KERAS-003",
        sequential(layer("get_file", "keras.utils", origin="x")),
    ),
    (
        "cve_2025_8747_get_file_internal",
        "SW-KERAS-003",
        sequential(layer("get_file", "keras.src.utils.file_utils", origin="x", extract=True)),
    ),
    (
        "cve_2025_9906_unsafe_deserialization",
        "SW-KERAS-003",
        sequential(layer("Dense", a=function("enable_unsafe_deserialization", "keras.config"))),
    ),
    (
        "load_model_within",
        "SW-KERAS-003",
        sequential(layer("load_model", "keras.models", filepath="x")),
    ),
    (
        "deserialize_within",
        "SW-KERAS-003",
        sequential(layer("Dense", activation=function("deserialize", "keras.activations"))),
    ),
    (
        "cve_2025_12058_string_lookup",
        "SW-KERAS-004",
        sequential(layer("StringLookup", vocabulary="/etc/hostname")),
    ),
    (
        "vocabulary_of_keras_2",
        "SW-KERAS-004",
        keras2(old("TextVectorization", vocabulary="gs://bucket/words.txt")),
    ),
    ("torch_module", "SW-KERAS-005", sequential(layer("TorchModuleWrapper", module=PICKLE))),
    (
        "cve_2026_1462_saved_model",
        "SW-KERAS-005",
        sequential(layer("TFSMLayer", filepath="/tmp/m")),
    ),
    ("write_file_as_layer", "SW-KERAS-008", keras2(old("TFOpLambda", function="io.write_file"))),
    (
        "raw_operation_as_layer",
        "SW-KERAS-008",
        keras2(old("TFOpLambda", function="raw_ops.ReadFile")),
    ),
    (
        "node_as_layer",
        "SW-KERAS-008",
        keras2(old("TensorFlowOpLayer", node_def={"name": "x", "op": "WriteFile"}, constants={})),
    ),
    ("method_as_layer", "SW-KERAS-008", keras2(old("ClassMethod", cls_ref="io.TFRecordWriter"))),
    ("name_that_is_a_list", "SW-KERAS-010", keras2({"class_name": ["Lambda"], "config": {}})),
    ("name_with_a_blank", "SW-KERAS-010", sequential(layer("Dense\u200b"))),
    ("packed_pickle", "SW-PKL-001", sequential(layer("Dense", state=PICKLE))),
)
_REVIEWED: tuple[tuple[str, str, Config], ...] = (
    (
        "custom_layer",
        "SW-KERAS-006",
        sequential({**layer("Gate", "mine"), "registered_name": "m>Gate"}),
    ),
    (
        "custom_name_on_a_layer_of_keras",
        "SW-KERAS-006",
        sequential({**layer("Dense"), "registered_name": "evil>Dense"}),
    ),
    ("custom_layer_of_keras_2", "SW-KERAS-006", keras2(old("evil>Layer"))),
    ("torch_hub", "SW-KERAS-006", sequential(layer("list", "unknown_library.hub", x="y"))),
    ("named_lambda", "SW-KERAS-007", keras2(old("Lambda", function="f", function_type="function"))),
    ("address", "SW-KERAS-009", sequential(layer("Dense", weights="https://example.com/w.h5"))),
)


def _yaml() -> bytes:
    code = json.dumps(CODE)
    return (
        "backend: tensorflow\nclass_name: Sequential\nconfig:\n  name: s\n  layers:\n"
        "  - class_name: Lambda\n    config:\n      function_type: lambda\n"
        f"      function: !!python/tuple [{code}, null, null]\n"
    ).encode()


def _plain(config: Config) -> bytes:
    return json.dumps(config).encode()


def _packed(config: Config) -> bytes:
    return archive(_plain(config))


CASES: tuple[Case, ...] = (
    *(Case(name=n, rule=r, build=partial(_packed, c)) for n, r, c in _OBJECTS),
    *(
        Case(name=f"{n}_json", rule=r, path="model.json", build=partial(_plain, c))
        for n, r, c in _OBJECTS
    ),
    *(Case(name=n, rule=r, ends="review", build=partial(_packed, c)) for n, r, c in _REVIEWED),
    Case(name="lambda_in_yaml", rule="SW-KERAS-001", path="model.yaml", build=_yaml),
    Case(
        name="configuration_in_utf_16",
        rule="SW-KERAS-001",
        build=lambda: archive(json.dumps(sequential(_lambda())).encode("utf-16-le")),
    ),
    Case(
        name="configuration_cut_off",
        rule="SW-KERAS-011",
        build=lambda: archive(_plain(sequential(_lambda()))[:-20]),
    ),
    Case(
        name="weights_that_are_a_pickle",
        rule="SW-KERAS-011",
        build=lambda: archive(_plain(sequential()), model__weights__h5=base64.b64decode(PICKLE)),
    ),
    Case(
        name="class_name_twice",
        rule="SW-KERAS-001",
        build=lambda: archive(
            _plain(sequential(_lambda())).replace(
                b'"class_name": "Lambda"', b'"class_name": "Dense", "class_name": "Lambda"'
            )
        ),
    ),
)
