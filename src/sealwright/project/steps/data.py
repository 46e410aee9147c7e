"""The data phase of a run: one step per data set, which opens it once and says all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import Final

import msgspec

from sealwright.evidence.predicates import Predicate
from sealwright.evidence.predicates.data import DatasetValidation
from sealwright.evidence.statement import Statement
from sealwright.evidence.tree import identify
from sealwright.lifecycle.model import DataSet
from sealwright.phases.governance.data_card import data_card
from sealwright.project import store
from sealwright.project.core import Project
from sealwright.project.named import Named
from sealwright.project.progress import Progress
from sealwright.project.resolve import data_set
from sealwright.project.steps.step import Done, Step, digest_of, record_all
from sealwright.project.steps.versions import add_copies, candidates, choose

PHASE: Final = "data"


def steps(project: Project, names: Sequence[str] | None = None) -> list[Step]:
    """A step for each declared data set (or those in `names`), training data first."""
    declared = project.lifecycle.data
    chosen = list(names) if names is not None else sorted(declared, key=_order(declared))
    return [_step(project, name) for name in chosen]


def _order(declared: dict[str, DataSet]) -> Callable[[str], int]:
    roles = ("reference", "other", "train", "test")
    return lambda name: roles.index(declared[name].role)


def _step(project: Project, name: str) -> Step:
    return Step(
        id=f"data/{name}",
        phase=PHASE,
        title=f"data set {name}",
        inputs=lambda: _inputs(project, name),
        work=lambda progress: _examine(project, name, progress),
    )


def _inputs(project: Project, name: str) -> str:
    related = [name, *_against(project, name), *_references(project, name)]
    versions = candidates(project, data_set(project, name))
    return digest_of(
        [
            [data_set(project, other).digest, msgspec.to_builtins(project.lifecycle.data[other])]
            for other in related
        ],
        [identify(project.layout.root / file).digest for file in _made_by(project, name)],
        [version.digest for version in versions],
        installed("sealwright"),
    )


def _examine(project: Project, name: str, progress: Progress) -> Done:
    from sealwright.phases.data import record
    from sealwright.phases.data.reading import Source, open_tables

    clock, signer = project.clock, project.signer_for(PHASE)
    declared = project.lifecycle.data
    artifact = data_set(project, name)
    against, references = _against(project, name), _references(project, name)
    sources = {
        other: Source(declaration=declared[other], artifact=data_set(project, other).files)
        for other in (name, *against, *references)
    }
    versions = candidates(project, artifact)
    add_copies(project, name, versions, sources)
    # Whoever opens leaves a trace first, also where the opening then fails.
    accesses = [
        record.access(
            other,
            source.artifact,
            actor=signer,
            purpose="examination" if other == name else f"comparison with {name}",
            outcome="granted",
            clock=clock,
        )
        for other, source in sources.items()
    ]
    opening = record_all(project, accesses, signer=signer).evidence
    statements: list[Statement[Predicate]] = []
    quarantine = project.layout.quarantine / f"{name}-{artifact.digest[:12]}.csv"
    with open_tables(sources) as opened:
        parent = choose(name, versions, opened=opened)
        lineage = parent.digest if parent else ""
        statements.append(record.version(opened[name], clock=clock, parent=lineage))
        statements.extend(
            record.validate(
                name,
                opened=opened,
                clock=clock,
                parent=parent.table if parent else "",
                parent_lost=parent is not None and not parent.table,
                reference=references[0] if references else "",
                against=against,
                quarantine=quarantine,
            )
        )
        rows = opened[name].rows
    if made := _lineage(project, name, artifact):
        statements.append(made)
    store.keep(project.layout, artifact.files)
    for statement in statements:
        _note(statement.predicate, progress)
    done = record_all(project, statements, signer=signer)
    card = data_card(artifact.subject, evidence=project.evidence(), now=clock())
    return replace(
        done,
        evidence=(*opening, *done.evidence, project.record(card, signer=signer)),
        detail=f"{rows} rows, {artifact.digest[:16]}",
    )


def _note(predicate: Predicate, progress: Progress) -> None:
    """What a person should read while it runs: every check that did not pass."""
    if isinstance(predicate, DatasetValidation):
        for check in predicate.checks:
            if check.result != "passed":
                progress.note(f"{check.id}: {check.result}; {check.detail or check.expected}")


def _against(project: Project, name: str) -> list[str]:
    """The data sets that a test set must not share rows with."""
    declared = project.lifecycle.data
    if declared[name].role != "test":
        return []
    return [other for other, item in declared.items() if item.role == "train"]


def _references(project: Project, name: str) -> list[str]:
    """The trusted reference that training data is compared with, if one is declared."""
    declared = project.lifecycle.data
    if declared[name].role != "train":
        return []
    return [other for other, item in declared.items() if item.role == "reference"][:1]


def _made_by(project: Project, name: str) -> list[str]:
    return list(project.lifecycle.data[name].produced_by)


def _lineage(project: Project, name: str, artifact: Named) -> Statement[Predicate] | None:
    from sealwright.phases.data import record

    declared = project.lifecycle.data[name]
    if not declared.derived_from and not declared.produced_by:
        return None
    root: Path = project.layout.root
    return record.lineage(
        name,
        artifact.files,
        inputs={other: data_set(project, other).digest for other in declared.derived_from},
        code={file: identify(root / file).digest for file in declared.produced_by},
        clock=project.clock,
    )
