"""Content against name, and two formats in one file: the verdict fails closed."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.interface import Fit, Format, Member
from sealwright.vetting.recognise import candidates
from sealwright.vetting.registry import FORMATS
from sealwright.vetting.scan import inspect
from tests.vetting.examine import rules, session
from tests.vetting.onnx_files import good_safetensors, model_file, onnx_model, safetensors
from tests.vetting.small_containers import archive, tarball

ONNX = onnx_model().SerializeToString()


def numbers(data: bytes) -> bytes:
    """A valid safetensors file whose only tensor is `data`."""
    shape = {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}
    return safetensors({"a": shape}, data=data)


def looked_at(name: str, data: bytes) -> tuple[str, set[str], tuple[str, ...]]:
    """Verdict with all members, rules of all members, and formats of the outermost."""
    held = session()
    report = inspect(Member(path=name, data=data), held)
    verdicts = {each.verdict for each in held.reports}
    order = ("fail", "inconclusive", "review", "pass")
    met = set().union(*(rules(each) for each in held.reports))
    return next(each for each in order if each in verdicts), met, report.formats


def formats(data: bytes, name: str = "x") -> list[str]:
    return [form.id for form, _ in candidates(model_file(data, name=name), FORMATS)]


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
        (b"\0" * 512 + b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "hdf5"),
        (b"\x93NUMPY\x01\x00", "npy"),
        (b"hello\n", "text"),
        (b'{"a": 1}', "json"),
    ],
)
def test_a_format_is_known_by_its_content(data: bytes, expected: str) -> None:
    assert expected in formats(data)


def test_every_safetensors_length_keeps_its_one_format() -> None:
    for spaces in range(2000):
        text = b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' + b" " * spaces
        assert formats(safetensors(None, raw=text)) == ["safetensors"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.safetensors", pickle.dumps([1])),
        ("model.onnx", pickle.dumps({"a": 1}, protocol=2)),
        ("vocab.json", pickle.dumps([1, 2])),
        ("README.md", pickle.dumps("hello", protocol=4)),
        ("model.onnx", b"\x00\xff\x00"),
        ("model.safetensors", b"\x00\xff\x00" * 40),
    ],
)
def test_a_name_that_lies_about_what_can_run_fails(name: str, data: bytes) -> None:
    verdict, met, _ = looked_at(name, data)
    assert verdict == "fail"
    assert met & {"SW-FMT-002", "SW-FMT-007"}


@pytest.mark.parametrize(
    ("name", "data"), [("model.onnx", good_safetensors()), ("model.safetensors", ONNX)]
)
def test_data_under_another_datas_name_is_a_warning(name: str, data: bytes) -> None:
    verdict, met, _ = looked_at(name, data)
    assert (verdict, met & {"SW-FMT-004"}) == ("pass", {"SW-FMT-004"})


@pytest.mark.parametrize(
    "data",
    [
        good_safetensors() + archive(),
        ONNX + archive(),
        numbers(b"\0" * 300 + archive() + b"comment"),
    ],
)
def test_an_archive_hidden_in_a_model_fails(data: bytes) -> None:
    name = "m.onnx" if data.startswith(ONNX) else "m.safetensors"
    assert looked_at(name, data)[0] == "fail"


def test_a_pickle_hidden_in_safetensors_fails() -> None:
    # A header of 0x56 bytes starts with V: an unpickler reads up to the first line end as text.
    payload = b"\n0cbuiltins\nlen\n."
    shape = f'{{"a":{{"dtype":"U8","shape":[{len(payload)}],"data_offsets":[0,{len(payload)}]}}}}'
    data = safetensors(None, raw=shape.encode().ljust(0x56), data=payload)
    assert pickle.loads(data) is len
    assert looked_at("m.safetensors", data)[0] == "fail"


def test_formats_of_one_kind_and_its_special_form_are_no_polyglot() -> None:
    def form(name: str, fit: Fit, *, within: tuple[str, ...] = ()) -> Format:
        return Format(
            id=name,
            title=name,
            examines="",
            recognise=lambda _: fit,
            examine=lambda _: None,
            within=within,
        )

    member = Member(path="a", data=b"x")
    outer, inner, other = form("a", "strong"), form("b", "strong", within=("a",)), form("c", "weak")
    assert candidates(member, (other, inner, outer)) == [(inner, "strong"), (outer, "strong")]
    report = inspect(Member(path="a", data=b"x"), session())
    assert "SW-FMT-003" not in rules(report)
    assert candidates(member, (other,)) == [(other, "weak")]
    assert candidates(member, (form("d", "no"),)) == []


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_verdict(data: bytes) -> None:
    verdict, _, found = looked_at("m.bin", data)
    if not found:
        assert verdict == "inconclusive" or not data


def test_an_empty_model_is_inconclusive_and_an_empty_text_is_not() -> None:
    assert looked_at("model.onnx", b"")[0] == "inconclusive"
    assert looked_at("__init__.py", b"")[0] == "pass"
    assert looked_at("NOTES.txt", b"")[0] == "pass"
