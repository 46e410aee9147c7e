"""The first screen: is it admitted, who answers for it, what is missing."""

from __future__ import annotations

from sealwright.phases.governance.report.describe import counted
from sealwright.phases.governance.report.markup import Markup, element, join
from sealwright.phases.governance.report.parts import (
    Links,
    cell,
    chip,
    name,
    short,
    table,
    when,
)
from sealwright.phases.governance.report.records import (
    AnswerRow,
    ApprovalRow,
    MissingRow,
    PersonRow,
    Report,
)
from sealwright.readable import readable

_ASKED = {
    "import": "May it be taken in from outside",
    "train": "May it be used for training",
    "release": "May it be released",
    "serve": "May it be served",
}


def header(report: Report) -> Markup:
    """What the report is about, and as of which state of which ledger."""
    system, ledger = report.system, report.ledger
    facts = (
        ("As of (UTC)", when(report.as_of)),
        ("Risk tier", name(system.tier)),
        ("Ledger", name(ledger.origin or "none")),
        ("Entries", join(ledger.size)),
        ("Ledger root", short(ledger.root) if ledger.root else name("none")),
        ("Open incidents", join(sum(row.status == "open" for row in report.incidents))),
        ("Waivers in force", join(sum(row.state == "open" for row in report.waivers))),
    )
    return element(
        "header",
        element("p", "Evidence report on an AI system", class_="eyebrow"),
        element("h1", name(system.name)),
        element("p", element("bdi", readable(system.purpose)), class_="lead"),
        element(
            "dl",
            *(element("div", element("dt", key), element("dd", value)) for key, value in facts),
            class_="facts",
        ),
    )


def first_screen(report: Report, links: Links) -> Markup:
    """The answers on the left, the people on the right, and what is missing below."""
    return element(
        "div",
        element(
            "section",
            element("h2", "Is it admitted?", id="answers-title"),
            *(_answer(row, report, links) for row in report.answers),
            None if report.answers else _no_answer(),
            id="answers",
            aria_labelledby="answers-title",
        ),
        element(
            "section",
            element("h2", "Who answers for it?", id="people-title"),
            _people(report, links),
            id="people",
            aria_labelledby="people-title",
        ),
        class_="first",
    )


def _answer(row: AnswerRow, report: Report, links: Links) -> Markup:
    held = sum(each.status in ("satisfied", "waived") for each in row.requirements)
    waived = sum(each.status == "waived" for each in row.requirements)
    word, mark = ("Admitted", "✓") if row.admitted else ("Denied", "✕")
    asked = _ASKED.get(row.question, f"May it be used to {row.question}")
    count = f"{held} of {counted(len(row.requirements), 'requirement')} of tier {row.tier} hold"
    extra = f", {waived} of them by a waiver" if waived else ""
    none = "" if row.requirements else " An answer without a requirement is never an admission."
    recorded = [
        each
        for each in report.decisions
        if each.kind == "decision"
        and each.question == row.question
        and each.artifact.digest == row.artifact.digest
    ]
    last = (
        join(
            "Last recorded answer: ",
            links.at(recorded[-1].index),
            f" {recorded[-1].outcome}, ",
            when(recorded[-1].at),
            ".",
        )
        if recorded
        else join("This answer is not recorded in the ledger.")
    )
    return element(
        "div",
        element("h3", asked, ": ", name(row.artifact.name), "?"),
        element("p", element("span", mark + " ", aria_hidden="true"), word, class_="outcome"),
        element("p", count, extra, ".", none),
        *(element("p", element("strong", "Note: "), note, ".") for note in row.notes),
        element(
            "p",
            "Artifact ",
            short(row.artifact.digest),
            " · policy ",
            short(row.policy),
            " · decision ",
            short(row.decision),
            " · computed ",
            when(row.at),
            class_="small",
        ),
        element("p", last, class_="small"),
        class_=f"answer {'good' if row.admitted else 'bad'}",
    )


def _no_answer() -> Markup:
    return element(
        "div",
        element("p", "Not asked", class_="outcome"),
        element("p", "No question was put to the gate. Nothing is admitted by default."),
        class_="answer",
    )


def _people(report: Report, links: Links) -> Markup:
    if not report.people:
        return element("p", "Nobody: no statement in this report was signed by a person.")
    standing = {row.person for row in report.approvals if row.standing == "stands"}
    people = sorted(report.people, key=lambda row: row.id not in standing)
    rows = [_person(row, report.approvals, links) for row in people]
    services = sum(not row.person for row in report.evidence)
    note = f"{counted(services, 'statement')} signed by services, which answer for nothing."
    return table(
        "People who signed evidence",
        ("Person", "Disciplines", "Answer that stands", "Signed"),
        rows,
        note=note if services else "",
    )


def _person(row: PersonRow, approvals: tuple[ApprovalRow, ...], links: Links) -> list[Markup]:
    own = [each for each in approvals if each.person == row.id]
    standing = [each for each in own if each.standing == "stands"]
    answers = [
        element(
            "li",
            chip(each.answer),
            f" {each.question} as ",
            name(each.discipline),
            " ",
            links.at(each.index),
        )
        for each in standing
    ]
    answers += [
        element("li", chip("not counted"), f" {each.question} ", links.at(each.index))
        for each in own
        if each.standing == "not counted"
    ]
    fallen = sum(each.standing == "fallen" for each in own)
    if fallen:
        answers.append(
            element(
                "li",
                f"{counted(fallen, 'earlier answer')} fallen: the evidence changed",
                class_="small",
            )
        )
    return [
        cell(name(row.name), element("span", " ", name(row.id), class_="small"), header=True),
        cell(name(", ".join(row.disciplines) or "none")),
        cell(element("ul", *answers, class_="clean") if answers else "none"),
        cell(row.statements, class_="number"),
    ]


def missing(report: Report) -> Markup:
    """What stands between the artifact and its admission, each with the command that helps."""
    groups: dict[tuple[str, str, str], list[MissingRow]] = {}
    for row in report.missing:
        key = (row.requirement, row.reason, row.command)
        groups.setdefault(key, []).append(row)
    if groups:
        body = element("ol", *(_missing(rows) for rows in groups.values()))
    elif report.answers and all(row.admitted for row in report.answers):
        body = element("p", "Nothing: every requirement of every question above holds.")
    elif report.answers:
        body = element("p", "No requirement was asked, so nothing could be admitted.")
    else:
        body = element("p", "Unknown: no question was put to the gate.")
    complete = bool(report.answers) and all(row.admitted for row in report.answers)
    return element(
        "section",
        element("h2", "What is missing?", id="missing-title"),
        body,
        class_="missing none" if complete else "missing",
        id="missing",
        aria_labelledby="missing-title",
    )


def _missing(rows: list[MissingRow]) -> Markup:
    first = rows[0]
    questions = ", ".join(dict.fromkeys(row.question for row in rows))
    return element(
        "li",
        chip(first.status),
        " ",
        element("strong", name(first.title)),
        f" (needed to {questions} ",
        name(first.artifact.name),
        ")",
        element("div", first.reason),
        element("code", first.command, class_="command") if first.command else None,
    )
