from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats.tflite import FORMAT
from sealwright.vetting.interface import Member, conclude
from sealwright.vetting.scan import inspect
from tests.vetting.examine import examine, rules, session, verdict

DATA = (Path(__file__).parents[2] / "benign" / "keras_tf" / "sequential.tflite").read_bytes()


def custom(name: bytes) -> bytes:
    """A model with one custom operation, and no graph."""
    padded = name + bytes(-len(name) % 4 or 4)
    head = struct.pack("<I4s", 24, b"TFL3")
    model_fields = struct.pack("<HHHH", 8, 12, 4, 8)
    code_fields = struct.pack("<HHHHHH", 12, 16, 4, 8, 0, 12)[:8]
    tables = bytearray(head + model_fields + bytes(8))
    assert len(tables) == 24
    tables += struct.pack("<iII", 24 - 8, 3, 4)
    tables += struct.pack("<II", 1, 16)
    vtable = len(tables)
    tables += struct.pack("<HHHHHH", 12, 16, 4, 8, 0, 12)
    tables += code_fields[:0]
    at = len(tables)
    struct.pack_into("<I", tables, 40, at - 40)
    tables += struct.pack("<iIII", at - vtable, 32, 8, 32)
    tables += struct.pack("<I", len(name)) + padded
    return bytes(tables)


def test_a_model_of_the_converter_passes() -> None:
    work = examine(FORMAT, DATA)
    assert FORMAT.recognise(work.member) == "strong"
    assert verdict(work) == "pass"
    assert work.numbers


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (b"FlexWriteFile", "SW-TFL-002"),
        (b"FlexMine", "SW-TFL-003"),
        (b"Detector", "SW-TFL-003"),
        (b"FlexErf", ""),
        (b"TFLite_Detection_PostProcess", ""),
    ],
)
def test_custom_operations_are_judged(name: bytes, rule: str) -> None:
    assert rules(examine(FORMAT, custom(name))) == ({rule} if rule else set())


def test_attached_labels_are_no_second_format() -> None:
    held = io.BytesIO(DATA)
    with zipfile.ZipFile(held, "a") as file:
        file.writestr("labels.txt", "cat\ndog\n")
    work = session()
    inspect(Member(path="model.tflite", data=held.getvalue()), work)
    seen = [one for report in work.reports for one in report.observations]
    assert conclude(seen, complete=True) == "pass"
    assert "model.tflite!labels.txt" in {report.path for report in work.reports}


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(DATA) - 1), st.binary(min_size=1, max_size=6))
def test_a_changed_model_ends_in_a_verdict(at: int, piece: bytes) -> None:
    held = bytearray(DATA)
    held[at : at + len(piece)] = piece
    assert verdict(examine(FORMAT, bytes(held))) in ("pass", "review", "fail", "inconclusive")
