"""A whole life of a system, signed for real: data, training, tests, a denial, an admission."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from tests.governance.people import SYSTEM, Ledger
from tests.governance.sample_artifacts import (
    MODEL,
    POLICY_TEXT,
    PURPOSE,
    TEST,
    fake,
)
from tests.governance.sample_building import data, model
from tests.governance.sample_testing import CRITERIA, evaluate, robustness

from sealwright.clock import format_time
from sealwright.evidence.dsse import envelope_digest
from sealwright.evidence.predicates.governance import Approval
from sealwright.evidence.predicates.operation import MonitorWindow
from sealwright.evidence.verify import Verified
from sealwright.lifecycle.model import Impact
from sealwright.phases.governance import record
from sealwright.phases.governance.report.document import build_report
from sealwright.phases.governance.report.records import LedgerInfo, Report, SystemInfo
from sealwright.policy.lineage import Graph
from sealwright.policy.verdict import RequirementResult, Verdict


@dataclass(frozen=True)
class Sample:
    """The evidence, and the gate's answers about it."""

    ledger: Ledger
    evidence: list[Verified]
    verdicts: list[Verdict]

    @property
    def report(self) -> Report:
        """The report that is made of them."""
        return build_report(
            self.evidence,
            self.verdicts,
            Graph.build(self.evidence),
            system=SystemInfo(name=SYSTEM, purpose=PURPOSE, tier="high"),
            ledger=ledger_info(len(self.evidence)),
            now=self.ledger.now,
        )


def ledger_info(size: int) -> LedgerInfo:
    """A ledger's head as `project` would hand it in."""
    root = "q5wYlmXkPc9ZqA2jxQ4zL0sSo2b1oBY1HnmdYz2v8nU="
    return LedgerInfo(
        origin="ledger.example/triage",
        size=size,
        root=root,
        checkpoint=f"ledger.example/triage\n{size}\n{root}\n\n"
        "— ledger.example/triage tq6m0fZqO2pUQ7bKk3yD1n4wTgkPZtq0Qq4W1pM1rI6c6n2tqj0=\n",
    )


@cache
def build_sample() -> Sample:
    """Builds it once per test session."""
    ledger = Ledger()
    govern(ledger)
    data(ledger)
    criteria = envelope_digest(ledger.say("farid", CRITERIA(ledger.at), TEST, ledger.system))
    model(ledger)
    evaluate(ledger, criteria)
    first_answer(ledger)
    ledger.say("farid", robustness(ledger, criteria, accuracy=0.871), MODEL)
    approve_and_admit(ledger)
    verdicts = afterwards(ledger)
    return Sample(ledger, ledger.verified(), verdicts)


def govern(ledger: Ledger) -> None:
    """The rules, the risk, the impact."""
    ledger.add(
        "alice",
        record.policy_record(SYSTEM, name="house policy", text=POLICY_TEXT, now=ledger.now),
    )
    ledger.add(
        "chiara",
        record.risk_classification(
            SYSTEM,
            purpose=PURPOSE,
            tier="high",
            answers={"decides_about_people": "yes", "essential_service": "yes"},
            reasons=("access to credit (EU AI Act, Annex III, 5b)", "decides about people"),
            now=ledger.now,
        ),
    )
    impact = Impact(
        affected=["applicants", "credit officers"],
        harms=["a late answer for people ranked wrongly", "older applicants ranked riskier"],
        mitigations=["a person decides every case", "fairness criteria per age group"],
        residual=["applicants with thin files are ranked with wide uncertainty"],
        oversight="A credit officer sees score, reasons and uncertainty, and may override each.",
    )
    ledger.add("chiara", record.impact_assessment(SYSTEM, impact=impact, now=ledger.now))


def holds(name: str, title: str, *evidence: str) -> RequirementResult:
    """A satisfied requirement."""
    return RequirementResult(
        id=name,
        status="satisfied",
        title=title,
        reason="passed, signed by the right role, fresh",
        subject=MODEL.sha256,
        subject_name=MODEL.name,
        evidence=evidence,
    )


def lacks(name: str, status: str, title: str, reason: str, command: str) -> RequirementResult:
    """A requirement that does not hold."""
    return RequirementResult(
        id=name,
        status=status,  # type: ignore[arg-type]
        title=title,
        reason=reason,
        subject=MODEL.sha256,
        subject_name=MODEL.name,
        stale_code=1 if status == "stale" else None,
        command=command,
    )


def verdict(ledger: Ledger, question: str, decision: str, *results: RequirementResult) -> Verdict:
    """The gate's answer now."""
    looked = [envelope_digest(envelope) for envelope in ledger.envelopes]
    return Verdict(
        question=question,  # type: ignore[arg-type]
        artifact=MODEL.sha256,
        artifact_name=MODEL.name,
        tier="high",
        policy=hashlib.sha256(POLICY_TEXT.encode()).hexdigest(),
        results=results,
        decision=decision,
        evidence=tuple(sorted(looked[4:])),
        residual_risks=("the generalisation gap is not known",),
        ledger_size=len(looked),
        approvals=tuple(
            item.digest
            for item in ledger.verified()
            if isinstance(item.predicate, Approval) and item.predicate.decision == decision
        ),
        at=ledger.now,
    )


def standard(ledger: Ledger) -> list[RequirementResult]:
    """What holds from the beginning, each with the statements it rests on."""
    of: dict[str, list[str]] = {}
    for item in ledger.verified():
        of.setdefault(item.statement.kind, []).append(item.digest)

    def rests(name: str, title: str, *kinds: str) -> RequirementResult:
        return holds(name, title, *(digest for kind in kinds for digest in reversed(of[kind])))

    return [
        rests(
            "dataset-version", "Every training data set has a recorded version", "dataset-version"
        ),
        rests("dataset-validation", "Training data passed its checks", "dataset-validation"),
        rests("training-run", "Training ran without network in a sandbox", "training-run"),
        rests("model-signature", "The model is signed", "model-signature"),
        rests("scan", "Model, code and dependencies were scanned", "scan"),
        rests("sbom", "There is a bill of materials", "sbom"),
        rests("criteria", "Criteria were fixed before the test", "criteria"),
        rests("evaluation-performance", "Performance reaches the criteria", "evaluation"),
        rests("impact-assessment", "The impact was assessed", "impact-assessment"),
    ]


def answer(
    ledger: Ledger, who: str, how: str, discipline: str, reason: str, decision: str, **more: object
) -> None:
    """One person's answer to the question of release."""
    shown = [envelope_digest(envelope) for envelope in ledger.envelopes[4:]]
    ledger.add(
        who,
        record.approval(
            MODEL,
            decision=decision,
            question="release",
            answer=how,  # type: ignore[arg-type]
            discipline=discipline,
            reason=reason,
            shown=shown,
            now=ledger.now,
            **more,  # type: ignore[arg-type]
        ),
    )


def first_answer(ledger: Ledger) -> None:
    """Release is asked for too early, and denied."""
    first = fake("first decision")
    answer(
        ledger,
        "dan",
        "reject",
        "domain",
        "noise of 0.1 sd is what branch forms look like",
        first,
        seconds=412,
    )
    denied = verdict(
        ledger,
        "release",
        first,
        *standard(ledger),
        lacks(
            "evaluation-robustness",
            "failed",
            "Robustness reaches the criteria",
            "robustness.noise failed: low end 0.830 is below 0.85",
            "sealwright validate",
        ),
        lacks(
            "approvals",
            "missing",
            "Security, data, legal and domain approve, four people",
            "nobody has approved",
            "sealwright approve --question release",
        ),
    )
    ledger.add("gate", record.decision(denied))


def approve_and_admit(ledger: Ledger) -> None:
    """Four people approve, one of them with dissent; the gate admits."""
    evidence = ledger.verified()
    card = record.model_card(MODEL, evidence=evidence, graph=Graph.build(evidence), now=ledger.now)
    ledger.add("eva", card)
    second = fake("second decision")
    answer(
        ledger,
        "alice",
        "approve",
        "security",
        "scans are clean but for one old pin",
        second,
        seconds=1_260,
        conditions=("raise the onnx pin before the next release",),
    )
    answer(
        ledger,
        "bruno",
        "approve",
        "data",
        "origin and checks of both sets are in order",
        second,
        seconds=905,
    )
    answer(
        ledger, "chiara", "approve", "legal", "purpose and legal basis agree", second, seconds=2_340
    )
    answer(
        ledger,
        "dan",
        "approve",
        "domain",
        "robustness now covers branch forms",
        second,
        seconds=780,
        dissent="60 and over should have a criterion of its own",
    )
    admitted = verdict(ledger, "release", second, *released(ledger))
    ledger.add("gate", record.decision(admitted))
    ledger.add(
        "gate",
        record.release(
            MODEL, action="admit", reason="the gate admitted the release", now=ledger.now
        ),
    )


def released(ledger: Ledger) -> list[RequirementResult]:
    """All that release asks for, satisfied."""
    items = ledger.verified()
    approvals = [each.digest for each in items if each.statement.kind == "approval"][-4:]
    robust = [each.digest for each in items if each.statement.kind == "evaluation"][-1:]
    return [
        *standard(ledger),
        holds("evaluation-robustness", "Robustness reaches the criteria", *robust),
        holds("approvals", "Security, data, legal and domain approve, four people", *approvals),
    ]


def afterwards(ledger: Ledger) -> list[Verdict]:
    """An incident comes and goes, a window drifts, a waiver is granted; serving is denied."""
    for status in ("open", "closed"):
        ledger.add(
            "alice",
            record.incident(
                MODEL,
                incident_id="INC-7",
                status=status,
                severity="medium",
                title="scores delayed by a full disk",
                now=ledger.now,
            ),
        )
    drift = MonitorWindow(
        kind="drift",
        result="warned",
        slice="region",
        start=format_time(ledger.now - timedelta(hours=6)),
        end=ledger.at,
        n=256,
        at=ledger.at,
    )
    ledger.say("gate", drift, MODEL)
    ledger.add(
        "alice",
        record.waiver(
            MODEL,
            requirement="evaluation-generalisation",
            reason="training rows become readable with the next export",
            compensating=envelope_digest(ledger.envelopes[-1]),
            asked_by="eva",
            expires=ledger.now + timedelta(days=14),
            now=ledger.now,
        ),
    )
    serve = verdict(
        ledger,
        "serve",
        fake("serve decision"),
        *released(ledger),
        lacks(
            "drill",
            "missing",
            "A stop drill prevented or detected the attack",
            "no drill statement about the system",
            "sealwright drill run stop",
        ),
        lacks(
            "vulns",
            "stale",
            "Known vulnerabilities were looked up within 1 day",
            "the newest lookup (#23) is past valid_until",
            "sealwright scan vulns",
        ),
    )
    ledger.add("gate", record.decision(serve))
    release = verdict(ledger, "release", fake("second decision"), *released(ledger))
    return [release, serve]
