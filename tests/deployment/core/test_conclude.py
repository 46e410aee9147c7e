"""From scores to answers: thresholds, abstention, confirmation, coarseness, and the record."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.clock import format_time
from sealwright.phases.deployment.core.cases import CaseOutcome, answer_case
from sealwright.phases.deployment.core.conclude import (
    WITHHELD,
    account,
    conclude,
    failed,
    input_digest,
    judge,
    time_text,
)
from sealwright.phases.deployment.core.decision import (
    Answered,
    CaseAsked,
    Concluded,
    Forward,
    Refused,
)
from sealwright.phases.deployment.core.stops import Stops
from sealwright.traffic import Restriction
from tests.deployment.core.world import (
    CHAMPION,
    ID,
    NOW,
    SHADOW,
    World,
    contract,
    error_of,
    header,
    infer_body,
    minted,
    refused,
    served,
    snapshot,
)


def world(**changes: Any) -> World:
    """A world whose contract is changed."""
    return World(snapshot(models=(served(contract=contract(**changes)),)))


def finish(made: World, forward: Forward, scores: list[float], **more: Any) -> Concluded:
    found = conclude(made.state, forward, scores, now=made.now, latency_us=123, **more)
    assert isinstance(found, Concluded), found
    return found


def outputs(found: Concluded) -> dict[str, list[Any]]:
    said = json.loads(found.body)
    return {output["name"]: output["data"] for output in said["outputs"]}


def test_scores_become_decisions_and_are_rounded() -> None:
    made = world(threshold=0.3, score_decimals=2)
    found = finish(made, made.forward([[1, 2], [3, 4], [5, 6]]), [0.3, 0.30001, 0.12345])
    assert outputs(found) == {
        "score": [0.3, 0.3, 0.12],
        "decision": ["negative", "positive", "negative"],
    }
    assert json.loads(found.body)["model_version"] == CHAMPION[:12]
    assert header(found, b"content-length") == b"%d" % len(found.body)
    assert header(found, b"ratelimit") is not None
    assert found.observation.outcome == "answered"
    assert found.cases == ()


def test_close_to_the_threshold_it_abstains() -> None:
    made = world(abstain_margin=0.25)
    found = finish(made, made.forward([[1, 2]] * 4), [0.25, 0.26, 0.74, 0.75])
    assert outputs(found)["decision"] == ["negative", "abstain", "abstain", "positive"]
    assert (found.record.outcome, found.record.decisions) == ("abstained", "naap")
    assert "case" not in outputs(found)


def test_what_it_abstains_on_goes_to_people() -> None:
    made = world(abstain_margin=0.1, review=True)
    found = finish(made, made.forward([[1, 2], [3, 4]]), [0.9, 0.5004])
    assert outputs(found) == {
        "score": [0.9, 0.5],
        "decision": ["positive", "abstain"],
        "case": ["", f"{ID}-1"],
    }
    (case,) = found.cases
    assert (case.case, case.kind, case.row, case.values) == (f"{ID}-1", "review", 1, (3.0, 4.0))
    assert (case.client, case.name, case.digest) == ("ward-7", "small", CHAMPION)
    assert (case.score, case.model_decision) == (0.5, "abstain")
    assert found.record.cases == (f"{ID}-1",)


def test_a_decision_that_people_confirm_is_not_given_nor_its_score() -> None:
    made = world(confirm=("positive",), abstain_margin=0.1)
    found = finish(made, made.forward([[1, 2], [3, 4], [5, 6]]), [0.91, 0.2, 0.5])
    assert outputs(found) == {
        "score": [WITHHELD, 0.2, 0.5],
        "decision": ["held", "negative", "abstain"],
        "case": [f"{ID}-0", "", ""],
    }
    (case,) = found.cases
    assert (case.kind, case.score, case.model_decision) == ("confirm", 0.91, "positive")
    assert (found.record.outcome, found.record.decisions) == ("held", "hna")
    assert b"0.91" not in found.body


def test_only_wanted_outputs_are_given() -> None:
    made = world()
    forward = made.infer(infer_body([[1, 2]], outputs=[{"name": "decision"}]))
    assert outputs(finish(made, forward, [0.7])) == {"decision": ["positive"]}


def test_a_restricted_caller_gets_coarse_scores_and_the_same_decision() -> None:
    made = world(threshold=0.52)
    made.state.restrictions.put(
        Restriction(client="ward-7", level="coarsen", until=NOW + 9, reason="x"), now=NOW
    )
    found = finish(made, made.forward([[1, 2], [1, 2]]), [0.5212, 0.5187])
    assert outputs(found) == {"score": [0.5, 0.5], "decision": ["positive", "negative"]}
    assert (found.record.coarse, found.record.restriction) == (True, "coarsen")
    # the monitor sees what the model said
    assert struct.unpack("<2f", found.observation.scores) == pytest.approx((0.5212, 0.5187))


def test_few_decimals_stay_few_for_a_restricted_caller() -> None:
    made = world(score_decimals=0)
    made.state.restrictions.put(
        Restriction(client="ward-7", level="coarsen", until=NOW + 9, reason="x"), now=NOW
    )
    assert outputs(finish(made, made.forward([[1, 2]]), [0.72]))["score"] == [1.0]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_every_score_has_one_decision(score: float, threshold: float, margin: float) -> None:
    said = judge(score, contract(threshold=threshold, abstain_margin=margin))
    assert (said == "abstain") == (abs(score - threshold) < margin)
    if said != "abstain":
        assert (said == "positive") == (score > threshold)


@pytest.mark.parametrize("scores", [[], [0.5, 0.5], [1.01], [-0.01], [math.nan], [math.inf]])
def test_scores_that_are_none_are_not_answered(scores: list[float]) -> None:
    made = world()
    found = conclude(made.state, made.forward([[1, 2]]), scores, now=NOW, latency_us=1)
    assert isinstance(found, Refused)
    assert (found.status, found.reason) == (503, "runtime-answer")


def test_what_is_withdrawn_while_the_model_computes_is_not_answered() -> None:
    made = world()
    forward = made.forward([[1, 2]])
    made.publish(models=(), refused=(refused(CHAMPION),))
    found = conclude(made.state, forward, [0.5], now=NOW, latency_us=1)
    assert isinstance(found, Refused)
    assert (found.status, error_of(found)) == (403, "not served: revoked: poisoned labels")


@pytest.mark.parametrize(
    ("changes", "later", "reason"),
    [
        ({"stops": Stops(models={"small": "fire"})}, 0, "stopped"),
        ({"log_lost": True}, 0, "log-lost"),
        ({}, 61, "ledger-lost"),
        ({"snapshot": None}, 0, "snapshot-missing"),
    ],
)
def test_what_stops_while_the_model_computes_stops_the_answer(
    changes: dict[str, Any], later: float, reason: str
) -> None:
    made = world()
    forward = made.forward([[1, 2]])
    made.change(**changes)
    found = conclude(made.state, forward, [0.5], now=NOW + later, latency_us=1)
    assert isinstance(found, Refused)
    assert found.reason == reason


def test_the_record_says_who_what_and_why_and_no_input() -> None:
    made = world()
    forward = made.forward([[1.5, 2.5]], headers=((b"x-correlation-id", b"drill-1"),))
    record = finish(made, forward, [0.75]).record
    assert msgspec.to_builtins(record) == {
        "id": ID,
        "at": "2026-11-22T20:00:00.000000Z",
        "correlation": "drill-1",
        "client": "ward-7",
        "key": made.key.split("_")[1],
        "operation": "infer",
        "name": "small",
        "version": CHAMPION[:12],
        "digest": CHAMPION,
        "outcome": "answered",
        "decisions": "p",
        "reason": "granted",
        "status": 200,
        "latency_us": 123,
        "rows": 1,
        "input_sha256": hashlib.sha256(struct.pack("<2d", 1.5, 2.5)).hexdigest(),
        "restriction": "none",
        "coarse": False,
        "what_if": False,
        "sequence": 7,
        "shadow": "",
        "cases": (),
        "inputs": (),
    }
    assert b"2.5" not in msgspec.json.encode(record)


def test_inputs_are_kept_only_where_the_policy_says_so() -> None:
    made = world()
    made.publish(keep_inputs=True)
    assert finish(made, made.forward([[1.5, 2.5]]), [0.75]).record.inputs == (1.5, 2.5)


def test_the_monitor_sees_inputs_and_scores_as_they_were() -> None:
    text, known = minted("lab", what_if=True)
    made = World(snapshot(keys=(known,), models=(served(), served(SHADOW, role="shadow"))))
    forward = made.forward([[1.5, 2.5]], key=text)
    seen = finish(made, forward, [0.75], shadow_scores=[0.25]).observation
    assert (seen.client, seen.model, seen.shadow, seen.what_if) == ("lab", CHAMPION, SHADOW, True)
    assert struct.unpack("<2f", seen.features) == (1.5, 2.5)
    assert struct.unpack("<f", seen.scores) == (0.75,)
    assert struct.unpack("<f", seen.shadow_scores) == (0.25,)


@pytest.mark.parametrize("shadow", [[], [2.0], [0.5, 0.5], [math.nan]])
def test_a_shadow_that_gives_nothing_usable_changes_no_answer(shadow: list[float]) -> None:
    made = World(snapshot(models=(served(), served(SHADOW, role="shadow"))))
    found = finish(made, made.forward([[1, 2]]), [0.75], shadow_scores=shadow)
    assert (found.status, found.observation.shadow, found.observation.shadow_scores) == (
        200,
        "",
        b"",
    )
    assert found.record.shadow == SHADOW


def test_refusals_and_other_answers_are_accounted_for() -> None:
    made = world()
    record, seen = account(made.get("/v2", key=""), latency_us=20)
    assert (record.outcome, record.reason, record.status) == ("refused", "credential-missing", 401)
    assert (seen.outcome, seen.client, seen.rows, seen.features) == ("refused", "", 0, b"")
    record, seen = account(made.get("/v2/models/small"), latency_us=20)
    assert (record.outcome, record.reason, record.operation) == ("answered", "granted", "model")
    assert record.digest == ""


def test_a_runtime_that_fails_is_on_record_with_the_hash_of_what_it_was_asked() -> None:
    made = world()
    forward = made.forward([[1, 2]])
    found = failed(forward, "runtime-slow")
    record, seen = account(found, latency_us=9, forward=forward)
    assert (record.outcome, record.status, record.rows) == ("failed", 503, 1)
    assert record.input_sha256 == input_digest([1.0, 2.0])
    assert (seen.outcome, seen.reason) == ("failed", "runtime-slow")


def test_a_client_hears_what_became_of_its_own_case() -> None:
    asked = World().get("/v2/models/small/cases/abc-0")
    assert isinstance(asked, CaseAsked)
    known = CaseOutcome(
        case="abc-0", client="ward-7", name="small", status="closed", decision="positive", at="then"
    )
    found = answer_case(asked, known)
    assert isinstance(found, Answered)
    assert json.loads(found.body)["decision"] == "positive"
    waiting = answer_case(asked, msgspec.structs.replace(known, status="open"))
    assert json.loads(waiting.body)["decision"] == "none"
    assert account(found, latency_us=1)[0].operation == "case"


@pytest.mark.parametrize("changes", [{"client": "lab"}, {"name": "large"}, {"case": "abc-1"}, None])
def test_anothers_case_is_as_unknown_as_none(changes: dict[str, Any] | None) -> None:
    asked = World().get("/v2/models/small/cases/abc-0")
    known = CaseOutcome(case="abc-0", client="ward-7", name="small", status="closed")
    found = answer_case(
        asked, None if changes is None else msgspec.structs.replace(known, **changes)
    )
    assert isinstance(found, Refused)
    assert (found.status, error_of(found)) == (404, "no such case")


@given(st.integers(0, 4_000_000_000_000_000))
def test_times_have_the_one_spelling(microseconds: int) -> None:
    seconds = microseconds / 1e6
    assert time_text(seconds) == format_time(datetime.fromtimestamp(seconds, UTC))
