"""Runs drills: makes the installation, lets attack and twin act, reads the record, cleans up.

The user's installation is opened for two things: to see that it was not touched, and to put the
signed results in its ledger.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sealwright.drill import installation, journal, namespace
from sealwright.drill.declaration import Declaration, Drill
from sealwright.drill.installation import USUAL, Variation
from sealwright.drill.journal import Journal
from sealwright.drill.processes import MARK
from sealwright.drill.sides import ATTACK, BASE, both
from sealwright.drill.verdict import Conclusion, conclude
from sealwright.errors import LimitReached
from sealwright.project.core import Project

TEMPORARY: Final = "tmp"
_ELSEWHERE: Final = ("SEALWRIGHT_KEYS", "SEALWRIGHT_PASSPHRASE")
"""Where the user's keys are: nothing in a drill may see them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A drill that was run."""

    declaration: Declaration
    conclusion: Conclusion
    correlation: str
    """Of the attack; that of the twin ends in `twin` instead of `attack`."""
    left: tuple[str, ...]
    """What clean-up left behind or changed; empty is the proof."""
    seconds: float

    @property
    def cleaned(self) -> bool:
        """Everything is as it was."""
        return not self.left

    @property
    def passed(self) -> bool:
        """Prevented or detected, no alarm by the twin, and cleaned up."""
        good = self.conclusion.verdict in ("prevented", "detected")
        return good and not self.conclusion.twin_alarms and self.cleaned


@contextmanager
def prepared(project: Project, *, variation: Variation = USUAL, run: str = "") -> Iterator[Journal]:
    """The installation that drills copy, made once; everything is gone at the end.

    `project` is the user's: its state folder holds the journal. CannotLook if the installation
    cannot be made here, or not all of it can be deleted.
    """
    written = journal.begin(project.layout.state, run or installation.new_run())
    try:
        (written.folder / TEMPORARY).mkdir()
        with _apart(written):
            installation.make(written.folder / BASE, variation=variation)
        yield written
    finally:
        left = written.close()
    if left:
        raise LimitReached("; ".join(left), advice="see `sealwright drill recover`")


def run(project: Project, drill: Drill, *, written: Journal) -> Outcome:
    """Runs one drill on copies of the prepared installation. Nothing is recorded."""
    declared = drill.declaration
    started = time.monotonic()
    before = namespace.snapshot(project, written.folder, written.run)
    name = f"{declared.id.lower()}-{written.run}"
    with _apart(written):
        attack, twin = both(drill, written, name=name)
    after = namespace.snapshot(project, written.folder, written.run)
    return Outcome(
        declaration=declared,
        conclusion=conclude(attack, twin),
        correlation=f"{name}-{ATTACK}",
        left=tuple(namespace.differences(before, after, project=project, run=written.run)),
        seconds=round(time.monotonic() - started, 1),
    )


@contextmanager
def _apart(written: Journal) -> Iterator[None]:
    """The user's keys cannot be seen, what is started bears the run's mark, and all temporary files
    lie in the run's folder and go with it."""
    temporary = str(written.folder / TEMPORARY)
    ours = {MARK: written.run, "TMPDIR": temporary}
    before = {name: os.environ.pop(name, None) for name in (*_ELSEWHERE, *ours)}
    usual = tempfile.tempdir
    os.environ.update(ours)
    tempfile.tempdir = temporary
    try:
        yield
    finally:
        tempfile.tempdir = usual
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def run_all(
    project: Project,
    drills: Sequence[Drill],
    *,
    done: Callable[[Outcome], None],
    variation: Variation = USUAL,
) -> tuple[Outcome, ...]:
    """Runs drills one after the other on one prepared installation; tells `done` of each."""
    outcomes = []
    with prepared(project, variation=variation) as written:
        for drill in drills:
            outcomes.append(run(project, drill, written=written))
            done(outcomes[-1])
    return tuple(outcomes)
