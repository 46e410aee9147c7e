"""Which statements are evidence of which class: the one table between catalogues and the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """Statements of one predicate (its short name) and kind; no kind means all of them."""

    predicate: str
    kind: str = ""


_evaluation = {name: Kind("evaluation", name) for name in (
    "performance", "fairness", "calibration", "robustness", "privacy", "generalisation",
    "regression",
)}  # fmt: skip
_CARD_MODEL, _CARD_DATA = Kind("card", "model"), Kind("card", "dataset")
_RISKS = (Kind("risk-classification"), Kind("impact-assessment"))

CLASSES: Final[Mapping[str, tuple[Kind, ...]]] = {
    # data
    "dataset-manifest": (Kind("dataset-version"),),
    "dataset-version": (Kind("dataset-version"),),
    "dataset-validation": (Kind("dataset-validation"),),
    "dataset-card": (_CARD_DATA,),
    "data-access-log": (Kind("data-access"),),
    "lineage": (Kind("lineage"), Kind("training-run")),
    # model
    "training-provenance": (Kind("training-run"),),
    "deployment-manifest": (Kind("contract"), Kind("sbom")),
    "custody-log": (Kind("custody"),),
    "model-signature": (Kind("model-signature"),),
    "verification-record": (Kind("custody"), Kind("decision", "serve")),
    "sbom": (Kind("sbom"),),
    "ml-bom": (Kind("sbom"),),
    "code-scan": (Kind("scan", "code"),),
    "artifact-scan": (Kind("scan", "artifact"),),
    "vetting": (Kind("model-import"), Kind("scan", "artifact"), Kind("scan", "dependency")),
    "adoption-record": (Kind("model-import"),),
    "vuln-result": (Kind("vulns"), Kind("scan", "dependency")),
    "model-audit": (Kind("retraining-review"),),
    # validation
    "criteria-preregistration": (Kind("criteria"),),
    "eval-result": tuple(_evaluation.values()),
    "fairness-result": (_evaluation["fairness"],),
    "calibration-result": (_evaluation["calibration"],),
    "robustness-result": (_evaluation["robustness"],),
    "privacy-attack-result": (_evaluation["privacy"],),
    "generalisation-gap": (_evaluation["generalisation"],),
    "regression-result": (_evaluation["regression"], Kind("retraining-review")),
    "model-card": (_CARD_MODEL,),
    # deployment
    "gateway-decision": (Kind("decision-log"),),
    "inference-log-checkpoint": (Kind("decision-log"),),
    "admission-decision": (Kind("decision", "release"), Kind("release", "admit")),
    "quota-policy": (Kind("grant"),),
    "release": (Kind("release", "admit"),),
    "release-cadence": (Kind("release", "admit"),),
    "rollback": (Kind("release", "rollback"),),
    "revocation": (Kind("release", "revoke"), Kind("release", "quarantine")),
    "openapi": (Kind("contract"),),
    "surface-inventory": (Kind("contract"), Kind("grant")),
    # monitoring
    "monitor-summary": (Kind("monitor-window"), Kind("alert")),
    "drift-result": (Kind("monitor-window", "drift"),),
    "access-pattern-summary": (Kind("monitor-window", "access"), Kind("alert")),
    "disagreement-summary": (Kind("disagreement"), Kind("monitor-window", "ensemble")),
    "detector-card": (Kind("profile"),),
    "monitoring-plan": (Kind("profile"),),
    "alert": (Kind("alert"),),
    "integrity-alert": (Kind("alert"), Kind("incident")),
    "incident": (Kind("incident"),),
    "incident-clock": (Kind("incident"),),
    "acknowledgement": (Kind("incident"),),
    # governance
    "risk-classification": (Kind("risk-classification"),),
    "risk-register": _RISKS,
    "risk-register-update": _RISKS,
    "risk-treatment": (Kind("impact-assessment"),),
    "threat-model": (Kind("impact-assessment"),),
    "impact-assessment": (Kind("impact-assessment"),),
    "oversight-policy": (Kind("impact-assessment"), Kind("contract")),
    "gate-policy": (Kind("policy"),),
    "policy-document": (Kind("policy"),),
    "gate-decision": (Kind("decision"),),
    "decision-record": (Kind("decision"), Kind("approval")),
    "approval": (Kind("approval"),),
    "approval-quorum": (Kind("approval"),),
    "role-register": (Kind("trust-root"),),
    "training-completion": (Kind("training-completion"),),
    "override-record": (Kind("oversight", "override"),),
    "dual-confirmation": (Kind("oversight", "confirm"),),
    "audit-report": (Kind("drill", "GOV-01"),),
    "freshness-report": (Kind("decision"),),
    # drills
    "drill-result": (Kind("drill"),),
    "drill-result-trend": (Kind("drill"),),
    "rollback-drill": (Kind("drill", "DEP-07"), Kind("release", "rollback")),
    "stop-drill": (Kind("drill", "GOV-05"), Kind("drill", "DEP-05")),
}
"""Class → the statements that count for it; any one of them does."""

COMPUTED: Final[Mapping[str, str]] = {
    "control-coverage": "this report",
    "ledger-checkpoint": "the ledger's signed checkpoint, at the end of this page",
    "ledger-diff": "the ledger itself; two checkpoints prove what came between them",
    "export-bundle": "`sealwright ledger export` writes it",
    "dossier": "`sealwright dossier` writes it from the ledger",
}
"""Classes that are no statement: what the product writes from the ledger whenever it is asked."""

NOT_PRODUCED: Final[Mapping[str, str]] = {
    "attachment": "a person adds pictures and descriptions of the product",
    "change-classification": "a person judges whether a change is substantial",
    "change-plan": "a person writes down which changes are planned",
    "concern-report": "how people report concerns is the organisation's own",
    "conformity-assessment": "the provider, or a notified body, assesses conformity",
    "culture-scorecard": "no figures about people's habits are kept",
    "declaration": "the provider signs the declaration of conformity",
    "design-record": "a person writes down the design and its reasons",
    "evidence-hold": "nothing is deleted, but a hold is not a statement of its own",
    "explanation-method": "no explanations of single outputs are made",
    "explanation-record": "no explanations of single outputs are made",
    "notification": "a person informs authorities and people",
    "oversight-probe": "overseers are not tested with seeded cases yet",
    "posture": "encryption at rest is the installation's own; nothing states it",
    "registration": "a person registers the system",
    "retention-proof": "how long files are kept is the installation's own",
    "runbook": "a person writes procedures",
    "standards-list": "a person lists the standards that were applied",
}
"""Classes that no statement of this product is, and why: never counted as evidence."""
