"""The security review of a model that was trained anew: told by the ledger, signed by a person."""

from __future__ import annotations

import pytest

from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.predicates.monitoring import RetrainingReview
from sealwright.policy.readings import result_of
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.resolve import model
from sealwright.project.retraining import compare_versions, sign_review
from sealwright.project.run import run
from tests.project.factory import Recorder, table


def renamed(project: Project) -> None:
    """Other code, so that training gives another model."""
    script = project.layout.root / "train.py"
    script.write_text(script.read_text().replace('"spare"', '"extra"'))


def retrained(project: Project) -> tuple[Named, Named]:
    """A candidate, trained now, and the model that was released."""
    before = model(project)
    run(project, progress=Recorder())
    return model(project), Named(name=before.name, digest=before.digest)


def said(project: Project, candidate: Named, serving: Named) -> RetrainingReview:
    return compare_versions(project, candidate, serving, reason="looked at").predicate


def test_the_same_data_and_another_model_raise_no_concern_about_data(released: Project) -> None:
    renamed(released)
    candidate, serving = retrained(released)
    found = said(released, candidate, serving)
    (data,) = found.data
    assert (data.name, data.added, data.removed, data.relabelled) == ("train", 0, 0, 0)
    assert data.before == data.after
    assert not [concern for concern in found.concerns if concern.startswith("data")]
    assert {(one.kind, one.metric) for one in found.metrics} >= {("performance", "accuracy")}
    assert not any(one.worse for one in found.metrics)
    assert found.dependencies == ()
    assert found.ledger_size == len(released.evidence())


def test_rows_that_were_added_and_labels_that_were_changed_are_counted(released: Project) -> None:
    place = released.layout.root / "data/train.csv"
    place.write_text(table("train", changed=3) + "9,9,left,1\n8,9,right,1\n")
    renamed(released)
    candidate, serving = retrained(released)
    assert candidate.digest != serving.digest
    found = said(released, candidate, serving)
    (data,) = found.data
    assert (data.rows_before, data.rows_after) == (60, 62)
    assert (data.added, data.removed, data.relabelled) == (2, 0, 3)
    assert "data train: 3 rows have another label" in found.concerns
    assert "data train: 2 rows added, 0 removed" in found.concerns
    assert found.result == "failed"


def test_a_person_signs_it_and_a_gate_can_ask_for_it(released: Project) -> None:
    renamed(released)
    candidate, serving = retrained(released)
    recorded = sign_review(released, candidate, serving, signer="sam", reason="nothing odd")
    assert recorded.principal.id == "sam"
    assert [each.sha256 for each in recorded.statement.subjects] == [
        candidate.digest,
        serving.digest,
    ]
    assert isinstance(recorded.predicate, RetrainingReview)
    assert result_of(recorded.predicate) == recorded.predicate.result
    assert recorded.predicate.reason == "nothing odd"


def test_what_is_no_other_model_or_has_no_reason_is_not_reviewed(released: Project) -> None:
    renamed(released)
    candidate, serving = retrained(released)
    with pytest.raises(UsageError, match="against itself"):
        compare_versions(released, candidate, candidate, reason="x")
    with pytest.raises(UsageError, match="needs a reason"):
        compare_versions(released, candidate, serving, reason="  ")
    with pytest.raises(InputMissing, match="no model on record"):
        compare_versions(released, candidate, Named(name="x", digest="0" * 64), reason="x")
    with pytest.raises(UsageError, match="no person's key"):
        sign_review(released, candidate, serving, signer="nobody", reason="x")
