"""The record: requirements, approvals, decisions, exceptions, troubles, and the evidence itself."""

from __future__ import annotations

from sealwright.phases.governance.report.describe import counted
from sealwright.phases.governance.report.markup import Child, Markup, element, join
from sealwright.phases.governance.report.parts import (
    MAX_EVIDENCE,
    Links,
    artifact,
    cell,
    chip,
    framed,
    lines,
    listed,
    name,
    section,
    table,
    when,
)
from sealwright.phases.governance.report.records import (
    AnswerRow,
    ApprovalRow,
    DecisionRow,
    EvidenceRow,
    Report,
)


def requirements(report: Report, links: Links) -> Markup:
    """Each question with each of its requirements."""
    return section(
        "requirements",
        "Requirements",
        *(_answer(row, links) for row in report.answers),
        None if report.answers else element("p", "No question was put to the gate."),
        lead="What the policy asks for, how it stands, and the statements that were looked at.",
    )


def _answer(row: AnswerRow, links: Links) -> Markup:
    rows = [
        [
            cell(name(each.id), header=True),
            cell(chip(each.status), f" code {each.stale_code}" if each.stale_code else None),
            cell(each.title, class_="long"),
            cell(each.reason, class_="long"),
            cell(artifact(each.subject)),
            cell(links.many(each.evidence) if each.evidence else "none"),
        ]
        for each in row.requirements
    ]
    outcome = "admitted" if row.admitted else "denied"
    caption = f"{row.question.capitalize()} {row.artifact.name[:80]}: {outcome}"
    extra = lines(
        ("Decision digest", element("code", row.decision, class_="digest")),
        ("Policy sha256", element("code", row.policy, class_="digest")),
        (
            "Computed over",
            f"the first {counted(row.ledger_size, 'ledger entry', 'ledger entries')}, "
            f"{counted(len(row.evidence), 'statement')}",
        ),
    )
    headers = ("Requirement", "Status", "What is asked", "Why it stands so", "About", "Evidence")
    return join(table(caption, headers, rows), extra)


def approvals(report: Report, links: Links) -> Markup:
    """Every answer of a person with reason, conditions and dissent."""
    rows = [_approval(row, links) for row in report.approvals]
    headers = (
        "Entry",
        "Person",
        "Answer",
        "Question",
        "Reason, conditions, dissent",
        "Looked at",
        "When",
    )
    return section(
        "approvals",
        "Approvals, rejections and dissent",
        table("Answers that people gave", headers, rows)
        if rows
        else element("p", "Nobody has answered."),
        lead="An answer counts only for the decision digest it names: new evidence makes it fall.",
    )


def _approval(row: ApprovalRow, links: Links) -> list[Markup]:
    said: list[Child] = [element("div", row.reason)]
    said += [element("div", element("em", "Condition: "), each) for each in row.conditions]
    if row.dissent:
        said.append(element("div", element("strong", "Dissent: "), row.dissent))
    not_held = (
        None
        if row.discipline_held
        else element(
            "div", "The trust root does not give this person this discipline.", class_="bad-text"
        )
    )
    minutes, seconds = divmod(row.seconds, 60)
    return [
        cell(links.at(row.index)),
        cell(
            name(row.person_name),
            element("div", "as ", name(row.discipline), class_="small"),
            not_held,
            header=True,
        ),
        cell(chip(row.answer), element("div", row.standing, class_="small")),
        cell(row.question, element("div", artifact(row.artifact), class_="small")),
        cell(*said, class_="long"),
        cell(counted(row.shown, "statement"), ", ", f"{minutes} min {seconds} s"),
        cell(when(row.at), class_="when"),
    ]


def decisions(report: Report, links: Links) -> Markup:
    """What the gate answered over time, and what was done."""
    rows = [_decision(row, links) for row in report.decisions]
    headers = (
        "Entry",
        "When",
        "What",
        "Artifact",
        "Requirements that did not hold, or reason",
        "Ledger size",
        "Signed by",
    )
    return section(
        "decisions",
        "Decision log",
        table("Decisions and actions, oldest first", headers, rows, narrow=(5,))
        if rows
        else element("p", "No decision is recorded."),
        lead="Recorded answers of the gate and actions taken. "
        "Each can be recomputed from the entries before it.",
    )


def _decision(row: DecisionRow, links: Links) -> list[Markup]:
    if row.kind == "release":
        why: Child = row.reason
    elif row.not_held:
        why = listed([join(chip(each.value), " ", name(each.name)) for each in row.not_held])
    elif row.requirements:
        why = f"none: all {row.requirements} held"
    else:
        why = "no requirement was recorded"
    return [
        cell(links.at(row.index)),
        cell(when(row.at), class_="when"),
        cell(chip(row.outcome), " ", name(row.question), header=True),
        cell(artifact(row.artifact)),
        cell(why, class_="long"),
        cell(row.ledger_size if row.kind == "decision" else "", class_="number"),
        cell(name(row.signer)),
    ]


def exceptions(report: Report, links: Links) -> Markup:
    """Waivers, incidents, and the risks that remain."""
    return section(
        "exceptions",
        "Waivers, incidents and remaining risks",
        _waivers(report, links),
        _incidents(report, links),
        _risks(report, links),
    )


def _waivers(report: Report, links: Links) -> Markup:
    rows = [
        [
            cell(links.at(row.index)),
            cell(name(row.requirement), header=True),
            cell(chip("waived" if row.state == "open" else row.state)),
            cell(artifact(row.artifact)),
            cell(row.reason, class_="long"),
            cell(links.to(row.compensating)),
            cell(name(row.asked_by), " / ", name(row.granted_by)),
            cell(when(row.expires), class_="when"),
        ]
        for row in report.waivers
    ]
    headers = (
        "Entry",
        "Requirement",
        "State",
        "Artifact",
        "Reason",
        "Compensating control",
        "Asked by / granted by",
        "Until",
    )
    return table("Waivers", headers, rows) if rows else element("p", "No waiver was granted.")


def _incidents(report: Report, links: Links) -> Markup:
    rows = [
        [
            cell(*(join(links.at(index), " ") for index in row.indexes)),
            cell(name(row.id), header=True),
            cell(chip(row.status)),
            cell(chip(row.severity)),
            cell(row.title, class_="long"),
            cell(artifact(row.artifact)),
            cell(when(row.opened), class_="when"),
            cell(when(row.closed) if row.closed else "", class_="when"),
        ]
        for row in report.incidents
    ]
    headers = ("Entries", "Incident", "Status", "Severity", "Title", "Artifact", "Opened", "Closed")
    return table("Incidents", headers, rows) if rows else element("p", "No incident is recorded.")


def _risks(report: Report, links: Links) -> Markup:
    rows = [
        [
            cell(row.text, class_="long"),
            cell(name(row.source)),
            cell(links.at(row.index) if row.index >= 0 else "computed"),
        ]
        for row in report.risks
    ]
    risks = (
        table("Remaining risks", ("Risk", "Said by", "Entry"), rows)
        if rows
        else element("p", "No statement names a remaining risk. That does not show there is none.")
    )
    impact = lines(*((fact.name.capitalize(), fact.value) for fact in report.impact))
    heading = element("h3", "Impact assessment")
    return join(risks, heading, impact if report.impact else element("p", "None is recorded."))


def evidence(report: Report, links: Links) -> Markup:
    """Every statement: what all other parts of the page refer to."""
    hidden = len(report.evidence) - len(links.rows)
    note = f"The newest {MAX_EVIDENCE:,}; {hidden:,} older ones are in the JSON." if hidden else ""
    rows = [_evidence(row, anchor) for row, anchor in links.rows]
    headers = (
        "Entry",
        "When (UTC)",
        "Statement",
        "About",
        "Signed by",
        "Result",
        "Envelope sha256",
    )
    body = [
        element("tr", *cells, id=anchor)
        for cells, (_, anchor) in zip(rows, links.rows, strict=True)
    ]
    return section(
        "evidence",
        "Evidence",
        framed("Signed statements", headers, [element("tbody", *body)], note=note)
        if body
        else element("p", "There is no evidence in this ledger."),
        lead="Every signed statement, in the order of the ledger. The signatures were checked "
        "against the trust root when this report was made.",
    )


def _evidence(row: EvidenceRow, anchor: str) -> list[Markup]:
    label = f"#{row.index}" if row.index >= 0 else "not in the ledger"
    about = [element("li", artifact(each)) for each in row.subjects[:6]]
    if len(row.subjects) > 6:
        about.append(element("li", f"and {len(row.subjects) - 6:,} more"))
    holder = name(row.person_name) if row.person else join("service")
    return [
        cell(element("a", label, href=f"#{anchor}"), header=True),
        cell(when(row.at), class_="when"),
        cell(element("strong", row.predicate), element("div", row.what), class_="long"),
        cell(element("ul", *about, class_="clean")),
        cell(
            holder,
            element(
                "div",
                name(row.signer),
                " · ",
                name(", ".join(row.roles) or "no role"),
                class_="small",
            ),
            element("div", row.key_note, class_="bad-text") if row.key_note else None,
            class_="signer",
        ),
        cell(chip(row.result)),
        cell(element("code", row.digest, class_="digest whole")),
    ]


def verification(report: Report) -> Markup:
    """How to check all of this without trusting whoever made the page."""
    steps = (
        join(
            "Get the exported ledger as a folder DIR, and the trust root as a file FILE from a "
            "person whom you know, not from the same place."
        ),
        join(
            "Run ",
            element("code", "sealwright ledger verify DIR --trust FILE", class_="command"),
            ". It needs no network. It recomputes every leaf, tile and root, checks every "
            "signature and every recorded decision.",
        ),
        join(
            "Compare the size and root that it prints with the checkpoint below, and the "
            "envelope digests with the table above."
        ),
    )
    checkpoint = report.ledger.checkpoint
    return section(
        "verification",
        "Checking this report offline",
        element("ol", *(element("li", step) for step in steps)),
        element("h3", "Ledger checkpoint"),
        element("pre", checkpoint) if checkpoint else element("p", "There is no checkpoint."),
        lines(
            ("Root (base64)", element("code", report.ledger.root or "none")),
            ("Entries", join(report.ledger.size)),
            ("Report format", element("code", report.schema)),
        ),
        lead="The page is a view. What counts is the ledger that it was made from.",
    )


def footer(report: Report) -> Markup:
    """What the page claims, and what it does not."""
    return element(
        "footer",
        element(
            "p",
            "This report evidences what was recorded, by whom and when, as of ",
            when(report.as_of),
            " UTC. It is no legal assessment. What was never submitted to the ledger is not in it.",
        ),
    )
