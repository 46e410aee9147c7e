"""What somebody without a key can make a gateway write down."""

from __future__ import annotations

from sealwright.phases.deployment.core.admit import RECORDED_STRANGERS
from tests.deployment.core.world import World


def test_a_flood_from_many_addresses_does_not_fill_the_log() -> None:
    """An address costs nothing to who has a network of them: each would have its own minute."""
    world = World()
    found = [
        world.get("/v2", key="", peer=f"2001:db8::{number % 60_000:x}").recorded
        for number in range(RECORDED_STRANGERS + 3000)
    ]
    assert sum(found) == RECORDED_STRANGERS
    assert world.get("/v2").status == 200, "who has a key notices nothing of it"
    world.monotonic += 60
    assert world.get("/v2", key="", peer="192.0.2.9").recorded
