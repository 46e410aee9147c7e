"""Microseconds per gate: the built-in high tier over a realistic ledger of about 60 entries.

    PYTHONPATH=. python bench/gate.py [--seconds 5] [--entries 60]

The ledger holds a whole release (data, training run, scans, evaluations, approvals) and, to fill it
up, the accesses and scans of other artifacts that a real one has. Signatures are verified before
the clock starts. Three rows: from the statements, from an index of them that several questions
share, and the index alone.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from tests.policy import story
from tests.policy.factory import SYSTEM, World, artifact

from sealwright.evidence.predicates.data import DataAccess
from sealwright.policy.evidence_index import index_evidence
from sealwright.policy.gate import GateRequest, gate
from sealwright.policy.load import builtin_policy


def ledger(entries: int) -> World:
    """A release among other things that are none of its business."""
    world = story.told()
    other = 0
    while len(world.envelopes) < entries - len(story.APPROVERS):
        other += 1
        if other % 2:
            access = DataAccess(actor="mina", purpose="training", outcome="granted", at=world.at)
            world.say("mina", access, story.TRAIN)
        else:
            story.scan(world, "artifact", artifact(f"other-{other}")[0])
    decision = world.ask(story.MODEL).decision
    for who in story.APPROVERS:
        world.approve(who, story.MODEL, decision)
    return world


def measure(
    rows: dict[str, Callable[[], object]], *, seconds: float
) -> dict[str, tuple[float, float, int]]:
    """Median and 99th percentile in microseconds, and how many runs they rest on, for each row.

    The rows take turns, so that whatever else the machine does falls on all of them.
    """
    taken: dict[str, list[float]] = {name: [] for name in rows}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, work in rows.items():
            start = time.perf_counter_ns()
            work()
            taken[name].append((time.perf_counter_ns() - start) / 1000)
    return {
        name: (statistics.median(runs), statistics.quantiles(runs, n=100)[98], len(runs))
        for name, runs in taken.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--entries", type=int, default=60)
    options = parser.parse_args()
    world = ledger(options.entries)
    policy, evidence, now = builtin_policy(), world.verified(), world.now
    request = GateRequest(
        artifact=story.MODEL.sha256, question="release", system=SYSTEM.sha256, name="model"
    )
    verdict = gate(policy, request, evidence, now)
    index = index_evidence(evidence)
    print(
        f"{len(evidence)} entries, {len(verdict.results)} requirements,"
        f" {'admitted' if verdict.admitted else 'denied'}"
    )
    rows: dict[str, Callable[[], object]] = {
        "gate, from statements": lambda: gate(policy, request, evidence, now),
        "gate, from an index": lambda: gate(policy, request, index, now),
        "index alone": lambda: index_evidence(evidence),
    }
    for name, (median, high, runs) in measure(rows, seconds=options.seconds).items():
        print(f"{name:24} median {median:8.0f} us   p99 {high:8.0f} us   {runs} runs")


if __name__ == "__main__":
    main()
