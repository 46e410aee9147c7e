"""The review of a retrained model: what differs, what is worse, and what nobody knows."""

from __future__ import annotations

import msgspec
import pytest

from sealwright.evidence.finding import Finding, Severity
from sealwright.evidence.predicates.common import Resource, Tool
from sealwright.evidence.predicates.data import (
    CheckResult,
    Column,
    DatasetValidation,
    DatasetVersion,
    Provenance,
)
from sealwright.evidence.predicates.model import Coverage, CycloneDxBom, Scan
from sealwright.evidence.predicates.monitoring import RetrainingReview
from sealwright.evidence.predicates.validation import Criterion, Evaluation, Measurement
from sealwright.evidence.statement import Statement, encode_statement, subject
from sealwright.phases.monitoring.review import LearntFrom, Version, review

AT = "2026-11-22T12:00:00.000000Z"
OLD, NEW = "1" * 64, "2" * 64
TOOL = Tool(name="tests", version="0")


def data(digest: str = OLD, **changed: object) -> LearntFrom:
    version = DatasetVersion(
        name="train",
        files=(),
        rows=100,
        schema=(Column(name="a", type="double"), Column(name="label", type="bigint")),
        provenance=Provenance(source="the study", licence="x", legal_basis="x"),
        at=AT,
    )
    return LearntFrom(
        digest=digest, version=msgspec.structs.replace(version, **changed), validations=()
    )


def labels(
    *, known: int, changed: int, result: str = "warned", findings: tuple[Finding, ...] = ()
) -> DatasetValidation:
    check = CheckResult(
        id="labels.label-change",
        check="label-change",
        expected="labels stay",
        result=result,  # type: ignore[arg-type]
        n=100,
        known=known,
        violations=changed,
    )
    return DatasetValidation(
        kind="labels",
        result=result,  # type: ignore[arg-type]
        checks=(check,),
        findings=findings,
        engine=TOOL,
        config="0" * 64,
        at=AT,
    )


def retrained(*validations: DatasetValidation, **changed: object) -> LearntFrom:
    made = data(NEW, **{"parent": OLD, **changed})
    return LearntFrom(digest=NEW, version=made.version, validations=validations)


def finding(message: str, severity: Severity = "high") -> Finding:
    return Finding(rule="SW-X", severity=severity, message=message)


def scan(*findings: Finding, result: str = "passed") -> Scan:
    return Scan(
        kind="artifact",
        result=result,  # type: ignore[arg-type]
        scanner=TOOL,
        findings=findings,
        coverage=Coverage(files=1, bytes_total=1, bytes_parsed=1),
        at=AT,
    )


def evaluation(accuracy: float, *, result: str = "passed") -> Evaluation:
    return Evaluation(
        kind="performance",
        result=result,  # type: ignore[arg-type]
        criteria="0" * 64,
        dataset=Resource(name="test"),
        measurements=(Measurement(metric="accuracy", value=accuracy, n=100),),
        judgements=(),
        engine=TOOL,
        at=AT,
    )


def bill(**components: str) -> CycloneDxBom:
    return CycloneDxBom(
        bom_format="CycloneDX",
        spec_version="1.6",
        serial_number="urn:uuid:0",
        version=1,
        metadata={},
        components=tuple(
            {"name": name, **({"version": version} if version else {})}
            for name, version in components.items()
        ),
    )


ACCURATE = Criterion(id="a", kind="performance", metric="accuracy", op=">=", threshold=0.5)
WRONG = Criterion(id="a", kind="performance", metric="accuracy", op="<=", threshold=0.5)


def version(**changed: object) -> Version:
    parts: dict[str, object] = {
        "digest": NEW,
        "data": (data(),),
        "scans": (scan(),),
        "evaluations": (evaluation(0.8),),
        "bill": bill(numpy="2.0"),
        "criteria": (ACCURATE,),
    }
    return Version(**(parts | changed))  # type: ignore[arg-type]


def against(candidate: Version, serving: Version | None = None) -> RetrainingReview:
    found = review(candidate, serving or version(), ledger_size=9, reason="because", at=AT)
    about = (subject("candidate", NEW), subject("serving", OLD))
    assert encode_statement(Statement(about, found))
    return found


def test_nothing_that_differs_is_nothing_to_look_at() -> None:
    found = against(version())
    assert found.result == "passed"
    assert (found.concerns, found.unknown, found.dependencies) == ((), (), ())
    assert found.data[0].relabelled == 0


def test_data_is_compared_as_its_examination_says() -> None:
    found = against(
        version(data=(retrained(labels(known=90, changed=7), rows=120),)),
    )
    (one,) = found.data
    assert (one.added, one.removed, one.relabelled) == (30, 10, 7)
    assert found.result == "warned"
    assert "data train: 7 rows have another label" in found.concerns
    assert "data train: 30 rows added, 10 removed" in found.concerns


@pytest.mark.parametrize(
    "examined",
    [
        retrained(),
        retrained(labels(known=90, changed=0), parent="3" * 64),
        retrained(labels(known=90, changed=0, result="inconclusive")),
    ],
)
def test_labels_that_nobody_compared_are_not_known(examined: LearntFrom) -> None:
    found = against(version(data=(examined,)))
    assert found.result in ("inconclusive", "failed")
    assert "data train: whether labels changed" in found.unknown
    assert found.data[0].added is None


def test_columns_and_sources_that_changed_are_named() -> None:
    schema = (Column(name="a", type="bigint"), Column(name="b", type="double"))
    source = Provenance(source="a stranger", licence="x", legal_basis="x")
    examined = retrained(labels(known=100, changed=0), schema=schema, provenance=source)
    found = against(version(data=(examined,)))
    (one,) = found.data
    assert (one.columns_added, one.columns_removed, one.columns_retyped) == (
        ("b",), ("label",), ("a",),
    )  # fmt: skip
    assert "data train: another source, a stranger" in found.concerns


def test_data_that_is_new_or_gone_is_named() -> None:
    other = retrained(name="more", parent="")
    found = against(version(data=(data(), other)))
    assert found.concerns == ("data more: new, from the study",)
    gone = against(version(), version(data=(data(), other)))
    assert gone.concerns == ("data more: no longer used",)


def test_findings_are_told_apart_by_what_they_say_and_not_where() -> None:
    same = finding("an old one")
    moved = msgspec.structs.replace(same, location="elsewhere")
    found = against(
        version(scans=(scan(moved, finding("a new one"), finding("a small one", "low")),)),
        version(scans=(scan(same, finding("one that is gone")),)),
    )
    assert {one.message for one in found.findings_added} == {"a new one", "a small one"}
    assert [one.message for one in found.findings_gone] == ["one that is gone"]
    assert found.concerns == ("high: a new one",)


@pytest.mark.parametrize(
    ("criterion", "after", "worse"),
    [(ACCURATE, 0.7, True), (ACCURATE, 0.9, False), (WRONG, 0.9, True), (WRONG, 0.7, False)],
)
def test_the_criterion_says_which_way_is_worse(
    criterion: Criterion, after: float, worse: bool
) -> None:
    found = against(version(evaluations=(evaluation(after),), criteria=(criterion,)))
    assert [one.worse for one in found.metrics] == [worse]
    assert (found.result == "warned") == worse


def test_a_metric_that_no_criterion_judges_is_neither_better_nor_worse() -> None:
    found = against(
        version(evaluations=(evaluation(0.1),), criteria=()), version(criteria=())
    )  # fmt: skip
    assert [(one.before, one.after, one.worse) for one in found.metrics] == [(0.8, 0.1, False)]


def test_dependencies_are_compared_by_version() -> None:
    found = against(
        version(bill=bill(numpy="2.1", fresh="", same="1")),
        version(bill=bill(numpy="2.0", gone="3", same="1")),
    )
    assert {(one.name, one.before, one.after) for one in found.dependencies} == {
        ("numpy", "2.0", "2.1"),
        ("fresh", "", "?"),
        ("gone", "3", ""),
    }
    assert found.concerns == ("fresh ?: a new dependency",)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ({"data": ()}, "what data the candidate learnt from"),
        ({"scans": ()}, "a scan of the candidate's files"),
        ({"bill": None}, "what the candidate was made with: it has no bill of materials"),
        ({"evaluations": ()}, "how both compare: one of them was not evaluated"),
    ],
)
def test_what_no_evidence_tells_is_never_a_pass(missing: dict[str, object], told: str) -> None:
    for found in (against(version(**missing)), against(version(), version(**missing))):
        assert found.result == "inconclusive"
    assert told in against(version(**missing)).unknown


@pytest.mark.parametrize(
    "bad",
    [
        {"scans": (scan(result="failed"),)},
        {"evaluations": (evaluation(0.8, result="inconclusive"),)},
        {"data": (retrained(labels(known=100, changed=3, result="failed")),)},
    ],
)
def test_an_examination_that_the_candidate_failed_fails_the_review(bad: dict[str, object]) -> None:
    assert against(version(**bad)).result == "failed"
