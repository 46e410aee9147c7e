"""What was examined before a model existed and around it: data, training, scans, components."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sealwright.clock import format_time
from sealwright.evidence.finding import Finding
from sealwright.evidence.predicates.data import DataAccess, DatasetValidation, DatasetVersion
from sealwright.evidence.predicates.model import CycloneDxBom, Scan, SlsaProvenance, Vulns
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.report.describe import isolation_of
from sealwright.phases.governance.report.records import (
    NOT_STATED,
    CheckRow,
    DataSetRow,
    Fact,
    FindingRow,
    SbomRow,
    ScanRow,
    TrainingRow,
)
from sealwright.phases.governance.report.selection import Said, latest, named, of_type


def dataset_rows(evidence: Sequence[Verified]) -> tuple[DataSetRow, ...]:
    """Each version of each data set with the latest examination of each kind."""
    validations = of_type(evidence, DatasetValidation)
    accesses = of_type(evidence, DataAccess)
    versions = latest(of_type(evidence, DatasetVersion), lambda each: each.subject.digest)
    return tuple(_dataset(last, validations, accesses) for last, _ in versions)


def _dataset(
    version: Said[DatasetVersion],
    validations: list[Said[DatasetValidation]],
    accesses: list[Said[DataAccess]],
) -> DataSetRow:
    said, digest = version.predicate, version.subject.digest
    # An overlap has two subjects: examinations count as different when any subject differs.
    own = [each for each in validations if digest in _subjects(each.item)]
    current = [
        last for last, _ in latest(own, lambda each: (each.predicate.kind, _subjects(each.item)))
    ]
    opened = [each.predicate.outcome for each in accesses if digest in _subjects(each.item)]
    labels = said.labelling
    return DataSetRow(
        artifact=version.subject,
        index=version.item.index,
        rows=said.rows,
        columns=tuple(Fact(name=column.name, value=column.type) for column in said.schema),
        files=len(said.files),
        source=said.provenance.source,
        licence=said.provenance.licence,
        legal_basis=said.provenance.legal_basis,
        personal_data=said.provenance.contains_personal_data,
        labelled_by=labels.by if labels else (),
        label_method=labels.method if labels else "",
        sensitive=said.sensitive_columns,
        groups=said.group_columns,
        parent=said.parent,
        quarantined=sum(
            each.predicate.quarantine.rows for each in current if each.predicate.quarantine
        ),
        checks=tuple(row for each in current for row in _checks(each)),
        accesses=len(opened),
        refused_accesses=opened.count("denied"),
        at=format_time(version.item.at),
    )


def _subjects(item: Verified) -> tuple[str, ...]:
    return tuple(subject.sha256 for subject in item.statement.subjects)


def _checks(each: Said[DatasetValidation]) -> list[CheckRow]:
    rows = []
    for check in each.predicate.checks:
        result, detail = str(check.result), check.detail
        if result == "passed" and check.n == 0:
            result = "inconclusive"
            detail = "recorded as passed, but nothing was examined. " + detail
        rows.append(
            CheckRow(
                kind=each.predicate.kind,
                id=check.id,
                check=check.check,
                column=check.column,
                expected=check.expected,
                result=result,
                n=check.n,
                violations=check.violations,
                detail=detail.strip(),
                index=each.item.index,
            )
        )
    return rows


def training_rows(evidence: Sequence[Verified]) -> tuple[TrainingRow, ...]:
    """Every training run, as its provenance tells it."""
    return tuple(_training(each) for each in of_type(evidence, SlsaProvenance))


def _training(each: Said[SlsaProvenance]) -> TrainingRow:
    definition, run = each.predicate.build_definition, each.predicate.run_details
    internal = definition.internal_parameters
    isolation = isolation_of(internal)
    mechanisms, violations = isolation.get("mechanisms"), internal.get("violations")
    return TrainingRow(
        index=each.item.index,
        outputs=tuple(named(subject) for subject in each.item.statement.subjects),
        inputs=tuple(
            Fact(
                name=resource.annotations.get("kind", NOT_STATED),
                value=f"{resource.name} {resource.digest.get('sha256', NOT_STATED)[:12]}",
            )
            for resource in definition.resolved_dependencies
        ),
        isolation=_plain(isolation.get("level")),
        network=_plain(isolation.get("network")),
        mechanisms=tuple(map(_plain, mechanisms)) if isinstance(mechanisms, list) else (),
        limits=_facts(isolation.get("limits")),
        violations=tuple(map(_plain, violations)) if isinstance(violations, list) else None,
        exit=_facts(internal.get("exit")),
        builder=run.builder.id,
        started=run.metadata.started_on,
        finished=run.metadata.finished_on,
    )


def _plain(value: Any) -> str:
    """A value of free-form JSON as text; what is absent or empty is not stated."""
    if value is None or value in ("", [], {}):
        return NOT_STATED
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _facts(value: Any) -> tuple[Fact, ...]:
    if not isinstance(value, dict):
        return ()
    return tuple(Fact(name=str(name), value=_plain(each)) for name, each in value.items())


def scan_rows(evidence: Sequence[Verified]) -> tuple[ScanRow, ...]:
    """The latest scan of each kind by each scanner of each artifact."""
    scans = latest(
        of_type(evidence, Scan),
        lambda each: (each.predicate.kind, each.subject.digest, each.predicate.scanner.name),
    )
    return tuple(
        ScanRow(
            index=last.item.index,
            kind=last.predicate.kind,
            artifact=last.subject,
            scanner=f"{last.predicate.scanner.name} {last.predicate.scanner.version}",
            result=_scan_result(last.predicate),
            files=last.predicate.coverage.files,
            bytes_total=last.predicate.coverage.bytes_total,
            bytes_parsed=last.predicate.coverage.bytes_parsed,
            not_examined=last.predicate.coverage.not_examined,
            findings=finding_rows(
                last.predicate.findings, index=last.item.index, source=f"{last.predicate.kind} scan"
            ),
            at=format_time(last.item.at),
        )
        for last, _ in scans
    )


def _scan_result(scan: Scan) -> str:
    """As recorded, but a pass over nothing is none."""
    return "inconclusive" if scan.result == "passed" and scan.coverage.files == 0 else scan.result


def sbom_rows(evidence: Sequence[Verified]) -> tuple[SbomRow, ...]:
    """The latest bill of materials of each artifact, counted by component type."""
    known = {
        subject: len(each.predicate.scanner.result)
        for each in of_type(evidence, Vulns)
        for subject in _subjects(each.item)
    }
    rows = []
    for last, _ in latest(of_type(evidence, CycloneDxBom), lambda each: each.subject.digest):
        types = Counter(_plain(component.get("type")) for component in last.predicate.components)
        rows.append(
            SbomRow(
                index=last.item.index,
                artifact=last.subject,
                spec=f"{last.predicate.bom_format} {last.predicate.spec_version}",
                components=tuple(
                    Fact(name=name, value=str(count)) for name, count in sorted(types.items())
                ),
                total=len(last.predicate.components),
                vulnerabilities=known.get(last.subject.digest),
            )
        )
    return tuple(rows)


def finding_rows(findings: Sequence[Finding], *, index: int, source: str) -> tuple[FindingRow, ...]:
    """Findings, gravest first."""
    order = ("critical", "high", "medium", "low", "info")
    return tuple(
        FindingRow(
            index=index,
            source=source,
            rule=finding.rule,
            severity=finding.severity,
            confidence=finding.confidence,
            message=finding.message,
            location=finding.location,
            remediation=finding.remediation,
            atlas=finding.atlas,
        )
        for finding in sorted(findings, key=lambda each: order.index(each.severity))
    )
