"""All children of an installation together."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from sealwright.project.core import Project
from sealwright.project.serving.children import Launch
from sealwright.project.serving.crew import Crew
from sealwright.project.serving.journal import Journal
from sealwright.project.serving.launches import House
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    FRONT,
    installation,
    twice_trained,
)

SLOW_TO_END = """
import json, sys, time
sys.stdin.readline()
beat = {"type": "Heartbeat", "process": "x", "at": time.time(), "ready": True}
print(json.dumps(beat), flush=True)
sys.stdin.read()
time.sleep(0.5)
"""


def test_what_is_arranged_while_everything_ends_does_not_start(
    installation: Project,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The ledger is followed to the very end: a version that is released, or resumed, while the
    gateway takes its leave must not leave a runtime that nobody stops."""
    house = House(
        layout=installation.layout,
        lifecycle=installation.lifecycle,
        sockets=tmp_path,
        key=installation.keyring.signer(FRONT).public,
        pepper=b"p" * 32,
    )
    journal = Journal(tmp_path / "serve.log", clock=installation.clock, also=lambda _: None)
    launch = Launch(argv=(sys.executable, "-c", SLOW_TO_END), settings=b"{}")

    async def play() -> bool:
        crew = Crew(
            house,
            journal=journal,
            report=lambda _: None,
            trouble=lambda _: None,
            hopeless=lambda _: None,
        )
        crew.gateway = crew._child("gateway", lambda: launch)
        crew._start(crew.gateway)
        async with asyncio.timeout(30):
            while not crew.gateway.known.ready:
                await asyncio.sleep(0.01)
            end = asyncio.create_task(crew.end())
            await asyncio.sleep(0.1)
            late = crew._runtime("5" * 64)
            await end
        return late.known.pid == 0 and late.restarts == 0

    assert asyncio.run(play())
