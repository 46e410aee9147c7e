"""From a model's scores to an answer, its record and what the monitor sees of it.

The decision is taken on the score as the model gave it, which is how the model was validated; what
leaves is the rounded score. Callers whom the monitor has restricted get one decimal, which still
says what was decided and is worth less to whoever copies the model or looks for its boundary.
"""

from __future__ import annotations

import hashlib
import math
import sys
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal

from sealwright.evidence.predicates.serving import Contract
from sealwright.phases.deployment.core.answers import fields, refuse
from sealwright.phases.deployment.core.check import withdrawn
from sealwright.phases.deployment.core.decision import (
    Answered,
    Concluded,
    DecisionRecord,
    Forward,
    OpenCase,
    Refused,
    Trace,
)
from sealwright.phases.deployment.core.oip import infer_response, scores_problem
from sealwright.phases.deployment.core.reasons import GRANTED
from sealwright.phases.deployment.core.state import State
from sealwright.traffic import Observation, Outcome

COARSE_DECIMALS: Final = 1
WITHHELD: Final = -1.0
"""The score of a case that waits for confirmation: the score would tell what is decided."""

LETTERS: Final = {"positive": "p", "negative": "n", "abstain": "a", "held": "h"}

_MICROS: Final = 1_000_000

_FAILED: Final = frozenset({"runtime-lost", "runtime-slow", "runtime-answer"})

Word = Literal["positive", "negative", "abstain"]


def judge(score: float, contract: Contract) -> Word:
    """What a model decides at this score."""
    if abs(score - contract.threshold) < contract.abstain_margin:
        return "abstain"
    return "positive" if score > contract.threshold else "negative"


def conclude(
    state: State,
    forward: Forward,
    scores: Sequence[float],
    *,
    now: float,
    latency_us: int,
    shadow_scores: Sequence[float] = (),
) -> Concluded | Refused:
    """The answer to an inference request.

    `scores`: the runtime's, one for each row. `shadow_scores`: the shadow's, or empty where it gave
    none. `state` and `now` (Unix seconds): as they are now; what was withdrawn meanwhile is not
    answered. Refused, too, where the scores are not scores.
    """
    gone = withdrawn(state, forward.trace, now=now)
    if gone is not None:
        return gone
    if scores_problem(scores, rows=forward.rows) is not None:
        return failed(forward, "runtime-answer")
    if shadow_scores and scores_problem(shadow_scores, rows=forward.rows) is not None:
        shadow_scores = ()
    contract = forward.served.model.contract
    judged: list[Word] = [judge(score, contract) for score in scores]
    given: Sequence[str] = judged
    if contract.confirm:
        given = ["held" if word in contract.confirm else word for word in judged]
    cases = _cases(forward, scores, judged, given)
    outcome: Outcome = "answered"
    if "held" in given:
        outcome = "held"
    elif "abstain" in given:
        outcome = "abstained"
    body = _body(forward, scores, given, cases)
    trace = forward.trace
    return Concluded(
        trace=trace,
        status=200,
        headers=fields(trace, body, forward.headers),
        body=body,
        record=_record(state, forward, outcome, given, cases, latency_us=latency_us),
        observation=_observation(forward, outcome, scores, shadow_scores),
        cases=cases,
    )


def _body(
    forward: Forward, scores: Sequence[float], given: Sequence[str], cases: Sequence[OpenCase]
) -> bytes:
    model = forward.served.model
    decimals = model.contract.score_decimals
    if forward.coarse:
        decimals = min(decimals, COARSE_DECIMALS)
    ids = {case.row: case.case for case in cases}
    return infer_response(
        name=forward.trace.name,
        version=model.version,
        id=forward.request_id,
        wanted=forward.outputs,
        scores=[
            WITHHELD if word == "held" else round(score, decimals)
            for score, word in zip(scores, given, strict=True)
        ],
        decisions=given,
        cases=[ids.get(row, "") for row in range(forward.rows)] if cases else [""] * forward.rows,
    )


def _cases(
    forward: Forward, scores: Sequence[float], judged: Sequence[Word], given: Sequence[str]
) -> tuple[OpenCase, ...]:
    """The rows that people decide: those held, and those undecided where the contract says so."""
    contract = forward.served.model.contract
    if not contract.review and not contract.confirm:
        return ()
    width, trace = forward.served.face.width, forward.trace
    return tuple(
        OpenCase(
            case=f"{trace.id}-{row}",
            kind="confirm" if word == "held" else "review",
            client=trace.client,
            name=trace.name,
            digest=trace.digest,
            row=row,
            values=tuple(forward.values[row * width : (row + 1) * width]),
            score=round(scores[row], contract.score_decimals),
            model_decision=judged[row],
            at=trace.at,
            correlation=trace.correlation,
        )
        for row, word in enumerate(given)
        if word == "held" or (word == "abstain" and contract.review)
    )


def failed(forward: Forward, reason: str) -> Refused:
    """The refusal where the runtime gave nothing: `runtime-lost`, `runtime-slow` or
    `runtime-answer`. What the runtime said about it is never passed on."""
    return refuse(forward.trace, reason, extra=forward.headers)


def account(
    decision: Refused | Answered, *, latency_us: int, forward: Forward | None = None
) -> tuple[DecisionRecord, Observation]:
    """The record and the observation of a decision that scored nothing.

    `forward`: the request, where it had got so far; its inputs are then named by their hash.
    """
    trace = decision.trace
    reason = decision.reason if isinstance(decision, Refused) else GRANTED
    status = decision.status
    outcome: Outcome = "answered"
    if isinstance(decision, Refused):
        outcome = "failed" if reason in _FAILED else "refused"
    record = DecisionRecord(
        id=trace.id,
        at=time_text(trace.at),
        correlation=trace.correlation,
        client=trace.client,
        key=trace.key,
        operation=trace.operation,
        name=trace.name,
        version=trace.version,
        digest=trace.digest,
        outcome=outcome,
        decisions="",
        reason=reason,
        status=status,
        latency_us=latency_us,
        rows=0 if forward is None else forward.rows,
        input_sha256="" if forward is None else input_digest(forward.values),
        restriction=trace.restriction,
        coarse=False,
        what_if=trace.what_if,
        sequence=trace.sequence,
        shadow="",
        cases=(),
    )
    return record, _bare_observation(trace, outcome, status, reason)


def _record(
    state: State,
    forward: Forward,
    outcome: Outcome,
    given: Sequence[str],
    cases: Sequence[OpenCase],
    *,
    latency_us: int,
) -> DecisionRecord:
    trace, opened = forward.trace, state.snapshot
    keep = opened is not None and opened.snapshot.keep_inputs
    return DecisionRecord(
        id=trace.id,
        at=time_text(trace.at),
        correlation=trace.correlation,
        client=trace.client,
        key=trace.key,
        operation=trace.operation,
        name=trace.name,
        version=trace.version,
        digest=trace.digest,
        outcome=outcome,
        decisions="".join([LETTERS[word] for word in given]),
        reason=GRANTED,
        status=200,
        latency_us=latency_us,
        rows=forward.rows,
        input_sha256=input_digest(forward.values),
        restriction=trace.restriction,
        coarse=forward.coarse,
        what_if=trace.what_if,
        sequence=trace.sequence,
        shadow="" if forward.shadow is None else forward.shadow.digest,
        cases=tuple([case.case for case in cases]),
        inputs=tuple(forward.values) if keep else (),
    )


def _observation(
    forward: Forward,
    outcome: Outcome,
    scores: Sequence[float],
    shadow_scores: Sequence[float],
) -> Observation:
    trace = forward.trace
    return Observation(
        at=trace.at,
        client=trace.client,
        model=trace.digest,
        name=trace.name,
        outcome=outcome,
        status=200,
        reason=GRANTED,
        rows=forward.rows,
        features=_little("f", forward.values),
        scores=_little("f", scores),
        shadow="" if forward.shadow is None or not shadow_scores else forward.shadow.digest,
        shadow_scores=_little("f", shadow_scores),
        correlation=trace.correlation,
        what_if=trace.what_if,
    )


def _bare_observation(trace: Trace, outcome: Outcome, status: int, reason: str) -> Observation:
    return Observation(
        at=trace.at,
        client=trace.client,
        model=trace.digest,
        name=trace.name,
        outcome=outcome,
        status=status,
        reason=reason,
        correlation=trace.correlation,
        what_if=trace.what_if,
    )


def input_digest(values: Sequence[float]) -> str:
    """sha256 of inputs as little-endian FP64, row by row: an auditor with the inputs can check."""
    return hashlib.sha256(_little("d", values)).hexdigest()


def _little(kind: Literal["d", "f"], values: Sequence[float]) -> bytes:
    packed = array(kind, values)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def time_text(seconds: float) -> str:
    """Unix seconds in the one spelling of `clock.format_time`, which takes far longer."""
    whole = math.floor(seconds)
    micros = round((seconds - whole) * 1e6)
    if micros == _MICROS:
        whole, micros = whole + 1, 0
    return f"{_second_text(whole)}.{micros:06d}Z"


@lru_cache(maxsize=64)
def _second_text(whole: int) -> str:
    return datetime.fromtimestamp(whole, UTC).isoformat()[:19]
