"""What was examined: lineage, data sets, training, measurements, scans and components."""

from __future__ import annotations

from sealwright.phases.governance.report.describe import counted
from sealwright.phases.governance.report.markup import Markup, element, join
from sealwright.phases.governance.report.parts import (
    Links,
    artifact,
    cell,
    chip,
    framed,
    lines,
    listed,
    name,
    section,
    short,
    table,
    when,
)
from sealwright.phases.governance.report.records import (
    NOT_STATED,
    DataSetRow,
    FindingRow,
    Report,
    TrainingRow,
)
from sealwright.phases.governance.report.svg_lineage import MAX_DRAWN, lineage_drawing


def lineage(report: Report, links: Links) -> Markup:
    """The drawing, and the same as a table."""
    asked = tuple(row.artifact.digest for row in report.answers)
    drawing = lineage_drawing(report.nodes, report.edges, subjects=asked)
    if drawing is not None:
        figure = element(
            "figure",
            element(
                "div",
                drawing,
                class_="scroll",
                tabindex=0,
                role="region",
                aria_label="Lineage drawing",
            ),
            element(
                "figcaption",
                "Drum: data set. Sheet: code. Hexagon, dashed: environment. "
                "Rounded, heavy line: model. Cut corners: system. Slanted: configuration. "
                "Double outline: the artifact that the gate was asked about. "
                "Solid arrow: was used to make. Dotted arrow: was used to test.",
            ),
        )
    elif report.nodes:
        figure = element("p", f"More than {MAX_DRAWN} artifacts: the table lists them.")
    else:
        figure = element("p", "No statement says what was made from what.")
    kinds = {node.digest: node for node in report.nodes}
    rows = [
        [
            cell(name(kinds[edge.source].name), " ", short(edge.source), header=True),
            cell(kinds[edge.source].kind),
            cell("make" if edge.relation == "made-from" else "test"),
            cell(name(kinds[edge.target].name), " ", short(edge.target)),
            cell(kinds[edge.target].kind),
            cell(links.to(edge.via)),
        ]
        for edge in report.edges
        if edge.source in kinds and edge.target in kinds
    ]
    headers = ("Artifact", "Kind", "Was used to", "Artifact", "Kind", "Entry that says so")
    listing = (
        element(
            "details",
            element("summary", "Lineage as a table"),
            table("What was used to make or test what", headers, rows),
        )
        if rows
        else None
    )
    return section(
        "lineage",
        "Lineage",
        figure,
        listing,
        lead="What each artifact was made from, as signed statements say it.",
    )


def datasets(report: Report, links: Links) -> Markup:
    """Each data set: origin, ground for its use, labels and checks."""
    return section(
        "data",
        "Data sets",
        *(_dataset(row, links) for row in report.datasets),
        None if report.datasets else element("p", "No data set version is recorded."),
    )


def _dataset(row: DataSetRow, links: Links) -> Markup:
    labelled = ", ".join(row.labelled_by) or NOT_STATED
    facts = element(
        "div",
        lines(
            ("Recorded", join(links.at(row.index), " ", when(row.at))),
            (
                "Size",
                f"{counted(row.rows, 'row')}, {counted(len(row.columns), 'column')}, "
                f"{counted(row.files, 'file')}",
            ),
            ("Source", row.source),
            ("Licence", row.licence),
            ("Legal basis", row.legal_basis),
        ),
        lines(
            ("Personal data", row.personal_data),
            ("Labels", f"{row.label_method or NOT_STATED}, by {labelled}"),
            ("Sensitive columns", name(", ".join(row.sensitive) or "none named")),
            ("Group columns", name(", ".join(row.groups) or "none named")),
            ("Quarantined", counted(row.quarantined, "row")),
            (
                "Opened",
                f"{counted(row.accesses, 'time')} on record, {row.refused_accesses} refused",
            ),
        ),
        class_="pair",
    )
    return join(element("h3", artifact(row.artifact)), facts, _checks(row, links))


def _checks(row: DataSetRow, links: Links) -> Markup:
    if not row.checks:
        return element("p", chip("not-examined"), " No examination of this data set is recorded.")
    rows = [
        [
            cell(name(each.id), header=True),
            cell(chip(each.result)),
            cell(name(each.check), " ", element("code", each.column) if each.column else None),
            cell(each.expected, class_="long"),
            cell(each.n, class_="number"),
            cell("unknown" if each.violations is None else each.violations, class_="number"),
            cell(each.detail),
            cell(links.at(each.index)),
        ]
        for each in sorted(row.checks, key=lambda each: each.result == "passed")
    ]
    passed = sum(each.result == "passed" for each in row.checks)
    headers = ("Check", "Result", "What", "Expected", "Examined", "Violations", "Detail", "Entry")
    caption = f"Checks of {row.artifact.name[:80]}: {passed} of {len(rows)} passed"
    return table(caption, headers, rows, narrow=(4, 5), note="Those that did not pass come first.")


def training(report: Report, links: Links) -> Markup:
    """Each training run, and how closed the room was."""
    return section(
        "training",
        "Training",
        *(_training(row, links) for row in report.training),
        None if report.training else element("p", "No training run is recorded."),
        lead="The isolation is what the sandbox reports to have reached, not what was asked for.",
    )


def _training(row: TrainingRow, links: Links) -> Markup:
    if row.violations is None:
        violations = join(chip("inconclusive"), " the statement does not say")
    elif row.violations:
        violations = join(chip("failed"), " ", listed(list(row.violations[:50])))
    else:
        violations = join("none reported")
    facts = element(
        "div",
        lines(
            ("Recorded", links.at(row.index)),
            ("Made", listed([artifact(each) for each in row.outputs])),
            ("Isolation", element("strong", row.isolation)),
            ("Network", row.network),
            ("Mechanisms", ", ".join(row.mechanisms) or NOT_STATED),
            ("Violations", violations),
        ),
        lines(
            ("Started", when(row.started)),
            ("Finished", when(row.finished)),
            ("Exit", ", ".join(f"{f.name} {f.value}" for f in row.exit) or NOT_STATED),
            ("Limits", ", ".join(f"{f.name} {f.value}" for f in row.limits) or NOT_STATED),
            ("Builder", row.builder),
            (
                "Inputs",
                listed([f"{fact.name}: {fact.value}" for fact in row.inputs[:50]]) or NOT_STATED,
            ),
        ),
        class_="pair",
    )
    made = ", ".join(each.name for each in row.outputs[:5])
    return join(element("h3", "Training run that made ", name(made)), facts)


def scans(report: Report, links: Links) -> Markup:
    """Scans with what they did not look at, findings, and the bill of materials counted."""
    rows = [
        [
            cell(name(row.kind), header=True),
            cell(chip(row.result)),
            cell(artifact(row.artifact)),
            cell(name(row.scanner)),
            cell(
                f"{counted(row.files, 'file')}, {row.bytes_parsed:,} of {row.bytes_total:,} bytes"
            ),
            cell(listed([name(each) for each in row.not_examined[:20]]) or "nothing"),
            cell(len(row.findings), class_="number"),
            cell(links.at(row.index), " ", when(row.at)),
        ]
        for row in report.scans
    ]
    headers = ("Scan", "Result", "Of", "Scanner", "Parsed", "Not examined", "Findings", "Entry")
    scanned = (
        table("Scans", headers, rows, narrow=(6,)) if rows else element("p", "No scan is recorded.")
    )
    found = [finding for row in report.scans for finding in row.findings]
    found += [finding for row in report.evaluations for finding in row.findings]
    return section(
        "scans",
        "Scans and components",
        scanned,
        _findings(found, links),
        _components(report, links),
    )


def _findings(found: list[FindingRow], links: Links) -> Markup | None:
    rows = [
        [
            cell(name(each.rule), header=True),
            cell(
                chip(each.severity), element("div", f"confidence {each.confidence}", class_="small")
            ),
            cell(each.message, element("div", each.remediation, class_="small"), class_="long"),
            cell(name(each.location)),
            cell(name(", ".join(each.atlas))),
            cell(name(each.source), " ", links.at(each.index)),
        ]
        for each in found
    ]
    headers = ("Rule", "Severity", "Finding and remedy", "Where", "MITRE ATLAS", "Said by")
    return table("Findings of scans and evaluations", headers, rows) if rows else None


def _components(report: Report, links: Links) -> Markup:
    rows = [
        [
            cell(artifact(row.artifact), header=True),
            cell(name(row.spec)),
            cell(row.total, class_="number"),
            cell(", ".join(f"{fact.value} {fact.name}" for fact in row.components) or "none"),
            cell(
                chip("inconclusive") if row.vulnerabilities is None else row.vulnerabilities,
                " never looked" if row.vulnerabilities is None else None,
            ),
            cell(links.at(row.index)),
        ]
        for row in report.sboms
    ]
    headers = (
        "Bill of materials of",
        "Format",
        "Components",
        "By type",
        "Known vulnerabilities",
        "Entry",
    )
    if not rows:
        return element("p", "No bill of materials is recorded.")
    return framed(
        "Components",
        headers,
        [element("tbody", *(element("tr", *row) for row in rows))],
        narrow=(2,),
    )
