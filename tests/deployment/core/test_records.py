"""The decision log: any line changed, removed, added or moved is seen."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import EvidenceError, MalformedError, TamperError
from sealwright.phases.deployment.core.conclude import account
from sealwright.phases.deployment.core.decision import DecisionRecord
from sealwright.phases.deployment.core.records import (
    BEGINNING,
    Chain,
    read_lines,
    record_line,
    verify_lines,
)
from tests.deployment.core.world import World


def record(**changes: Any) -> DecisionRecord:
    made, _ = account(World().get("/v2", key=""), latency_us=20)
    return msgspec.structs.replace(made, **changes)


PLAIN = record()


def log(length: int) -> tuple[list[bytes], list[Chain]]:
    """Lines, and how far the log goes after each."""
    lines, chains, chain = [], [], Chain()
    for number in range(length):
        line, chain = record_line(
            msgspec.structs.replace(PLAIN, id=f"id-{number}", inputs=(number / 3,)), chain
        )
        lines.append(line)
        chains.append(chain)
    return lines, chains


def test_each_line_holds_the_hash_of_the_one_before() -> None:
    lines, chains = log(3)
    assert [chain.seq for chain in chains] == [1, 2, 3]
    before = BEGINNING
    for number, line in enumerate(lines):
        said = json.loads(line)
        assert list(said) == ["prev", "seq", "record"]
        assert (said["prev"], said["seq"]) == (before, number)
        before = hashlib.sha256(line.rstrip(b"\n")).hexdigest()
    assert before == chains[-1].head
    assert verify_lines(lines) == chains[-1]
    assert [entry.record.id for entry in read_lines(lines)] == ["id-0", "id-1", "id-2"]
    assert verify_lines([]) == Chain()


def test_segments_go_on_where_the_last_one_ended() -> None:
    lines, chains = log(5)
    assert verify_lines(lines[2:], after=chains[1]) == chains[4]
    with pytest.raises(TamperError, match="number 2"):
        verify_lines(lines[2:])
    with pytest.raises(TamperError):
        verify_lines(lines[2:], after=chains[0])


def test_a_log_cannot_lose_its_end_once_a_head_is_on_record() -> None:
    lines, chains = log(4)
    heads = {1: chains[1].head, 3: chains[3].head}
    assert verify_lines(lines, heads=heads) == chains[3]
    assert verify_lines(lines[:3]) == chains[2]
    with pytest.raises(TamperError, match="ends before line 3"):
        verify_lines(lines[:3], heads=heads)
    # a segment answers only for the heads from its beginning on
    assert verify_lines(lines[2:], after=chains[1], heads=heads) == chains[3]


def test_a_log_written_anew_does_not_meet_the_heads_on_record() -> None:
    _, chains = log(3)
    line, chain = record_line(PLAIN, Chain())
    again, _ = record_line(PLAIN, chain)
    with pytest.raises(TamperError, match="not the one on record"):
        verify_lines([line, again], heads={1: chains[1].head})


@given(st.data())
def test_every_change_is_seen(data: st.DataObject) -> None:
    lines, chains = log(6)
    heads = {5: chains[5].head}
    kind = data.draw(st.sampled_from(["flip", "drop", "swap", "double", "cut", "foreign"]))
    at = data.draw(st.integers(0, 5))
    if kind == "flip":
        changed = bytearray(lines[at])
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
        lines[at : at + 1] = bytes(changed).splitlines(keepends=True) or [b""]
    elif kind == "drop":
        del lines[at]
    elif kind == "swap":
        other = data.draw(st.integers(0, 5).filter(lambda number: number != at))
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == "double":
        lines.insert(at, lines[at])
    elif kind == "cut":
        lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at]) - 1))]
    else:
        previous = chains[at - 1] if at else Chain()
        lines[at], _ = record_line(msgspec.structs.replace(PLAIN, client="someone"), previous)
    with pytest.raises(EvidenceError):
        verify_lines(lines, heads=heads)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with pytest.raises((MalformedError, TamperError)):
        verify_lines([data])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace(b'{"prev"', b'{ "prev"'),
        lambda line: line.replace(b'"status":401', b'"status":401,"status":200'),
        lambda line: line.replace(b'"status":401', b'"status":401.0'),
        lambda line: line.replace(b'"client":""', b'"client":"","note":"x"'),
        lambda line: line.replace(b'"coarse":false,', b""),
        lambda line: line.replace(b'"seq":0', b'"seq":-0'),
        lambda line: line[:-1],
    ],
)
def test_another_spelling_of_the_same_record_is_no_line(spoil: Any) -> None:
    line = spoil(record_line(PLAIN, Chain())[0])
    with pytest.raises(MalformedError):
        verify_lines([line])


@given(
    st.text(max_size=30).filter(lambda text: text.isprintable()),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=6),
    st.integers(0, 2**53),
)
def test_every_record_is_read_back_as_it_was(
    client: str, inputs: list[float], latency: int
) -> None:
    said = record(client=client, inputs=tuple(inputs), latency_us=latency)
    line, _ = record_line(said, Chain())
    assert line.count(b"\n") == 1
    (entry,) = read_lines([line])
    assert entry.record == said
