"""Who may write files beside a serving installation, or may stop one of its models, and no more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from sealwright.errors import MalformedError
from sealwright.phases.deployment.core.decision import OpenCase
from sealwright.project.core import Project
from sealwright.project.layout import Layout
from sealwright.project.serving.reviews import answer, find
from sealwright.project.serving.stopfile import read_stops, stop
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    MODEL,
    installation,
    twice_trained,
    versions,
)

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def test_who_may_stop_one_model_does_not_stop_the_others_by_stopping_it_often(
    tmp_path: Path,
) -> None:
    """A stop file that is too large to be read stops everything."""
    layout = Layout(tmp_path)
    for number in range(800):
        stop(layout, "mine", reason=f"{number} " + "x" * 490, at=NOW)
    found = read_stops(layout)
    assert found.everything is None
    assert found.reason("mine")
    assert found.reason("other") is None
    stop(layout, "other", reason="this one, too", at=NOW)
    assert read_stops(layout).reason("other") == "this one, too"
    stop(layout, "*", reason="and all", at=NOW)
    assert read_stops(layout).everything == "and all"


def test_a_decision_that_two_confirm_is_not_made_one_that_one_person_takes(
    installation: Project,  # noqa: F811
) -> None:
    """Whoever can write the case's file calls it left open; the author alone could decide it."""
    _, second = versions(installation)
    forged = OpenCase(
        case="0f3c-0",
        kind="review",
        client="clara",
        name=MODEL,
        digest=second.sha256,
        row=0,
        values=(1.0, 2.0),
        score=0.91,
        model_decision="positive",
        at=1_795_000_000.0,
    )
    installation.layout.reviews.mkdir(parents=True, exist_ok=True)
    place = installation.layout.reviews / "0f3c-0.json"
    place.write_bytes(msgspec.json.encode(forged))
    with pytest.raises(MalformedError):
        find(installation, "0f3c-0")
    with pytest.raises(MalformedError):
        answer(installation, "0f3c-0", "positive", reason="mine", signer="mina")
