"""A throw-away installation that serves, and a caller who asks it.

What the caller hears is not what a drill is judged by: the gateway's decision records and the
ledger are. So requests return no more than the next step needs.
"""

from __future__ import annotations

import http.client
import json
import select
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sealwright.drill.declaration import Scene, Sight
from sealwright.drill.installation import FRONT, add_key, declare
from sealwright.drill.journal import Journal
from sealwright.errors import CannotLook, LimitReached
from sealwright.evidence.dsse import decode_envelope
from sealwright.evidence.predicates.serving import DecisionLogHead
from sealwright.evidence.verify import Verified
from sealwright.phases.deployment.core.decision import DecisionRecord
from sealwright.phases.deployment.core.records import read_lines
from sealwright.project.core import Project

NAME: Final = "drill"
"""The name that the model is served under."""
PATH: Final = f"/v2/models/{NAME}"
PROGRAM: Final = ("-I", "-m", "sealwright.drill.serve")
START_SECONDS, STOP_SECONDS, WAIT_SECONDS = 40.0, 15.0, 15.0
QUIET_SECONDS: Final = 1.2
"""How long a twin waits for an alarm that must not come: several heartbeats and drains."""
GATEWAY_LOOKS: Final = 0.3
"""Within how many seconds the gateway reads a new snapshot."""
_PAUSE: Final = 0.05


@dataclass(slots=True, kw_only=True)
class Live:
    """Where callers are answered, and how much may still be asked."""

    address: str
    left: int = 0
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(self.address, timeout=10)


def release(project: Project, *, signer: str, front: str) -> None:
    """Puts the model into service, and lets the installation sign as `front` from now on."""
    from sealwright.project.resolve import model
    from sealwright.project.serving.releases import release as admit

    add_key(project, front, person=FRONT, roles=("gateway", "operator"))
    signers = "[governance.signers]\n"
    declare(
        project.layout.root,
        {signers: f'{signers}deployment = "{front}"\nmonitoring = "{front}"\n'},
    )
    admit(project, model(project), signer=signer, reason="to be attacked")


def version(scene: Scene) -> str:
    """The version that is served."""
    from sealwright.project.resolve import model

    return model(scene.project).digest[:12]


@contextmanager
def serving(root: Path, *, folder: Path, journal: Journal) -> Iterator[str]:
    """Serves what was released in `root`, in a process of its own, at the address that is given;
    ended, and all put on record, on leaving. CannotLook if it does not start."""
    command = [sys.executable, *PROGRAM, str(root)]
    with (folder / "serve.err").open("wb") as words:
        child = journal.start(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            # Its sockets lie among the run's temporary files, and go with it however it ends.
            environment={"XDG_RUNTIME_DIR": ""},
        )
    try:
        told = _first_line(child, folder / "serve.err")
        address = urllib.parse.urlsplit(told["url"]).netloc
        for each in (told["url"], told["admin"]):
            journal.note(port=urllib.parse.urlsplit(each).port)
        yield address
    finally:
        _end(child)


def _first_line(child: subprocess.Popen[bytes], words: Path) -> dict[str, Any]:
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], START_SECONDS)
    line = child.stdout.readline() if ready else b""
    told: dict[str, Any] = json.loads(line) if line else {"missing": ["everything"]}
    if told["missing"]:
        said = words.read_text(encoding="utf-8", errors="replace")[-500:]
        raise CannotLook(f"serving did not start: {', '.join(told['missing'])}: {said}")
    return told


def _end(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    child.stdin.close()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise CannotLook("serving did not end with its standard input") from error


def ask(
    scene: Scene,
    rows: Sequence[Sequence[float]],
    *,
    key: str,
    version: str = "",
    correlation: str = "",
) -> tuple[int, list[float]]:
    """Sends cases; the status, and the scores if it is 200. `key` empty: no credential.

    LimitReached beyond the drill's number of requests.
    """
    live = scene.front
    if live is None:
        raise CannotLook("nothing serves here")
    if live.left <= 0:
        raise LimitReached("the drill wants to send more requests than it declares")
    live.left -= 1
    body = {
        "inputs": [
            {
                "name": "features",
                "shape": [len(rows), len(rows[0])],
                "datatype": "FP64",
                "data": [value for row in rows for value in row],
            }
        ]
    }
    headers = {
        "Content-Type": "application/json",
        "X-Correlation-Id": correlation or scene.correlation,
        **({"Authorization": f"Bearer {key}"} if key else {}),
    }
    path = PATH + (f"/versions/{version}" if version else "") + "/infer"
    try:
        live.connection.request("POST", path, json.dumps(body), headers)
        answer = live.connection.getresponse()
        data = answer.read()
    except (OSError, http.client.HTTPException) as error:
        live.connection.close()
        raise CannotLook(f"the gateway does not answer: {error}") from error
    if answer.status != http.HTTPStatus.OK:
        return answer.status, []
    outputs = {each["name"]: each["data"] for each in json.loads(data)["outputs"]}
    return answer.status, outputs["score"]


def wait_for(scene: Scene, seen: Callable[[Sequence[Verified]], bool]) -> None:
    """Waits until the ledger satisfies `seen`, at most 15 s: a detection that does not come is for
    `look` to miss."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline and not seen(scene.project.evidence()):
        time.sleep(_PAUSE)


def wait_for_snapshot(scene: Scene, seen: Callable[[bytes], bool], seconds: float) -> None:
    """Waits until what the gateway acts on satisfies `seen`, at most so many seconds, and until the
    gateway can have read it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen(decode_envelope(scene.project.layout.snapshot.read_bytes()).payload):
            break
        time.sleep(_PAUSE)
    time.sleep(GATEWAY_LOOKS)


def wait_quietly() -> None:
    """As long as an alarm would take that must not come."""
    time.sleep(QUIET_SECONDS)


def give_key(
    scene: Scene, name: str, *, requests_per_minute: int = 600, seconds: int = 3600
) -> None:
    """Lets a client in, as an owner would; the key is `scene.keys[name]` from then on."""
    from datetime import timedelta

    from sealwright.phases.deployment import record
    from sealwright.phases.deployment.core.api_keys import mac_of, mint_key
    from sealwright.project.resolve import SYSTEM, resolve
    from sealwright.project.serving.pepper import obtain_pepper

    project = scene.project
    key, identity = mint_key()
    statement = record.grant(
        resolve(project, SYSTEM).subject,
        grant_id=identity,
        client=client_of(scene.correlation, name),
        mac=mac_of(key, obtain_pepper(project.layout)),
        actions=("infer", "metadata"),
        models=(NAME,),
        requests_per_minute=requests_per_minute,
        what_if=False,
        parent="",
        valid_for=timedelta(seconds=seconds),
        now=project.clock(),
    )
    project.record(statement, signer=scene.correlation)
    scene.keys[name] = key


def client_of(correlation: str, name: str) -> str:
    """Who a key was given to."""
    return f"{name}.{correlation}"


def records(sight: Sight) -> list[DecisionRecord]:
    """The gateway's decision records that bear the correlation id, whose chain holds and whose end
    the ledger knows. TamperError for a log that was changed."""
    found: list[DecisionRecord] = []
    heads = {
        said.head
        for item in sight.project.evidence()
        if isinstance(said := item.predicate, DecisionLogHead)
    }
    for segment in sorted(sight.project.layout.decision_log.glob("*.jsonl")):
        with segment.open("rb") as lines:
            found += [entry.record for entry in read_lines(lines)]
    if found and not heads:
        raise CannotLook("the ledger holds no head of the decision log")
    return [each for each in found if each.correlation == sight.correlation]
