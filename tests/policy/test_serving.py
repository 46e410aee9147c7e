"""What a tier does with a served model when evidence falls: drift, incidents, what hides what."""

from __future__ import annotations

import pytest

from sealwright.evidence.finding import Severity
from sealwright.evidence.predicates.governance import Tier
from sealwright.evidence.predicates.operation import Incident, MonitorWindow
from sealwright.policy.evidence_index import index_evidence
from sealwright.policy.load import builtin_policy
from sealwright.policy.serving import Serving, serving
from tests.policy import story
from tests.policy.factory import World
from tests.policy.story import MODEL


def released(tier: Tier = "high") -> World:
    """Approved, admitted and on record."""
    world = story.approved(tier)
    story.decide(world, world.ask(MODEL))
    assert world.ask(MODEL, "serve").admitted
    return world


def judged(world: World) -> Serving:
    verdict = world.ask(MODEL, "serve")
    index = index_evidence(world.verified())
    return serving(verdict, builtin_policy().rules(verdict.tier).serving, index.by_digest)


def drift(world: World) -> None:
    window = MonitorWindow(
        kind="drift", result="failed", start=world.at, end=world.at, n=512, at=world.at
    )
    world.say("ci", window, MODEL)


def incident(world: World, severity: Severity, *, who: str = "ci", name: str = "i1") -> None:
    said = Incident(
        id=name, status="open", severity=severity, title="the inputs have moved", at=world.at
    )
    world.say(who, said, MODEL)


def test_drift_at_tier_high_is_served_with_an_alarm_and_blocks_releases() -> None:
    world = released()
    drift(world)
    found = judged(world)
    assert (found.served, found.loss) == (True, "alarm")
    assert any("drift was seen" in reason for reason in found.reasons)
    assert not world.ask(MODEL).admitted


@pytest.mark.parametrize(("severity", "served"), [("medium", True), ("high", False)])
def test_an_incident_for_drift_stops_tier_high_only_where_it_is_grave(
    severity: Severity, served: bool
) -> None:
    world = released()
    drift(world)
    incident(world, severity)
    assert judged(world).served is served
    assert not world.ask(MODEL).admitted


@pytest.mark.parametrize("grave", ["high", "critical"])
def test_a_grave_incident_counts_whatever_was_opened_before(grave: Severity) -> None:
    world = released()
    incident(world, "low", name="first")
    assert judged(world).served
    incident(world, grave, name="second")
    assert not judged(world).served
