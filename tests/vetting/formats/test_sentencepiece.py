from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import sentencepiece
from sealwright.vetting.formats.onnx import FORMAT as ONNX
from sealwright.vetting.interface import Member
from tests.vetting.examine import examine, rules, verdict


def message(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def piece(text: str, score: float = -1.0, kind: int | None = None) -> bytes:
    ending = b"" if kind is None else bytes([0x18, kind])
    return message(1, message(1, text.encode()) + b"\x15" + struct.pack("<f", score) + ending)


TRAINER = message(2, message(1, b"corpus.txt") + b"\x18\x02" + b"\x25" + struct.pack("<f", 1.0))
NORMALIZER = message(3, message(1, b"nmt_nfkc") + message(2, b"\x00\x01"))
MODEL = piece("<unk>", 0.0, 2) + piece("a") + piece("bé") + TRAINER + NORMALIZER


def test_a_model_passes_and_is_read_to_the_end() -> None:
    work = examine(sentencepiece.FORMAT, MODEL)
    assert verdict(work) == "pass"
    assert work.parsed == len(MODEL)
    assert sentencepiece.recognise(Member(path="x", data=MODEL)) == "strong"
    assert ONNX.recognise(Member(path="x", data=MODEL)) == "no"


@pytest.mark.parametrize(
    "data",
    [
        MODEL[:-1],
        MODEL + message(9, b"x"),
        MODEL + message(1, message(1, b"a")),
        MODEL + message(1, message(1, b"a") * 2 + b"\x15" + bytes(4)),
        MODEL + b"\x80\x02cos\nsystem\n",
        MODEL + b"\x08\x01",
        MODEL + b"\x0a" + b"\xff" * 12,
    ],
)
def test_what_the_library_does_not_write_is_refused(data: bytes) -> None:
    assert rules(examine(sentencepiece.FORMAT, data)) == {"SW-SPM-001"}


def test_a_graph_of_named_nodes_is_none() -> None:
    graph = message(1, message(1, b"node") + message(2, b"ReadFile"))
    assert sentencepiece.recognise(Member(path="x", data=graph * 9)) == "no"


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused(rest: bytes) -> None:
    data = MODEL + rest
    assert sentencepiece.recognise(Member(path="x", data=rest)) in ("no", "strong")
    assert rules(examine(sentencepiece.FORMAT, data)) <= {"SW-SPM-001"}
