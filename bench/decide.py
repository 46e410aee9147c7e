"""Microseconds of the gateway's decisions, stage by stage: one case of ten features, every check.

    PYTHONPATH=. python bench/decide.py [--seconds 5] [--rows 1]

No socket, no file, no runtime: what is left of a request's cost when those are taken away.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from dataclasses import replace

import msgspec
from bench.gate import measure
from tests.deployment.core.world import (
    CANARY,
    CHAMPION,
    NOW,
    World,
    contract,
    infer_body,
    served,
    snapshot,
)

from sealwright.evidence.predicates.serving import GrantedKey
from sealwright.phases.deployment.core.admit import admit
from sealwright.phases.deployment.core.authenticate import authenticate
from sealwright.phases.deployment.core.check import check
from sealwright.phases.deployment.core.conclude import account, conclude
from sealwright.phases.deployment.core.decision import Admitted, Concluded, Forward, Refused
from sealwright.phases.deployment.core.limits import Limiter
from sealwright.phases.deployment.core.oip import read_infer, runtime_body
from sealwright.phases.deployment.core.records import Chain, record_line
from sealwright.phases.deployment.core.request import read_head
from sealwright.phases.deployment.core.routes import route

WIDTH = 10


def world() -> World:
    """A champion and a canary of ten features, and a key with room for the whole measurement."""
    wide = contract(features=tuple(f"f{number}" for number in range(WIDTH)))
    models = (
        served(CHAMPION, contract=wide),
        served(CANARY, contract=wide, role="canary", percent=10),
    )
    made = World(snapshot(models=models))
    made.publish(keys=tuple(unlimited(key) for key in made.said.keys))
    return made


def unlimited(key: GrantedKey) -> GrantedKey:
    """The same key without a limit that the measurement would reach."""
    return msgspec.structs.replace(key, requests_per_minute=1_000_000_000)


def rows_of(made: World, rows: int) -> dict[str, Callable[[], object]]:
    """What is measured: each stage by itself, then a whole request, then refusals."""
    numbers = random.Random(0)
    body = infer_body([[round(numbers.random(), 4) for _ in range(WIDTH)] for _ in range(rows)])
    headers = (
        (b"user-agent", b"bench/1"),
        (b"accept", b"application/json"),
        (b"x-correlation-id", b"bench-1"),
    )
    request = made.request(body=body, headers=headers)
    stranger = made.request(body=body, headers=headers, key="")
    state = made.state
    admitted = admit(state, request)
    assert isinstance(admitted, Admitted)
    forward = check(state, admitted, body)
    assert isinstance(forward, Forward)
    scores = [numbers.random() for _ in range(rows)]
    done = conclude(state, forward, scores, now=NOW, latency_us=150)
    assert isinstance(done, Concluded)
    face, opened = admitted.served.face, state.snapshot
    assert opened is not None
    read = read_infer(body, face, max_rows=1000)
    authorization = dict(request.headers)[b"authorization"]
    limiter = Limiter()

    def whole() -> None:
        one = admit(state, request)
        assert isinstance(one, Admitted)
        two = check(state, one, body)
        assert isinstance(two, Forward)
        three = conclude(state, two, scores, now=NOW, latency_us=150)
        assert isinstance(three, Concluded)
        record_line(three.record, Chain())

    def refusal() -> None:
        said = admit(state, stranger)
        assert isinstance(said, Refused)
        record_line(account(said, latency_us=20)[0], Chain())

    return {
        "head": lambda: read_head(request),
        "path": lambda: route(request.path),
        "authenticate (API key)": lambda: authenticate(
            authorization, snapshot=opened, pepper=state.pepper, tokens=state.tokens, now=NOW
        ),
        "the same, remembered": lambda: authenticate(
            authorization,
            snapshot=opened,
            pepper=state.pepper,
            tokens=state.tokens,
            now=NOW,
            keys=state.verified,
        ),
        "limit": lambda: limiter.take(("a", "b"), rate=1e9, now=1000.0),
        "stage one, all": lambda: admit(state, request),
        "read the body": lambda: read_infer(body, face, max_rows=1000),
        "write it anew": lambda: runtime_body(read),  # type: ignore[arg-type]
        "stage two, all": lambda: check(state, admitted, body),
        "conclude": lambda: conclude(state, forward, scores, now=NOW, latency_us=150),
        "record line, chained": lambda: record_line(done.record, Chain()),
        "a whole request": whole,
        "a stranger refused, on record": refusal,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rows", type=int, default=1)
    options = parser.parse_args()
    made = world()
    made.state = replace(made.state, max_rows=max(1000, options.rows))
    print(f"{options.rows} x {WIDTH}; microseconds")
    print(f"{'':32}{'median':>9}{'p99':>9}{'runs':>10}")
    for name, (median, tail, runs) in measure(
        rows_of(made, options.rows), seconds=options.seconds
    ).items():
        print(f"{name:32}{median:9.1f}{tail:9.1f}{runs:10}")


if __name__ == "__main__":
    main()
