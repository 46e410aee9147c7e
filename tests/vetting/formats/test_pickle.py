"""Pickle files: told from text and numbers, several in a row, with other files inside."""

from __future__ import annotations

import base64
import gzip
import io
import marshal
import pickle
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.vetting.formats.pickle import FORMAT, recognise
from sealwright.vetting.interface import Examining, Member
from sealwright.vetting.pickle.policy import Entry, Label, Policy
from sealwright.vetting.session import Limits
from tests.vetting import examine as scanner
from tests.vetting.examine import rules, verdict

EVIL = b"cos\nsystem\n(S'echo hello'\ntR."
WORDS = (
    b"cat\ndog\nlemon\n",
    b"cos\nsin\ntan\n",
    b"a\nb\nc\n",
    b"capital\ncity\n.\n,\n",
    b"(imported from elsewhere)\nsecond line\nthird\n",
    b"(c) 2020 Somebody\nAll rights reserved\n",
    b"import os\nimport sys\n",
    b"Vocabulary\nof words\n",
    b"N.B. this is text",
    b"Python is fine\nPickle is not\n",
    b"Is this so?\nYes.",
    b"]]}}",
    b'{"a": 1}',
    b"Lines\nof\ntext\n",
    b"I am\nso\n",
    b"C.a title with as many letters as the full stop says.",
    b"cat\ndog\nprvn\xed\n\xbelut\xfd\n",
    b"cc\ncc\ncc\n" * 50,
)


POLICY = Policy(
    entries={("_codecs", "encode"): Entry(name="_codecs.encode", role="reduce")},
    labels={"os.*": Label(name="os.*", what="runs commands")},
)


def examine(data: bytes, *, limits: Limits | None = None) -> Examining:
    return scanner.examine(FORMAT, data, limits=limits, policy=POLICY)


def fit(data: bytes, name: str = "file") -> str:
    return recognise(Member(path=name, data=data))


@pytest.mark.parametrize("data", WORDS)
def test_text_is_no_pickle(data: bytes) -> None:
    assert fit(data, "vocab.txt") == "no"


@given(st.binary(min_size=1, max_size=200))
def test_random_bytes_are_no_pickle_but_by_their_header(data: bytes) -> None:
    found = fit(data)
    assert found in ("no", "weak", "strong")
    if data[0] == 0x80 and data[1:2] not in (b"\x00", b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"):
        assert found == "no"


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_is_recognised(protocol: int) -> None:
    for value in ({"a": [1, "b"]}, Path("x"), [Path, None]):
        data = pickle.dumps(value, protocol)
        assert fit(data) == ("weak" if protocol == 0 and isinstance(value, dict) else "strong")


@pytest.mark.parametrize(
    "data",
    [
        EVIL,
        EVIL[:-1],
        EVIL + b"trailing",
        b"N0" * 5000 + EVIL,
        b"V# text\n0" + EVIL,
        b"I1\n." + EVIL,
    ],
)
def test_a_text_that_calls_is_a_pickle_whatever_its_name(data: bytes) -> None:
    assert fit(data, "notes.txt") == "strong"


def test_streams_follow_each_other() -> None:
    work = examine(pickle.dumps({"a": 1}) + pickle.dumps([2]) + EVIL)
    assert "SW-PKL-001" in rules(work)
    assert work.parsed == len(work.data)


def test_a_file_of_several_harmless_pickles_passes() -> None:
    data = b"".join(pickle.dumps([n], protocol) for n in range(20) for protocol in range(6))
    work = examine(data)
    assert verdict(work) == "pass"
    assert work.parsed == len(data)


def test_blank_bytes_at_the_end_are_noted_and_others_need_a_look() -> None:
    assert verdict(examine(pickle.dumps([1]) + b"\0" * 16)) == "pass"
    work = examine(pickle.dumps([1]) + b"\xff\xfe something")
    assert rules(work) == {"SW-PKL-101"}
    assert verdict(work) == "review"


@pytest.mark.parametrize("data", [EVIL[:-1], pickle.dumps([1])[:-3], b"\x80\x04\x95"])
def test_a_broken_stream_fails(data: bytes) -> None:
    work = examine(data)
    assert "SW-PKL-013" in rules(work)


def nested(raw: bytes | str) -> set[str]:
    """The rules met by a file whose only long constant is `raw`."""
    found: set[str] = set()
    for protocol in (2, 4):
        work = examine(pickle.dumps({"weights": [1.0], "blob": raw}, protocol))
        found |= rules(work)
        for report in work.session.reports:
            found |= rules(report)
    return found


def archive(inner: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(zipfile.ZipInfo("data.pkl"), inner)
    return buffer.getvalue()


EVIL_2 = b"\x80\x02" + EVIL


@pytest.mark.parametrize(
    "raw",
    [
        EVIL_2,
        EVIL,
        archive(EVIL_2),
        gzip.compress(EVIL_2, mtime=0),
        base64.b64encode(EVIL_2),
        base64.b64encode(EVIL_2).decode(),
        base64.encodebytes(EVIL_2 * 3).decode(),
        base64.urlsafe_b64encode(gzip.compress(EVIL_2, mtime=0)),
        EVIL_2.hex(),
        pickle.dumps(pickle.dumps(EVIL_2)),
    ],
)
def test_a_pickle_in_a_constant_is_followed(raw: bytes | str) -> None:
    assert "SW-PKL-001" in nested(raw)


def test_compiled_code_in_a_constant_needs_a_look() -> None:
    code = marshal.dumps(compile("print(1)", "x", "exec"))
    assert "SW-PKL-103" in nested(code)
    assert "SW-PKL-103" in nested(base64.b64encode(code))
    assert "SW-PKL-103" in nested(b"\x7fELF\x02\x01\x01" + bytes(60))


@pytest.mark.parametrize(
    "raw",
    [
        np.arange(1000.0).tobytes(),
        gzip.compress(b'{"a": 1}' * 50, mtime=0),
        b"\x80\x02" + bytes(range(200)),
        b"\x80\x04K\x01\x02\x03" * 50,
        b"x\x9c" + bytes(range(255)),
        "a long sentence about cats\nand dogs, with several lines\n",
        "Yesterday all my troubles seemed so far away",
        "gAAAAABkZXNjcmlwdGlvbl9vZl9hX21vZGVs",
        "c" * 5000,
        b"(" * 100,
    ],
)
def test_data_in_a_constant_is_no_finding(raw: Any) -> None:
    assert nested(raw) == set()


def test_joblib_files_are_read_as_joblib_reads_them(tmp_path: Path) -> None:
    value = {"a": np.arange(1000.0), "b": np.array(["x", None], dtype=object)}
    joblib.dump(value, tmp_path / "m.joblib")
    data = (tmp_path / "m.joblib").read_bytes()
    work = examine(data)
    assert "SW-PKL-013" not in rules(work)
    assert work.numbers >= 8000
    assert work.numbers + work.parsed == len(data)
    cut = examine(data[:-100])
    assert "SW-PKL-013" in rules(cut)


def test_a_wrapper_that_names_another_file_needs_a_look() -> None:
    def wrapper(name: str) -> bytes:
        head = b"\x80\x02cjoblib.numpy_pickle_compat\nNDArrayWrapper\n)\x81}"
        tail = b"S'subclass'\ncnumpy\nndarray\nsb."
        return head + f"S'filename'\nS'{name}'\ns".encode() + tail

    assert "SW-PKL-104" in rules(examine(wrapper("m.pkl_01.npy")))
    for name in ("/tmp/x.npy", "../x.npy", "..\\\\x.npy", "C:x.npy", ""):
        assert "SW-PKL-105" in rules(examine(wrapper(name)))


def test_what_was_seen_before_a_budget_ended_is_judged() -> None:
    work = examine(EVIL[:-1] + b"N0" * 100_000 + b".", limits=Limits(operations=50_000))
    assert "SW-PKL-001" in rules(work)
    assert work.gaps


def test_pickles_without_number_end_the_budget() -> None:
    work = examine(b"N." * 100_000, limits=Limits(operations=100_000))
    assert work.gaps
