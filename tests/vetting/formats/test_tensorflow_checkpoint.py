from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats.tensorflow_checkpoint import INDEX, SHARD
from sealwright.vetting.interface import Member
from tests.vetting.examine import examine, rules, verdict

BENIGN = Path(__file__).parents[2] / "benign" / "keras_tf"
INDICES = sorted(BENIGN.rglob("*.index"))
HELD = (BENIGN / "checkpoint" / "c-1.index").read_bytes()


@pytest.mark.parametrize("path", INDICES, ids=lambda path: str(path.relative_to(BENIGN)))
def test_an_index_passes(path: Path) -> None:
    work = examine(INDEX, path.read_bytes())
    assert INDEX.recognise(work.member) == "strong"
    assert verdict(work) == "pass"


def test_numbers_are_told_by_their_name_only() -> None:
    assert SHARD.recognise(Member(path="v/variables.data-00000-of-00001", data=b"\0" * 8)) == "weak"
    assert SHARD.recognise(Member(path="variables.data", data=b"\0" * 8)) == "no"
    assert examine(SHARD, bytes(64)).numbers == 64


def test_a_table_whose_blocks_are_not_there_fails() -> None:
    assert "SW-TF-001" in rules(examine(INDEX, HELD[60:]))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(HELD) - 1), st.binary(min_size=1, max_size=6))
def test_a_changed_table_ends_in_a_verdict(at: int, piece: bytes) -> None:
    held = bytearray(HELD)
    held[at : at + len(piece)] = piece
    assert verdict(examine(INDEX, bytes(held))) in ("pass", "fail", "inconclusive")
