"""Stop and resume: the file first, the ledger if it can be reached; back only through the gate."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from sealwright.clock import Clock
from sealwright.errors import CannotLook, Refused, SealwrightError, UsageError
from sealwright.evidence.verify import Verified
from sealwright.locks import turn
from sealwright.policy.standing import RESTORING, withdrawal
from sealwright.project.core import Project
from sealwright.project.layout import Layout
from sealwright.project.named import Named
from sealwright.project.serving import store
from sealwright.project.serving.authority import check_signer
from sealwright.project.serving.routes import Routing, routing
from sealwright.project.serving.standing import court, judge_version
from sealwright.project.serving.stopfile import EVERYTHING, Stop, lift, read_stops
from sealwright.project.serving.stopfile import stop as write_stop
from sealwright.project.serving.withdraw import quarantine, restore

PATIENCE: Final = 5.0
"""Seconds that a stop waits for its turn to be put on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A name, or everything, that is served again."""

    restored: tuple[Verified, ...]
    """Quarantines that were lifted for it."""
    lines: int
    """Lines taken out of the stop file."""
    refused: tuple[str, ...] = ()
    """With `*`: names that the gate goes on refusing, and why."""


def stop(layout: Layout, name: str, *, reason: str, clock: Clock) -> Stop:
    """Stops `name`, or `*`, with nothing but the file: needs neither ledger nor key."""
    return write_stop(layout, name, reason=reason, at=clock())


def wait_for_ledger(layout: Layout) -> None:
    """Returns when it is our turn to record, or raises CannotLook after `PATIENCE`: nobody who
    stops something is kept waiting by whoever holds the ledger."""

    def busy() -> None:
        raise CannotLook("the ledger is in use, and stays so", advice="record it later: stop again")

    end = time.monotonic() + PATIENCE
    while True:
        try:
            with turn(layout.state, waiting=busy):
                return
        except CannotLook:
            if time.monotonic() >= end:
                raise
            time.sleep(0.05)


def record_stop(project: Project, name: str, *, reason: str, signer: str) -> tuple[Verified, ...]:
    """Puts a stop on record: what is routed under `name` (or at all) is quarantined, so that it
    stays stopped whatever becomes of the file. Empty where nothing is routed, or all is withdrawn
    already."""
    recorded = []
    with project.turn():
        for artifact in _routed(project, name):
            bench = court(project, now=project.now())
            if withdrawal(bench.case, artifact.digest) is None:
                done = quarantine(project, artifact, reason=reason, signer=signer)
                recorded.append(done.recorded)
    return tuple(recorded)


def _routed(project: Project, name: str) -> tuple[Named, ...]:
    found: dict[str, Named] = {}
    for each in _names(project, name):
        for route in each.routed:
            subject = route.admitted.statement.subjects[0]
            found.setdefault(route.digest, Named(name=subject.name, digest=route.digest))
    return tuple(found.values())


def _names(project: Project, name: str) -> tuple[Routing, ...]:
    known = routing(project.evidence())
    if name == EVERYTHING:
        return tuple(known.values())
    return (known[name],) if name in known else ()


def resume(project: Project, name: str, *, reason: str, signer: str) -> Resumed:
    """Serves `name`, or everything, again: lifts the quarantine of each champion, asks the gate,
    and takes the line out of the stop file last.

    The unsafe direction. Refused, with the stop still standing, where the gate does not admit the
    champion now (of everything: not one champion), its kept files do not verify, or the signer had
    a part in making it.
    """
    check_signer(project, signer, RESTORING, to="resume")
    stops = read_stops(project.layout)
    if name != EVERYTHING and stops.everything is not None:
        raise Refused(
            f"everything is stopped: {stops.everything}",
            advice="resume everything: sealwright stop '*' --resume",
        )
    with project.turn():
        names = _names(project, name)
        if name != EVERYTHING and not names and stops.reason(name) is None:
            raise UsageError(f"{name!r:.80} is neither stopped nor served")
        restored = [
            item for each in names for item in _restore(project, each, reason=reason, signer=signer)
        ]
        problems = [problem for each in names if (problem := _problem(project, each))]
        if problems and (name != EVERYTHING or len(problems) == len(names)):
            raise Refused(
                "the stop stands\n" + "\n".join(problems),
                advice="roll back to a version that may be served, or mend the evidence",
            )
        lines = lift(project.layout, name)
    return Resumed(restored=tuple(restored), lines=lines, refused=tuple(problems))


def _restore(project: Project, name: Routing, *, reason: str, signer: str) -> list[Verified]:
    """Lifts what quarantines the routed versions themselves; not what they were made from."""
    restored = []
    for route in name.routed:
        bench = court(project, now=project.now())
        item = withdrawal(bench.case, route.digest)
        said = getattr(item.predicate, "action", "") if item is not None else ""
        if said == "quarantine":
            subject = route.admitted.statement.subjects[0]
            artifact = Named(name=subject.name, digest=route.digest)
            restored.append(restore(project, artifact, reason=reason, signer=signer))
    return restored


def _problem(project: Project, name: Routing) -> str:
    if name.champion is None:
        return f"{name.name}: no version answers everybody"
    standing = judge_version(court(project, now=project.now()), name.champion)
    problem = standing.refusal
    if not problem:
        try:
            store.verify_kept(project, name.champion.digest)
        except SealwrightError as error:
            problem = error.message
    return f"{name.name}: {problem}" if problem else ""
