"""What the sample says about its data and its training."""

from __future__ import annotations

from datetime import timedelta

from tests.governance.people import Ledger
from tests.governance.sample_artifacts import (
    DUCKDB,
    LOCK,
    MODEL,
    PREPARE,
    QUIET,
    RAW,
    TEST,
    TRAIN,
    TRAINER,
    fake,
)

from sealwright.clock import format_time
from sealwright.evidence.finding import Finding
from sealwright.evidence.predicates.common import FileEntry, Resource, Tool
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
from sealwright.evidence.statement import Subject


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
    name: str, what: str, expected: str, n: int, bad: int | None = 0, result: str = "passed"
) -> CheckResult:
    """One check's outcome."""
    return CheckResult(
        id=name,
        check=what,
        expected=expected,
        n=n,
        violations=bad,
        result=result,  # type: ignore[arg-type]
        column=name.partition(".")[0],
    )


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
