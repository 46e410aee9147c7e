from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import tensorflow_files as files
from sealwright.vetting.formats import tensorflow_names as names
from sealwright.vetting.interface import Format, Member
from tests.attacks.keras_tf.file_cases import FILES
from tests.vetting.examine import examine, rules, verdict

BENIGN = Path(__file__).parents[2] / "benign" / "keras_tf"
MODELS = sorted(path for path in BENIGN.rglob("*") if path.suffix in (".pb", ".meta"))


def field(number: int, value: bytes | int) -> bytes:
    """One field in the wire format; numbers and sizes below 128."""
    if isinstance(value, int):
        return bytes((number << 3, value))
    assert len(value) < 128
    return bytes((number << 3 | 2, len(value))) + value


def node(name: str, operation: str, *more: bytes) -> bytes:
    return field(1, field(1, name.encode()) + field(2, operation.encode()) + b"".join(more))


def format_of(data: bytes, *, path: str = "x.pb") -> Format:
    """The one format that takes the bytes."""
    (found,) = [
        form for form in files.FORMATS if form.recognise(Member(path=path, data=data)) == "strong"
    ]
    return found


@pytest.mark.parametrize("path", MODELS, ids=lambda path: str(path.relative_to(BENIGN)))
def test_files_of_tensorflow_and_keras_pass(path: Path) -> None:
    data = path.read_bytes()
    work = examine(format_of(data, path=path.name), data)
    assert not work.observations
    assert verdict(work) == "pass"


@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        ("ReadFile", "SW-TF-005"),
        ("EagerPyFunc", "SW-TF-004"),
        ("RpcClient", "SW-TF-006"),
        ("Abort", "SW-TF-007"),
        ("XlaCallModule", "SW-TF-008"),
        ("MyOwnOperation", "SW-TF-009"),
        ("DatasetFromGraph", "SW-TF-011"),
    ],
)
def test_an_operation_that_does_more_than_compute_is_found(operation: str, rule: str) -> None:
    assert rules(examine(files.GRAPH, node("n", operation))) == {rule}


def test_an_operation_that_computes_is_nothing() -> None:
    assert not examine(files.GRAPH, node("n", "MatMul")).observations


def test_an_operation_given_twice_fails() -> None:
    twice = field(1, field(1, b"n") + field(2, b"MatMul") + field(2, b"ReadFile"))
    assert rules(examine(files.GRAPH, twice)) == {"SW-TF-002", "SW-TF-005"}


def test_a_field_of_a_newer_version_is_not_passed() -> None:
    data = field(1, field(1, b"n") + field(2, b"MatMul") + field(14, b"new"))
    work = examine(files.GRAPH, data)
    assert rules(work) == {"SW-TF-003"}
    assert verdict(work) == "inconclusive"


def test_a_graph_that_is_cut_off_fails() -> None:
    data = (BENIGN / "frozen.pb").read_bytes()
    assert "SW-TF-001" in rules(examine(files.GRAPH, data[:-3]))


def test_every_dangerous_operation_is_one_of_tensorflow() -> None:
    listed = (
        names.PYTHON | names.FILES | names.NETWORK | names.PROCESS | names.SAVING | names.TABLES
    )
    assert {name for name in listed if not names.known(name)} <= {
        "RemoteFusedGraphExecute",
        "DataServiceDatasetV3",
        "DataServiceDatasetV4",
    }
    assert not any(names.computes(name) for name in listed)


@pytest.mark.parametrize("name", ["io.write_file", "py_function", "raw_ops.ReadFile", "print", ""])
def test_functions_that_touch_files_are_not_taken_for_computing(name: str) -> None:
    assert not names.computing_function(name)


@pytest.mark.parametrize("name", ["math.reduce_mean", "nn.relu", "compat.v1.add", "reshape"])
def test_functions_that_compute_are(name: str) -> None:
    assert names.computing_function(name)


CHANGED = [
    (BENIGN / "table" / "saved_model.pb").read_bytes(),
    (BENIGN / "frozen.pb").read_bytes(),
    (FILES / "save_constant.saved_model.pb").read_bytes(),
    (FILES / "keras2_lambda_metadata.pb").read_bytes(),
]


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(CHANGED),
    st.lists(
        st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=6)),
        min_size=1,
        max_size=4,
    ),
)
def test_a_changed_file_ends_in_a_verdict(data: bytes, changes: list[tuple[int, bytes]]) -> None:
    held = bytearray(data)
    for position, piece in changes:
        at = position % len(held)
        held[at : at + len(piece)] = piece
    for form in files.FORMATS:
        form.recognise(Member(path="fingerprint.pb", data=bytes(held)))
        assert verdict(examine(form, bytes(held))) in ("pass", "review", "fail", "inconclusive")
