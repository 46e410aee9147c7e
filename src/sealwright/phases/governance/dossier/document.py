"""Fills the items of Annex IV from the evidence, and lists what people still have to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sealwright.phases.governance.coverage.records import ControlRow, Coverage, Status
from sealwright.phases.governance.report.records import EvidenceRow, Report
from sealwright.phases.governance.report.rows import Row

SCHEMA: Final = "urn:sealwright:dossier:v1"
FRAMEWORK: Final = "eu-ai-act"
ANNEX: Final = "annex-iv"


class Line(Row, frozen=True, kw_only=True):
    """One statement that speaks for an item."""

    index: int
    digest: str
    predicate: str
    what: str
    artifact: str
    signer: str
    at: str
    result: str


class Item(Row, frozen=True, kw_only=True):
    """One item of Annex IV."""

    id: str
    text: str
    how: str
    status: Status
    lines: tuple[Line, ...]
    missing: tuple[str, ...]
    """What no statement says, and who would have to."""


class Dossier(Row, frozen=True, kw_only=True):
    """The whole documentation; the report that it rests on is beside it."""

    schema: str = SCHEMA
    as_of: str
    system: str
    purpose: str
    tier: str
    catalogue: str
    """sha256 of the catalogue that the items were read from."""
    verification: str
    items: tuple[Item, ...]
    to_write: tuple[str, ...]
    """What people still have to write, one line each."""
    report: Report


def build_dossier(report: Report, coverage: Coverage) -> Dossier:
    """The dossier of the system; `coverage` must hold the EU AI Act, of the same ledger."""
    rows = {row.index: row for row in report.evidence}
    act = next(each for each in coverage.frameworks if each.id == FRAMEWORK)
    items = tuple(_item(each, rows) for each in act.controls if each.group == ANNEX)
    return Dossier(
        as_of=report.as_of,
        system=report.system.name,
        purpose=report.system.purpose,
        tier=report.system.tier,
        catalogue=act.digest,
        verification=act.verification,
        items=items,
        to_write=tuple(
            f"{item.id} {item.text}: {missing}" for item in items for missing in item.missing
        ),
        report=report,
    )


def _item(control: ControlRow, rows: Mapping[int, EvidenceRow]) -> Item:
    entries = dict.fromkeys(index for each in control.classes for index in each.entries)
    return Item(
        id=control.id,
        text=control.text,
        how=control.how,
        status=control.status,
        lines=tuple(_line(rows[index]) for index in entries if index in rows),
        missing=tuple(
            f"{each.name}: {each.note or each.status}"
            for each in control.classes
            if each.status != "evidenced"
        ),
    )


def _line(row: EvidenceRow) -> Line:
    return Line(
        index=row.index,
        digest=row.digest,
        predicate=row.predicate,
        what=row.what,
        artifact=row.subjects[0].name if row.subjects else "",
        signer=row.signer,
        at=row.at,
        result=row.result,
    )
