from __future__ import annotations

import pytest

from sealwright.vetting.formats.recognised import FORMATS, MARKS
from sealwright.vetting.interface import Member
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import scan_paths

ZERO = bytes(64)
CORE_ML = b"\x08\x04\x12\x02\x0a\x00" + b"\xa2\x1f\x02\x0a\x00"
SAMPLES = {
    "ort": b"\x1c\x00\x00\x00ORTM" + ZERO,
    "executorch": b"\x1c\x00\x00\x00ET12eh00" + ZERO,
    "torch-flatbuffer": b"\x1c\x00\x00\x00PTMF" + ZERO,
    "ggml": b"tjgg\x03\x00\x00\x00" + ZERO,
    "tensorrt": b"ftrt" + ZERO,
    "core-ml": CORE_ML,
    "openvino": b'<?xml version="1.0"?>\n<net name="m" version="11">\n</net>\n',
    "paddle-program": b"\x0a\x20\x08\x00\x10" + b"\xff" * 9 + b"\x01" + b"\x1a\x03\x0a\x01x" + ZERO,
    "paddle-parameters": bytes(16) + (8).to_bytes(4, "little") + b"\x08\x05\x10\x02" + ZERO,
    "mxnet": b"\x12\x01" + bytes(14) + (2).to_bytes(8, "little") + ZERO,
    "r-data": b"X\n\x00\x00\x00\x03\x00\x04\x03\x00" + ZERO,
    "java": b"\xac\xed\x00\x05sr\x00\x05Model" + ZERO,
    "torch7": b"\x04\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00V 1" + ZERO,
    "matlab": b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(128),
    "fasttext": b"\xba\x16\x4f\x2f\x0c\x00\x00\x00" + ZERO,
    "rknn": b"RKNN\x00\x00\x00\x00" + ZERO,
    "feather-v1": b"FEA1\x00\x00\x00\x00" + ZERO + b"FEA1",
    "tiff": b"II*\x00\x08\x00\x00\x00" + ZERO,
    "heif": b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1" + ZERO,
    "sqlite": b"SQLite format 3\x00" + ZERO,
    "audio": b"RIFF\x64\x00\x00\x00WAVEfmt " + ZERO,
    "video": b"\x00\x00\x00\x20ftypisom" + ZERO,
    "kenlm": b"mmap lm http://kheafield.com/code format version 5\n\x00" + ZERO,
}


def test_each_has_a_sample() -> None:
    assert {mark.id for mark in MARKS} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_is_recognised_by_its_own_mark_alone(name: str) -> None:
    member = Member(path="file", data=SAMPLES[name])
    assert [form.id for form in FORMATS if form.recognise(member) != "no"] == [name]


@pytest.mark.parametrize("name", SAMPLES)
def test_is_inconclusive_and_says_what_to_do(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("recognised") / "model.dat"
    path.write_bytes(SAMPLES[name])
    outcome = scan_paths([path], policy=builtin_policy(), strict=True)
    assert outcome.verdict == "inconclusive", outcome.observations
    assert outcome.members[0].formats == (name,)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_beginning_is_not_enough(name: str) -> None:
    form = next(form for form in FORMATS if form.id == name)
    assert form.recognise(Member(path="file", data=SAMPLES[name][:3])) == "no"
