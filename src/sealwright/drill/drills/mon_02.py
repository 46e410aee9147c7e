"""MON-02: a caller searches for the decision boundary with a series of near copies."""

from __future__ import annotations

import http
import time
from collections.abc import Sequence

from sealwright.drill import live
from sealwright.drill.declaration import Attempt, Bounds, Declaration, Drill, Scene, Sight, Trace
from sealwright.drill.installation import table
from sealwright.drill.reading import said, trace
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.verify import Verified

MOST, PAUSE, PER_MINUTE = 400, 0.004, 1200
ORDINARY = 200
DETECTORS = ("near-duplicate", "self-neighbour")

DECLARATION = Declaration(
    id="MON-02",
    title="A caller searches for the decision boundary",
    atlas=("AML.T0043.001", "AML.T0015"),
    attack="A caller halves the distance between a case that is answered positive and one that is"
    f" not, again and again around the point that is found, in at most {MOST} requests, well below"
    f" its limit of {PER_MINUTE} a minute.",
    twin=f"A caller with the same limit sends {ORDINARY} different cases like those that the model"
    " was trained on.",
    prevention="The caller is throttled: decision records refuse it with 429 under that"
    " restriction.",
    detection="An alert about a series of near copies, on record, with the requests' correlation"
    " id.",
    cleanup="Serving is ended, and the copy of the installation deleted, with what was known of the"
    " caller.",
    bounds=Bounds(seconds=90, requests=MOST + 10),
    controls=("monitor-window", "alert"),
    needs_serving=True,
)


def prepare(scene: Scene) -> None:
    """A key for the caller."""
    live.give_key(scene, "caller", requests_per_minute=PER_MINUTE)


def attack(scene: Scene) -> None:
    """Searches until it is throttled or has sent all that it may."""
    _search(scene)
    live.wait_for(scene, lambda entries: bool(_alerts(entries, scene.correlation)))


def _search(scene: Scene) -> None:
    sent = 0
    while sent < MOST:
        low, high = -2.0, 2.0
        beside = 0.001 * (sent % 7)
        while high - low > 1e-4 and sent < MOST:
            middle = (low + high) / 2
            status, scores = live.ask(scene, ((middle, beside, 1.0),), key=scene.keys["caller"])
            sent += 1
            if status == http.HTTPStatus.TOO_MANY_REQUESTS:
                return
            low, high = (low, middle) if scores and scores[0] > 0.5 else (middle, high)
            time.sleep(PAUSE)


def twin(scene: Scene) -> None:
    """Sends different cases."""
    for line in table("traffic", ORDINARY).splitlines()[1:]:
        a, b, code = (float(word) for word in line.split(",")[:3])
        live.ask(scene, ((a, b, code),), key=scene.keys["caller"])
        time.sleep(PAUSE)
    live.wait_quietly()


def _alerts(entries: Sequence[Verified], correlation: str) -> list[Trace]:
    return [
        trace(item, f"alert {alert.severity} (entry {item.index}): {alert.title}")
        for item, alert in said(entries, Alert)
        if alert.detector in DETECTORS and alert.correlation == correlation
    ]


def look(sight: Sight) -> tuple[Attempt, ...]:
    """The caller's decision records, and the alerts."""
    records = live.records(sight)
    stopped = [each for each in records if each.status == 429 and each.restriction == "throttle"]
    answered = sum(each.status == 200 for each in records)
    return (
        Attempt(
            name="search",
            reached=bool(records) and not stopped,
            prevention=tuple(
                Trace(f"throttled after {answered} answers: 429, {each.reason}")
                for each in stopped[:1]
            ),
            detection=tuple(_alerts(sight.entries, sight.correlation)),
        ),
    )


DRILL = Drill(
    declaration=DECLARATION, attack=attack, twin=twin, look=look, prepare=(prepare, prepare)
)
