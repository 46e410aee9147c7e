"""Every attack in a picture or a table is found by the whole scan."""

from __future__ import annotations

import pytest

from sealwright.vetting.interface import Member, Verdict, conclude
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import inspect
from tests.attacks.data_files.cases import CASES, arrow, benign, parquet, schema, torch_archive
from tests.attacks.documents.case import Case
from tests.vetting.examine import session


def scanned(path: str, data: bytes) -> tuple[Verdict, set[str]]:
    """Verdict and rules, of the file with all that it holds."""
    work = session(policy=builtin_policy())
    inspect(Member(path=path, data=data), work)
    seen = [each for report in work.reports for each in report.observations]
    complete = not any(report.gaps for report in work.reports)
    return conclude(seen, complete=complete), {each.rule.id for each in seen}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_attack_is_found(case: Case) -> None:
    verdict, found = scanned(case.path, case.bytes)
    assert case.rule in found
    assert verdict == case.ends, found


def test_each_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("name", ["pickle-after-png", "cve-2023-47248-arrow-file"])
def test_the_pickle_itself_is_examined(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    assert any(rule.startswith("SW-PKL-") for rule in scanned(case.path, case.bytes)[1])


def test_an_appended_archive_is_examined() -> None:
    _, found = scanned("photo.jpg", benign("images/baseline.jpg") + torch_archive())
    assert any(rule.startswith("SW-PKL-") for rule in found)


@pytest.mark.parametrize("kind", ["file", "stream", "parquet"])
def test_the_same_without_the_attack_passes(kind: str) -> None:
    plain = schema(of_table={"note": "words"}, of_column={"PARQUET:field_id": "7"}, nested=True)
    data = parquet(plain) if kind == "parquet" else arrow(plain, stream=kind == "stream")
    assert scanned("file", data) == ("pass", set())
