"""One system's way to a release, statement by statement: what a high tier asks, all of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sealwright.evidence.dsse import envelope_digest
from sealwright.evidence.finding import Result
from sealwright.evidence.predicates.common import Resource, Tool
from sealwright.evidence.predicates.data import (
    CheckResult,
    DatasetValidation,
    DatasetVersion,
    Labelling,
    Provenance,
)
from sealwright.evidence.predicates.governance import (
    Card,
    Decision,
    ImpactAssessment,
    RiskClassification,
    Tier,
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
from sealwright.evidence.predicates.monitoring import FeatureProfile, Profile
from sealwright.evidence.predicates.serving import Contract
from sealwright.evidence.predicates.validation import (
    Criteria,
    Criterion,
    Evaluation,
    EvaluationKind,
    Judgement,
)
from sealwright.evidence.statement import Subject
from sealwright.policy.verdict import Verdict
from tests.policy.factory import SYSTEM, World, alias, artifact

TRAIN, TRAIN_FILES = artifact("train", "train.csv")
TEST, TEST_FILES = artifact("test", "test.csv")
RAW, RAW_FILES = artifact("raw", "raw.csv")
MODEL, MODEL_FILES = artifact("model", "model.onnx", "labels.json")
CODE, _ = artifact("train.py")
ENVIRONMENT, _ = artifact("environment")

KINDS: tuple[EvaluationKind, ...] = (
    "performance",
    "fairness",
    "calibration",
    "robustness",
    "privacy",
    "generalisation",
)
APPROVERS = ("sam", "dana", "lena", "doc")


def version(
    world: World, about: Subject, files: Sequence[object], *, who: str = "mina", parent: str = ""
) -> str:
    said = DatasetVersion(
        name=about.name,
        files=tuple(files),  # type: ignore[arg-type]
        rows=442,
        schema=(),
        provenance=Provenance(source="clinic", licence="CC0-1.0", legal_basis="consent"),
        labelling=Labelling(column="y", method="record", by=("lab",)),
        parent=parent,
        at=world.at,
    )
    return world.say(who, said, about)


def validation(
    world: World,
    kind: str,
    *about: Subject,
    outcome: Result = "passed",
    who: str = "mina",
    engine: str = "1.2.0",
) -> str:
    check = CheckResult(
        id=f"{kind}/all",
        check=kind,
        expected="none",
        result=outcome,
        n=442,
        violations=0 if outcome == "passed" else 7,
    )
    said = DatasetValidation(
        kind=kind,  # type: ignore[arg-type]
        result=outcome,
        checks=(check,),
        engine=Tool(name="sealwright", version=engine),
        config="0" * 64,
        at=world.at,
    )
    return world.say(who, said, *about)


def scan(
    world: World,
    kind: str,
    about: Subject,
    *,
    outcome: Result = "passed",
    who: str = "mina",
    version: str = "1.2.0",
) -> str:
    said = Scan(
        kind=kind,  # type: ignore[arg-type]
        result=outcome,
        scanner=Tool(name="sealwright-scan", version=version),
        coverage=Coverage(files=1, bytes_total=1, bytes_parsed=1),
        at=world.at,
    )
    return world.say(who, said, about)


def training_run(
    world: World,
    *,
    who: str = "mina",
    level: str = "bubblewrap",
    network: str = "none",
    violations: Sequence[object] = (),
    about: Subject = MODEL,
    datasets: Sequence[Subject] = (TRAIN,),
) -> str:
    used = [(data, "dataset") for data in datasets]
    used += [(CODE, "code"), (ENVIRONMENT, "environment")]
    said = SlsaProvenance(
        build_definition=BuildDefinition(
            build_type="urn:example:training",
            external_parameters={},
            internal_parameters={
                "isolation": {"level": level, "network": network, "mechanisms": []},
                "violations": list(violations),
                "exit": {"code": 0},
            },
            resolved_dependencies=tuple(
                Resource(name=s.name, digest=dict(s.digest), annotations={"kind": kind})
                for s, kind in used
            ),
        ),
        run_details=RunDetails(
            builder=Builder(id="urn:example:builder"),
            metadata=BuildMetadata(
                invocation_id=f"urn:run:{len(world.envelopes)}",
                started_on=world.at,
                finished_on=world.at,
            ),
        ),
    )
    return world.say(who, said, about)


def signature(world: World, *, who: str = "mina") -> str:
    listed = sorted(MODEL_FILES, key=lambda entry: entry.path)
    said = OmsSignature(
        resources=tuple(OmsResource(name=e.path, digest=e.sha256) for e in listed),
        serialization=OmsSerialization(),
    )
    return world.say(who, said, alias("model", MODEL_FILES))


def custody(world: World, *, who: str = "mina") -> str:
    said = Custody(name="model", files=MODEL_FILES, action="trained", at=world.at)
    return world.say(who, said, MODEL)


def contract(world: World, *, who: str = "mina", **more: Any) -> str:
    said = Contract(
        name="triage", model_file="model.onnx", features=("age", "bmi"), positive=1, at=world.at,
        **more,
    )  # fmt: skip
    return world.say(who, said, MODEL)


def profile(world: World, *, who: str = "mina") -> str:
    columns = tuple(
        FeatureProfile(name=name, edges=(0.0, 1.0), counts=(3, 4, 3))
        for name in ("age", "bmi", "score")
    )
    said = Profile(
        dataset=Resource(name="train", digest={"sha256": TRAIN.sha256}),
        rows=10,
        features=columns[:2],
        prediction=columns[2],
        engine=Tool(name="sealwright", version="0"),
        at=world.at,
    )
    return world.say(who, said, MODEL)


def sbom(world: World, *, who: str = "mina") -> str:
    said = CycloneDxBom(
        bom_format="CycloneDX",
        spec_version="1.6",
        serial_number=f"urn:uuid:{len(world.envelopes)}",
        version=1,
        metadata={"timestamp": world.at},
        components=({"name": "numpy", "type": "library", "version": "2.0"},),
    )
    return world.say(who, said, MODEL)


def vulns(world: World, *found: str, who: str = "feed", about: Subject = MODEL) -> str:
    said = Vulns(
        scanner=VulnScanner(
            uri="urn:example:scanner",
            version="1",
            db={},
            result=tuple({"id": each} for each in found),
        ),
        metadata=VulnMetadata(scan_started_on=world.at, scan_finished_on=world.at),
    )
    return world.say(who, said, about)


def criteria(
    world: World,
    *,
    threshold: float = 0.8,
    who: str = "olga",
    about: Sequence[Subject] = (TEST, SYSTEM),
    kinds: Sequence[EvaluationKind] = KINDS,
    config: str = "",
) -> str:
    said = Criteria(
        name="criteria",
        criteria=tuple(
            Criterion(
                id=f"{kind}-1", kind=kind, metric="score", op=">=", threshold=threshold, bound="low"
            )
            for kind in kinds
        ),
        config=config,
        at=world.at,
    )
    return world.say(who, said, *about)


def evaluation(
    world: World,
    kind: EvaluationKind,
    against: str,
    *,
    outcome: Result = "passed",
    judged: bool = True,
    who: str = "mina",
    about: Subject = MODEL,
    on: Subject = TEST,
    config: str = "",
) -> str:
    said = Evaluation(
        kind=kind,
        result=outcome,
        criteria=against,
        dataset=Resource(name=on.name, digest=dict(on.digest), annotations={"kind": "dataset"}),
        measurements=(),
        judgements=(Judgement(criterion=f"{kind}-1", result=outcome),) if judged else (),
        engine=Tool(name="sealwright", version="1.2.0"),
        config=config,
        at=world.at,
    )
    return world.say(who, said, about)


def classify(world: World, tier: Tier = "high", *, who: str = "olga") -> str:
    said = RiskClassification(
        system="triage", purpose="triage", tier=tier, answers={}, reasons=("health",), at=world.at
    )
    return world.say(who, said, SYSTEM)


def assess(world: World, *residual: str, who: str = "olga") -> str:
    said = ImpactAssessment(
        affected=("patients",),
        harms=("seen too late",),
        mitigations=("a physician decides",),
        residual=residual or ("one clinic only",),
        oversight="a physician",
        at=world.at,
    )
    return world.say(who, said, SYSTEM)


def govern(world: World, tier: Tier = "high") -> None:
    classify(world, tier)
    assess(world)


def prepare_data(world: World) -> None:
    version(world, RAW, RAW_FILES)
    for about, files in ((TRAIN, TRAIN_FILES), (TEST, TEST_FILES)):
        version(world, about, files, parent=RAW.sha256 if about is TRAIN else "")
        for kind in ("constraints", "labels", "personal-data"):
            validation(world, kind, about)
    validation(world, "overlap", TEST, TRAIN)


def build_model(world: World) -> None:
    scan(world, "code", CODE)
    training_run(world)
    custody(world)
    sbom(world)
    scan(world, "dependency", MODEL)
    scan(world, "artifact", MODEL)
    signature(world)
    contract(world, abstain_margin=0.05, review=True, confirm=("positive",))
    profile(world)


def validate(world: World, against: str, *, who: str = "mina") -> None:
    for kind in KINDS:
        evaluation(world, kind, against, who=who)
    card = Card(name="model", kind="model", content={"purpose": "triage"}, at=world.at)
    world.say("olga", card, MODEL)


@cache
def _told(tier: Tier) -> World:
    world = World()
    govern(world, tier)
    prepare_data(world)
    fixed = criteria(world)
    build_model(world)
    validate(world, fixed)
    if tier == "critical":
        for who in ("val", "vera"):
            for kind in KINDS:
                evaluation(world, kind, fixed, who=who)
    return world


def told(tier: Tier = "high") -> World:
    """Everything but the approvals."""
    return _told(tier).copy()


def approved(tier: Tier = "high", approvers: Sequence[str] = APPROVERS) -> World:
    """Everything, and the people who agree."""
    world = told(tier)
    decision = world.ask(MODEL).decision
    for who in approvers:
        world.approve(who, MODEL, decision)
    return world


def decide(world: World, verdict: Verdict, *, who: str = "olga") -> str:
    """Puts the gate's answer on record."""
    said = Decision(
        question=verdict.question,
        outcome="admitted" if verdict.admitted else "denied",
        tier=verdict.tier,
        policy=verdict.policy,
        evidence=verdict.evidence,
        requirements={each.id: each.status for each in verdict.results},
        ledger_size=verdict.ledger_size,
        at=world.at,
    )
    return world.say(who, said, MODEL)


def criteria_digest(world: World) -> str:
    """Envelope digest of the first criteria in the ledger; of nothing if there are none."""
    for envelope in world.envelopes:
        if b"predicate:criteria:v1" in envelope.payload:
            return envelope_digest(envelope)
    return "0" * 64
