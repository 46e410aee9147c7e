"""Every kind of statement that the system can make, in one list.

`PREDICATES` is the table of contents: a predicate that is not in it does not exist.
"""

from __future__ import annotations

from sealwright.evidence.predicates.common import Predicate
from sealwright.evidence.predicates.data import (
    DataAccess,
    DatasetValidation,
    DatasetVersion,
    Lineage,
)
from sealwright.evidence.predicates.governance import (
    Approval,
    Card,
    Decision,
    ImpactAssessment,
    PolicyRecord,
    RiskClassification,
    TrainingCompletion,
    TrustRoot,
    Waiver,
)
from sealwright.evidence.predicates.model import (
    Custody,
    CycloneDxBom,
    ModelImport,
    OmsSignature,
    Scan,
    SlsaProvenance,
    Vulns,
)
from sealwright.evidence.predicates.monitoring import (
    Alert,
    Disagreement,
    Profile,
    RetrainingReview,
)
from sealwright.evidence.predicates.operation import DrillResult, Incident, MonitorWindow, Release
from sealwright.evidence.predicates.serving import (
    Contract,
    DecisionLogHead,
    Grant,
    GrantRevocation,
    Oversight,
    Snapshot,
)
from sealwright.evidence.predicates.validation import Criteria, Evaluation, TestResult

PREDICATES: dict[str, type[Predicate]] = {
    # short name, as policies and the command line say it
    "trust-root": TrustRoot,
    "policy": PolicyRecord,
    "risk-classification": RiskClassification,
    "impact-assessment": ImpactAssessment,
    "dataset-version": DatasetVersion,
    "lineage": Lineage,
    "dataset-validation": DatasetValidation,
    "data-access": DataAccess,
    "training-run": SlsaProvenance,
    "model-import": ModelImport,
    "custody": Custody,
    "model-signature": OmsSignature,
    "sbom": CycloneDxBom,
    "scan": Scan,
    "vulns": Vulns,
    "criteria": Criteria,
    "evaluation": Evaluation,
    "test-result": TestResult,
    "card": Card,
    "approval": Approval,
    "waiver": Waiver,
    "decision": Decision,
    "contract": Contract,
    "profile": Profile,
    "release": Release,
    "grant": Grant,
    "grant-revocation": GrantRevocation,
    "snapshot": Snapshot,
    "decision-log": DecisionLogHead,
    "oversight": Oversight,
    "alert": Alert,
    "disagreement": Disagreement,
    "retraining-review": RetrainingReview,
    "incident": Incident,
    "monitor-window": MonitorWindow,
    "drill": DrillResult,
    "training-completion": TrainingCompletion,
}

SHORT_NAMES: dict[str, str] = {cls.TYPE: name for name, cls in PREDICATES.items()}
"""Predicate URI → short name."""

__all__ = ["PREDICATES", "SHORT_NAMES", "Predicate"]
