"""The two sides of a drill, attack and twin: each acts, and then its record is read.

Usually each has a copy of the installation to itself. Where serving is needed they share one that
serves, the twin first: what tells them apart is the correlation id, and when it was recorded.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sealwright.drill import installation, journal, live
from sealwright.drill.declaration import HOUSE, Attempt, Drill, Scene, Sight
from sealwright.drill.installation import AUTHOR_ROLES, MAKER, add_key
from sealwright.drill.journal import Journal
from sealwright.drill.verdict import Side
from sealwright.errors import CannotLook, EvidenceError, LimitReached, Refused, SealwrightError
from sealwright.evidence.verify import Verified
from sealwright.project.core import Project

BASE: Final = "base"
"""The installation that is copied."""
ATTACK, TWIN = "attack", "twin"
"""How correlation ids end."""


def both(drill: Drill, written: Journal, *, name: str) -> tuple[Side, Side]:
    """Attack and twin of a drill; `name` and `-attack` or `-twin` are their correlation ids."""
    if drill.prepare is not None:
        return _served(drill, written, name=name)
    attack = _apart(drill, drill.attack, written, correlation=f"{name}-{ATTACK}")
    return attack, _apart(drill, drill.twin, written, correlation=f"{name}-{TWIN}")


@dataclass(slots=True, kw_only=True)
class _Course:
    """How a side went while it acted."""

    refused: str = ""
    error: str = ""
    start: int = 0
    stop: int = 0
    """Entries of the ledger when it began and when it ended."""


def _apart(
    drill: Drill, act: Callable[[Scene], None], written: Journal, *, correlation: str
) -> Side:
    """Acts on a copy of its own; the copy is gone afterwards."""
    folder, bounds = written.folder / correlation, drill.declaration.bounds
    course = _Course()
    try:
        with _deadline(bounds.seconds):
            folder.mkdir(mode=0o700)
            root = folder / HOUSE
            with installation.copy(written.folder / BASE, root, correlation=correlation) as project:
                scene = Scene(
                    folder=folder,
                    root=root,
                    project=project,
                    correlation=correlation,
                    bounds=bounds,
                    journal=written,
                )
                _act(act, scene, course)
            written.stop()
            return _looked(drill, folder, correlation, course)
    except (SealwrightError, OSError) as error:
        return Side(refused=course.refused, error=_words(error))
    finally:
        written.stop()
        journal.discard(folder)


def _served(drill: Drill, written: Journal, *, name: str) -> tuple[Side, Side]:
    """Both act on one installation that serves; (attack, twin)."""
    folder, bounds = written.folder / name, drill.declaration.bounds
    courses = {TWIN: _Course(), ATTACK: _Course()}
    try:
        with _deadline(2 * bounds.seconds):
            folder.mkdir(mode=0o700)
            root = folder / HOUSE
            with installation.copy(
                written.folder / BASE, root, correlation=f"{name}-{TWIN}"
            ) as project:
                _serve(drill, written, project, name=name, courses=courses)
            written.stop()
            attack, twin = (
                _looked(drill, folder, f"{name}-{side}", courses[side]) for side in (ATTACK, TWIN)
            )
            return attack, twin
    except (SealwrightError, OSError) as error:
        return Side(error=_words(error)), Side(error=_words(error))
    finally:
        written.stop()
        journal.discard(folder)


def _serve(
    drill: Drill, written: Journal, project: Project, *, name: str, courses: dict[str, _Course]
) -> None:
    """Prepares both sides, serves, and lets the twin act, then the attack."""
    assert drill.prepare is not None
    root = project.layout.root
    add_key(project, f"{name}-{ATTACK}", person=MAKER, roles=AUTHOR_ROLES)
    live.release(project, signer=f"{name}-{TWIN}", front=f"{name}-front")
    scenes = {
        side: Scene(
            folder=root.parent,
            root=root,
            project=project,
            correlation=f"{name}-{side}",
            bounds=drill.declaration.bounds,
            journal=written,
        )
        for side in courses
    }
    for side, prepare in zip((ATTACK, TWIN), drill.prepare, strict=True):
        prepare(scenes[side])
    with live.serving(root, folder=root.parent, journal=written) as address:
        for side, act in ((TWIN, drill.twin), (ATTACK, drill.attack)):
            front = live.Live(address=address, left=drill.declaration.bounds.requests)
            scene, course = replace(scenes[side], front=front), courses[side]
            course.start = len(project.evidence())
            try:
                _act(act, scene, course)
            except CannotLook as error:
                course.error = _words(error)
            finally:
                front.connection.close()
            course.stop = len(project.evidence())
    courses[ATTACK].stop = len(project.evidence())  # what was put on record when serving ended


def _act(act: Callable[[Scene], None], scene: Scene, course: _Course) -> None:
    try:
        act(scene)
    except (Refused, EvidenceError) as error:
        course.refused = error.message


def _looked(drill: Drill, folder: Path, correlation: str, course: _Course) -> Side:
    if course.error:
        return Side(refused=course.refused, error=course.error)
    with Project.open(folder / HOUSE) as project:
        attempts: tuple[Attempt, ...] = drill.look(
            Sight(
                folder=folder,
                root=folder / HOUSE,
                project=project,
                correlation=correlation,
                entries=entries_of(project, correlation, start=course.start, stop=course.stop),
            )
        )
    _check_size(folder, drill.declaration.bounds.megabytes)
    return Side(attempts=attempts, refused=course.refused)


def entries_of(
    project: Project, correlation: str, *, start: int = 0, stop: int = 0
) -> tuple[Verified, ...]:
    """The ledger's entries that bear the id: signed by the drill's principal or one that was made
    for it, or about requests that carried it; and what the serving installation put on record
    between `start` and `stop` that bears nobody's."""
    front = f"{correlation.rpartition('-')[0]}-front"
    return tuple(
        item
        for item in project.evidence()
        if item.principal.id.startswith(correlation)
        or _carried(item) == correlation
        or (item.principal.id == front and start <= item.index < stop and not _carried(item))
    )


def _carried(item: Verified) -> str:
    """The correlation id of the requests that a statement is about."""
    found: str = getattr(item.predicate, "correlation", "")
    return found


def _check_size(folder: Path, megabytes: int) -> None:
    size = sum(path.lstat().st_size for path in folder.rglob("*"))
    if size > megabytes << 20:
        raise LimitReached(f"the drill wrote {size >> 20} MiB; at most {megabytes}")


def _words(error: Exception) -> str:
    message = error.message if isinstance(error, SealwrightError) else str(error)
    return f"{type(error).__name__}: {message}"


@contextmanager
def _deadline(seconds: int) -> Iterator[None]:
    """LimitReached after so many seconds, wherever the work then is (in the main thread alone)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def expire(*_: object) -> None:
        raise LimitReached(f"the drill took longer than {seconds} s")

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, expire)
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if remaining:  # somebody else had set an alarm: it rings when it would have
            spent = time.monotonic() - started
            with suppress(ValueError):
                signal.setitimer(signal.ITIMER_REAL, max(remaining - spent, 0.001), interval)
