"""`sealwright.toml` as records: what the user declares about the system, phase by phase.

Shapes only. `read.py` turns text into these with line and column for every mistake; defaults here
are what a missing key means. Paths are relative to the folder of the file and stay below it.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Scalar = str | int | float | bool


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table: unknown keys are errors."""


class System(Table, frozen=True, kw_only=True):
    """[system]"""

    name: str
    purpose: str
    answers: dict[str, str] = {}
    """[system.answers]: risk questions → "yes" | "no" | "unknown"; they decide the tier."""


class Labels(Table, frozen=True, kw_only=True):
    """[data.NAME.labels]: how the labels came to be and who made them (principal or person ids)."""

    column: str
    method: str
    by: list[str] = []
    protocol: str = ""
    tool: str = ""


class ColumnRule(Table, frozen=True, kw_only=True):
    """[data.NAME.columns.COLUMN]: type and constraints of one column."""

    type: Literal["integer", "number", "string", "boolean", "date", "timestamp"]
    required: bool = True
    """NULL and NaN are violations unless this is false."""
    unique: bool = False
    min: int | float | None = None
    max: int | float | None = None
    values: list[Scalar] | None = None
    """The allowed set."""
    pattern: str | None = None
    """Regular expression; the whole value must match (anchored \\A…\\z by us)."""
    references: str | None = None
    """`OTHER.COLUMN`: each value must occur there."""


class DataSet(Table, frozen=True, kw_only=True):
    """[data.NAME]: one file or folder of CSV or Parquet files."""

    path: str
    role: Literal["train", "test", "reference", "other"] = "train"
    source: str
    licence: str
    legal_basis: str
    collected: str = ""
    contains_personal_data: Literal["yes", "no", "unknown"] = "unknown"
    personal_data_columns: list[str] = []
    """Columns known to hold personal data, so that finding them is no surprise."""
    parent: str = ""
    labels: Labels | None = None
    sensitive: list[str] = []
    groups: list[str] = []
    min_rows: int = 1
    max_rows: int | None = None
    columns: dict[str, ColumnRule] = {}
    max_label_noise: float = 0.05
    """Share of rows whose label most of their neighbours dispute, above which `labels` fails."""
    produced_by: list[str] = []
    """Files of the script that made it, for lineage."""
    derived_from: list[str] = []
    """Names of data sets it was made from."""


class Limits(Table, frozen=True, kw_only=True):
    """[training.limits]"""

    seconds: int = 600
    memory_mb: int = 4096
    processes: int = 64
    output_mb: int = 1024


class Training(Table, frozen=True, kw_only=True):
    """[training]"""

    command: list[str]
    """Runs in the sandbox; `python` is the interpreter that runs sealwright."""
    code: list[str]
    """Files or folders of code, visible read-only."""
    inputs: list[str]
    """Names of data sets, visible read-only at their own relative paths."""
    output: str
    """Folder that the command writes the model to."""
    lock: str = ""
    """Requirement or lock file of the environment."""
    isolation: Literal["bubblewrap", "landlock"] = "bubblewrap"
    """The weakest level that is accepted; the policy may want more."""
    limits: Limits = msgspec.field(default_factory=Limits)
    environment: dict[str, str] = {}


class CriterionRule(Table, frozen=True, kw_only=True):
    """[[validation.criteria]]"""

    id: str
    kind: Literal[
        "performance", "fairness", "calibration", "robustness", "privacy", "generalisation"
    ]
    metric: str
    op: Literal[">=", "<="]
    threshold: float
    bound: Literal["low", "high", "point"] = "point"
    group: str = ""


class Validation(Table, frozen=True, kw_only=True):
    """[validation]: the model file under test, the data and the criteria."""

    model: str = "model.onnx"
    """File below training.output that ONNX Runtime loads."""
    test: str
    """Name of the data set with role test."""
    train: str
    """Name of the data set the model was trained on (membership, generalisation gap)."""
    label: str
    features: list[str]
    positive: int | str | bool = 1
    groups: list[str] = []
    abstain_coverage: float = 0.8
    """The abstention threshold is set so that at least this share of cases is still answered."""
    noise: list[float] = msgspec.field(default_factory=lambda: [0.05, 0.1, 0.2])
    """Noise levels, in standard deviations of each feature."""
    attack_eps: float = 0.1
    """Radius of the black-box attack, in standard deviations of each feature."""
    immutable: list[str] = []
    """Features that an attacker cannot change."""
    attack_queries: int = 500
    bootstrap: int = 1000
    seed: int = 0
    criteria: list[CriterionRule] = []


class Deployment(Table, frozen=True, kw_only=True):
    """[deployment]: declared now, served by the gateway."""

    route: str = ""
    requests_per_minute: int = 60
    callers: list[str] = []


class Monitoring(Table, frozen=True, kw_only=True):
    """[monitoring]: declared now, watched by the monitor."""

    window: int = 256
    drift_alarm: float = 0.01


class Impact(Table, frozen=True, kw_only=True):
    """[governance.impact]"""

    affected: list[str]
    harms: list[str]
    mitigations: list[str]
    residual: list[str] = []
    oversight: str


class Governance(Table, frozen=True, kw_only=True):
    """[governance]"""

    policy: str = ""
    """Policy file; empty means the built-in one."""
    frameworks: list[str] = []
    impact: Impact | None = None
    signers: dict[str, str] = {}
    """Phase (data, training, validation, criteria, governance) → principal id who signs; default `default`."""


class Lifecycle(Table, frozen=True, kw_only=True):
    """The whole file."""

    schema: int = 1
    system: System
    data: dict[str, DataSet]
    training: Training
    validation: Validation
    deployment: Deployment = msgspec.field(default_factory=Deployment)
    monitoring: Monitoring = msgspec.field(default_factory=Monitoring)
    governance: Governance = msgspec.field(default_factory=Governance)


Plain = dict[str, Any]
