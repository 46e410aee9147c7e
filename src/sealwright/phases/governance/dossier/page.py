"""The dossier as one self-contained page: what is missing first, then item by item."""

from __future__ import annotations

from sealwright.phases.governance.coverage.page import WORDS
from sealwright.phases.governance.dossier.document import Dossier, Item
from sealwright.phases.governance.report import (
    page_assurance,
    page_measurements,
    page_record,
)
from sealwright.phases.governance.report.html import page
from sealwright.phases.governance.report.markup import Markup, element, join
from sealwright.phases.governance.report.parts import (
    Links,
    cell,
    chip,
    links,
    listed,
    name,
    section,
    short,
    table,
    when,
)
from sealwright.readable import readable


def render_dossier(dossier: Dossier) -> str:
    """The page (UTF-8 text, deterministic)."""
    report = dossier.report
    known = links(report)
    return page(
        f"{dossier.system}: technical documentation",
        header=_header(dossier),
        sections=[
            _to_write(dossier),
            section(
                "annex-iv",
                "Technical documentation, item by item",
                *(_item(each, known) for each in dossier.items),
                lead="Items of EU AI Act Annex IV in our own words. Each line is a signed "
                "statement; its number leads to the whole.",
            ),
            page_measurements.measurements(report, known),
            page_assurance.datasets(report, known),
            page_assurance.training(report, known),
            page_assurance.lineage(report, known),
            page_record.approvals(report, known),
            page_record.decisions(report, known),
            page_record.exceptions(report, known),
            page_record.evidence(report, known),
            page_record.verification(report),
        ],
        footer=page_record.footer(report),
    )


def _header(dossier: Dossier) -> Markup:
    done = sum(item.status == "evidenced" for item in dossier.items)
    facts = (
        ("As of (UTC)", when(dossier.as_of)),
        ("Risk tier", name(dossier.tier)),
        ("Items evidenced", join(f"{done} of {len(dossier.items)}")),
        ("Catalogue sha256", short(dossier.catalogue)),
    )
    return element(
        "header",
        element("p", "Technical documentation of an AI system (Annex IV)", class_="eyebrow"),
        element("h1", name(dossier.system)),
        element("p", element("bdi", readable(dossier.purpose)), class_="lead"),
        element(
            "dl",
            *(element("div", element("dt", key), element("dd", value)) for key, value in facts),
            class_="facts",
        ),
        element("p", "About the catalogue: ", dossier.verification, class_="small"),
    )


def _to_write(dossier: Dossier) -> Markup:
    body = (
        element("ol", *(element("li", each) for each in dossier.to_write))
        if dossier.to_write
        else element("p", "Nothing: each item is evidenced.")
    )
    return section(
        "to-write",
        f"Not in the ledger: {len(dossier.to_write)} things",
        body,
        lead="What no statement says yet. Nothing is filled in for it below.",
    )


def _item(item: Item, known: Links) -> Markup:
    rows = [
        [
            cell(known.at(line.index), header=True),
            cell(element("strong", line.predicate), element("div", line.what), class_="long"),
            cell(name(line.artifact)),
            cell(name(line.signer)),
            cell(when(line.at), class_="when"),
            cell(chip(line.result)),
        ]
        for line in item.lines
    ]
    headers = ("Entry", "Statement", "About", "Signed by", "When (UTC)", "Result")
    return element(
        "div",
        element("h3", f"{item.id}  {item.text} ", chip(WORDS[item.status])),
        table(f"Evidence for {item.id}", headers, rows) if rows else None,
        listed([element("span", f"Missing: {each}", class_="muted") for each in item.missing]),
    )
