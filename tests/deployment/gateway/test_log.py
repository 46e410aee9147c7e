"""The decision log by itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealwright.clock import system_clock
from sealwright.errors import InputMissing, MalformedError, UsageError
from sealwright.evidence.predicates.serving import DecisionLogHead
from sealwright.phases.deployment.core.decision import DecisionRecord
from sealwright.phases.deployment.core.records import Chain, read_lines, verify_lines
from sealwright.phases.deployment.gateway.log import DecisionLog, LogLost, segment_name


def record(number: int) -> DecisionRecord:
    return DecisionRecord(
        id=f"{number:016d}",
        at="2026-11-22T20:00:00.000000Z",
        correlation="",
        client="bank",
        key="k",
        operation="infer",
        name="scorer",
        version="v",
        digest="d",
        outcome="answered",
        decisions="p",
        reason="granted",
        status=200,
        latency_us=1,
        rows=1,
        input_sha256="",
        restriction="none",
        coarse=False,
        what_if=False,
        sequence=1,
        shadow="",
        cases=(),
    )


def logged(
    folder: Path, work: Callable[[DecisionLog], Awaitable[None]], *, segment_bytes: int = 10**9
) -> list[DecisionLogHead]:
    """Runs a log from its beginning to its end; the heads that it reported."""
    heads: list[DecisionLogHead] = []

    async def main() -> None:
        log = DecisionLog(
            folder,
            gateway="g",
            clock=system_clock,
            on_head=heads.append,
            dropped=lambda: 7,
            segment_bytes=segment_bytes,
        )
        running = asyncio.ensure_future(log.run())
        try:
            async with asyncio.timeout(20):
                await work(log)
        finally:
            log.stop()
            await running

    asyncio.run(main())
    return heads


def lines(folder: Path) -> list[bytes]:
    found = sorted(folder.glob("g-*.jsonl"), key=lambda path: int(path.stem.split("-")[1]))
    return b"".join(path.read_bytes() for path in found).splitlines(keepends=True)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(turns=st.lists(st.integers(1, 20), max_size=6), sync_first=st.booleans())
def test_what_is_acknowledged_is_in_the_chain(
    tmp_path_factory: pytest.TempPathFactory, turns: list[int], sync_first: bool
) -> None:
    folder = tmp_path_factory.mktemp("log")

    async def work(log: DecisionLog) -> None:
        log.sync_first = sync_first
        number = 0
        for together in turns:
            await asyncio.gather(*(log.append(record(number + n)) for n in range(together)))
            number += together
            assert len(lines(folder)) == number == log.records

    heads = logged(folder, work)
    chain = verify_lines(lines(folder))
    assert chain.seq == sum(turns)
    assert [entry.record.id for entry in read_lines(lines(folder))] == [
        record(number).id for number in range(sum(turns))
    ]
    if turns:
        assert (heads[-1].seq, heads[-1].head) == (chain.seq - 1, chain.head)
        assert heads[-1].dropped == 7


def test_segments_go_on_counting(tmp_path: Path) -> None:
    async def work(log: DecisionLog) -> None:
        for number in range(30):
            await log.append(record(number))
            if number % 10 == 9:
                while (tmp_path / segment_name("g", number // 10 + 1)).exists() is False:
                    await asyncio.sleep(0.01)

    heads = logged(tmp_path, work, segment_bytes=1000)
    assert {head.segment for head in heads} >= {"g-0.jsonl", "g-1.jsonl", "g-2.jsonl"}
    assert verify_lines(lines(tmp_path)).seq == 30
    by_seq = {head.seq: head.head for head in heads}
    assert verify_lines(lines(tmp_path), heads=by_seq).seq == 30
    first = (tmp_path / "g-0.jsonl").read_bytes().splitlines(keepends=True)
    second = (tmp_path / "g-1.jsonl").read_bytes().splitlines(keepends=True)
    verify_lines(second, after=verify_lines(first))
    assert (tmp_path / "g-0.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_torn_last_line_is_found_by_whoever_reads(tmp_path: Path) -> None:
    async def work(log: DecisionLog) -> None:
        for number in range(3):
            await log.append(record(number))

    logged(tmp_path, work)
    path = tmp_path / "g-0.jsonl"
    torn = path.read_bytes()[:-20]
    with pytest.raises(MalformedError, match="no end"):
        verify_lines(torn.splitlines(keepends=True))
    assert verify_lines(torn.splitlines(keepends=True)[:-1]).seq == 2


def test_a_write_that_fails_takes_nothing_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a line is written before the disk is full."""
    write = os.write
    full = False

    def half(descriptor: int, data: bytes) -> int:
        if not full:
            return write(descriptor, data)
        if len(data) < 100:
            raise OSError(28, "No space left on device")
        return write(descriptor, bytes(data)[: len(data) // 2])

    async def work(log: DecisionLog) -> None:
        nonlocal full
        await log.append(record(0))
        full = True
        with pytest.raises(LogLost):
            await log.append(record(1))
        assert log.lost
        with pytest.raises(LogLost):
            await log.append(record(2))
        assert log.losses == 2
        assert len(lines(tmp_path)) == 1
        full = False
        while log.lost:
            await asyncio.sleep(0.02)
        await log.append(record(3))

    monkeypatch.setattr(os, "write", half)
    logged(tmp_path, work)
    assert [entry.record.id for entry in read_lines(lines(tmp_path))] == [
        record(0).id,
        record(3).id,
    ]


def test_a_disk_that_cannot_sync_gets_a_new_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, broken = os.fdatasync, True

    def fail(descriptor: int) -> None:
        if broken:
            raise OSError(5, "Input/output error")
        sync(descriptor)

    async def work(log: DecisionLog) -> None:
        nonlocal broken
        log.sync_first = True
        with pytest.raises(LogLost):
            await log.append(record(0))
        broken = False
        while log.lost:
            await asyncio.sleep(0.02)
        await log.append(record(1))

    monkeypatch.setattr(os, "fdatasync", fail)
    heads = logged(tmp_path, work)
    assert heads[-1].segment != "g-0.jsonl"
    assert verify_lines(lines(tmp_path)) == Chain(heads[-1].seq + 1, heads[-1].head)


def test_it_never_goes_on_in_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "g-0.jsonl").write_bytes(b"theirs")

    async def work(log: DecisionLog) -> None:
        del log

    with pytest.raises(UsageError):
        logged(tmp_path, work)
    with pytest.raises(InputMissing):
        logged(tmp_path / "nowhere", work)
    assert (tmp_path / "g-0.jsonl").read_bytes() == b"theirs"
