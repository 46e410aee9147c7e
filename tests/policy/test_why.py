"""Golden texts: what a person reads when the gate says no."""

from __future__ import annotations

from sealwright.policy.gate import GateRequest
from sealwright.policy.load import builtin_policy
from sealwright.policy.why import why
from tests.policy import story
from tests.policy.factory import SYSTEM, World, artifact
from tests.policy.story import MODEL, RAW, TRAIN
from tests.policy.test_staleness import act


def told(world: World, *, requirement: str = "") -> list[str]:
    request = GateRequest(
        artifact=MODEL.sha256, question="release", system=SYSTEM.sha256, name="model"
    )
    steps = why(builtin_policy(), request, world.verified(), world.now, requirement=requirement)
    return [step.text for step in steps]


def test_an_admission_needs_no_explanation() -> None:
    assert told(story.approved()) == []


def test_a_failed_check_of_the_training_data() -> None:
    world = story.approved()
    story.validation(world, "constraints", TRAIN, outcome="failed")
    assert told(world) == [
        "model is not admitted to release: `train-data-constraints` is failed",
        "model was made from train (entry 15, training-run by mina)",
        "train: signed by mina on 2026-11-02: the result is failed"
        " (check constraints/all, 7 of 442: none)",
    ]


def test_a_source_that_was_quarantined_three_steps_up() -> None:
    world = story.approved()
    act(world, "quarantine", RAW)
    assert told(world, requirement="scan-artifact") == [
        "model is not admitted to release: `scan-artifact` is stale",
        "model: signed by mina on 2026-11-02: upstream, raw was quarantined: poisoned",
        "model was made from train (entry 15, training-run by mina)",
        "train was made from raw (entry 4, dataset-version by mina)",
        "entry 34, release by sam on 2026-11-02",
    ]


def test_the_shortest_of_several_paths_is_told() -> None:
    world = story.approved()
    act(world, "quarantine", RAW)
    shortest = told(world)
    assert shortest[0] == "model is not admitted to release: `train-data-version` is stale"
    assert len(shortest) == 5
    story.scan(world, "artifact", MODEL, outcome="failed")
    assert told(world)[0].endswith("`scan-artifact` is failed"), "a failure weighs more"


def test_a_missing_approval() -> None:
    world = story.told()
    assert told(world) == [
        "model is not admitted to release: `approval-security` is missing",
        "model: 0 of 1 have approved",
    ]


def test_golden_reasons_of_a_verdict() -> None:
    world = story.told("minimal")
    story.scan(world, "artifact", MODEL, outcome="failed")
    tampered, _ = artifact("model", "model.onnx", "labels.json", salt="evil")
    denied = world.ask(MODEL).denied_by
    assert [(each.id, each.status, each.reason, each.command) for each in denied] == [
        (
            "scan-artifact",
            "failed",
            "signed by mina on 2026-11-02: the result is failed",
            "sealwright model scan",
        ),
        (
            "approval-people",
            "missing",
            "0 of 1 have approved",
            "sealwright approve model --as olga --discipline engineering --reason WHY",
        ),
    ]
    changed = {each.id: each.reason for each in world.ask(tampered).denied_by}
    assert changed["scan-artifact"] == (
        "signed by mina on 2026-11-02: model has changed: the evidence is about"
        f" {MODEL.sha256[:12]}, this is {tampered.sha256[:12]}"
    )
