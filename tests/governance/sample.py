"""A whole life of a system, signed for real: data, training, tests, a denial, an admission."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from sealwright.clock import format_time
from sealwright.evidence.dsse import envelope_digest
from sealwright.evidence.predicates.common import FileEntry, Finding, Resource, Tool
from sealwright.evidence.predicates.data import (
    CheckResult,
    Column,
    DataAccess,
    DatasetValidation,
    DatasetVersion,
    Labelling,
    Lineage,
    Provenance,
    Quarantine,
)
from sealwright.evidence.predicates.model import (
    BuildDefinition,
    Builder,
    BuildMetadata,
    Coverage,
    Custody,
    CycloneDxBom,
    OmsResource,
    OmsSerialization,
    OmsSignature,
    RunDetails,
    Scan,
    SlsaProvenance,
    VulnMetadata,
    Vulns,
    VulnScanner,
)
from sealwright.evidence.predicates.operation import MonitorWindow
from sealwright.evidence.predicates.validation import (
    Criteria,
    Criterion,
    Curve,
    Evaluation,
    Judgement,
    Measurement,
    Point,
    TestResult,
)
from sealwright.evidence.statement import Subject, subject
from sealwright.evidence.verify import Verified
from sealwright.lifecycle.model import Impact
from sealwright.phases.governance import record
from sealwright.phases.governance.report.document import build_report
from sealwright.phases.governance.report.records import LedgerInfo, Report, SystemInfo
from sealwright.policy.lineage import Graph
from sealwright.policy.verdict import RequirementResult, Verdict
from tests.governance.people import SYSTEM, Ledger

PURPOSE = (
    "Ranks applications for consumer loans by the risk of default, so that a credit officer "
    "looks at the riskiest first. It refuses nobody by itself."
)
POLICY_TEXT = '[tier.high]\nrequire = ["dataset-version", "evaluation", "scan"]\n'


def fake(name: str) -> str:
    """A digest for content that the sample does not hold."""
    return hashlib.sha256(name.encode()).hexdigest()


RAW = subject("applications-2019-2025", fake("raw"))
TRAIN = subject("train-v2", fake("train"))
TEST = subject("test-v2", fake("test"))
MODEL = subject("loan-triage-v4", fake("model"))
PREPARE = subject("prepare.py", fake("prepare"))
TRAINER = subject("train.py", fake("trainer"))
LOCK = subject("requirements.lock", fake("lock"))
DUCKDB = Tool(name="duckdb", version="1.4.1")
RUNTIME = Tool(name="onnxruntime", version="1.23.0", digest=fake("engine"))
QUIET = Coverage(files=14, bytes_total=88_412, bytes_parsed=88_412)


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


def version(ledger: Ledger, of: Subject, *, rows: int, parent: str = "") -> DatasetVersion:
    """A data set version."""
    return DatasetVersion(
        name=of.name,
        files=(FileEntry(path=f"{of.name}.parquet", size=rows * 61, sha256=fake(of.name)),),
        rows=rows,
        schema=(
            Column(name="age", type="integer"),
            Column(name="income", type="number"),
            Column(name="region", type="string"),
            Column(name="defaulted", type="boolean", nullable=False),
        ),
        provenance=Provenance(
            source="core banking system, export 2025-12",
            licence="internal use",
            legal_basis="contract with the applicant (GDPR Art. 6(1)(b))",
            contains_personal_data="yes",
        ),
        labelling=Labelling(column="defaulted", method="repayment record", by=("bruno",)),
        sensitive_columns=("age", "region"),
        group_columns=("age_group",),
        parent=parent,
        at=ledger.at,
    )


def check(
    id: str, what: str, expected: str, n: int, bad: int | None = 0, result: str = "passed"
) -> CheckResult:
    """One check's outcome."""
    return CheckResult.__call__(
        id=id, check=what, expected=expected, n=n, violations=bad, result=result, column="income"
    )  # type: ignore[no-any-return]


def data(ledger: Ledger) -> None:
    """Data versions, their making and their checks."""
    ledger.say("bruno", version(ledger, RAW, rows=412_006), RAW)
    step = Lineage(
        step="prepare",
        inputs=(Resource(name=RAW.name, digest=RAW.digest, annotations={"kind": "dataset"}),),
        code=(Resource(name=PREPARE.name, digest=PREPARE.digest, annotations={"kind": "code"}),),
        at=ledger.at,
    )
    ledger.say("bruno", step, TRAIN, TEST)
    ledger.say("bruno", version(ledger, TRAIN, rows=288_404), TRAIN)
    ledger.say("bruno", version(ledger, TEST, rows=61_800), TEST)

    def examined(kind: str, result: str, *checks: CheckResult, kept: int = 0) -> DatasetValidation:
        quarantine = Quarantine(name="kept.parquet", sha256=fake("kept"), rows=kept)
        return DatasetValidation(
            kind=kind,  # type: ignore[arg-type]
            result=result,  # type: ignore[arg-type]
            checks=checks,
            engine=DUCKDB,
            quarantine=quarantine if kept else None,
            config=fake("config"),
            at=ledger.at,
        )

    rows = 288_404
    ledger.say(
        "bruno",
        examined(
            "constraints",
            "warned",
            check("income.range", "range", "0 ≤ income ≤ 10,000,000", rows),
            check("income.required", "required", "no NULL or NaN", rows, 12, "warned"),
            check("age.range", "range", "18 ≤ age ≤ 110", rows),
            kept=12,
        ),
        TRAIN,
    )
    ledger.say(
        "bruno",
        examined("labels", "passed", check("labels.noise", "label noise", "≤ 5 %", rows, 3_021)),
        TRAIN,
    )
    ledger.say(
        "bruno",
        examined("overlap", "passed", check("overlap.rows", "overlap", "no shared row", 61_800)),
        TRAIN,
        TEST,
    )
    ledger.say(
        "bruno",
        examined(
            "personal-data",
            "inconclusive",
            check("personal.scan", "personal data", "none unannounced", 0, None, "inconclusive"),
        ),
        TEST,
    )
    access = DataAccess(actor="eva", purpose="training", outcome="granted", at=ledger.at)
    ledger.say("gate", access, TRAIN)
    refused = DataAccess(
        actor="intern", purpose="curiosity", outcome="denied", reason="no role", at=ledger.at
    )
    ledger.say("gate", refused, TRAIN)


def CRITERIA(at: str) -> Criteria:  # noqa: N802  (reads as the constant that it nearly is)
    """What the model has to reach."""

    def asked(id: str, metric: str, op: str, threshold: float, bound: str) -> Criterion:
        kind, _, _ = id.partition(".")
        return Criterion(
            id=id,
            kind=kind,  # type: ignore[arg-type]
            metric=metric,
            op=op,  # type: ignore[arg-type]
            threshold=threshold,
            bound=bound,  # type: ignore[arg-type]
        )

    return Criteria(
        name="loan triage acceptance",
        criteria=(
            asked("performance.auc", "auc", ">=", 0.80, "low"),
            asked("performance.recall", "recall", ">=", 0.70, "low"),
            asked("fairness.tpr_gap", "tpr_gap", "<=", 0.08, "high"),
            asked("calibration.ece", "ece", "<=", 0.03, "high"),
            asked("robustness.noise", "accuracy_under_noise", ">=", 0.85, "low"),
            asked("privacy.membership", "membership_auc", "<=", 0.55, "high"),
            asked("generalisation.gap", "gap", "<=", 0.03, "high"),
        ),
        at=at,
    )


def model(ledger: Ledger) -> None:
    """Scans of the code, the training run, custody, signature, bill of materials."""
    clean = Tool(name="bandit", version="1.8.6", digest=fake("rules"))
    ledger.say(
        "scanner",
        Scan(kind="code", result="passed", scanner=clean, coverage=QUIET, at=ledger.at),
        TRAINER,
    )
    ledger.say(
        "scanner",
        Scan(kind="secret", result="passed", scanner=clean, coverage=QUIET, at=ledger.at),
        TRAINER,
    )
    old = Finding(
        rule="DEP-011",
        severity="medium",
        message="onnx 1.15.0 is pinned two minor versions behind",
        location="requirements.lock:14",
        remediation="raise the pin and train again",
        atlas=("AML.T0010.001",),
    )
    ledger.say(
        "scanner",
        Scan(
            kind="dependency",
            result="warned",
            scanner=Tool(name="lockcheck", version="0.4"),
            findings=(old,),
            coverage=Coverage(files=1, bytes_total=9_120, bytes_parsed=9_120),
            at=ledger.at,
        ),
        LOCK,
    )
    ledger.say("eva", training(ledger), MODEL)
    files = (FileEntry(path="model.onnx", size=1_882_104, sha256=fake("onnx")),)
    custody = Custody(name=MODEL.name, files=files, action="trained", at=ledger.at)
    ledger.say("eva", custody, MODEL)
    signature = OmsSignature(
        resources=(OmsResource(name="model.onnx", digest=fake("onnx")),),
        serialization=OmsSerialization(),
    )
    ledger.say("eva", signature, MODEL)
    parts = [{"type": "library", "name": f"library-{n}"} for n in range(41)]
    parts += [{"type": "data", "name": "train-v2"}, {"type": "machine-learning-model", "name": "m"}]
    bom = CycloneDxBom(
        bom_format="CycloneDX",
        spec_version="1.6",
        serial_number="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        version=1,
        metadata={"timestamp": ledger.at},
        components=tuple(parts),
    )
    ledger.say("scanner", bom, MODEL)
    vulns = Vulns(
        scanner=VulnScanner(uri="urn:osv", version="2.2", db={"lastUpdate": ledger.at}, result=()),
        metadata=VulnMetadata(scan_started_on=ledger.at, scan_finished_on=ledger.at),
    )
    ledger.say("scanner", vulns, MODEL)
    partly = Coverage(
        files=3, bytes_total=1_901_330, bytes_parsed=1_899_002, not_examined=("notes/readme.pdf",)
    )
    scan = Scan(
        kind="artifact",
        result="passed",
        scanner=Tool(name="sealwright", version="0.1.0", digest=fake("artifact rules")),
        coverage=partly,
        at=ledger.at,
    )
    ledger.say("scanner", scan, MODEL)


def training(ledger: Ledger) -> SlsaProvenance:
    """The training run's provenance."""

    def used(what: Subject, kind: str) -> Resource:
        return Resource(name=what.name, digest=what.digest, annotations={"kind": kind})

    return SlsaProvenance(
        build_definition=BuildDefinition(
            build_type="urn:sealwright:build:training:v1",
            external_parameters={"command": ["python", "train.py"]},
            internal_parameters={
                "isolation": {
                    "level": "bubblewrap",
                    "network": "none",
                    "mechanisms": ["user namespace", "seccomp", "read-only root"],
                    "limits": {"seconds": 600, "memory_mb": 4096, "processes": 64},
                },
                "violations": [],
                "exit": {"code": 0},
            },
            resolved_dependencies=(
                used(TRAIN, "dataset"),
                used(TRAINER, "code"),
                used(LOCK, "environment"),
            ),
        ),
        run_details=RunDetails(
            builder=Builder(id="urn:sealwright:sandbox", version={"sealwright": "0.1.0"}),
            metadata=BuildMetadata(
                invocation_id="7c0c7d1e",
                started_on=format_time(ledger.now - timedelta(minutes=9)),
                finished_on=ledger.at,
            ),
        ),
    )


def evaluation(
    ledger: Ledger,
    criteria: str,
    kind: str,
    result: str,
    measurements: tuple[Measurement, ...],
    judgements: tuple[Judgement, ...],
    *curves: Curve,
) -> Evaluation:
    """One evaluation."""
    return Evaluation(
        kind=kind,  # type: ignore[arg-type]
        result=result,  # type: ignore[arg-type]
        criteria=criteria,
        dataset=Resource(name=TEST.name, digest=TEST.digest, annotations={"kind": "dataset"}),
        measurements=measurements,
        judgements=judgements,
        curves=curves,
        queries=61_800,
        seed=20_261_102,
        engine=RUNTIME,
        at=ledger.at,
    )


def measured(
    metric: str, value: float, half: float, *, group: str = "", n: int = 61_800
) -> Measurement:
    """A value with an interval of ± half."""
    return Measurement(
        metric=metric,
        value=value,
        low=round(value - half, 6),
        high=round(value + half, 6),
        n=n,
        method="bootstrap percentile",
        group=group,
    )


def judged(criterion: str, result: str = "passed", detail: str = "") -> Judgement:
    """A criterion's judgement."""
    return Judgement(criterion=criterion, result=result, detail=detail)  # type: ignore[arg-type]


def evaluate(ledger: Ledger, criteria: str) -> None:
    """Six kinds of evaluation; robustness fails at first."""
    groups = (("18 to 29", 0.836, 11_204), ("30 to 59", 0.848, 41_902), ("60 and over", 0.821, 8_694))
    performance = (
        measured("auc", 0.842, 0.006),
        *(measured("auc", auc, 0.004 + 60 / n, group=name, n=n) for name, auc, n in groups),
        measured("recall", 0.741, 0.011),
        measured("precision", 0.612, 0.013),
    )
    ledger.say(
        "farid",
        evaluation(
            ledger,
            criteria,
            "performance",
            "passed",
            performance,
            (judged("performance.auc"), judged("performance.recall")),
        ),
        MODEL,
    )
    gaps = (
        measured("tpr_gap", 0.052, 0.014),
        measured("tpr", 0.748, 0.02, group="18 to 29", n=11_204),
        measured("tpr", 0.752, 0.01, group="30 to 59", n=41_902),
        measured("tpr", 0.700, 0.024, group="60 and over", n=8_694),
    )
    ledger.say(
        "farid",
        evaluation(ledger, criteria, "fairness", "passed", gaps, (judged("fairness.tpr_gap"),)),
        MODEL,
    )
    ledger.say("farid", robustness(ledger, criteria, accuracy=0.838), MODEL)
    bins = [(0.05, 0.047), (0.15, 0.158), (0.3, 0.288), (0.5, 0.523), (0.7, 0.664), (0.9, 0.871)]
    reliability = Curve(
        name="reliability diagram",
        x_label="predicted probability",
        y_label="observed share",
        points=tuple(
            Point(x=x, y=y, low=max(0.0, y - 0.02 - x / 30), high=min(1.0, y + 0.02 + x / 30))
            for x, y in bins
        ),
    )
    ledger.say(
        "farid",
        evaluation(
            ledger,
            criteria,
            "calibration",
            "passed",
            (measured("ece", 0.021, 0.006),),
            (judged("calibration.ece"),),
            reliability,
        ),
        MODEL,
    )
    ledger.say(
        "farid",
        evaluation(
            ledger,
            criteria,
            "privacy",
            "passed",
            (measured("membership_auc", 0.512, 0.009, n=20_000),),
            (judged("privacy.membership"),),
        ),
        MODEL,
    )
    ledger.say(
        "farid",
        evaluation(
            ledger,
            criteria,
            "generalisation",
            "inconclusive",
            (),
            (judged("generalisation.gap", "inconclusive", "the training rows were not readable"),),
        ),
        MODEL,
    )
    summary = TestResult(
        result="WARNED",
        configuration=(Resource(name="criteria", digest={"sha256": criteria}),),
        passed_tests=("performance.auc", "fairness.tpr_gap"),
        warned_tests=("generalisation.gap",),
    )
    ledger.say("farid", summary, MODEL)


def robustness(ledger: Ledger, criteria: str, *, accuracy: float) -> Evaluation:
    """Accuracy under noise; passes when the low end is at least 0.85."""
    passed = accuracy - 0.008 >= 0.85
    result = "passed" if passed else "failed"
    levels = [(0.0, accuracy + 0.02), (0.05, accuracy + 0.012), (0.1, accuracy), (0.2, accuracy - 0.05)]
    curve = Curve(
        name="accuracy against noise",
        x_label="noise, standard deviations of each feature",
        y_label="accuracy_under_noise",
        points=tuple(
            Point(x=x, y=round(y, 4), low=round(y - 0.008, 4), high=round(y + 0.008, 4))
            for x, y in levels
        ),
    )
    detail = "" if passed else f"low end {accuracy - 0.008:.3f} is below 0.85"
    return evaluation(
        ledger,
        criteria,
        "robustness",
        result,
        (measured("accuracy_under_noise", accuracy, 0.008),),
        (judged("robustness.noise", result, detail),),
        curve,
    )


def holds(id: str, title: str, *evidence: str) -> RequirementResult:
    """A satisfied requirement."""
    return RequirementResult(
        id=id,
        status="satisfied",
        title=title,
        reason="passed, signed by the right role, fresh",
        subject=MODEL.sha256,
        subject_name=MODEL.name,
        evidence=evidence,
    )


def lacks(id: str, status: str, title: str, reason: str, command: str) -> RequirementResult:
    """A requirement that does not hold."""
    return RequirementResult(
        id=id,
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
        at=ledger.now,
    )


def standard(ledger: Ledger) -> list[RequirementResult]:
    """What holds from the beginning, each with the statements it rests on."""
    of: dict[str, list[str]] = {}
    for item in ledger.verified():
        of.setdefault(item.statement.kind, []).append(item.digest)

    def rests(id: str, title: str, *kinds: str) -> RequirementResult:
        return holds(id, title, *(digest for kind in kinds for digest in reversed(of[kind])))

    return [
        rests("dataset-version", "Every training data set has a recorded version", "dataset-version"),
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
    answer(ledger, "dan", "reject", "domain", "noise of 0.1 sd is what branch forms look like",
           first, seconds=412)  # fmt: skip
    denied = verdict(
        ledger,
        "release",
        first,
        *standard(ledger),
        lacks("evaluation-robustness", "failed", "Robustness reaches the criteria",
              "robustness.noise failed: low end 0.830 is below 0.85", "sealwright validate"),
        lacks("approvals", "missing", "Security, data, legal and domain approve, four people",
              "nobody has approved", "sealwright approve --question release"),
    )  # fmt: skip
    ledger.add("gate", record.decision(denied))


def approve_and_admit(ledger: Ledger) -> None:
    """Four people approve, one of them with dissent; the gate admits."""
    evidence = ledger.verified()
    card = record.model_card(
        MODEL, evidence=evidence, graph=Graph.build(evidence), now=ledger.now
    )
    ledger.add("eva", card)
    second = fake("second decision")
    answer(ledger, "alice", "approve", "security", "scans are clean but for one old pin", second,
           seconds=1_260, conditions=("raise the onnx pin before the next release",))  # fmt: skip
    answer(ledger, "bruno", "approve", "data", "origin and checks of both sets are in order",
           second, seconds=905)  # fmt: skip
    answer(ledger, "chiara", "approve", "legal", "purpose and legal basis agree", second,
           seconds=2_340)  # fmt: skip
    answer(ledger, "dan", "approve", "domain", "robustness now covers branch forms", second,
           seconds=780, dissent="60 and over should have a criterion of its own")  # fmt: skip
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
                id="INC-7",
                status=status,  # type: ignore[arg-type]
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
        lacks("drill", "missing", "A stop drill prevented or detected the attack",
              "no drill statement about the system", "sealwright drill run stop"),
        lacks("vulns", "stale", "Known vulnerabilities were looked up within 1 day",
              "the newest lookup (#23) is past valid_until", "sealwright scan vulns"),
    )  # fmt: skip
    ledger.add("gate", record.decision(serve))
    release = verdict(ledger, "release", fake("second decision"), *released(ledger))
    return [release, serve]
