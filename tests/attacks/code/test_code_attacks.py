"""Every technique is met by its rule, and none of them passes."""

from __future__ import annotations

import pytest

from sealwright.vetting.code.sinks import Found, examine_source
from sealwright.vetting.interface import conclude
from tests.attacks.code.cases import CASES, PACKAGE_CASES


@pytest.mark.parametrize("name", CASES)
def test_an_attack_does_not_pass(name: str) -> None:
    source, rule = CASES[name]
    found = Found()
    read = examine_source(source.encode(), found, where="train.py")
    assert rule in {seen.rule.id for seen in found.observations}
    assert conclude(found.observations, complete=read) != "pass"


@pytest.mark.parametrize("where", ["setup.py", "pkg/__init__.py", "modeling.py"])
@pytest.mark.parametrize("name", PACKAGE_CASES)
def test_what_runs_unasked_does_not_pass(name: str, where: str) -> None:
    source, rule = PACKAGE_CASES[name]
    found = Found()
    imported = True if where == "modeling.py" else None
    assert examine_source(source, found, where=where, imported=imported)
    if "setup_with" not in name or where == "setup.py":
        assert rule in {seen.rule.id for seen in found.observations}
        assert conclude(found.observations, complete=True) == "review"


def test_the_same_code_in_a_script_is_a_warning() -> None:
    source, _ = PACKAGE_CASES["import_through_a_thread"]
    found = Found()
    assert examine_source(source, found, where="train.py")
    assert conclude(found.observations, complete=True) == "pass"
    assert [seen.rule.id for seen in found.observations] == ["SW-CODE-117"]
