"""GOV-01: the ledger is edited, shortened and forked."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sealwright.drill.declaration import Attempt, Declaration, Drill, Scene, Sight, Trace
from sealwright.errors import EvidenceError, SealwrightError
from sealwright.project.core import Project
from sealwright.project.layout import STATE_FOLDER, Layout

DECLARATION = Declaration(
    id="GOV-01",
    title="The ledger is edited, shortened and forked",
    atlas=("AML.T0107",),
    attack="In four copies of the ledger: an entry's envelope is edited, an entry is deleted, the"
    " newest entries are cut off, and an older copy is put back and written on. Then something is"
    " appended to each.",
    twin="In four copies nothing is touched. Then something is appended to each.",
    prevention="The altered ledger takes nothing more.",
    detection="The audit of each copy names what is wrong with it.",
    cleanup="The copies are deleted.",
    controls=("decision", "approval", "policy"),
)


def attack(scene: Scene) -> None:
    """Alters four copies, and appends to each."""
    older = scene.folder / "older"
    _copy(scene, older)
    _append(scene, scene.root, "before")
    for name, alter in TAMPERING.items():
        house = scene.folder / name
        _copy(scene, house)
        alter(house, older)
        _try(scene, house)


def twin(scene: Scene) -> None:
    """Appends to four copies."""
    _append(scene, scene.root, "before")
    for name in TAMPERING:
        house = scene.folder / name
        _copy(scene, house)
        _try(scene, house)


def _copy(scene: Scene, target: Path) -> None:
    scene.project.close()  # all of it is in one file then
    shutil.copytree(scene.root, target)


def _try(scene: Scene, house: Path) -> None:
    try:
        _append(scene, house, "after")
    except SealwrightError as error:
        (house / "refusal").write_text(error.message, encoding="utf-8")


def _append(scene: Scene, house: Path, word: str) -> None:
    """Somebody's ordinary entry."""
    from sealwright.phases.governance.record import incident, system_subject

    with Project.open(house) as project:
        project.record(
            incident(
                system_subject(project.lifecycle.system.name),
                incident_id=f"{scene.correlation}-{word}",
                status="closed",
                severity="info",
                title="an entry of a drill",
                now=project.clock(),
            ),
            signer=scene.correlation,
        )


def _change(house: Path, *statements: str) -> None:
    with closing(sqlite3.connect(Layout(house).ledger)) as database, database:
        for statement in statements:
            database.execute(statement)


def _edit(house: Path, _older: Path) -> None:
    _change(
        house,
        "UPDATE envelopes SET envelope = CAST(replace(CAST(envelope AS TEXT), 'payload\":\"eyJ',"
        " 'payload\":\"eyI') AS BLOB) WHERE idx = 3",
    )


def _delete(house: Path, _older: Path) -> None:
    _change(house, "DELETE FROM envelopes WHERE idx = 3", "DELETE FROM entries WHERE idx = 3")


def _truncate(house: Path, older: Path) -> None:
    """The database as it was, the pin as it is: what a crash with lost writes looks like, too."""
    shutil.copyfile(Layout(older).ledger, Layout(house).ledger)


def _fork(house: Path, older: Path) -> None:
    """Database and pin as they were, written on; then the pin as it is."""
    state = Layout(house)
    pin = state.ledger.with_name(state.ledger.name + ".pin")
    kept = pin.read_bytes()
    shutil.rmtree(state.state)
    shutil.copytree(older / STATE_FOLDER, state.state)
    from sealwright.phases.governance.record import incident, system_subject

    with Project.open(house) as project:
        who = project.signer_for("governance")
        about = system_subject(project.lifecycle.system.name)
        for number in range(2):
            other = incident(
                about,
                incident_id=f"{who}-other-{number}",
                status="closed",
                severity="info",
                title="another history",
                now=project.clock(),
            )
            project.record(other, signer=who)
    pin.write_bytes(kept)


TAMPERING: dict[str, Callable[[Path, Path], None]] = {
    "edit": _edit,
    "delete": _delete,
    "truncate": _truncate,
    "fork": _fork,
}
"""What is done → to which copy, with an older one at hand."""


def look(sight: Sight) -> tuple[Attempt, ...]:
    """Each copy's audit, and whether the entry is in it."""
    return tuple(_look_at(sight, name) for name in TAMPERING)


def _look_at(sight: Sight, name: str) -> Attempt:
    house = sight.folder / name
    refusal = house / "refusal"
    appended = _contains(house, f"{sight.correlation}-after")
    said = refusal.read_text(encoding="utf-8") if refusal.exists() else ""
    return Attempt(
        name=name,
        reached=appended,
        prevention=(Trace(f"append refused: {said}"),) if said and not appended else (),
        detection=tuple(Trace(f"audit: {found}") for found in _audit(house)),
    )


def _contains(house: Path, text: str) -> bool:
    """Whether any envelope says `text`, read past all checks."""
    import base64
    import json

    database_file = f"file:{Layout(house).ledger}?mode=ro"
    with closing(sqlite3.connect(database_file, uri=True)) as database:
        rows = database.execute("SELECT envelope FROM envelopes ORDER BY idx DESC").fetchall()
    return any(
        text.encode() in base64.b64decode(json.loads(bytes(row))["payload"]) for (row,) in rows[:8]
    )


def _audit(house: Path) -> tuple[str, ...]:
    """What an auditor finds, who may only read: the log's key stays at home."""
    from sealwright.project.audit import verify_project

    layout = Layout(house)
    layout.log_key.unlink(missing_ok=True)
    try:
        with Project.open(house) as project:
            return tuple(str(found) for found in verify_project(project).findings[:3])
    except EvidenceError as error:
        return (error.message,)


DRILL = Drill(declaration=DECLARATION, attack=attack, twin=twin, look=look)
