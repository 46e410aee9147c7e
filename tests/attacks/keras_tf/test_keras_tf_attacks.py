from __future__ import annotations

import pytest

from sealwright.vetting.interface import Member, conclude
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import inspect
from tests.attacks.keras_tf import config_cases, file_cases
from tests.attacks.keras_tf.case import Case
from tests.vetting.examine import session

CASES = (*config_cases.CASES, *file_cases.CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_attack_does_not_pass(case: Case) -> None:
    work = session(policy=builtin_policy())
    inspect(Member(path=case.path, data=case.build()), work)
    seen = [each for report in work.reports for each in report.observations]
    complete = not any(report.gaps for report in work.reports)
    assert case.rule in {one.rule.id for one in seen}
    assert conclude(seen, complete=complete) == case.ends


def test_no_two_attacks_have_the_same_name() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
