"""A throw-away installation: a complete project with an admitted model, made to be attacked.

It is made by the product's own functions, with people, keys, data and a ledger of its own, and
copied for each drill. `make` and `copy` touch nothing outside the folder that they are given.
"""

from __future__ import annotations

import math
import random
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata, resources
from pathlib import Path
from typing import Final

from sealwright.clock import Clock, system_clock
from sealwright.errors import CannotLook
from sealwright.evidence.predicates.governance import Person
from sealwright.files import write_atomically
from sealwright.project.core import Project
from sealwright.project.create import create
from sealwright.project.decide import approve, ask, sign_policy
from sealwright.project.layout import LIFECYCLE_FILE
from sealwright.project.people import add_with_new_key
from sealwright.project.progress import Silent
from sealwright.project.resolve import model
from sealwright.project.run import RunReport, run

SYSTEM: Final = "drill"
ROOT: Final = "rita"
"""Who says who may sign what, and does nothing else."""
MAKER: Final = "maker"
"""Who made the model: an author."""
APPROVERS: Final[Mapping[str, str]] = {
    "sam": "security",
    "dora": "data",
    "lena": "legal",
    "hugo": "domain",
}
"""Principal, and person of the same name → discipline."""
OPERATOR: Final = "olga"
FRONT: Final = "front"
"""The serving installation's own principal."""
ROWS: Final = {"train": 240, "test": 160}

AUTHOR_ROLES: Final = ("owner", "engineer", "steward")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """How an installation differs from the usual one: tests switch a control off with it."""

    policy: str = ""
    """Text of a policy file; empty for the built-in policy."""
    edits: Mapping[str, str] = field(default_factory=dict)
    """Text in `sealwright.toml` → what stands there instead."""


USUAL: Final = Variation()


def make(root: Path, *, variation: Variation = USUAL, clock: Clock = system_clock) -> None:
    """Makes the installation in `root`: trained, examined, approved by four people and admitted.

    CannotLook if the gate does not admit it here, for example without bubblewrap.
    """
    _write_sources(root, variation)
    owner = Person(id=ROOT, name="Rita")
    with create(root, system=SYSTEM, owner=owner, roles=("root",), clock=clock) as project:
        _add(project, MAKER, roles=AUTHOR_ROLES)
        for name, discipline in APPROVERS.items():
            _add(project, name, roles=("approver",), disciplines=(discipline,))
        _add(project, OPERATOR, roles=("operator",))
        _add(project, FRONT, roles=("gateway", "operator"))
        if variation.policy:  # nobody brings in a policy that asks less alone
            for who in (MAKER, *APPROVERS):
                sign_policy(project, signer=who)
        admit(project, run(project, progress=Silent(), ask_release=False))


def admit(project: Project, report: RunReport, *, signer: str = MAKER) -> None:
    """The four approve the model as it lies there; CannotLook if the gate says no all the same."""
    if report.stopped:
        raise CannotLook(f"the throw-away installation could not be made: {_why(report)}")
    approve_all(project)
    verdict = ask(project, model(project), "release", signer=signer).verdict
    if not verdict.admitted:
        first = verdict.denied_by[0]
        raise CannotLook(
            f"the throw-away installation's model is not admitted: {first.title}: {first.reason}",
            advice="drills need what a system of tier high needs: is bubblewrap installed?",
        )


def approve_all(project: Project) -> None:
    """Four people of four disciplines say yes to the model as it lies there."""
    for name, discipline in APPROVERS.items():
        approve(
            project,
            model(project),
            "release",
            signer=name,
            discipline=discipline,
            answer="approve",
            reason="nothing speaks against it",
        )


def copy(source: Path, target: Path, *, correlation: str, clock: Clock = system_clock) -> Project:
    """Copies an installation that nobody has open, and opens the copy; close it.

    Whatever is done in it from now on is signed by a principal whose id is `correlation`: another
    key of the maker. That is how a drill's entries are told from all others.
    """
    shutil.copytree(source, target, symlinks=True)
    project = Project.open(target, clock=clock)
    try:
        add_key(project, correlation, person=MAKER, roles=AUTHOR_ROLES)
        declare(target, {f'default = "{MAKER}"': f'default = "{correlation}"'})
    except BaseException:
        project.close()
        raise
    return project


def declare(root: Path, edits: Mapping[str, str]) -> None:
    """Replaces text in `sealwright.toml`; CannotLook where it is not there."""
    place = root / LIFECYCLE_FILE
    text = place.read_text(encoding="utf-8")
    for old, new in edits.items():
        if old not in text:
            raise CannotLook(f"{place} does not say {old!r:.80}")
        text = text.replace(old, new)
    write_atomically(place, text.encode(), durable=False)


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Replaces a text file by what `change` makes of it."""
    write_atomically(path, change(path.read_text(encoding="utf-8")).encode(), durable=False)


def new_run() -> str:
    """A random id for one `drill run`: 8 hex digits."""
    return secrets.token_hex(4)


def table(name: str, rows: int) -> str:
    """A CSV file drawn at random, the same each time: features, group and a label that follows from
    them with noise."""
    draw = random.Random(f"sealwright drill {name}")  # noqa: S311 - data, not a secret
    lines = ["a,b,side_code,side,label"]
    for number in range(rows):
        a, b = (round(draw.uniform(-3, 3), 3) for _ in "ab")
        code = number % 2
        label = int(draw.random() < 1 / (1 + math.exp(-0.9 * (a + b))))
        lines.append(f"{a:g},{b:g},{code},{('left', 'right')[code]},{label}")
    return "\n".join(lines) + "\n"


def _write_sources(root: Path, variation: Variation) -> None:
    """Everything that a user would write."""
    package = resources.files("sealwright.drill") / "project"
    (root / "data").mkdir(parents=True)
    for name, rows in ROWS.items():
        (root / "data" / f"{name}.csv").write_text(table(name, rows), encoding="utf-8")
    for file in ("train.py", LIFECYCLE_FILE):
        (root / file).write_bytes((package / file).read_bytes())
    installed = {f"{each.name}=={each.version}" for each in metadata.distributions()}
    (root / "requirements.txt").write_text("\n".join(sorted(installed)) + "\n", encoding="utf-8")
    edits = dict(variation.edits)
    if variation.policy:
        (root / "policy.toml").write_text(variation.policy, encoding="utf-8")
        edits["[governance]\n"] = '[governance]\npolicy = "policy.toml"\n'
    declare(root, edits)


def add_key(
    project: Project,
    name: str,
    *,
    person: str,
    roles: tuple[str, ...],
    disciplines: tuple[str, ...] = (),
    signer: str = ROOT,
) -> None:
    """Makes a key for a principal, held by a person who is new or known."""
    holder = Person(id=person, name=person.title(), disciplines=disciplines)
    add_with_new_key(project, name, person=holder, roles=roles, signer=signer)


def _add(
    project: Project, name: str, *, roles: tuple[str, ...], disciplines: tuple[str, ...] = ()
) -> None:
    add_key(project, name, person=name, roles=roles, disciplines=disciplines)


def _why(report: RunReport) -> str:
    if report.halted or report.verdict is None:
        return report.halted
    first = report.verdict.denied_by[0]
    return f"{first.title}: {first.reason}"
