"""Real exported classifiers give scikit-learn's probabilities; everything doubtful is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.validation.builders import DIGEST, classes, export, graph, table

from sealwright.errors import CannotLook, InputMissing, LimitReached, TamperError, Unsupported
from sealwright.inference.onnx import open_onnx, read_model
from sealwright.inference.scoring import FloatArray, ScoringModel
from sealwright.phases.validation.data import EvaluationData

NAMES = ("x0", "x1", "x2", "x3")


def opened(data: bytes, *, positive: Any = 1, seconds: float = 30.0) -> ScoringModel:
    return open_onnx(data, digest=DIGEST, features=NAMES, positive=positive, seconds=seconds)


def logistic(data: EvaluationData, *, yes: Any = 1, no: Any = 0) -> Any:
    fitted = make_pipeline(StandardScaler(), LogisticRegression())
    return fitted.fit(data.features, classes(data.labels, yes, no))


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize(
    ("yes", "no"), [(1, 0), (0, 1), ("sick", "well"), ("a", "b"), (True, False), (7, 3)]
)
def test_the_positive_class_is_found(zipmap: bool, yes: Any, no: Any) -> None:
    data = table(300)
    fitted = logistic(data, yes=yes, no=no)
    column = fitted.classes_.tolist().index(yes)
    subject = opened(export(fitted, width=4, zipmap=zipmap), positive=yes)
    scores = subject.scores(data.features)
    expected = fitted.predict_proba(data.features)[:, column]
    assert scores == pytest.approx(expected, abs=1e-5)
    assert subject.access == "scores"
    assert subject.runtime.startswith("onnxruntime")


def test_a_forest_gives_the_same_scores_every_time() -> None:
    data = table(200)
    forest = RandomForestClassifier(20, random_state=0).fit(
        data.features.astype(np.float32), data.labels.astype(int)
    )
    exported = export(forest, width=4, zipmap=False)
    first = opened(exported).scores(data.features)
    assert first.tolist() == opened(exported).scores(data.features).tolist()
    assert first == pytest.approx(
        forest.predict_proba(data.features.astype(np.float32))[:, 1], abs=1e-5
    )


def matmul(helper: Any, *, out: list[Any], name: str = "score", kind: int = 1) -> Any:
    weights = helper.make_tensor("W", 1, [4, 1], [1.0, 0.0, 0.0, 0.0])
    nodes = [
        helper.make_node("MatMul", ["X", "W"], ["M"]),
        helper.make_node("Sigmoid", ["M"], [name]),
    ]
    return (
        nodes,
        [helper.make_tensor_value_info("X", kind, [None, 4])],
        [helper.make_tensor_value_info(name, 1, out)],
        [weights],
    )


def test_a_plain_score_output_is_taken_as_it_is() -> None:
    rows = np.array([[0.0, 1, 1, 1], [2.0, 0, 0, 0]])
    expected = (1 / (1 + np.exp(-rows[:, 0]))).tolist()
    subject = opened(graph(lambda h: matmul(h, out=[None, 1])))
    assert subject.scores(rows).tolist() == pytest.approx(expected, abs=1e-6)


def test_a_label_only_model_says_so() -> None:
    def build(helper: Any) -> Any:
        nodes, inputs, _, weights = matmul(helper, out=[None, 1])
        nodes += [
            helper.make_node("Constant", [], ["half"], value_float=0.5),
            helper.make_node("Greater", ["score", "half"], ["flag"]),
            helper.make_node("Cast", ["flag"], ["label"], to=7),
        ]
        return nodes, inputs, [helper.make_tensor_value_info("label", 7, [None, 1])], weights

    subject = opened(graph(build))
    assert subject.access == "labels"
    assert subject.scores(np.array([[1.0, 0, 0, 0], [-1, 0, 0, 0]])).tolist() == [1.0, 0.0]


def test_one_input_per_column_is_fed_by_name() -> None:
    def build(helper: Any) -> Any:
        order = ["x2", "x0", "x3", "x1"]
        nodes = [
            helper.make_node("Concat", ["x0", "f1", "x2", "x3"], ["all"], axis=1),
            helper.make_node("Cast", ["x1"], ["f1"], to=1),
            helper.make_node("ReduceMax", ["all"], ["score"], axes=[1]),
        ]
        nodes.sort(key=lambda node: node.op_type != "Cast")
        inputs = [
            helper.make_tensor_value_info(name, 7 if name == "x1" else 1, [None, 1])
            for name in order
        ]
        outputs = [helper.make_tensor_value_info("score", 1, [None, 1])]
        return nodes, inputs, outputs, []

    subject = opened(graph(build))
    assert subject.integer == frozenset({1})
    assert subject.scores(np.array([[0.1, 0, 0.4, 0.2], [0.1, 1, 0.4, 0.2]])).tolist() == (
        pytest.approx([0.4, 1.0])
    )


def unary(op: str) -> bytes:
    """The score is `op` of the first feature."""

    def build(helper: Any) -> Any:
        weights = helper.make_tensor("W", 1, [4, 1], [1.0, 0.0, 0.0, 0.0])
        return (
            [helper.make_node("MatMul", ["X", "W"], ["M"]), helper.make_node(op, ["M"], ["Y"])],
            [helper.make_tensor_value_info("X", 1, [None, 4])],
            [helper.make_tensor_value_info("Y", 1, [None, 1])],
            [weights],
        )

    return graph(build)


def rows_of(first: float) -> FloatArray:
    return np.full((2, 4), first)


def test_a_model_that_answers_nan_is_refused() -> None:
    with pytest.raises(CannotLook, match="not a finite number"):
        opened(unary("Sqrt")).scores(rows_of(-1.0))


def test_raw_decision_values_are_refused() -> None:
    with pytest.raises(CannotLook, match="probabilities"):
        opened(unary("Exp")).scores(rows_of(3.0))


def test_scores_that_contradict_the_label_are_refused() -> None:
    """Class and probability from different sources: the column cannot be told."""

    def build(helper: Any) -> Any:
        nodes, inputs, outputs, weights = matmul(helper, out=[None, 1])
        nodes += [
            helper.make_node("Constant", [], ["high"], value_float=0.9),
            helper.make_node("Greater", ["score", "high"], ["flag"]),
            helper.make_node("Cast", ["flag"], ["label"], to=7),
        ]
        outputs.append(helper.make_tensor_value_info("label", 7, [None, 1]))
        return nodes, inputs, outputs, weights

    rows = np.zeros((3, 4))
    rows[:, 0] = [-2.0, 1.0, 4.0]
    with pytest.raises(CannotLook, match="does not follow"):
        opened(graph(build)).scores(rows)


def test_ties_alone_do_not_tell_the_column() -> None:
    data = table(100)
    subject = opened(export(logistic(data, yes=1, no=0), width=4, zipmap=False))

    def even(helper: Any) -> Any:
        nodes, inputs, outputs, weights = matmul(helper, out=[None, 1])
        nodes += [
            helper.make_node("Constant", [], ["half"], value_float=0.5),
            helper.make_node("Greater", ["score", "half"], ["flag"]),
            helper.make_node("Cast", ["flag"], ["label"], to=7),
        ]
        outputs.append(helper.make_tensor_value_info("label", 7, [None, 1]))
        return nodes, inputs, outputs, weights

    unsure = opened(graph(even))
    with pytest.raises(CannotLook, match="one half"):
        unsure.scores(np.zeros((2, 4)))
    unsure.scores(np.ones((2, 4)))
    assert unsure.scores(np.zeros((2, 4))).tolist() == [0.5, 0.5]
    assert subject.scores(data.features).shape == (100,)


def test_a_class_that_the_model_does_not_know_is_refused() -> None:
    exported = export(logistic(table(100)), width=4, zipmap=True)
    with pytest.raises(Unsupported, match="one of them 5"):
        opened(exported, positive=5).scores(np.zeros((2, 4)))


def test_more_than_two_classes_are_refused() -> None:
    data = table(300)
    three = np.digitize(data.features[:, 0], [-0.5, 0.5])
    fitted = LogisticRegression().fit(data.features, three)
    for zipmap in (True, False):
        with pytest.raises(Unsupported):
            opened(export(fitted, width=4, zipmap=zipmap)).scores(data.features)


def test_a_model_of_other_features_is_refused() -> None:
    exported = export(logistic(table(100)), width=4, zipmap=True)
    with pytest.raises(Unsupported, match="declared features"):
        open_onnx(exported, digest=DIGEST, features=("x0", "x1"), positive=1)


def test_text_inputs_are_refused() -> None:
    def build(helper: Any) -> Any:
        return (
            [helper.make_node("Identity", ["X"], ["Y"])],
            [helper.make_tensor_value_info("X", 8, [None, 4])],
            [helper.make_tensor_value_info("Y", 8, [None, 4])],
            [],
        )

    with pytest.raises(Unsupported, match="numbers are supported"):
        opened(graph(build))


@pytest.mark.parametrize("data", [b"", b"\x00", b"not a model", b"\x08\x07" * 50])
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    with pytest.raises(Unsupported, match="cannot load"):
        opened(data)


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(Unsupported, match="cannot load"):
        opened(unary("StealSecrets"))


@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin", "absolute"])
def test_weights_in_another_file_are_never_read(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when the file lies where the model says and in the working folder."""
    inner = tmp_path / "inner"
    inner.mkdir()
    for folder in (tmp_path, inner):
        np.array([1, 0, 0, 0], dtype=np.float32).tofile(folder / "weights.bin")
    monkeypatch.chdir(inner)
    place = str(inner / "weights.bin") if location == "absolute" else location

    def build(helper: Any) -> Any:
        nodes, inputs, outputs, weights = matmul(helper, out=[None, 1])
        weights[0].ClearField("float_data")
        weights[0].data_location = 1
        entry = weights[0].external_data.add()
        entry.key, entry.value = "location", place
        return nodes, inputs, outputs, weights

    with pytest.raises(Unsupported, match="cannot load"):
        opened(graph(build))


def test_a_model_that_never_ends_is_stopped() -> None:
    def build(helper: Any) -> Any:
        body = helper.make_graph(
            [
                helper.make_node("Identity", ["go"], ["go_on"]),
                helper.make_node("Sin", ["state"], ["next"]),
            ],
            "body",
            [
                helper.make_tensor_value_info("i", 7, []),
                helper.make_tensor_value_info("go", 9, []),
                helper.make_tensor_value_info("state", 1, [None, 4]),
            ],
            [
                helper.make_tensor_value_info("go_on", 9, []),
                helper.make_tensor_value_info("next", 1, [None, 4]),
            ],
        )
        nodes = [
            helper.make_node("Loop", ["n", "go", "X"], ["end"], body=body),
            helper.make_node("ReduceMax", ["end"], ["Y"], axes=[1]),
        ]
        return (
            nodes,
            [helper.make_tensor_value_info("X", 1, [None, 4])],
            [helper.make_tensor_value_info("Y", 1, [None, 1])],
            [
                helper.make_tensor("n", 7, [], [2**62]),
                helper.make_tensor("go", 9, [], [True]),
            ],
        )

    subject = opened(graph(build), seconds=0.3)
    with pytest.raises(LimitReached, match=r"more than 0\.3 s"):
        subject.scores(np.zeros((2, 4)))


def test_the_file_must_be_the_one_on_record(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    assert read_model(file, sha256=digest) == b"weights"
    file.write_bytes(b"weighty")
    with pytest.raises(TamperError, match="recorded was"):
        read_model(file, sha256=digest)
    with pytest.raises(InputMissing):
        read_model(tmp_path / "none.onnx", sha256=digest)
