"""Every attack in a TFRecord file or an event file is found by the whole scan."""

from __future__ import annotations

import pytest

from sealwright.vetting.interface import Member, Verdict, conclude
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import inspect
from tests.attacks.documents.case import Case
from tests.attacks.event_files import (
    CASES,
    NAMED,
    event,
    events,
    field,
    meta_graph,
    node,
    records,
    summary,
)
from tests.vetting.examine import session


def scanned(path: str, data: bytes) -> tuple[Verdict, set[str]]:
    """Verdict and rules, of the file with all that it holds."""
    work = session(policy=builtin_policy())
    inspect(Member(path=path, data=data), work)
    seen = [each for report in work.reports for each in report.observations]
    complete = not any(report.gaps for report in work.reports)
    return conclude(seen, complete=complete), {each.rule.id for each in seen}


@pytest.mark.parametrize(("case", "path"), NAMED, ids=lambda each: getattr(each, "name", ""))
def test_the_attack_is_found(case: Case, path: str) -> None:
    verdict, found = scanned(path, case.bytes)
    assert case.rule in found
    assert verdict == case.ends, found


def test_each_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_same_without_the_attack_passes() -> None:
    drawn = node("aten::addmm") + node("IO Node") + node("MatMul", "a")
    drawn += node("WriteScalarSummary", "writer")
    data = events(
        event(4, drawn),
        event(9, meta_graph(node("MatMul"))),
        event(5, b""),
        summary(4, field(4, b"\x89PNG\r\n\x1a\n")),
        summary(8, b"\x08\x07" + field(8, "words")),
        event(8, field(1, "step") + field(2, b"\x0a\x00")),
    )
    assert scanned("events.out.tfevents.1.host", data) == ("pass", set())
    assert scanned("file", data) == ("pass", set())


def test_a_pickle_of_data_in_a_record_passes() -> None:
    assert scanned("x.tfrecord", records([b"\x80\x04K\x01."])) == ("pass", set())


def test_a_record_that_looks_like_a_pickle_by_chance_is_data() -> None:
    data = records([b"\x80\x04\x8e" + bytes(range(20)), b"MZ and other letters."])
    assert scanned("x.tfrecord", data) == ("pass", set())


def test_records_that_are_also_a_zip_archive_fail() -> None:
    from tests.vetting.small_containers import archive

    verdict, found = scanned("x.tfrecord", records([b"one", archive()]))
    assert verdict == "fail"
    assert "SW-FMT-003" in found
