"""Dispatch by content, polyglots, and a verdict that fails closed."""

from __future__ import annotations

import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.evidence.predicates.common import Finding
from sealwright.evidence.statement import decode_statement, encode_statement
from sealwright.evidence.tree import identify
from sealwright.phases.model.checks import artifact_format
from sealwright.phases.model.checks.artifact_format import acts_as_pickle, recognise
from sealwright.phases.model.checks.interface import (
    Observation,
    Rule,
    conclude,
    findings,
    quoted,
)
from sealwright.phases.model.checks.registry import (
    ARTIFACT_CHECKS,
    CODE_CHECKS,
    artifact_rules_digest,
)
from sealwright.phases.model.scan import scan_artifact
from tests.model.onnx_files import (
    clock,
    good_safetensors,
    model_file,
    onnx_model,
    rules,
    safetensors,
    scan_files,
)

ONNX = onnx_model().SerializeToString()


def archive() -> bytes:
    """A harmless zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("data.pkl", pickle.dumps({"a": 1}))
    return buffer.getvalue()


def tarball() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        file.addfile(tarfile.TarInfo("a"))
    return buffer.getvalue()


def numbers(data: bytes) -> bytes:
    """A valid safetensors file whose only tensor is `data`."""
    shape = {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}
    return safetensors({"a": shape}, data=data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ONNX, "onnx"),
        (good_safetensors(), "safetensors"),
        (pickle.dumps([1], protocol=4), "pickle"),
        (pickle.dumps({"x": Path}, protocol=2), "pickle"),
        (archive(), "zip"),
        (tarball(), "tar"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "hdf5"),
        (b"\0" * 512 + b"\x89HDF\r\n\x1a\n", "hdf5"),
        (b"\x93NUMPY\x01\x00", "npy"),
        (b"\x7fELF" + b"\0" * 60, "elf"),
        (b"#!/bin/sh\n", "script"),
        (b"hello\n", "text"),
    ],
)
def test_a_format_is_known_by_its_content(data: bytes, expected: str) -> None:
    assert recognise(model_file(data, name="x")) == (expected,)


def test_every_safetensors_length_keeps_its_one_format() -> None:
    for spaces in range(2000):
        text = b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' + b" " * spaces
        assert recognise(model_file(safetensors(None, raw=text), name="x")) == ("safetensors",)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.onnx", good_safetensors()),
        ("model.safetensors", ONNX),
        ("model.safetensors", pickle.dumps([1])),
        ("model.txt", ONNX),
        ("model.json", archive()),
        ("model.onnx", b"\x00\xff\x00"),
    ],
)
def test_an_extension_that_lies_fails(tmp_path: Path, name: str, data: bytes) -> None:
    scan = scan_files(tmp_path, {name: data})
    assert scan.result == "failed"
    assert "SW-FMT-002" in rules(scan)


@pytest.mark.parametrize(
    "data",
    [
        numbers(archive()),
        good_safetensors() + archive(),
        ONNX + archive(),
        numbers(b"\0" * 300 + archive() + b"comment"),
    ],
)
def test_an_archive_hidden_in_a_model_fails(tmp_path: Path, data: bytes) -> None:
    name = "m.onnx" if data.startswith(ONNX) else "m.safetensors"
    assert scan_files(tmp_path, {name: data}).result == "failed"


def test_a_mark_of_an_archive_alone_is_a_warning(tmp_path: Path) -> None:
    data = numbers(b"\1" * 40 + b"PK\x05\x06" + b"\1" * 40)
    scan = scan_files(tmp_path, {"m.safetensors": data})
    assert (scan.result, rules(scan)) == ("warned", {"SW-FMT-004"})


def test_a_pickle_hidden_in_safetensors_fails(tmp_path: Path) -> None:
    # A header of 0x56 bytes starts with V: an unpickler reads up to the first line end as text.
    payload = b"\n0cbuiltins\nlen\n."
    shape = f'{{"a":{{"dtype":"U8","shape":[{len(payload)}],"data_offsets":[0,{len(payload)}]}}}}'
    data = safetensors(None, raw=shape.encode().ljust(0x56), data=payload)
    assert pickle.loads(data) is len
    scan = scan_files(tmp_path, {"m.safetensors": data})
    assert (scan.result, rules(scan)) == ("failed", {"SW-FMT-003"})


@given(st.recursive(st.none() | st.integers() | st.text() | st.binary(), st.lists, max_leaves=8))
def test_every_pickle_that_imports_is_followed_to_the_import(value: object) -> None:
    for protocol in range(6):
        data = pickle.dumps([value, Path], protocol=protocol)
        assert acts_as_pickle(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_recognised_without_an_error(data: bytes) -> None:
    file = model_file(data, name="m.bin")
    examination = artifact_format.examine(file)
    if not set(recognise(file)) & set(artifact_format.EXAMINED):
        assert conclude(examination.observations, complete=True) in ("inconclusive", "failed")


def test_what_is_not_examined_is_inconclusive_and_named(tmp_path: Path) -> None:
    scan = scan_files(
        tmp_path, {"m.onnx": ONNX, "extra.pkl": pickle.dumps([1]), "README.md": b"hi\n", "e": b""}
    )
    assert scan.result == "inconclusive"
    assert scan.coverage.not_examined == ("README.md", "e", "extra.pkl")
    assert scan.coverage.files == 4


def test_no_file_at_all_is_inconclusive(tmp_path: Path) -> None:
    assert scan_artifact(tmp_path, clock=clock).predicate.result == "inconclusive"


def test_the_statement_is_about_the_artifact_and_can_be_signed(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(ONNX)
    said = scan_artifact(tmp_path, clock=clock, name="heart")
    assert said.subjects[0].sha256 == identify(tmp_path).digest
    assert said.subjects[0].name == "heart"
    assert decode_statement(encode_statement(said)) == said
    assert said.predicate.scanner.digest == artifact_rules_digest()
    one = scan_artifact(tmp_path / "m.onnx", clock=clock)
    assert one.subjects[0].sha256 == identify(tmp_path / "m.onnx").digest
    assert one.predicate.result == "passed"


def test_a_large_file_is_mapped_and_judged_alike(tmp_path: Path) -> None:
    data = numbers(b"\7" * (33 * 1024 * 1024))
    assert scan_files(tmp_path, {"m.safetensors": data}).result == "passed"


def test_rules_are_unique_and_their_ids_stable_in_form() -> None:
    declared: list[Rule] = [rule for check in ARTIFACT_CHECKS for rule in check.rules]
    declared += [rule for check in CODE_CHECKS for rule in check.rules]
    ids = [rule.id for rule in declared]
    assert len(ids) == len(set(ids))
    assert all(rule.id.startswith("SW-") and rule.title and rule.remediation for rule in declared)


def test_findings_are_capped_and_the_rest_is_counted() -> None:
    rule = artifact_format.EMPTY
    many = [
        Observation(rule, Finding(rule=rule.id, severity="low", message=str(n))) for n in range(700)
    ]
    kept = findings(many)
    assert len(kept) == 501
    assert kept[-1].message.startswith("200 more")


def test_text_of_strangers_is_made_safe_to_print() -> None:
    assert quoted("a\x1b[2Jb\n") == "'a\\x1b[2Jb\\n'"
    assert len(quoted("x" * 1000)) < 100
