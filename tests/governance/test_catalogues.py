"""The catalogues are whole: counts, ids, references, and one table from classes to statements."""

from __future__ import annotations

import re
from datetime import date

import pytest

from sealwright.errors import UsageError
from sealwright.evidence.predicates import PREDICATES
from sealwright.phases.governance.catalogues.classes import CLASSES, COMPUTED, NOT_PRODUCED
from sealwright.phases.governance.catalogues.load import (
    FRAMEWORKS,
    catalogue,
    catalogue_digest,
    safeguards,
)

COUNTS = {
    "eu-ai-act": 76 + 23,
    "nist-ai-rmf": 72,
    "iso-42001": 38,
    "owasp-ml": 10,
    "owasp-llm": 10,
    "owasp-agentic": 10,
    "owasp-ai-exchange": 54,
    "mitre-atlas": 16 + 170 + 35,
}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_catalogue_has_its_controls_source_licence_and_date(name: str) -> None:
    found = catalogue(name)
    ids = [each.id for each in found.controls]
    assert len(ids) == len(set(ids)) == COUNTS[name]
    assert all(each.text.strip() for each in found.controls)
    assert found.source
    assert found.licence
    assert found.verification
    assert date.fromisoformat(found.date) < date(2027, 1, 1)
    assert re.fullmatch("[0-9a-f]{64}", catalogue_digest(name))


def test_groups_have_the_published_sizes() -> None:
    def sizes(name: str) -> dict[str, int]:
        groups = [each.group for each in catalogue(name).controls]
        return {group: groups.count(group) for group in groups}

    assert sizes("eu-ai-act") == {"obligation": 76, "annex-iv": 23}
    assert sizes("nist-ai-rmf") == {"GOVERN": 19, "MAP": 18, "MEASURE": 22, "MANAGE": 13}
    assert sizes("mitre-atlas") == {"tactic": 16, "technique": 170, "mitigation": 35}
    assert sum("." in each.id[5:] for each in catalogue("mitre-atlas").controls) >= 69


def test_mitigations_name_techniques_and_techniques_tactics_that_exist() -> None:
    controls = catalogue("mitre-atlas").controls
    ids = {each.id for each in controls}
    for each in controls:
        assert set(each.techniques) <= ids, each.id
        assert set(each.tactics) <= ids, each.id


def test_obligations_apply_from_a_day() -> None:
    days = {each.applies_from for each in catalogue("eu-ai-act").controls}
    assert days == {"2025-02-02", "2026-08-02", "2027-12-02"}


def test_the_safeguards_are_65_and_refer_to_what_exists() -> None:
    rows = safeguards().rows
    assert len({row.id for row in rows}) == len(rows) == 65
    for row in rows:
        for name, controls in row.controls.items():
            if name in ("other", "eu-ai-act"):  # the act's ranges of points are not ids of rows
                continue
            assert set(controls) <= {each.id for each in catalogue(name).controls}, row.id
        assert all(re.fullmatch(r"(DAT|MOD|VAL|DEP|MON|GOV)-\d\d", each) for each in row.drills)
        assert row.evidence


def test_every_class_of_evidence_stands_in_the_table_once() -> None:
    used = {name for row in safeguards().rows for name in row.evidence}
    used |= {name for each in catalogue("eu-ai-act").controls for name in each.evidence}
    tables = [*CLASSES, *COMPUTED, *NOT_PRODUCED]
    assert len(tables) == len(set(tables))
    assert set(tables) == used


def test_every_statement_that_counts_exists() -> None:
    assert {kind.predicate for kinds in CLASSES.values() for kind in kinds} <= set(PREDICATES)


def test_an_unknown_catalogue_is_told() -> None:
    with pytest.raises(UsageError, match="no catalogue"):
        catalogue("../secret")
