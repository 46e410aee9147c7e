"""Coverage as one self-contained page: each control with the entries that evidence it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sealwright.phases.governance.coverage.records import (
    ClassRow,
    ControlRow,
    Coverage,
    FrameworkRow,
)
from sealwright.phases.governance.report import page_record
from sealwright.phases.governance.report.html import page
from sealwright.phases.governance.report.markup import Markup, element, join
from sealwright.phases.governance.report.parts import (
    Links,
    cell,
    chip,
    lines,
    links,
    name,
    section,
    short,
    table,
    when,
)
from sealwright.phases.governance.report.records import Report

WORDS: Final = {
    "evidenced": "evidenced",
    "partly": "partly evidenced",
    "stale": "stale",
    "against": "failed",
    "human": "for people to write",
    "not-evidenced": "missing",
}
"""Status → how it is said. Never `complies`: that is for people to judge."""


def render_coverage(report: Report, coverage: Coverage) -> str:
    """The page (UTF-8 text, deterministic); `report` is of the same ledger."""
    known = links(report)
    return page(
        f"{report.system.name}: evidence by control",
        header=_header(report, coverage),
        sections=[
            *(framework(row, known) for row in coverage.frameworks),
            _safeguards(coverage, known),
            _techniques(coverage, known),
            page_record.evidence(report, known),
            page_record.verification(report),
        ],
        footer=page_record.footer(report),
    )


def _header(report: Report, coverage: Coverage) -> Markup:
    facts = (
        ("As of (UTC)", when(coverage.as_of)),
        ("Risk tier", name(coverage.tier)),
        ("Entries", join(coverage.ledger_size)),
        ("Stale after", join(coverage.max_age_days, " days")),
    )
    return element(
        "header",
        element("p", "Which controls the ledger evidences", class_="eyebrow"),
        element("h1", name(report.system.name)),
        element(
            "p",
            "A control is evidenced where signed statements of each class that it asks for are "
            "current. Whether that satisfies a law or a standard is for people to judge.",
            class_="lead",
        ),
        element(
            "dl",
            *(element("div", element("dt", key), element("dd", value)) for key, value in facts),
            class_="facts",
        ),
    )


def framework(row: FrameworkRow, known: Links, *, only: str = "") -> Markup:
    """One framework's controls (of one group only, if named), with where they were read."""
    controls = [each for each in row.controls if only in ("", each.group)]
    counts = join(
        *(
            element("span", chip(WORDS.get(status, status)), f" {number}  ")
            for status, number in row.counts.items()
        )
    )
    return section(
        f"framework-{row.id}",
        row.title,
        lines(
            ("Source", row.source),
            ("Licence", row.licence),
            ("As of", row.date),
            ("Checked", row.verification),
            ("Catalogue sha256", short(row.digest)),
            ("Due now", counts),
        ),
        table(
            f"Controls of {row.id}",
            ("Control", "Asks for", "Status", "Evidence"),
            [_control(each, known) for each in controls],
        ),
    )


def _control(row: ControlRow, known: Links) -> list[Markup]:
    due = "" if row.due else f"applies from {row.applies_from}"
    facts = " · ".join(filter(None, (row.role, row.how, due)))
    return [
        cell(name(row.id), header=True),
        cell(
            row.text, element("div", facts, class_="small"),
            class_="long",
        ),
        cell(chip(WORDS[row.status])),
        cell(classes(row.classes, known), class_="long"),
    ]  # fmt: skip


def classes(rows: Sequence[ClassRow], known: Links) -> Markup:
    """Each class of evidence with its entries, or why there are none."""
    if not rows:
        return join("no safeguard of this product refers to it")
    items = []
    for row in rows:
        entries = [
            join(", " if place else None, known.at(index))
            for place, index in enumerate(row.entries)
        ]
        note = element("span", f" {row.note}", class_="small") if row.note else None
        items.append(element("li", f"{row.name}: ", *entries, note))
    return element("ul", *items, class_="clean")


def _safeguards(coverage: Coverage, known: Links) -> Markup:
    rows = [
        [
            cell(name(row.id), header=True),
            cell(row.text, element("div", row.system, class_="small"), class_="long"),
            cell(chip(WORDS[row.status])),
            cell(classes(row.classes, known), class_="long"),
            cell(", ".join(f"{drill} ({verdict})" for drill, verdict in row.drills.items())),
        ]
        for row in coverage.safeguards
    ]
    headers = ("Safeguard", "What", "Status", "Evidence", "Drills")
    return section("safeguards", "Safeguards of this product", table("Safeguards", headers, rows))


def _techniques(coverage: Coverage, known: Links) -> Markup:
    rows = [
        [
            cell(name(row.id), header=True),
            cell(row.name),
            cell(row.said, class_="long"),
            cell(*(join(known.at(index), " ") for index in row.entries)),
        ]
        for row in coverage.techniques
    ]
    body = (
        table("Techniques", ("Technique", "Name", "Drill or detector", "Entries"), rows)
        if rows
        else element("p", "No drill was run and no detector has seen anything.")
    )
    return section("techniques", "Attack techniques tried or seen (MITRE ATLAS)", body)
