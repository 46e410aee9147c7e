"""Every attack by a document is found by the whole scan, by the rule that it is about."""

from __future__ import annotations

import pytest

from sealwright.vetting.interface import Member, conclude
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import inspect
from tests.attacks.documents import config_cases, model_cases, template_cases, text_cases
from tests.attacks.documents.case import Case, text
from tests.vetting.examine import session

CASES = [
    pytest.param(case, id=f"{kind}-{case.name}")
    for kind, cases in (
        ("template", template_cases.CASES),
        ("config", config_cases.CASES),
        ("model", model_cases.CASES),
        ("text", text_cases.CASES),
    )
    for case in cases
]


@pytest.mark.parametrize("case", CASES)
def test_the_attack_is_found(case: Case) -> None:
    work = session(policy=builtin_policy())
    inspect(Member(path=case.path, data=case.bytes), work)
    seen = [each for report in work.reports for each in report.observations]
    found = {each.rule.id for each in seen}
    assert case.rule in found
    assert conclude(seen, complete=True) == case.ends, found


@pytest.mark.parametrize("name", text_cases.HARMLESS)
def test_a_text_that_only_sounds_like_one_is_not(name: str) -> None:
    work = session(policy=builtin_policy())
    inspect(Member(path="config.json", data=text(text_cases.HARMLESS[name])), work)
    assert [each.rule.id for report in work.reports for each in report.observations] == []


def test_each_has_a_name_of_its_own() -> None:
    names = [param.id for param in CASES]
    assert len(set(names)) == len(names)


def test_an_ordinary_nemo_archive_passes() -> None:
    data = config_cases.nemo("nemo.collections.asr.modules.ConformerEncoder")
    work = session(policy=builtin_policy())
    inspect(Member(path="model.nemo", data=data), work)
    assert (
        conclude((each for report in work.reports for each in report.observations), complete=True)
        == "pass"
    )
