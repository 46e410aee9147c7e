from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from tests.governance.page import read_page
from tests.governance.people import START, SYSTEM, Ledger
from tests.governance.sample import build_sample, ledger_info, verdict
from tests.governance.sample_artifacts import MODEL, TEST, TRAIN, fake
from tests.governance.sample_building import training, version

from sealwright.errors import EvidenceError, MalformedError
from sealwright.evidence.dsse import envelope_digest
from sealwright.evidence.predicates.common import Resource, Tool
from sealwright.evidence.predicates.data import CheckResult, DatasetValidation
from sealwright.evidence.predicates.model import Coverage, Scan
from sealwright.evidence.predicates.validation import (
    Criteria,
    Criterion,
    Evaluation,
    Judgement,
    Measurement,
)
from sealwright.evidence.statement import subject
from sealwright.phases.governance import record
from sealwright.phases.governance.report.document import (
    build_report,
    decode_report,
    encode_report,
    report_schema,
)
from sealwright.phases.governance.report.html import render_html
from sealwright.phases.governance.report.records import LedgerInfo, Report, SystemInfo
from sealwright.phases.governance.report.summary import summary_lines
from sealwright.policy.lineage import Graph

TOOL = Tool(name="t", version="1")


def report_of(ledger: Ledger) -> Report:
    evidence = ledger.verified()
    return build_report(
        evidence,
        [],
        Graph.build(evidence),
        system=SystemInfo(SYSTEM, "p", "high"),
        ledger=ledger_info(len(evidence)),
        now=ledger.now,
    )


def test_json_round_trip_and_order_of_evidence_do_not_matter() -> None:
    sample = build_sample()
    report = sample.report
    data = encode_report(report)
    assert decode_report(data) == report
    shuffled = replace(sample, evidence=sample.evidence[::-1])
    assert encode_report(shuffled.report) == data
    twice = replace(sample, evidence=sample.evidence * 2).report
    assert twice.evidence == report.evidence


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"schema":"urn:sealwright:report:v1"}'])
def test_another_document_is_no_report(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        decode_report(data)


def test_a_report_with_an_unknown_field_is_refused() -> None:
    data = encode_report(build_sample().report).replace(b'{"answers"', b'{"also":1,"answers"')
    with pytest.raises(MalformedError, match="also"):
        decode_report(data)


def test_the_schema_names_every_part() -> None:
    definition = report_schema()["$defs"]["Report"]
    assert set(definition["properties"]) == set(Report.__struct_fields__)


def test_an_empty_ledger_makes_a_report_that_admits_nothing() -> None:
    report = build_report(
        [],
        [],
        Graph.build([]),
        system=SystemInfo("s", "p", "minimal"),
        ledger=LedgerInfo("", 0, "", ""),
        now=START,
    )
    assert decode_report(encode_report(report)) == report
    text = "".join(read_page(render_html(report)).text)
    assert "Not asked" in text
    assert "Nothing is admitted by default" in text
    assert "Nobody: no statement" in text
    assert "✓" not in text
    assert any("no question was put" in line for line in summary_lines(report))


def test_a_verdict_without_requirements_is_shown_as_denied() -> None:
    sample = build_sample()
    empty = replace(sample, verdicts=[verdict(sample.ledger, "train", fake("d"))])
    report = empty.report
    assert not report.answers[0].admitted
    text = "".join(read_page(render_html(report)).text)
    assert "never an admission" in text
    assert "No requirement was asked" in text


def test_what_is_missing_comes_with_its_command() -> None:
    report = build_sample().report
    assert [(row.requirement, row.status) for row in report.missing] == [
        ("drill", "missing"),
        ("vulns", "stale"),
    ]
    lines = summary_lines(report)
    assert any("DENIED" in line for line in lines)
    assert "  sealwright scan vulns" in lines


def test_approvals_of_earlier_evidence_have_fallen() -> None:
    report = build_sample().report
    assert [(row.person, row.answer, row.standing) for row in report.approvals] == [
        ("dan", "reject", "fallen"),
        ("alice", "approve", "stands"),
        ("bruno", "approve", "stands"),
        ("chiara", "approve", "stands"),
        ("dan", "approve", "stands"),
    ]
    assert all(row.discipline_held for row in report.approvals)
    assert report.approvals[-1].dissent


def test_a_discipline_that_one_does_not_have_is_said_so() -> None:
    ledger = Ledger()
    ledger.add(
        "eva",
        record.approval(
            MODEL, decision=fake("d"), question="release", answer="approve", discipline="legal",
            reason="r", now=ledger.now,
        ),
    )  # fmt: skip
    report = report_of(ledger)
    assert not report.approvals[0].discipline_held
    assert report.approvals[0].standing == "not asked now"
    assert "does not give this person" in render_html(report)


def test_who_changes_his_mind_is_counted_once() -> None:
    ledger = Ledger()
    for how in ("approve", "reject"):
        ledger.add(
            "dan",
            record.approval(
                MODEL, decision=fake("d"), question="release", answer=how,
                discipline="domain", reason="r", now=ledger.now,
            ),
        )  # fmt: skip
    evidence = ledger.verified()
    asked = verdict(ledger, "release", fake("d"))
    report = build_report(
        evidence, [asked], Graph.build(evidence), system=SystemInfo(SYSTEM, "p", "high"),
        ledger=ledger_info(3), now=ledger.now,
    )  # fmt: skip
    assert [row.standing for row in report.approvals] == ["replaced", "stands"]


def test_decisions_waivers_incidents_and_risks() -> None:
    report = build_sample().report
    assert [(row.kind, row.outcome) for row in report.decisions] == [
        ("decision", "denied"),
        ("decision", "admitted"),
        ("release", "admit"),
        ("decision", "denied"),
    ]
    assert {fact.name for fact in report.decisions[0].not_held} == {
        "evaluation-robustness",
        "approvals",
    }
    assert [row.state for row in report.waivers] == ["open"]
    assert [(row.id, row.status) for row in report.incidents] == [("INC-7", "closed")]
    assert [row.source for row in report.risks] == ["impact assessment", "gate: release"]


def test_a_waiver_ends() -> None:
    sample = build_sample()
    report = build_report(
        sample.evidence, [], Graph.build(sample.evidence), system=SystemInfo(SYSTEM, "p", "high"),
        ledger=ledger_info(1), now=sample.ledger.now + timedelta(days=14),
    )  # fmt: skip
    assert [row.state for row in report.waivers] == ["expired"]


def test_an_earlier_failed_evaluation_stays_visible() -> None:
    report = build_sample().report
    robust = next(row for row in report.evaluations if row.kind == "robustness")
    assert robust.result == "passed"
    assert robust.earlier_results == ("failed",)
    assert robust.criteria_first
    assert f"#{robust.earlier[0]}" in render_html(report)


def test_what_was_not_measured_is_inconclusive() -> None:
    report = build_sample().report
    row = next(row for row in report.evaluations if row.kind == "generalisation")
    assert row.result == "inconclusive"
    assert [(each.value, each.result) for each in row.metrics] == [(None, "inconclusive")]
    assert "not measured" in render_html(report)


def evaluated(ledger: Ledger, *, low: float | None, n: int, criterion: str = "c") -> Report:
    """A report over one evaluation that claims to have passed `auc ≥ 0.8` on the low end."""
    criteria = Criteria(
        name="c",
        criteria=(
            Criterion(
                id="c", kind="performance", metric="auc", op=">=", threshold=0.8, bound="low"
            ),
        ),
        at=ledger.at,
    )
    fixed = envelope_digest(ledger.say("farid", criteria, TEST, ledger.system))
    ledger.say(
        "farid",
        Evaluation(
            kind="performance",
            result="passed",
            criteria=fixed,
            dataset=Resource(name="test", digest=TEST.digest),
            measurements=(Measurement(metric="auc", value=0.9, low=low, high=0.99, n=n),),
            judgements=(Judgement(criterion=criterion, result="passed"),),
            engine=TOOL,
            at=ledger.at,
        ),
        MODEL,
    )
    return report_of(ledger)


@pytest.mark.parametrize(("low", "n"), [(0.79, 10), (None, 10), (0.85, 0)])
def test_a_pass_that_the_numbers_do_not_support_is_no_pass(low: float | None, n: int) -> None:
    row = evaluated(Ledger(), low=low, n=n).evaluations[0]
    assert row.result == "inconclusive"
    assert row.metrics[0].result == "inconclusive"
    assert "do not support" in row.metrics[0].note


def test_a_pass_that_the_numbers_support_is_one() -> None:
    row = evaluated(Ledger(), low=0.8, n=10).evaluations[0]
    assert (row.result, row.metrics[0].result) == ("passed", "passed")


def test_a_judgement_on_a_criterion_that_nobody_fixed_is_no_pass() -> None:
    row = evaluated(Ledger(), low=0.8, n=10, criterion="invented").evaluations[0]
    assert row.result == "inconclusive"
    assert {each.result for each in row.metrics} == {"inconclusive"}


def test_criteria_that_are_not_among_the_evidence_are_missing() -> None:
    ledger = Ledger()
    evaluated(ledger, low=0.8, n=10)
    report = report_of(ledger)
    without = [item for item in ledger.verified() if item.kind != "criteria"]
    report = build_report(
        without, [], Graph.build(without), system=SystemInfo(SYSTEM, "p", "high"),
        ledger=ledger_info(2), now=ledger.now,
    )  # fmt: skip
    assert report.evaluations[0].criteria_index is None
    assert report.evaluations[0].result == "inconclusive"


def test_checks_and_scans_of_nothing_are_inconclusive() -> None:
    ledger = Ledger()
    check = CheckResult(id="c", check="range", expected="x", result="passed")
    validation = DatasetValidation(
        kind="constraints", result="passed", checks=(check,), engine=TOOL, config=fake("c"),
        at=ledger.at,
    )  # fmt: skip
    ledger.say("bruno", version(ledger, TRAIN, rows=1), TRAIN)
    ledger.say("bruno", validation, TRAIN)
    nothing = Coverage(files=0, bytes_total=0, bytes_parsed=0)
    scan = Scan(kind="artifact", result="passed", scanner=TOOL, coverage=nothing, at=ledger.at)
    ledger.say("scanner", scan, MODEL)
    report = report_of(ledger)
    assert [each.result for each in report.datasets[0].checks] == ["inconclusive"]
    assert [each.result for each in report.scans] == ["inconclusive"]


def test_training_isolation_is_reported_and_its_absence_too() -> None:
    run = build_sample().report.training[0]
    assert (run.isolation, run.network, run.violations) == ("bubblewrap", "none", ())
    assert {fact.name for fact in run.inputs} == {"dataset", "code", "environment"}
    ledger = Ledger()
    said = training(ledger)
    bare = msgspec.structs.replace(said.build_definition, internal_parameters={"isolation": [1]})
    ledger.say("eva", msgspec.structs.replace(said, build_definition=bare), MODEL)
    run = report_of(ledger).training[0]
    assert (run.isolation, run.network, run.violations) == ("not stated", "not stated", None)
    assert "the statement does not say" in render_html(report_of(ledger))


def test_an_sbom_without_a_lookup_says_that_nobody_looked() -> None:
    report = build_sample().report
    assert [(row.total, row.vulnerabilities) for row in report.sboms] == [(43, 0)]
    without = [item for item in build_sample().evidence if item.kind != "vulns"]
    other = build_report(
        without, [], Graph.build(without), system=SystemInfo(SYSTEM, "p", "high"),
        ledger=ledger_info(2), now=START,
    )  # fmt: skip
    assert other.sboms[0].vulnerabilities is None
    assert "never looked" in render_html(other)


def test_evidence_outside_a_ledger_is_marked() -> None:
    ledger = Ledger()
    outside = [replace(item, index=-1) for item in ledger.verified()]
    report = build_report(
        outside, [], Graph.build(outside), system=SystemInfo(SYSTEM, "p", "high"),
        ledger=ledger_info(0), now=START,
    )  # fmt: skip
    assert "not in the ledger" in render_html(report)


def test_a_terminal_gets_no_control_characters() -> None:
    report = build_report(
        [], [], Graph.build([]), system=SystemInfo("a\x1b[2J\u202e\nb", "p", "high"),
        ledger=ledger_info(0), now=START,
    )  # fmt: skip
    for line in summary_lines(report):
        assert line.isprintable()


def test_subjects_beyond_the_first_are_listed() -> None:
    ledger = Ledger()
    many = [subject(f"s{n}", fake(str(n))) for n in range(9)]
    statement = record.release(MODEL, action="admit", reason="r", now=ledger.now)
    ledger.say("gate", statement.predicate, *many)
    assert "and 3 more" in render_html(report_of(ledger))
