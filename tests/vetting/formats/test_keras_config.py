from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import keras_code, keras_names
from sealwright.vetting.formats.keras_config import CHECK
from sealwright.vetting.interface import Examining, Member, conclude
from tests.attacks.keras_tf.config_cases import CODE, function, keras2, layer, old, sequential
from tests.vetting.examine import rules, session

BENIGN = Path(__file__).parents[2] / "benign" / "keras_tf"


def check(value: Any) -> Examining:
    work = Examining(Member(path="config.json", data=b"{}"), session())
    assert CHECK.applies(value, work.member)
    CHECK.examine(value, work)
    return work


@pytest.mark.parametrize(
    "value",
    [
        sequential(
            layer("Dense", activation=function("relu"), dtype=layer("DTypePolicy", "keras"))
        ),
        sequential(layer("Dense", kernel_initializer=layer("GlorotUniform", "keras.initializers"))),
        layer("Functional", "keras.src.models.functional", layers=[]),
        layer("Functional", "keras.src.engine.functional", layers=[]),
        layer("Add", "keras.src.ops.numpy"),
        layer("Dense", "tf_keras.layers"),
        layer("Dense", "tensorflow.python.keras.layers.core"),
        sequential(compile_config={"loss": function("mean_squared_error"), "optimizer": "adam"}),
        sequential({**layer("Dense"), "build_config": {"input_shape": [None, 4]}}),
        keras2(old("Dense", activation="relu"), old("BatchNormalizationV1"), old("CuDNNLSTM")),
        keras2(old("TFOpLambda", function="math.reduce_mean")),
        keras2(old("TFOpLambda", function="__operators__.add")),
        keras2(old("SlicingOpLambda", function="__operators__.getitem")),
        {"optimizer_config": {"class_name": "Custom>Adam", "config": {}}, "loss": "mse"},
        keras2(old("StringLookup", vocabulary=None), old("IntegerLookup", vocabulary=[1, 2])),
    ],
)
def test_what_keras_itself_writes_passes(value: Any) -> None:
    work = check(value)
    assert not work.observations


def test_a_document_of_another_program_is_none_of_its_business() -> None:
    member = Member(path="config.json", data=b"{}")
    assert not CHECK.applies({"model_type": "bert", "layers": [{"name": "x"}]}, member)


def test_code_is_named_without_being_run() -> None:
    work = check(sequential({"class_name": "__lambda__", "config": {"code": CODE}}))
    messages = [seen.finding.message for seen in work.observations]
    assert any("__import__" in message and "system" in message for message in messages)


def test_a_finding_says_where_the_object_stands() -> None:
    work = check(sequential(layer("Dense", bias_regularizer=layer("Popen", "subprocess"))))
    (seen,) = work.observations
    assert "config.layers[1].config.bias_regularizer" in seen.finding.message


def test_the_table_holds_no_name_that_loads() -> None:
    table = keras_names.names()
    assert "keras 3.15.1" in table.versions
    assert {"Dense", "LSTM", "Adam", "GlorotUniform"} <= table.flat
    assert not {"Lambda", "TFSMLayer", "TorchModuleWrapper", "get_file", "load_model"} & table.flat
    for functions in table.functions.values():
        assert not functions & {"get", "deserialize", "serialize", "get_file", "load_model"}
    assert not any(module.split(".")[0] == "saving" for module in table.classes)


@pytest.mark.parametrize(
    "text", ["", "4w", "relu", "4wAAAA not base64 at all, however long it is!"]
)
def test_plain_text_is_no_code(text: str) -> None:
    assert not keras_code.is_code(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.just(CODE),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    *("class_name", "module", "config", "registered_name", "function"),
                    *("function_type", "vocabulary", "spec_name", "type_spec", "node_def"),
                    *("output_shape", "x"),
                )
            ),
            inner
            | st.sampled_from(
                ["Lambda", "function", "__lambda__", "TypeSpec", "TFOpLambda", "Dense"]
            )
            | st.sampled_from(["StringLookup", "TensorFlowOpLayer", "TFSMLayer", "keras.layers"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_document_ends_in_a_verdict(value: Any) -> None:
    work = Examining(Member(path="config.json", data=b"{}"), session())
    if CHECK.applies(value, work.member):
        CHECK.examine(value, work)
    assert conclude(work.observations, complete=True) in ("pass", "review", "fail")
    assert rules(work) <= {rule.id for rule in CHECK.rules}


def test_the_configuration_of_a_whole_model_passes() -> None:
    assert not check(json.loads((BENIGN / "sequential.json").read_text())).observations
