"""Puts the page together: one file, no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sealwright.phases.governance.report import (
    page_assurance,
    page_first,
    page_measurements,
    page_record,
)
from sealwright.phases.governance.report.markup import Markup, element, style_element
from sealwright.phases.governance.report.parts import links
from sealwright.phases.governance.report.records import Report
from sealwright.phases.governance.report.style import POLICY, SHEET
from sealwright.readable import readable

_CONTENTS: Final = (
    ("requirements", "Requirements"),
    ("approvals", "Approvals"),
    ("decisions", "Decision log"),
    ("exceptions", "Waivers, incidents, risks"),
    ("lineage", "Lineage"),
    ("data", "Data sets"),
    ("training", "Training"),
    ("measurements", "Measurements"),
    ("scans", "Scans and components"),
    ("evidence", "Evidence"),
    ("verification", "Checking offline"),
)


def render_html(report: Report) -> str:
    """The report as one self-contained HTML page (UTF-8 text, deterministic)."""
    known = links(report)
    return page(
        f"{readable(report.system.name, limit=80)}: evidence report",
        header=page_first.header(report),
        sections=[
            page_first.first_screen(report, known),
            page_first.missing(report),
            _contents(),
            page_record.requirements(report, known),
            page_record.approvals(report, known),
            page_record.decisions(report, known),
            page_record.exceptions(report, known),
            page_assurance.lineage(report, known),
            page_assurance.datasets(report, known),
            page_assurance.training(report, known),
            page_measurements.measurements(report, known),
            page_assurance.scans(report, known),
            page_record.evidence(report, known),
            page_record.verification(report),
        ],
        footer=page_record.footer(report),
    )


def page(title: str, *, header: Markup, sections: Sequence[Markup], footer: Markup) -> str:
    """A whole page: no script, nothing loaded from anywhere, and a policy that says so."""
    body = element(
        "body",
        element("a", "Skip to the report", href="#report", class_="skip"),
        element("div", header, element("main", *sections, id="report"), footer, class_="page"),
    )
    return f"<!doctype html>\n{element('html', _head(title), body, lang='en')}\n"


def _head(title: str) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", readable(title, limit=200)),
        style_element(SHEET),
    )


def _contents() -> Markup:
    entries = [element("li", element("a", text, href=f"#{anchor}")) for anchor, text in _CONTENTS]
    return element(
        "nav",
        element("h2", "Contents", id="contents-title"),
        element("ol", *entries),
        class_="contents",
        aria_labelledby="contents-title",
    )
