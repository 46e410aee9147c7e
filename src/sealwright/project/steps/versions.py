"""Which version a data set's labels are compared with, whatever the set is called today.

A rejected version must not become clean under another name: what is the same data set is told by
its name, then by its path, then by the rows that it shares with a set of the same role and columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from sealwright.evidence.predicates.data import DatasetValidation, DatasetVersion
from sealwright.lifecycle.model import DataSet, Labels
from sealwright.project import store
from sealwright.project.core import Project
from sealwright.project.named import Named

if TYPE_CHECKING:
    from sealwright.phases.data.reading import Opened, Source

SAME_SET: Final = 0.01
"""Share of rows in common (labels apart) from which a set by another name is the same set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version that may be the one before."""

    digest: str
    said: DatasetVersion
    certain: bool
    """Known by its name or its path; else its rows must tell."""

    def table(self, name: str) -> str:
        """The name of its kept copy among the open tables, beside that of the set `name`."""
        return f"{name}@{self.digest[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The version before. `table` is its open copy; empty where the rows are lost."""

    digest: str
    table: str


def candidates(project: Project, artifact: Named) -> tuple[Candidate, ...]:
    """The versions that may be the one before, the likeliest first: only such as passed.

    At most one by name or else by path, then the newest of each other name with the same role.
    """
    declared = project.lifecycle.data[artifact.name]
    versions = [item for item in _sound_versions(project) if item[0] != artifact.digest]
    here = declared.path.removesuffix("/")
    near = [item for item in versions if item[1].name == artifact.name] or [
        item for item in versions if item[1].path.removesuffix("/") == here
    ]
    found = [Candidate(digest=digest, said=said, certain=True) for digest, said in near[:1]]
    if declared.role not in ("train", "test"):
        return tuple(found)
    names = {each.said.name for each in found}
    for digest, said in versions:
        if said.name not in names and said.role in ("", declared.role):
            names.add(said.name)
            found.append(Candidate(digest=digest, said=said, certain=False))
    return tuple(found)


def _sound_versions(project: Project) -> Iterator[tuple[str, DatasetVersion]]:
    """Recorded versions, the newest first, that were examined and passed at least once.

    What nobody examined to the end (a run that was killed) is no measure for what follows; a later
    failure, say under other constraints, does not unmake what was compared with before.
    """
    evidence = project.evidence()
    passed = {
        (subject.sha256, said.kind)
        for item in evidence
        if isinstance(said := item.predicate, DatasetValidation)
        and said.result in ("passed", "warned")
        for subject in item.statement.subjects
    }
    for item in reversed(evidence):
        said = item.predicate
        if isinstance(said, DatasetVersion):
            digest = item.statement.subjects[0].sha256
            needed = ("constraints", "labels") if said.labelling else ("constraints",)
            if all((digest, kind) in passed for kind in needed):
                yield digest, said


def add_copies(
    project: Project, name: str, versions: Sequence[Candidate], sources: dict[str, Source]
) -> None:
    """Adds the kept copies of `versions` to the tables to open, each under a name of its own."""
    from sealwright.phases.data.reading import Source

    declared = project.lifecycle.data[name]
    for each in versions:
        if not each.certain and not _may_fit(each.said, declared):
            continue
        copy = store.kept(project.layout, each.digest)
        if copy is not None:
            declaration = msgspec.structs.replace(declared, labels=_labels(each.said))
            sources[each.table(name)] = Source(declaration=declaration, artifact=copy)


def _may_fit(said: DatasetVersion, declared: DataSet) -> bool:
    """Whether a version has the declared columns: others could not even be opened alike."""
    wanted = set(declared.columns) | ({declared.labels.column} if declared.labels else set())
    return wanted <= {column.name for column in said.schema}


def _labels(said: DatasetVersion) -> Labels | None:
    labels = said.labelling
    if labels is None:
        return None
    return Labels(
        column=labels.column,
        method=labels.method,
        by=list(labels.by),
        protocol=labels.protocol,
        tool=labels.tool,
    )


def choose(name: str, versions: Sequence[Candidate], *, opened: Opened) -> Parent | None:
    """The version before, now that the rows can be looked at; None for a data set that is new.

    A copy that is lost is still the version before: nobody gets rid of one by deleting it.
    """
    columns = set(opened[name].column_names)
    fitting = [
        each
        for each in versions
        if each.certain or {column.name for column in each.said.schema} == columns
    ]
    at_hand = [each for each in fitting if each.table(name) in opened.tables]
    lost = [each for each in fitting if each not in at_hand]
    if any(each.certain for each in lost):
        return Parent(digest=lost[0].digest, table="")
    shares = [(_shared(name, each.table(name), opened=opened), each) for each in at_hand]
    best = max(shares, key=lambda item: item[0], default=None)  # of equals, the likeliest
    if best is not None and best[0] >= SAME_SET:
        return Parent(digest=best[1].digest, table=best[1].table(name))
    for each in at_hand:
        if each.certain:
            return Parent(digest=each.digest, table=each.table(name))
    return Parent(digest=lost[0].digest, table="") if lost else None


def _shared(name: str, table: str, *, opened: Opened) -> float:
    """The share of rows of `name` that `table` knows, labels apart; 1 where that cannot be told."""
    from sealwright.phases.data.overlap import examine_overlap
    from sealwright.phases.data.row_keys import comparable_columns

    source, other = opened[name], opened[table]
    labels = {
        each.declaration.labels.column
        for each in (source, other)
        if each.declaration.labels is not None
    }
    columns = [column for column in comparable_columns(source, other) if column not in labels]
    check = examine_overlap(name, against=table, opened=opened, columns=columns).checks[-1]
    if check.violations is None or not source.rows:
        return 1.0
    return check.violations / source.rows
