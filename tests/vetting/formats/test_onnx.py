"""ONNX models: what exporters write passes, and what could do harm does not, wherever it hides."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import onnx
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, defs, helper
from onnx import onnx_ml_pb2 as proto

from sealwright.vetting.formats import onnx as reader
from sealwright.vetting.formats import onnx_tables
from sealwright.vetting.interface import conclude, result_of
from tests.vetting.examine import examine
from tests.vetting.examine import rules as met
from tests.vetting.onnx_files import (
    embedded,
    floats,
    nested,
    onnx_model,
    rules,
    scan_files,
    trained,
)

EVIL = helper.make_node("PyOp", ["x"], ["y"], domain="com.example.custom")


def result(data: bytes) -> str:
    work = examine(reader.FORMAT, data, path="model.onnx")
    return result_of(conclude(work.observations, complete=work.parsed > 0), work.observations)


def found(data: bytes) -> set[str]:
    return met(examine(reader.FORMAT, data, path="model.onnx"))


@pytest.mark.parametrize("kind", ["pipeline", "forest"])
def test_what_skl2onnx_writes_passes(tmp_path: Path, kind: str) -> None:
    scan = scan_files(tmp_path, {"model.onnx": trained(kind)})
    assert scan.result == "passed"
    assert scan.coverage.not_examined == ()
    assert scan.coverage.files == 1
    assert 0 < scan.coverage.bytes_parsed <= scan.coverage.bytes_total == len(trained(kind))


def test_the_tables_are_those_of_the_onnx_package() -> None:
    fields = {
        descriptor.full_name.removeprefix("onnx."): {
            field.number: (field.name, field.is_repeated) for field in descriptor.fields
        }
        for top in proto.DESCRIPTOR.message_types_by_name.values()
        for descriptor in (top, *top.nested_types)
    }
    assert fields == {
        name: {number: (field.name, field.repeated) for number, field in declared.items()}
        for name, declared in onnx_tables.SCHEMA.items()
    }
    operators: dict[str, set[str]] = {}
    for schema in defs.get_all_schemas_with_history():
        operators.setdefault(schema.domain, set()).add(schema.name)
    assert operators[""] == onnx_tables.OPERATORS[""] == onnx_tables.OPERATORS["ai.onnx"]
    assert operators["ai.onnx.ml"] == onnx_tables.OPERATORS["ai.onnx.ml"]
    assert onnx_tables.OPSETS[""] == defs.onnx_opset_version()
    known = set(onnx_tables.ELEMENT_BITS) | {TensorProto.UNDEFINED, TensorProto.STRING}
    assert known == set(TensorProto.DataType.values())


@pytest.mark.parametrize("levels", [0, 1, 5])
def test_a_custom_operator_is_found_in_any_subgraph(levels: int) -> None:
    data = onnx_model([nested(EVIL, levels=levels)]).SerializeToString()
    assert result(data) == "failed"
    assert "SW-ONNX-006" in found(data)


def test_a_custom_operator_is_found_in_functions_and_training_graphs() -> None:
    function = helper.make_function("own", "f", ["x"], ["y"], [EVIL], [])
    call = helper.make_node("f", ["x"], ["y"], domain="own")
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("own", 1)]
    with_function = onnx_model([call], functions=[function], opset_imports=imports)
    assert "SW-ONNX-006" in found(with_function.SerializeToString())
    training = onnx_model()
    training.training_info.add().algorithm.node.append(EVIL)
    assert found(training.SerializeToString()) >= {"SW-ONNX-006", "SW-ONNX-015"}


@pytest.mark.parametrize("operator", ["EPContext", "PyOp", "ATen"])
def test_operators_that_load_code_fail_in_a_runtimes_own_domain(operator: str) -> None:
    node = helper.make_node(operator, ["x"], ["y"], domain="com.microsoft")
    assert result(onnx_model([node]).SerializeToString()) == "failed"


def test_a_runtimes_extensions_are_for_review() -> None:
    node = helper.make_node("FusedMatMul", ["x", "x"], ["y"], domain="com.microsoft")
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    assert result(onnx_model([node], opset_imports=imports).SerializeToString()) == "warned"
    assert result(onnx_model([node]).SerializeToString()) == "failed"
    spoof = helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoftevil")
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoftevil", 1)]
    assert result(onnx_model([spoof], opset_imports=imports).SerializeToString()) == "failed"


def test_an_operator_that_is_not_known_is_inconclusive() -> None:
    node = helper.make_node("FromTheFuture", ["x"], ["y"])
    assert result(onnx_model([node]).SerializeToString()) == "inconclusive"


def test_local_functions_are_followed_and_may_not_be_endless() -> None:
    body = [helper.make_node("Identity", ["x"], ["y"])]
    call = helper.make_node("f0", ["x"], ["y"], domain="own")
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("own", 1)]

    def judged(functions: list[onnx.FunctionProto]) -> str:
        return result(
            onnx_model([call], functions=functions, opset_imports=imports).SerializeToString()
        )

    assert judged([helper.make_function("own", "f0", ["x"], ["y"], body, [])]) == "passed"
    circle = helper.make_function("own", "f0", ["x"], ["y"], [call], [])
    assert judged([circle]) == "failed"
    chain = [
        helper.make_function(
            "own",
            f"f{n}",
            ["x"],
            ["y"],
            [helper.make_node(f"f{n + 1}", ["x"], ["y"], domain="own")] * 10,
            [],
        )
        for n in range(9)
    ]
    last = helper.make_function("own", "f9", ["x"], ["y"], body, [])
    assert judged([*chain, last]) == "inconclusive"
    shadow = helper.make_function("", "Identity", ["x"], ["y"], body, [])
    good = helper.make_function("own", "f0", ["x"], ["y"], body, [])
    assert judged([good, shadow]) == "failed"
    assert judged([good, good]) == "failed"


def external(
    location: str | None, *, place: TensorProto.DataLocation = TensorProto.EXTERNAL
) -> bytes:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=place)
    if location is not None:
        tensor.external_data.add(key="location", value=location)
    return bytes(onnx_model(initializers=[tensor]).SerializeToString())


@pytest.mark.parametrize(
    "location",
    [
        "/etc/passwd",
        "../secret.bin",
        "a/../../secret",
        "a/..",
        "..\\secret",
        "C:/secret",
        "*/_ORT_MEM_ADDR_/*",
        "file:///etc/passwd",
        "https://example.org/w",
        "~/w" + "x" * 2000,
        "a//b",
        "./../w",
        "",
        "w\x00.bin",
        " .. /w",
        None,
    ],
)
def test_external_data_may_not_leave_the_folder(location: str | None) -> None:
    assert result(external(location)) == "failed"


def test_external_data_within_the_folder_is_noted() -> None:
    for location in ("weights.bin", "./weights.bin", "model.onnx.data"):
        assert result(external(location)) == "passed"
        assert "SW-ONNX-010" in found(external(location))
    # The entry alone, on a tensor that says it has none, is not overlooked either.
    assert "SW-ONNX-010" in found(external("weights.bin", place=TensorProto.DEFAULT))
    assert result(external("/etc/passwd", place=TensorProto.DEFAULT)) == "failed"


def test_external_data_is_found_in_attributes_of_subgraphs() -> None:
    tensor = TensorProto(name="w", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/shadow")
    node = nested(helper.make_node("Constant", [], ["y"], value=tensor), levels=3)
    assert "SW-ONNX-009" in found(onnx_model([node]).SerializeToString())


@pytest.mark.parametrize(
    ("tensor", "good"),
    [
        (helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0]), True),
        (helper.make_tensor("w", TensorProto.INT64, [3], [1, -2, 3]), True),
        (helper.make_tensor("w", TensorProto.DOUBLE, [1], [1.0]), True),
        (helper.make_tensor("w", TensorProto.INT8, [2], [1, -1]), True),
        (helper.make_tensor("w", TensorProto.INT4, [3], [1, -1, 2]), True),
        (TensorProto(data_type=8, dims=[2], string_data=[b"a", b"b"]), True),
        (
            helper.make_tensor("w", TensorProto.FLOAT16, [2], struct.pack("<2e", 1, 2), raw=True),
            True,
        ),
        (helper.make_tensor("w", TensorProto.FLOAT, [0], []), True),
        (TensorProto(data_type=1, dims=[2], raw_data=b"1234"), False),
        (TensorProto(data_type=1, dims=[1], raw_data=b"12345678"), False),
        (TensorProto(data_type=1, dims=[1], float_data=[1.0, 2.0]), False),
        (TensorProto(data_type=1, dims=[-1], float_data=[1.0]), False),
        (TensorProto(data_type=1, dims=[1 << 62, 1 << 62], float_data=[1.0]), False),
        (TensorProto(data_type=1, dims=[1], int64_data=[1]), False),
        (TensorProto(data_type=1, dims=[1], float_data=[1.0], raw_data=b"1234"), False),
        (TensorProto(data_type=77, dims=[1], raw_data=b"1"), False),
        (TensorProto(data_type=8, dims=[1], raw_data=b"1"), False),
        (TensorProto(data_type=1, dims=[1] * 65, float_data=[1.0]), False),
        (TensorProto(data_type=1, dims=[3]), False),
        (TensorProto.FromString(b"\x08\x00\x10\x01\x70\x09"), False),
        (TensorProto(data_type=1, dims=[1], float_data=[1.0], segment={"begin": 0}), False),
    ],
)
def test_a_tensor_must_hold_what_its_shape_says(tensor: TensorProto, good: bool) -> None:
    data = onnx_model(initializers=[tensor]).SerializeToString()
    assert result(data) == ("passed" if good else "failed")


def test_a_model_must_be_whole() -> None:
    whole = onnx_model()
    assert result(whole.SerializeToString()) == "passed"
    for field in ("ir_version", "graph", "opset_import"):
        model = onnx_model()
        model.ClearField(field)
        assert result(model.SerializeToString()) == "failed", field
    for field in ("node", "output"):
        model = onnx_model()
        model.graph.ClearField(field)
        assert result(model.SerializeToString()) == "failed", field


def test_versions_must_be_sane_and_known() -> None:
    def judged(*, ir: int = 10, opset: int = 21) -> str:
        model = onnx_model(opset_imports=[helper.make_opsetid("", opset)])
        model.ir_version = ir
        return result(model.SerializeToString())

    assert judged() == "passed"
    assert (judged(ir=2), judged(ir=-1), judged(opset=0)) == ("failed",) * 3
    assert (judged(ir=99), judged(opset=99)) == ("inconclusive",) * 2
    both = [helper.make_opsetid("", 20), helper.make_opsetid("", 21)]
    assert result(onnx_model(opset_imports=both).SerializeToString()) == "failed"
    spare = [helper.make_opsetid("", 21), helper.make_opsetid("evil", 1)]
    assert result(onnx_model(opset_imports=spare).SerializeToString()) == "warned"


def test_metadata_are_listed_and_runtime_settings_are_for_review() -> None:
    model = onnx_model()
    model.metadata_props.add(key="author", value="me")
    assert result(model.SerializeToString()) == "passed"
    assert found(model.SerializeToString()) == {"SW-ONNX-013"}
    model.metadata_props.add(key="ort_config", value="{}")
    assert result(model.SerializeToString()) == "warned"
    model.metadata_props.add(key="author", value="you")
    assert result(model.SerializeToString()) == "failed"


def test_metadata_that_programs_evaluate_fail() -> None:
    model = onnx_model()
    model.metadata_props.add(key="names", value="{0: 'cat'}")
    assert result(model.SerializeToString()) == "passed"
    model.metadata_props.add(key="imgsz", value="__import__('os').system('echo a')")
    assert found(model.SerializeToString()) == {"SW-ONNX-013", "SW-DOC-004"}


def test_fields_that_readers_disagree_about_fail() -> None:
    data = onnx_model().SerializeToString()
    unknown = b"\xf8\x3f\x01"
    for extra in (unknown, b"\x08\x0b", b"\x0a\x00", onnx_model([EVIL]).SerializeToString()):
        assert result(data + extra) == "failed"
    padded = b"\x88\x00" + data[1:]
    assert result(padded) == "failed"


def test_too_deep_or_too_much_is_inconclusive_and_truncated_fails() -> None:
    graph = embedded(1, EVIL.SerializeToString())
    for _ in range(40):
        graph = embedded(1, embedded(5, embedded(6, graph)))
    assert result(b"\x08\x0a" + embedded(7, graph)) == "inconclusive"
    data = onnx_model([nested(helper.make_node("Abs", ["x"], ["y"]), levels=2)])
    whole = data.SerializeToString()
    assert result(whole) == "passed"
    assert [result(whole[:cut]) for cut in range(len(whole))] == ["failed"] * len(whole)


def test_a_pickle_or_another_protobuf_named_onnx_does_not_pass(tmp_path: Path) -> None:
    harmless = pickle.dumps({"a": [1, 2.5, "x"]})
    other = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0]).SerializeToString()
    for number, data in enumerate((harmless, other, floats("x").SerializeToString(), b"text")):
        folder = tmp_path / str(number)
        folder.mkdir()
        scan = scan_files(folder, {"model.onnx": data})
        assert scan.result in ("failed", "inconclusive")
        assert rules(scan) & {"SW-FMT-002", "SW-FMT-007", "SW-TEXT-002"}


@given(st.binary(max_size=400))
def test_random_bytes_never_pass(data: bytes) -> None:
    assert result(data) in ("failed", "inconclusive")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_mutated_model_never_crashes_and_never_hides_a_custom_operator(
    data: st.DataObject,
) -> None:
    good = bytearray(onnx_model([nested(EVIL, levels=2)]).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(good) - 1))
        good[at] = data.draw(st.integers(0, 255))
    outcome = result(bytes(good))
    try:
        read = onnx.load_model_from_string(bytes(good))
    except DecodeError:
        assert outcome != "passed"
        return
    hidden = list(read.graph.node)
    while hidden:
        node = hidden.pop()
        if node.domain not in ("", "ai.onnx", "ai.onnx.ml"):
            assert outcome != "passed"
        hidden.extend(inner for attribute in node.attribute for inner in attribute.g.node)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_mutated_forest_that_protobuf_refuses_does_not_pass(data: st.DataObject) -> None:
    mutated = bytearray(trained("forest")[:2000] if data.draw(st.booleans()) else trained("forest"))
    at = data.draw(st.integers(0, len(mutated) - 1))
    mutated[at] ^= data.draw(st.integers(1, 255))
    outcome = result(bytes(mutated))
    try:
        proto.ModelProto.FromString(bytes(mutated))
    except DecodeError:
        assert outcome != "passed"
