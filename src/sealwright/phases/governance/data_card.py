"""A data set's card written by the evidence: every fact names the envelope that says it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sealwright.clock import format_time
from sealwright.evidence.predicates.common import JsonObject
from sealwright.evidence.predicates.data import (
    DataAccess,
    DatasetValidation,
    DatasetVersion,
    Lineage,
)
from sealwright.evidence.predicates.governance import Card
from sealwright.evidence.statement import Statement, Subject
from sealwright.evidence.verify import Verified
from sealwright.phases.governance.report.selection import in_order, latest, of_type

DATA_SECTIONS = ("origin", "content", "labels", "processing", "examinations", "accesses")
"""The parts of a data card, in order."""


def data_card(subject: Subject, *, evidence: Sequence[Verified], now: datetime) -> Statement[Card]:
    """The card of the data set `subject`, from statements about exactly this version."""
    own = [
        item
        for item in in_order(evidence)
        if any(each.sha256 == subject.sha256 for each in item.statement.subjects)
    ]
    versions = of_type(own, DatasetVersion)
    sections: JsonObject = {
        "origin": _origin(versions[-1].predicate, versions[-1].item) if versions else {},
        "content": _content(versions[-1].predicate, versions[-1].item) if versions else {},
        "labels": _labels(versions[-1].predicate, versions[-1].item) if versions else {},
        "processing": [
            {
                "step": each.predicate.step,
                "inputs": [source.name for source in each.predicate.inputs],
                "code": [source.name for source in each.predicate.code],
                "description": each.predicate.description,
                "evidence": each.item.digest,
            }
            for each in of_type(own, Lineage)
        ],
        "examinations": _examinations(own),
        "accesses": _accesses(own),
    }
    content = {name: sections[name] for name in DATA_SECTIONS if sections[name]}
    content["not_evidenced"] = [name for name in DATA_SECTIONS if not sections[name]]
    predicate = Card(name=subject.name, kind="dataset", content=content, at=format_time(now))
    return Statement(subjects=(subject,), predicate=predicate)


def _origin(said: DatasetVersion, item: Verified) -> JsonObject:
    origin = said.provenance
    return {
        "source": origin.source,
        "collected": origin.collected,
        "licence": origin.licence,
        "legal_basis": origin.legal_basis,
        "purpose": origin.purpose,
        "contains_personal_data": origin.contains_personal_data,
        "parent": said.parent,
        "evidence": item.digest,
    }


def _content(said: DatasetVersion, item: Verified) -> JsonObject:
    return {
        "rows": said.rows,
        "columns": [
            {"name": column.name, "type": column.type, "nullable": column.nullable}
            for column in said.schema
        ],
        "sensitive_columns": list(said.sensitive_columns),
        "group_columns": list(said.group_columns),
        "role": said.role,
        "evidence": item.digest,
    }


def _labels(said: DatasetVersion, item: Verified) -> JsonObject:
    if said.labelling is None:
        return {}
    return {
        "column": said.labelling.column,
        "method": said.labelling.method,
        "by": list(said.labelling.by),
        "protocol": said.labelling.protocol,
        "tool": said.labelling.tool,
        "evidence": item.digest,
    }


def _examinations(own: Sequence[Verified]) -> list[JsonObject]:
    rows: list[JsonObject] = []
    for last, _ in latest(of_type(own, DatasetValidation), lambda each: each.predicate.kind):
        said = last.predicate
        rows.append(
            {
                "kind": said.kind,
                "result": said.result,
                "checks": [
                    {"id": check.id, "expected": check.expected, "result": check.result}
                    for check in said.checks
                ],
                "findings": [finding.message for finding in said.findings],
                "quarantined_rows": said.quarantine.rows if said.quarantine else 0,
                "evidence": last.item.digest,
            }
        )
    return rows


def _accesses(own: Sequence[Verified]) -> JsonObject:
    found = of_type(own, DataAccess)
    if not found:
        return {}
    return {
        "opened": sum(each.predicate.outcome == "granted" for each in found),
        "refused": sum(each.predicate.outcome == "denied" for each in found),
        "by": sorted({each.predicate.actor for each in found}),
        "last": found[-1].predicate.at,
        "evidence": found[-1].item.digest,
    }
