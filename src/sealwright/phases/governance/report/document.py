"""Builds the report from verified evidence and the gate's verdicts; reads and writes it as JSON.

Pure: the same evidence, verdicts and time give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from sealwright.clock import format_time
from sealwright.errors import MalformedError
from sealwright.evidence import canonical
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.report import accountability, assurance
from sealwright.phases.governance.report.measurements import evaluation_rows
from sealwright.phases.governance.report.records import (
    LedgerInfo,
    LineageEdge,
    LineageNode,
    Report,
    SystemInfo,
)
from sealwright.phases.governance.report.selection import in_order
from sealwright.policy.lineage import Graph
from sealwright.policy.verdict import Verdict

MAX_REPORT_BYTES: Final = 256 * 1024 * 1024
"""A report larger than this is not read."""


def build_report(
    evidence: Sequence[Verified],
    verdicts: Sequence[Verdict],
    graph: Graph,
    *,
    system: SystemInfo,
    ledger: LedgerInfo,
    now: datetime,
) -> Report:
    """The report as of `now`: what was done, by whom, on what evidence, and what is missing."""
    ordered = in_order(evidence)
    nodes, edges = _lineage(ordered, graph)
    return Report(
        as_of=format_time(now),
        system=system,
        ledger=ledger,
        answers=tuple(accountability.answer_row(verdict) for verdict in verdicts),
        missing=accountability.missing_rows(verdicts),
        people=accountability.people_rows(ordered),
        approvals=accountability.approval_rows(ordered, verdicts),
        decisions=accountability.decision_rows(ordered),
        waivers=accountability.waiver_rows(ordered, now),
        incidents=accountability.incident_rows(ordered),
        risks=accountability.risk_rows(ordered, verdicts),
        impact=accountability.impact_facts(ordered),
        nodes=nodes,
        edges=edges,
        datasets=assurance.dataset_rows(ordered),
        training=assurance.training_rows(ordered),
        evaluations=evaluation_rows(ordered),
        scans=assurance.scan_rows(ordered),
        sboms=assurance.sbom_rows(ordered),
        evidence=accountability.evidence_rows(ordered),
    )


def encode_report(report: Report) -> bytes:
    """The report as canonical JSON (RFC 8785): the same report is always the same bytes."""
    return canonical.encode(msgspec.to_builtins(report))


def decode_report(data: bytes) -> Report:
    """Reads what `encode_report` wrote; MalformedError for anything else."""
    value = canonical.decode(data, max_bytes=MAX_REPORT_BYTES)
    try:
        return msgspec.convert(value, Report)
    except msgspec.ValidationError as error:
        raise MalformedError(
            f"not a report: {error}", advice="write it with `sealwright report --format json`"
        ) from error


def report_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `urn:sealwright:report:v1`."""
    return msgspec.json.schema(Report)


def _lineage(
    evidence: Sequence[Verified], graph: Graph
) -> tuple[tuple[LineageNode, ...], tuple[LineageEdge, ...]]:
    about: dict[str, list[int]] = {}
    for item in evidence:
        for subject in item.statement.subjects:
            about.setdefault(subject.sha256, []).append(item.index)
    nodes = tuple(
        LineageNode(
            digest=digest,
            kind=node.kind,
            name=node.name,
            evidence=tuple(about.get(digest, ())),
        )
        for digest, node in sorted(graph.nodes.items())
    )
    edges = tuple(
        LineageEdge(source=edge.source, target=edge.target, via=edge.via, relation=edge.relation)
        for edge in sorted(
            graph.edges, key=lambda edge: (edge.source, edge.target, edge.relation, edge.via)
        )
    )
    return nodes, edges
