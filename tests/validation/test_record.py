"""Criteria first, results afterwards, and no quiet change in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.validation.builders import (
    DIGEST,
    clock,
    declaration,
    model,
    rule,
    sum_scores,
    table,
)

from sealwright.errors import CannotLook, Refused, UsageError
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.validation import Criteria, Evaluation
from sealwright.evidence.statement import (
    Statement,
    decode_statement,
    encode_statement,
    subject,
)
from sealwright.inference.scoring import FloatArray
from sealwright.lifecycle.model import Validation
from sealwright.phases.validation import record
from sealwright.phases.validation.checks.registry import CHECKS
from sealwright.phases.validation.metrics import METRICS

DATA = subject("test", "a" * 64)
MODEL = subject("model", DIGEST)
GROUPS = {"sex": np.array(["1", "2"] * 100)}
TRAIN, TEST = table(200, seed=1), table(200, seed=2, groups=GROUPS)


def declared(**changes: Any) -> Validation:
    settings: dict[str, Any] = {"criteria": [rule()], "groups": ["sex"], "attack_queries": 20}
    return declaration(**(settings | changes))


def fixed(settings: Validation) -> Statement[Criteria]:
    return record.criteria(settings, dataset=DATA, system="scorer", clock=clock)


def evaluations(
    settings: Validation | None = None, **changes: Any
) -> dict[str, Statement[Evaluation]]:
    settings = settings if settings is not None else declared()
    arguments: dict[str, Any] = {
        "artifact": MODEL,
        "train": TRAIN,
        "test": TEST,
        "dataset": DATA,
        "declaration": settings,
        "criteria": fixed(settings),
        "criteria_digest": "c" * 64,
        "clock": clock,
    }
    given = arguments | changes
    found = list(record.evaluate(given.pop("model", model()), **given))
    assert [item.predicate.kind for item in found] == [
        check.kind for check in given.get("checks", CHECKS)
    ]
    return {item.predicate.kind: item for item in found}


def test_criteria_speak_of_the_data_and_the_system() -> None:
    statement = fixed(declared())
    assert statement.subjects[0] == DATA
    assert statement.subjects[1].name == "scorer"
    assert statement.predicate.config == record.declaration_digest(declared())
    assert decode_statement(encode_statement(statement)) == statement


def test_no_criteria_at_all_are_refused() -> None:
    with pytest.raises(UsageError, match="no criteria"):
        fixed(declared(criteria=[]))


def test_every_check_is_recorded_and_survives_the_wire() -> None:
    for kind, statement in evaluations().items():
        evaluation = statement.predicate
        assert statement.subjects == (MODEL,)
        assert evaluation.criteria == "c" * 64
        assert evaluation.dataset.digest == DATA.digest
        assert evaluation.config == record.declaration_digest(declared())
        assert evaluation.queries >= 200
        assert decode_statement(encode_statement(statement)) == statement
        for item in evaluation.measurements:
            assert kind in METRICS[item.metric.partition("@")[0]].kinds


def test_every_metric_of_the_table_is_measured_by_some_check() -> None:
    found = {
        item.metric.partition("@")[0]
        for statement in evaluations().values()
        for item in statement.predicate.measurements
    }
    assert found == set(METRICS)


def test_the_same_inputs_give_the_same_bytes() -> None:
    first, second = ([encode_statement(s) for s in evaluations().values()] for _ in range(2))
    assert first == second
    other = evaluations(declared(seed=1))
    assert [encode_statement(s) for s in other.values()] != first


def test_a_check_gives_the_same_numbers_alone() -> None:
    together = evaluations()["privacy"]
    alone = evaluations(checks=[check for check in CHECKS if check.kind == "privacy"])["privacy"]
    assert alone == together


def test_results_follow_from_the_criteria() -> None:
    settings = declared(
        criteria=[
            rule(),
            rule(id="auc", metric="roc_auc", threshold=0.999),
            rule(
                id="parity",
                kind="fairness",
                metric="demographic_parity_difference",
                op="<=",
                threshold=0.5,
                bound="high",
                group="sex",
            ),
            rule(
                id="threshold",
                kind="calibration",
                metric="abstention_threshold",
                op=">=",
                threshold=0.5,
            ),
        ]
    )
    found = {kind: item.predicate for kind, item in evaluations(settings).items()}
    assert found["performance"].result == "failed"
    assert [j.result for j in found["performance"].judgements] == ["passed", "failed"]
    assert found["fairness"].result == "passed"
    assert found["calibration"].result == "inconclusive"
    assert found["privacy"].result == "warned"
    summary = record.test_result(
        list(evaluations(settings).values()), criteria=Resource(name="criteria")
    )
    assert summary.predicate.result == "FAILED"
    assert summary.predicate.passed_tests == ("performance/accuracy", "fairness/parity")
    assert summary.predicate.failed_tests == ("performance/auc", "calibration/threshold")
    assert summary.predicate.warned_tests == ("generalisation", "robustness", "privacy")
    assert decode_statement(encode_statement(summary)) == summary


def test_a_test_result_is_of_one_model() -> None:
    (one, *_), (two, *_) = (list(evaluations().values()) for _ in range(2))
    moved = msgspec.structs.replace(two, subjects=(subject("model", "d" * 64),))
    with pytest.raises(UsageError):
        record.test_result([one, moved], criteria=Resource())
    with pytest.raises(UsageError):
        record.test_result([], criteria=Resource())
    assert record.test_result([one], criteria=Resource()).predicate.result == "PASSED"


def test_settings_cannot_move_after_the_criteria() -> None:
    """A smaller attack radius would pass where the fixed one fails."""
    promised = fixed(declared(attack_eps=0.1))
    with pytest.raises(Refused, match="not as it was"):
        evaluations(declared(attack_eps=0.0001), criteria=promised)
    with pytest.raises(Refused, match="not as it was"):
        evaluations(declared(criteria=[rule(threshold=0.1)]), criteria=promised)


def test_criteria_may_tighten_after_the_first_result() -> None:
    """The digest says how it is measured; what is asked stands in the criteria themselves."""
    before, after = declared(criteria=[rule(threshold=0.1)]), declared(criteria=[rule()])
    assert fixed(before).predicate.config == fixed(after).predicate.config
    assert {said.predicate.config for said in evaluations(before).values()} == {
        said.predicate.config for said in evaluations(after).values()
    }


SETTINGS: list[tuple[str, object, bool]] = [
    ("criteria", [], True),
    ("model", "better.onnx", False),
    ("features", ["score"], True),
    ("test", "holdout", True),
    ("train", "other", False),
    ("label", "other", False),
    ("positive", 0, False),
    ("groups", [], False),
    ("abstain_coverage", 0.5, False),
    ("noise", [0.01], False),
    ("attack_eps", 0.0001, False),
    ("immutable", ["age"], False),
    ("attack_queries", 1, False),
    ("bootstrap", 100, False),
    ("seed", 7, False),
]


@pytest.mark.parametrize(("name", "value", "same"), SETTINGS)
def test_the_declaration_digest_says_how_it_is_measured(
    name: str, value: object, same: bool
) -> None:
    settings = declared()
    assert getattr(settings, name) != value
    moved = msgspec.structs.replace(settings, **{name: value})
    assert (record.declaration_digest(moved) == record.declaration_digest(settings)) is same


def test_each_setting_is_either_measured_by_or_left_out() -> None:
    asked = {case[0] for case in SETTINGS}
    assert asked == set(declared().__struct_fields__)


def test_criteria_for_other_data_do_not_count() -> None:
    with pytest.raises(Refused, match="other data"):
        evaluations(dataset=subject("easier", "e" * 64))


def test_parts_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(UsageError, match="not the artifact"):
        evaluations(artifact=subject("other", "d" * 64))
    with pytest.raises(UsageError, match="same features"):
        evaluations(train=replace(TRAIN, names=("a", "b", "c", "d")))
    with pytest.raises(UsageError, match="same features"):
        evaluations(model=model(lambda rows: rows[:, 0], features=5))


def test_a_model_that_answers_nan_gets_no_evaluation() -> None:
    with pytest.raises(CannotLook, match="not a finite number"):
        evaluations(model=model(lambda rows: np.full(len(rows), np.nan)))


def test_a_model_that_rolls_dice_gets_no_evaluation() -> None:
    rng = np.random.default_rng(0)

    def dice(rows: FloatArray) -> FloatArray:
        return np.clip(sum_scores(rows) + rng.normal(0, 0.01, len(rows)), 0, 1)

    with pytest.raises(CannotLook, match="differently"):
        evaluations(model=model(dice))


def test_a_model_that_looks_at_its_neighbours_gets_no_evaluation() -> None:
    """Ranking rows within the batch would leak the test set into every score."""

    def ranked(rows: FloatArray) -> FloatArray:
        return (np.arange(len(rows)) + 1.0) / len(rows)

    with pytest.raises(CannotLook, match="differently"):
        evaluations(model=model(ranked))


def test_a_check_that_cannot_look_is_inconclusive_and_the_others_go_on() -> None:
    settings = declared(
        criteria=[
            rule(
                id="attack",
                kind="robustness",
                metric="attack_success_rate",
                op="<=",
                threshold=1.0,
                bound="high",
            )
        ]
    )
    found = evaluations(settings, model=model(budget=650))
    robustness = found["robustness"].predicate
    assert robustness.result == "inconclusive"
    assert robustness.judgements[0].result == "inconclusive"
    assert "budget" in robustness.judgements[0].detail
    assert robustness.findings[0].rule == "validation.not-looked"
    assert found["privacy"].predicate.measurements


def test_a_check_that_cannot_look_is_inconclusive_without_criteria_too() -> None:
    found = evaluations(model=model(budget=650))
    assert found["robustness"].predicate.result == "inconclusive"


def test_fairness_without_groups_is_inconclusive() -> None:
    found = evaluations(declared(groups=[]), test=table(200, seed=2))
    assert found["fairness"].predicate.result == "inconclusive"


def test_queries_count_what_the_evaluation_rests_on() -> None:
    subject_under_test = model()
    found = evaluations(model=subject_under_test)
    queries = {kind: item.predicate.queries for kind, item in found.items()}
    assert queries["performance"] == 200
    assert queries["generalisation"] == 400
    extra = subject_under_test.queries - 600  # 400 rows once, the 200 test rows twice
    assert queries["robustness"] == 400 + extra


def test_progress_is_told_before_each_check() -> None:
    heard: list[tuple[str, int, int]] = []
    evaluations(progress=lambda *step: heard.append(step))
    assert [kind for kind, _, _ in heard] == [check.kind for check in CHECKS]
    assert [(number, total) for _, number, total in heard] == [(i, 6) for i in range(6)]


def test_order_of_rows_does_not_change_what_does_not_draw() -> None:
    order = np.random.default_rng(0).permutation(200)
    shuffled = replace(
        TEST,
        features=TEST.features[order],
        labels=TEST.labels[order],
        groups={"sex": GROUPS["sex"][order]},
    )
    checks = [check for check in CHECKS if check.kind != "robustness"]
    first, second = evaluations(checks=checks), evaluations(test=shuffled, checks=checks)
    for kind, statement in first.items():
        pairs = (statement.predicate.measurements, second[kind].predicate.measurements)
        for one, other in zip(*pairs, strict=True):
            assert one.metric == other.metric
            assert one.value == pytest.approx(other.value, abs=1e-12)
            assert [one.low, one.high] == pytest.approx([other.low, other.high])


def test_a_label_only_model_is_said_to_be_one() -> None:
    subject_under_test = model(
        lambda rows: (sum_scores(rows) > 0.5).astype(np.float64), access="labels"
    )
    found = evaluations(model=subject_under_test)
    assert {item.predicate.access for item in found.values()} == {"labels"}
    assert found["calibration"].predicate.result == "inconclusive"
