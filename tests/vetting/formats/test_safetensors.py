"""Safetensors headers: a file passes only if an independent strict reader agrees."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import safetensors as reader
from sealwright.vetting.interface import Member, conclude, result_of
from tests.vetting.examine import examine
from tests.vetting.onnx_files import good_safetensors, rules, safetensors, scan_files

F32 = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


def result(data: bytes) -> str:
    work = examine(reader.FORMAT, data, path="w.safetensors")
    return result_of(conclude(work.observations, complete=work.parsed > 0), work.observations)


def strict_reader_accepts(data: bytes) -> bool:
    """The format's rules once more, written another way: marks every byte of the data section."""
    try:
        length = int.from_bytes(data[:8], "little")
        if length > len(data) - 8:
            return False
        header = json.loads(data[8 : 8 + length])
        covered = bytearray(len(data) - 8 - length)
        for name, entry in header.items():
            if name == "__metadata__":
                if not all(isinstance(value, str) for value in entry.values()):
                    return False
                continue
            start, end = entry["data_offsets"]
            width = {"F32": 4, "I8": 1, "I32": 4, "F64": 8, "U8": 1, "F16": 2}[entry["dtype"]]
            if end - start != width * math.prod(entry["shape"]) or not 0 <= start <= end:
                return False
            if end > len(covered) or any(covered[start:end]):
                return False
            covered[start:end] = b"\x01" * (end - start)
        return all(covered)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def test_a_good_file_passes(tmp_path: Path) -> None:
    scan = scan_files(tmp_path, {"w.safetensors": good_safetensors()})
    assert scan.result == "passed"
    assert scan.findings == ()
    # The 19 bytes of numbers are not claimed to have been understood.
    assert scan.coverage.bytes_parsed == scan.coverage.bytes_total - 19
    padded = safetensors(None, raw=json.dumps({"a": F32}).encode() + b"   ", data=b"1234")
    assert result(padded) == "passed"


def entry(**changes: Any) -> dict[str, Any]:
    return {"a": {**F32, **changes}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 9,
        (1 << 63).to_bytes(8, "little") + b"{}",
        (99_999_999).to_bytes(8, "little") + b"{}",
        safetensors(entry(data_offsets=[4, 8]), data=b"12345678"),
        safetensors(entry(), data=b"12345678"),
        safetensors(entry(), data=b"12"),
        safetensors({"a": F32, "b": F32}, data=b"1234"),
        safetensors({"a": F32, "b": {**F32, "data_offsets": [2, 6]}}, data=b"123456"),
        safetensors({"a": F32, "b": {**F32, "data_offsets": [8, 12]}}, data=b"1" * 12),
        safetensors(entry(shape=[2]), data=b"1234"),
        safetensors(entry(shape=[-1, -1]), data=b"1234"),
        safetensors(entry(shape=[True]), data=b"1234"),
        safetensors(entry(shape=[1.0]), data=b"1234"),
        safetensors(entry(shape=[1] * 33), data=b"1234"),
        safetensors(entry(shape="1"), data=b"1234"),
        safetensors(entry(dtype="PICKLE"), data=b"1234"),
        safetensors(entry(dtype=["F32"]), data=b"1234"),
        safetensors(entry(data_offsets=[4, 0]), data=b"1234"),
        safetensors(entry(data_offsets=[0]), data=b"1234"),
        safetensors(entry(data_offsets=[0, 1 << 70], shape=[1 << 68]), data=b"1234"),
        safetensors(entry(code="x"), data=b"1234"),
        safetensors({"a": 1}, data=b""),
        safetensors({"": F32}, data=b"1234"),
        safetensors({"a\n": F32}, data=b"1234"),
        safetensors({"a" * 2000: F32}, data=b"1234"),
        safetensors({"__metadata__": {"a": 1}, **entry()}, data=b"1234"),
        safetensors({"__metadata__": "x", **entry()}, data=b"1234"),
        safetensors({"__metadata__": {"a": "x" * 70_000}, **entry()}, data=b"1234"),
        safetensors([1]),
        safetensors(None, raw=b" {}"),
        safetensors(None, raw=b"{}\n"),
        safetensors(None, raw=b"{} {}"),
        safetensors(None, raw=b'{"a":NaN}'),
        safetensors(None, raw=b'{"a":' + b"[" * 100_000 + b"}"),
        safetensors(None, raw=b'{"\xff":1}'),
        safetensors(
            None,
            raw=b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
            b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
            data=b"1234",
        ),
        safetensors(
            None,
            raw=b'{"a":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
            data=b"1234",
        ),
    ],
)
def test_a_bad_header_fails(data: bytes) -> None:
    assert result(data) == "failed"


def test_a_header_beyond_what_is_read_is_inconclusive() -> None:
    size = reader.MAX_HEADER_READ + 1
    assert result(size.to_bytes(8, "little") + b"{" + b" " * size) == "inconclusive"


def test_a_file_without_tensors_is_not_a_pass() -> None:
    assert result(safetensors({})) == "warned"


def test_a_bad_file_fails_the_scan_wherever_it_lies(tmp_path: Path) -> None:
    bad = safetensors(entry(), data=b"12345678")
    scan = scan_files(tmp_path, {"a/w.safetensors": good_safetensors(), "b/w.safetensors": bad})
    assert scan.result == "failed"
    assert rules(scan) == {"SW-ST-004"}
    assert [finding.location for finding in scan.findings] == ["b/w.safetensors"]


@given(st.binary(max_size=300))
def test_random_bytes_never_pass(data: bytes) -> None:
    assert result(data) != "passed"
    header = len(data).to_bytes(8, "little") + data
    assert result(header) != "passed"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_a_strict_reader_refuses_does_not_pass(data: st.DataObject) -> None:
    mutated = bytearray(good_safetensors())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "insert"])):
            case "flip":
                mutated[at] = data.draw(st.integers(0, 255))
            case "cut":
                del mutated[at:][: data.draw(st.integers(1, 5))]
                del mutated[at : at + data.draw(st.integers(1, 5))]
            case "insert":
                mutated[at:at] = data.draw(st.binary(min_size=1, max_size=5))
        if not mutated:
            return
    if not strict_reader_accepts(bytes(mutated)):
        assert result(bytes(mutated)) != "passed"


def test_a_catalogue_of_translations_is_none() -> None:
    catalogue = b"\xde\x12\x04\x95" + bytes(4) + b"\x7b\0\0\0" + bytes(100)
    assert reader.recognise(Member(path="words.mo", data=catalogue)) == "no"


def test_metadata_that_programs_evaluate_fail() -> None:
    header = {"w": F32, "__metadata__": {"format": "pt", "note": "the system prompt of a model"}}
    assert result(safetensors(header, data=bytes(4))) == "passed"
    header["__metadata__"] = {"class": "__import__('os').system('echo a')"}
    work = examine(reader.FORMAT, safetensors(header, data=bytes(4)), path="w.safetensors")
    assert {seen.rule.id for seen in work.observations} == {"SW-DOC-004"}
