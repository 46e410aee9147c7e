from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.vetting.formats import tfrecord
from sealwright.vetting.formats.tfrecord import EVENTS, RECORDS, masked_crc
from sealwright.vetting.interface import Member
from sealwright.vetting.recognise import candidates
from sealwright.vetting.registry import FORMATS
from sealwright.vetting.session import Limits
from tests.attacks.event_files import event, events, field, record, records
from tests.vetting.examine import examine, rules, verdict

BENIGN = Path(__file__).parents[2] / "benign" / "event_files"
EVENT_FILES = sorted(BENIGN.glob("events.*"))
WORDS = records([b"", b"one", b"two" * 50])


def formats_of(data: bytes, *, path: str = "x") -> list[str]:
    """What takes the bytes."""
    return [form.id for form, _ in candidates(Member(path=path, data=data), FORMATS)]


def test_the_checksum_is_that_of_rfc_3720() -> None:
    def unmasked(data: bytes) -> int:
        turned = (int.from_bytes(masked_crc(data), "little") - 0xA282EAD8) & 0xFFFFFFFF
        return (turned >> 17 | turned << 15) & 0xFFFFFFFF

    assert unmasked(b"123456789") == 0xE3069283
    assert unmasked(bytes(32)) == 0x8A9136AA
    assert unmasked(b"\xff" * 32) == 0x62A8AB43


@pytest.mark.parametrize("path", EVENT_FILES, ids=lambda path: path.name)
def test_event_files_are_told_by_content_and_read_to_their_end(path: Path) -> None:
    data = path.read_bytes()
    assert formats_of(data) == ["tensorboard-events"]
    work = examine(EVENTS, data)
    assert not work.observations
    assert work.parsed == len(data)


def test_other_records_are_data() -> None:
    assert formats_of(WORDS) == ["tfrecord"]
    work = examine(RECORDS, WORDS)
    assert verdict(work) == "pass"
    assert (work.parsed, work.numbers) == (3 * 16, 153)
    assert formats_of((BENIGN / "examples.tfrecord").read_bytes()) == ["tfrecord"]


@pytest.mark.parametrize("size", range(12))
def test_less_than_the_head_of_a_record_is_none(size: int) -> None:
    found = formats_of(WORDS[:size], path="events.out.tfevents.1")
    assert not {"tfrecord", "tensorboard-events"} & set(found)


def test_a_length_in_letters_is_none() -> None:
    letters = b"abcdefgh"
    assert formats_of(letters + masked_crc(letters) + b"words") == []


@pytest.mark.parametrize("left", [1, 4, 11, 12, 13, 20, 30])
def test_half_an_event_at_the_end_is_told_and_passes(left: int) -> None:
    whole = events(event(5, b""))
    work = examine(EVENTS, whole + record(event(5, field(1, field(1, "loss"))))[:left])
    assert rules(work) == {"SW-TFREC-002"}
    assert verdict(work) == "pass"
    assert work.parsed == len(whole)


def test_half_a_first_event_fails() -> None:
    assert rules(examine(EVENTS, events()[:-3])) == {"SW-TFREC-001"}


def test_the_checksums_of_the_first_bytes_are_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecord, "VERIFIED", 10)
    wrong = WORDS[:-1] + bytes([WORDS[-1] ^ 1])
    work = examine(RECORDS, wrong)
    assert rules(work) == {"SW-TFREC-003"}
    assert verdict(work) == "pass"
    monkeypatch.setattr(tfrecord, "VERIFIED", 160)
    assert rules(examine(RECORDS, wrong)) == {"SW-TFREC-001"}


def test_the_length_of_a_record_is_always_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecord, "VERIFIED", 0)
    second = 16
    wrong = WORDS[:second] + struct.pack("<Q", 2) + WORDS[second + 8 :]
    assert "SW-TFREC-001" in rules(examine(RECORDS, wrong))


def test_a_budget_that_ends_is_not_passed() -> None:
    work = examine(RECORDS, record(b"") * 100, limits=Limits(operations=200))
    assert verdict(work) == "inconclusive"


def test_an_event_with_too_many_parts_is_not_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    from sealwright.vetting.formats import tfrecord_events

    monkeypatch.setattr(tfrecord_events, "_MESSAGES", 3)
    work = examine(EVENTS, events(event(5, field(1, field(1, "a")) * 5)))
    assert verdict(work) == "inconclusive"


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=5), st.binary(max_size=30))
def test_arbitrary_records_are_read_or_refused(contents: list[bytes], rest: bytes) -> None:
    data = records(contents)
    assert rules(examine(RECORDS, data)) == set()
    assert rules(examine(RECORDS, data + rest)) <= {"SW-TFREC-001"}
    allowed = {"SW-TFREC-001", "SW-TFREC-002", "SW-TF-002", "SW-TF-003"}
    found = rules(examine(EVENTS, events(*contents) + rest))
    assert {rule for rule in found if rule.startswith(("SW-TFREC", "SW-SCAN"))} <= allowed
