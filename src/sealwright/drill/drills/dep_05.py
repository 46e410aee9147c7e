"""DEP-05: something that was never admitted is to be served, and a served file is edited."""

from __future__ import annotations

import http
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from sealwright.drill import live
from sealwright.drill.declaration import Attempt, Bounds, Declaration, Drill, Scene, Sight, Trace
from sealwright.drill.reading import denials, said, trace
from sealwright.errors import Refused
from sealwright.evidence.predicates.governance import Decision
from sealwright.evidence.predicates.monitoring import Alert
from sealwright.evidence.predicates.operation import Incident, Release
from sealwright.evidence.verify import Verified
from sealwright.phases.deployment.core.decision import DecisionRecord

CASE = ((0.5, -0.25, 1.0),)
AFTER = 5
MOST, PAUSE = 30, 0.2

DECLARATION = Declaration(
    id="DEP-05",
    title="What was not admitted is to be served",
    atlas=("AML.T0076",),
    attack="A changed model is to be released, without approvals, and callers ask for its version."
    " Then a byte of the served model's file is changed on disk, and callers ask for that.",
    twin="The admitted model is released, and callers ask for its version. Then the served file is"
    " written again as it is, and callers ask again.",
    prevention="The gate denies, nothing is released, and the gateway's decision records refuse the"
    " version; after the change they refuse the model.",
    detection="The gate's denial on record; and an integrity alert and an incident that names the"
    " model.",
    cleanup="Serving is ended, and the copy of the installation deleted.",
    bounds=Bounds(seconds=90, requests=40),
    controls=("release", "decision"),
    needs_serving=True,
)


def prepare(scene: Scene) -> None:
    """A key for the callers."""
    live.give_key(scene, "caller")


def attack(scene: Scene) -> None:
    """Tries to bring in another model, then changes the served one."""
    weights = scene.root / "model" / "model.onnx"
    good = weights.read_bytes()
    weights.write_bytes(_turned(good))
    version = _try_to_release(scene)
    weights.write_bytes(good)
    live.ask(scene, CASE, key=scene.keys["caller"], version=version)
    _rewrite(scene, _turned)
    live.wait_for(scene, lambda entries: bool(_integrity(entries)))
    for _ in range(MOST):  # a busy machine may answer 503 for a moment: that is no refusal
        if live.ask(scene, CASE, key=scene.keys["caller"])[0] == http.HTTPStatus.FORBIDDEN:
            break
        time.sleep(PAUSE)


def twin(scene: Scene) -> None:
    """Asks for what was admitted, and leaves the served file as it is."""
    live.ask(scene, CASE, key=scene.keys["caller"], version=live.version(scene))
    _rewrite(scene, lambda data: data)
    live.wait_quietly()
    for _ in range(AFTER):
        live.ask(scene, CASE, key=scene.keys["caller"])


def _rewrite(scene: Scene, change: Callable[[bytes], bytes]) -> None:
    """Writes what is served anew, where it lies; at no moment is there half a file."""
    for file in scene.project.layout.models.rglob("*.onnx"):
        new = scene.folder / "written-anew"
        new.write_bytes(change(file.read_bytes()))
        new.chmod(file.stat().st_mode)
        new.rename(file)


def _turned(data: bytes) -> bytes:
    """The same with one bit of a weight turned."""
    changed = bytearray(data)
    changed[changed.index(b"weights", changed.index(b"Sigmoid")) + len(b"weights") + 4] ^= 0x40
    return bytes(changed)


def _try_to_release(scene: Scene) -> str:
    """The version that was refused."""
    from sealwright.project.decide import ask
    from sealwright.project.resolve import model
    from sealwright.project.serving.releases import release

    project, who = scene.project, scene.correlation
    changed = model(project)
    with suppress(Refused):  # what counts is what is on record
        release(project, changed, signer=who, reason=who)
    ask(project, changed, "serve", signer=who)
    return changed.digest[:12]


def _integrity(entries: Sequence[Verified]) -> list[Trace]:
    alerts = [
        trace(item, f"alert {alert.severity} (entry {item.index}): {alert.title}")
        for item, alert in said(entries, Alert)
        if alert.detector == "integrity"
    ]
    incidents = [
        trace(item, f"incident {found.severity} (entry {item.index}): {found.title}")
        for item, found in said(entries, Incident)
        if found.status == "open"
    ]
    return [*alerts, *incidents] if alerts and incidents else []


def look(sight: Sight) -> tuple[Attempt, ...]:
    """What was released, what the gateway decided, and what was alarmed."""
    released = {
        subject.sha256[:12]
        for item, each in said(sight.project.evidence(), Release)
        if each.action == "admit"
        for subject in item.statement.subjects
    }
    asked = list(said(sight.entries, Decision))
    records = live.records(sight)
    by_version, since = records[:1], records[1:]
    return (
        Attempt(
            name="serve another version",
            reached=any(each.status == 200 for each in by_version),
            prevention=_refusals(by_version)
            if by_version and by_version[0].version not in released
            else (),
            detection=denials(asked, "release-decision", "model-signature"),
        ),
        Attempt(
            name="change a served file",
            reached=any(each.status == 200 for each in since),
            prevention=_refusals(since),
            detection=tuple(_integrity(sight.entries)),
        ),
    )


def _refusals(records: Sequence[DecisionRecord]) -> tuple[Trace, ...]:
    refused = [each for each in records if each.status in (403, 404)]
    return tuple(Trace(f"decision record: {each.status}, {each.reason}") for each in refused[:1])


DRILL = Drill(
    declaration=DECLARATION, attack=attack, twin=twin, look=look, prepare=(prepare, prepare)
)
