"""Statements of the data phase: which version, made from what, found sound or not, opened by whom.

These functions work on data sets that `reading.open_tables` has opened (or on their manifests) and
return statements to be signed; they sign nothing and keep nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from sealwright.clock import Clock, format_time
from sealwright.errors import UsageError
from sealwright.evidence import canonical
from sealwright.evidence.digest import sha256_hex
from sealwright.evidence.manifest import Artifact
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.data import (
    DataAccess,
    DatasetValidation,
    DatasetVersion,
    Labelling,
    Lineage,
    Provenance,
)
from sealwright.evidence.statement import Statement, Subject, subject
from sealwright.lifecycle.model import DataSet
from sealwright.phases.data.checks.interface import worst
from sealwright.phases.data.constraints import Examined, examine_constraints
from sealwright.phases.data.engine import tool
from sealwright.phases.data.labels import examine_labels
from sealwright.phases.data.overlap import examine_overlap
from sealwright.phases.data.personal import examine_personal
from sealwright.phases.data.reading import Opened, OpenTable

Kind = Literal["constraints", "overlap", "labels", "personal-data"]


def version(opened: OpenTable, *, clock: Clock, parent: str = "") -> Statement[DatasetVersion]:
    """The version that lies open: manifest, schema, rows, origin, labelling.

    `parent` is the artifact digest of the version before; the declaration's is used without it.
    """
    declared = opened.declaration
    labels = declared.labels
    return Statement(
        (subject(opened.name, opened.artifact.digest),),
        DatasetVersion(
            name=opened.name,
            files=opened.artifact.files,
            rows=opened.rows,
            schema=opened.columns,
            provenance=Provenance(
                source=declared.source,
                licence=declared.licence,
                legal_basis=declared.legal_basis,
                collected=declared.collected,
                contains_personal_data=declared.contains_personal_data,
            ),
            labelling=Labelling(
                column=labels.column,
                method=labels.method,
                by=tuple(labels.by),
                protocol=labels.protocol,
                tool=labels.tool,
            )
            if labels
            else None,
            sensitive_columns=tuple(declared.sensitive),
            group_columns=tuple(declared.groups),
            parent=parent or declared.parent,
            role=declared.role,
            path=declared.path,
            at=format_time(clock()),
        ),
    )


def lineage(
    name: str,
    artifact: Artifact,
    *,
    inputs: Mapping[str, str],
    code: Mapping[str, str],
    clock: Clock,
    command: Sequence[str] = (),
    description: str = "",
) -> Statement[Lineage]:
    """How the data set was made: `inputs` are data sets (name → artifact digest) that it is derived
    from, `code` the files that produced it (path → artifact digest). UsageError for neither."""
    if not inputs and not code:
        raise UsageError(
            f"data.{name}: nothing says what it was made from",
            advice="declare `derived_from` or `produced_by`, or record no lineage",
        )
    return Statement(
        (subject(name, artifact.digest),),
        Lineage(
            step=f"make {name}",
            inputs=_resources(inputs, kind="dataset"),
            code=_resources(code, kind="code"),
            command=tuple(command),
            description=description,
            at=format_time(clock()),
        ),
    )


def access(
    name: str,
    artifact: Artifact,
    *,
    actor: str,
    purpose: str,
    outcome: Literal["granted", "denied"],
    clock: Clock,
    columns: Sequence[str] = (),
    reason: str = "",
) -> Statement[DataAccess]:
    """Somebody opened the data set, or tried to. UsageError without an actor or a purpose."""
    if not actor or not purpose:
        raise UsageError(
            "an access record needs an actor and a purpose", advice="say who opens it, and why"
        )
    return Statement(
        (subject(name, artifact.digest),),
        DataAccess(
            actor=actor,
            purpose=purpose,
            outcome=outcome,
            columns=tuple(columns),
            reason=reason,
            at=format_time(clock()),
        ),
    )


def validate(
    name: str,
    *,
    opened: Opened,
    clock: Clock,
    parent: str = "",
    parent_lost: bool = False,
    reference: str = "",
    against: Sequence[str] = (),
    quarantine: Path | None = None,
) -> tuple[Statement[DatasetValidation], ...]:
    """Examines the open data set `name` in every way it declares, one statement per kind.

    `constraints` and `personal-data` always; `labels` where labels are declared, compared with the
    open tables `parent` and `reference`; `overlap` once per name in `against`, with both data sets
    as subjects. `parent_lost`: there is a version before, and its rows are not at hand to compare
    labels with, which is inconclusive. Rows that break constraints go to the file `quarantine`.
    """
    source = opened[name]
    steps: list[tuple[Kind, tuple[str, ...], Callable[[], Examined]]] = [
        (
            "constraints",
            (name,),
            lambda: examine_constraints(name, opened=opened, quarantine=quarantine),
        ),
        ("personal-data", (name,), lambda: examine_personal(name, opened=opened)),
    ]
    if source.declaration.labels is not None:
        steps.append(
            (
                "labels",
                (name,),
                lambda: examine_labels(
                    name,
                    opened=opened,
                    parent=parent,
                    parent_lost=parent_lost,
                    reference=reference,
                ),
            )
        )
    statements = [
        _statement(kind, names, examine(), opened=opened, clock=clock)
        for kind, names, examine in steps
    ]
    for other in against:
        examined = examine_overlap(name, against=other, opened=opened)
        statements.append(
            _statement("overlap", (name, other), examined, opened=opened, clock=clock)
        )
    return tuple(statements)


def declaration_digest(declaration: DataSet) -> str:
    """sha256 of the canonical declaration: what a validation was measured against."""
    return sha256_hex(canonical.encode(msgspec.to_builtins(declaration)))


def _statement(
    kind: Kind, names: tuple[str, ...], examined: Examined, *, opened: Opened, clock: Clock
) -> Statement[DatasetValidation]:
    return Statement(
        _subjects(names, opened),
        DatasetValidation(
            kind=kind,
            result=worst([check.result for check in examined.checks]),
            checks=examined.checks,
            findings=examined.findings,
            engine=tool(),
            quarantine=examined.quarantine,
            config=declaration_digest(opened[names[0]].declaration),
            at=format_time(clock()),
        ),
    )


def _subjects(names: tuple[str, ...], opened: Opened) -> tuple[Subject, ...]:
    return tuple(subject(name, opened[name].artifact.digest) for name in names)


def _resources(digests: Mapping[str, str], *, kind: str) -> tuple[Resource, ...]:
    return tuple(
        Resource(name=name, digest={"sha256": digest}, annotations={"kind": kind})
        for name, digest in sorted(digests.items())
    )
