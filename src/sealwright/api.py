"""The public names: what the command line does, for Python programs and notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sealwright.clock import system_clock
from sealwright.errors import SealwrightError
from sealwright.evidence.keyfile import Passphrase, passphrase_from
from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.governance import Person, Question
from sealwright.evidence.statement import Statement
from sealwright.evidence.verify import Verified
from sealwright.ledger.export import export as export_ledger
from sealwright.phases.governance.report.html import render_html
from sealwright.phases.governance.report.records import Report
from sealwright.policy.verdict import Verdict
from sealwright.project import audit, reporting
from sealwright.project import run as running
from sealwright.project.audit import Audit
from sealwright.project.core import Project
from sealwright.project.create import create
from sealwright.project.decide import ask
from sealwright.project.named import Named
from sealwright.project.progress import Progress, Silent
from sealwright.project.resolve import inputs_of, resolve
from sealwright.project.run import RunReport
from sealwright.project.steps.step import PHASES, Phase

__all__ = [
    "Project",
    "SealwrightError",
    "ShownReport",
    "Verdict",
    "create_project",
    "export",
    "gate",
    "load",
    "open_project",
    "record",
    "report",
    "run",
    "verify",
    "verify_export",
]


class ShownReport:
    """A report that shows itself in a notebook. `document` is its data, `html` the whole page."""

    def __init__(self, document: Report) -> None:
        self.document = document

    @property
    def html(self) -> str:
        """One self-contained page."""
        return render_html(self.document)

    def _repr_html_(self) -> str:
        # In a frame of its own, so that the page's style stays in the page.
        page = self.html.replace("&", "&amp;").replace('"', "&quot;")
        return f'<iframe sandbox srcdoc="{page}" width="100%" height="800"></iframe>'


def open_project(folder: Path | str = ".", *, passphrase: Passphrase | None = None) -> Project:
    """The installation at or above `folder`; a context manager. InputMissing if there is none.

    Encrypted keys ask `passphrase`, by default the environment variable SEALWRIGHT_PASSPHRASE.
    """
    return Project.open(folder, passphrase=passphrase or passphrase_from())


def create_project(folder: Path | str, *, system: str, owner: str, owner_name: str = "") -> Project:
    """Makes keys, trust root and ledger in `folder`; UsageError if they are there already."""
    return create(Path(folder), system=system, owner=Person(id=owner, name=owner_name or owner))


def record(project: Project, statement: Statement[Predicate], *, signer: str) -> Verified:
    """Signs a statement as `signer` and appends it to the ledger; durable when this returns."""
    return project.record(statement, signer=signer)


def gate(
    project: Project, artifact: str | Named, *, question: Question, signer: str | None = None
) -> Verdict:
    """May `artifact` (`model`, a data set's name, a path, a digest) pass?

    With `signer` the decision is put on record.
    """
    named = artifact if isinstance(artifact, Named) else resolve(project, artifact)
    inputs = inputs_of(project, named)
    return ask(project, named, question, signer=signer, inputs=inputs).verdict


def run(
    project: Project, *, phases: Sequence[Phase] = PHASES, progress: Progress | None = None
) -> RunReport:
    """Runs phases in order, skips what is current and stops at a gate that says no."""
    return running.run(project, phases=phases, progress=progress or Silent())


def load(path: str | Path, *, packs: Sequence[Path] = ()) -> Any:
    """The object in a pickle, joblib, torch or NumPy file, if its scan passes.

    It is loaded in the sandbox first, then here; both times the unpickler finds only names that
    the scan saw and a policy pack allows. `packs`: files for libraries of your own. Raises Refused
    for a file that does not pass, or whose loading tries anything.
    """
    from sealwright.phases.model.loading import load as load_checked

    return load_checked(Path(path), packs=packs, clock=system_clock)


def report(project: Project) -> ShownReport:
    """What was done, by whom, on what evidence, and what is missing, as of now."""
    return ShownReport(reporting.report(project))


def verify(project: Project, *, trust: Path | None = None) -> Audit:
    """Audits the project's ledger, and computes every decision of the gate again."""
    return audit.verify_project(project, trust=trust)


def export(project: Project, folder: Path) -> None:
    """Writes the ledger as a static folder, whole or not at all."""
    export_ledger(project.ledger, folder, trust=project.layout.trust.read_bytes())


def verify_export(folder: Path, *, trust: Path) -> Audit:
    """Audits an exported folder with nothing but a trust file."""
    return audit.verify_export(folder, trust=trust)
