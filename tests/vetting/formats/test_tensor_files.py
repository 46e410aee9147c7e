"""Files that torch, numpy, gguf and safetensors wrote, as they are and damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.interface import Member, conclude
from sealwright.vetting.outcome import MemberReport
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import inspect, scan_paths
from sealwright.vetting.session import Limits, Session

BENIGN = Path(__file__).parents[2] / "benign"
FILES = sorted(
    path for room in ("torch", "npy", "gguf", "safetensors") for path in (BENIGN / room).iterdir()
)
POLICY = builtin_policy()
NUMBERS = {
    "state_dict.pt": 176,
    "legacy.pth": 176,
    "traced.pt": 176,
    "exported.pt2": 176,
    "floats.npy": 24,
    "model.gguf": 332,
}
"""Bytes of tensors by file: 4x3, 4, 4, 4, 4, 4, 2x4, 2 floats and one number of 8 bytes in
torch's."""


def scan(data: bytes, name: str) -> list[MemberReport]:
    session = Session(
        policy=POLICY, inspect=inspect, limits=Limits(operations=2_000_000), strict=True
    )
    inspect(Member(path=name, data=data), session)
    return session.reports


def verdict(reports: list[MemberReport]) -> str:
    return conclude([seen for one in reports for seen in one.observations], complete=True)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_ordinary_files_pass(path: Path) -> None:
    outcome = scan_paths([path], policy=POLICY, strict=True)
    assert outcome.verdict == "pass", outcome.observations


@pytest.mark.parametrize("name", NUMBERS)
def test_tensors_are_counted_as_numbers(name: str) -> None:
    path = next(path for path in FILES if path.name == name)
    coverage = scan_paths([path], policy=POLICY, strict=True).coverage
    assert coverage.bytes_numbers == NUMBERS[name]
    assert coverage.bytes_parsed + coverage.bytes_numbers <= coverage.bytes_total


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_truncated_file_does_not_pass(path: Path) -> None:
    data = path.read_bytes()
    padding = 32 if path.suffix == ".gguf" else 0
    for size in (len(data) - 1 - padding, len(data) // 2, 12):
        assert verdict(scan(data[:size], path.name)) != "pass"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_appended_does_not_pass(path: Path) -> None:
    data = path.read_bytes() + b"\x80\x02cposix\nsystem\n(Vtouch pwned\ntR."
    assert verdict(scan(data, path.name)) in ("fail", "review")


@settings(max_examples=60, deadline=None)
@given(
    path=st.sampled_from(FILES),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=12)),
        min_size=1,
        max_size=4,
    ),
)
def test_damaged_files_end_in_a_verdict(path: Path, changes: list[tuple[float, bytes]]) -> None:
    data = bytearray(path.read_bytes())
    for place, piece in changes:
        at = int(place * len(data))
        data[at : at + len(piece)] = piece
    assert verdict(scan(bytes(data), path.name)) in ("pass", "review", "fail", "inconclusive")


@settings(max_examples=60, deadline=None)
@given(
    head=st.sampled_from(
        (b"\x93NUMPY\x01\x00", b"\x93NUMPY\x03\x00\x40\x00\x00\x00{", b"GGUF\x03\x00\x00\x00",
         b"GGUF\x00\x00\x00\x03", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.")
    ),
    rest=st.binary(max_size=300),
)  # fmt: skip
def test_arbitrary_bytes_end_in_a_verdict(head: bytes, rest: bytes) -> None:
    assert verdict(scan(head + rest, "file.bin")) != "pass" or len(rest) >= 16
