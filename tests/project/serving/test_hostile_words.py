"""Who must not be believed: runtimes, later profiles, unsigned answers, a new pepper."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import msgspec
import pytest

from sealwright.clock import format_time, system_clock
from sealwright.errors import InputMissing
from sealwright.evidence.predicates.monitoring import Profile
from sealwright.phases.deployment.core.decision import OpenCase
from sealwright.phases.deployment.gateway.cases import look_up, open_cases
from sealwright.project.core import Project
from sealwright.project.serving.children import Launch
from sealwright.project.serving.crew import Crew
from sealwright.project.serving.journal import Journal
from sealwright.project.serving.launches import House
from sealwright.project.serving.publish import Publisher
from sealwright.project.serving.serve import serve
from sealwright.traffic import Report
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    FRONT,
    MINUTE,
    MODEL,
    installation,
    route,
    say,
    twice_trained,
    versions,
)
from tests.serving_house import key

RUNTIME = """
import json, sys, time
sys.stdin.readline()
at = sys.argv[1]
alert = {"id": "x", "detector": "integrity", "severity": "critical", "title": "x", "at": at}
print(json.dumps({"type": "AlertReport", "alert": alert, "model": sys.argv[2]}), flush=True)
head = {"gateway": "g", "segment": "s", "seq": 7, "head": "0" * 64, "at": at}
print(json.dumps({"type": "HeadReport", "head": head}), flush=True)
while True:
    beat = {"type": "Heartbeat", "process": "x", "at": time.time(), "ready": True}
    print(json.dumps(beat), flush=True)
    time.sleep(0.05)
"""


def test_a_runtime_speaks_for_itself_and_for_nobody_else(
    installation: Project,  # noqa: F811
    tmp_path: Path,
) -> None:
    """A model that broke out of its engine still has the standard output of its process. By it, it
    would stop other models, forge drift, and put heads of logs on record that are none."""
    house = House(
        layout=installation.layout,
        lifecycle=installation.lifecycle,
        sockets=tmp_path,
        key=installation.keyring.signer(FRONT).public,
        pepper=b"p" * 32,
    )
    heard: list[Report] = []
    journal = Journal(tmp_path / "serve.log", clock=installation.clock, also=lambda _: None)
    launch = Launch(
        argv=(sys.executable, "-c", RUNTIME, format_time(system_clock()), "5" * 64), settings=b"{}"
    )

    async def play() -> None:
        crew = Crew(
            house,
            journal=journal,
            report=heard.append,
            trouble=lambda _: None,
            hopeless=lambda _: None,
        )
        child = crew._child("runtime 0123456789ab", lambda: launch)
        task = asyncio.create_task(child.run())
        async with asyncio.timeout(30):
            while not (child.known.ready or child.restarts):
                await asyncio.sleep(0.01)
        child.stop()
        await asyncio.wait_for(task, 30)

    asyncio.run(play())
    assert heard == []


def test_the_author_does_not_change_what_traffic_is_compared_with_after_the_release(
    installation: Project,  # noqa: F811
) -> None:
    """As with the contract: a profile that came after the approved one makes the monitor blind."""
    first, _ = versions(installation)
    route(installation, first)
    profiles = [
        item.predicate
        for item in installation.evidence()
        if isinstance(item.predicate, Profile) and item.statement.subjects[0].sha256 == first.sha256
    ]
    assert profiles
    wide = msgspec.structs.replace(profiles[-1], rows=1, at=format_time(installation.clock()))
    say(installation, "eve", wide, first)
    root, clock = installation.layout.root, installation.clock
    publisher = Publisher(
        installation.layout,
        lambda: Project.open(root, clock=clock),
        signer=FRONT,
        valid_for=MINUTE,
    )
    installation.layout.serving.mkdir(parents=True, exist_ok=True)
    (watched,) = publisher.publish().watched
    publisher.close()
    assert watched.profile == profiles[-1]


def test_an_answer_that_nobody_signed_decides_no_case(
    installation: Project,  # noqa: F811
) -> None:
    """Whoever can write the folder, and has no key, says what two people must confirm."""
    _, second = versions(installation)
    folder = installation.layout.reviews
    case = OpenCase(
        case="0f3c-0",
        kind="confirm",
        client="clara",
        name=MODEL,
        digest=second.sha256,
        row=0,
        values=(1.0, 2.0),
        score=0.91,
        model_decision="positive",
        at=1_795_000_000.0,
    )
    open_cases(folder, (case,))
    forged = {"case": "0f3c-0", "state": "positive", "at": "2026-11-22T20:00:00.000000Z"}
    (folder / "0f3c-0.answer.json").write_text(json.dumps(forged), encoding="utf-8")
    found = look_up(folder, "0f3c-0")
    assert found is not None
    assert (found.status, found.decision) == ("open", "none")


def test_serving_makes_no_new_pepper_where_keys_were_given_out(house: Path) -> None:
    """A new one locks every caller out, and forgets what the monitor held against each of them."""
    key(house)
    with Project.open(house) as project:
        project.layout.pepper.unlink()
        with pytest.raises(InputMissing):
            serve(
                project,
                clock=system_clock,
                passphrase=None,
                started=lambda _: os.kill(os.getpid(), signal.SIGTERM),
                say=lambda _: None,
            )
        assert not project.layout.pepper.exists()
