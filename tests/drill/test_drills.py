"""Each drill against the controls as they are, and its result on record."""

from __future__ import annotations

import pytest

from sealwright.drill import results
from sealwright.drill.declaration import Drill
from sealwright.drill.journal import Journal
from sealwright.drill.registry import DRILLS
from sealwright.drill.run import run
from sealwright.evidence.predicates import PREDICATES
from sealwright.evidence.predicates.operation import DrillResult
from sealwright.project.audit import verify_project
from sealwright.project.core import Project

ONLY_DETECTED = {"GOV-02": "invented-person: it worked"}
"""Nothing stops an author with a root key from inventing a person; the gate's note tells of it."""


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.declaration.id)
def test_the_controls_hold(user: Project, prepared: Journal, drill: Drill) -> None:
    name = drill.declaration.id
    before = len(user.evidence())

    outcome = run(user, drill, written=prepared)

    came_to = outcome.conclusion
    assert outcome.left == ()
    assert came_to.twin_alarms == 0, came_to.notes
    assert came_to.detected, came_to.notes
    assert came_to.verdict == ("detected" if name in ONLY_DETECTED else "prevented"), came_to.notes
    assert came_to.notes == ((ONLY_DETECTED[name],) if name in ONLY_DETECTED else ())
    assert outcome.passed
    assert len(user.evidence()) == before, "running records nothing by itself"

    recorded = results.record(user, outcome, signer="mina")
    said = recorded.predicate
    assert isinstance(said, DrillResult)
    assert (said.id, said.verdict, said.cleaned) == (name, came_to.verdict, True)
    assert said.evidence
    assert said.correlation.startswith(f"{name.lower()}-{prepared.run}")
    assert recorded.statement.subjects[0].sha256 == user.system
    assert results.passed(said)
    assert results.newest(user)[name][0] == recorded
    assert verify_project(user).ok


def test_ids_are_unique_and_declarations_complete() -> None:
    declared = [drill.declaration for drill in DRILLS]
    assert len({each.id for each in declared}) == len(declared)
    for each in declared:
        assert set(each.controls) <= PREDICATES.keys(), each.id
        assert each.controls, each.id
        assert each.atlas, each.id
        texts = (each.title, each.attack, each.twin, each.prevention, each.detection, each.cleanup)
        assert all(texts), each.id
