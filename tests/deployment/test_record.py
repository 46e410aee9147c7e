"""What deployment says is bounded where it is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import UsageError
from sealwright.evidence.predicates.serving import Contract, DecisionLogHead, Losses
from sealwright.evidence.statement import decode_statement, encode_statement, subject
from sealwright.phases.deployment import record

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
MODEL, SYSTEM = subject("model", "1" * 64), subject("small", "2" * 64)
CONTRACT = Contract(
    name="small",
    model_file="model.onnx",
    features=("a", "b"),
    positive=1,
    at="2026-11-22T20:00:00Z",
)
GRANT: dict[str, Any] = {
    "grant_id": "0" * 12,
    "client": "clara",
    "mac": "3" * 64,
    "actions": ("infer",),
    "models": ("*",),
    "requests_per_minute": 60,
    "what_if": False,
    "parent": "",
    "valid_for": timedelta(days=1),
    "now": NOW,
}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"name": "Small"}, "no name to serve under"),
        ({"name": ""}, "no name to serve under"),
        ({"name": "x/y"}, "no name to serve under"),
        ({"model_file": "../model.onnx"}, "no path below"),
        ({"model_file": "/model.onnx"}, "no path below"),
        ({"model_file": ""}, "no path below"),
        ({"model_file": "a\\b"}, "no path below"),
        ({"features": ()}, "different names"),
        ({"features": ("a", "a")}, "different names"),
        ({"threshold": float("nan")}, "threshold"),
        ({"threshold": 1.1}, "threshold"),
        ({"abstain_margin": float("inf")}, "margin"),
        ({"abstain_margin": -0.1}, "margin"),
        ({"score_decimals": 10}, "decimals"),
        ({"score_decimals": -1}, "decimals"),
    ],
)
def test_contracts_that_nobody_can_serve_by(changed: dict[str, Any], why: str) -> None:
    assert record.contract_problem(CONTRACT) == ""
    assert why in record.contract_problem(msgspec.structs.replace(CONTRACT, **changed))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"client": "two words"}, "no client id"),
        ({"client": "x" * 64}, "no client id"),
        ({"actions": ()}, "opens nothing"),
        ({"models": ()}, "opens nothing"),
        ({"requests_per_minute": 0}, "requests per minute"),
        ({"valid_for": timedelta(0)}, "1 to 366 days"),
        ({"valid_for": timedelta(days=367)}, "1 to 366 days"),
    ],
)
def test_grants_that_mean_nothing(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        record.grant(SYSTEM, **{**GRANT, **changed})


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"name": ""}, "no name to serve under"),
        ({"percent": 50}, "answers whoever is not answered by a canary"),
        ({"role": "canary", "percent": 0}, "a share of 0"),
        ({"role": "shadow", "percent": 101}, "a share of 101"),
        ({"reason": ""}, "the reason is empty"),
        ({"reason": "a\nb"}, "not one line"),
        ({"reason": "x" * 501}, "not one line"),
    ],
)
def test_releases_that_mean_nothing(changed: dict[str, Any], why: str) -> None:
    good: dict[str, Any] = {"action": "admit", "name": "small", "reason": "told to", "now": NOW}
    assert record.release(MODEL, **good).predicate.percent == 100
    with pytest.raises(UsageError, match=why):
        record.release(MODEL, **{**good, **changed})


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=600))
def test_a_reason_is_one_printable_line_or_an_error(text: str) -> None:
    try:
        said = record.grant_revocation(SYSTEM, grant_id="0" * 12, reason=text, now=NOW)
    except UsageError:
        return
    assert said.predicate.reason.isprintable()
    assert 0 < len(said.predicate.reason) <= record.MAX_LINE


def test_every_statement_is_one_that_is_read_back() -> None:
    head = DecisionLogHead(
        gateway="g", segment="0", seq=0, head="4" * 64, at="2026-11-22T20:00:00Z"
    )
    snapshot = record.snapshot(
        SYSTEM,
        tier="minimal",
        sequence=1,
        ledger_size=3,
        models=(),
        refused=(),
        keys=(),
        roles=(),
        issuer=None,
        losses=Losses(),
        keep_inputs=False,
        now=NOW,
        valid_for=timedelta(seconds=1),
    )
    oversight = record.oversight(
        MODEL,
        case="c-0",
        action="confirm",
        decision="positive",
        model_decision="positive",
        score=0.9,
        reason="agreed",
        seconds=-4,
        now=NOW,
    )
    assert oversight.predicate.seconds == 0
    assert snapshot.predicate.expires == "2026-11-22T20:00:01.000000Z"
    for statement in (
        snapshot,
        oversight,
        record.log_head(SYSTEM, head),
        record.grant(SYSTEM, **GRANT),
    ):
        assert decode_statement(encode_statement(statement)) == statement
