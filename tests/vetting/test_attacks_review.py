from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import scan_paths
from tests.attacks.pickle_review.cases import BENIGN, CASES, Attack


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_fails(case: Attack, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04" + case.build() + b".")
    outcome = scan_paths([path], policy=builtin_policy(), strict=True)
    assert outcome.verdict == "fail", [seen.rule.id for seen in outcome.observations]


@pytest.mark.parametrize("title", BENIGN)
def test_ordinary_objects_of_the_same_classes_pass(title: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04" + BENIGN[title]() + b".")
    outcome = scan_paths([path], policy=builtin_policy(), strict=True)
    assert outcome.verdict == "pass", [seen.finding.message for seen in outcome.observations]


def test_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
