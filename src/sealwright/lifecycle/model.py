"""`sealwright.toml` as records: what the user declares about the system, phase by phase.

Shapes and bounds only. `read.py` turns text into these with line and column for every mistake;
defaults here are what a missing key means. Paths are relative to the folder of the file and stay
below it. The first sentence below a field is its help: in errors, the template and the reference.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

SCHEMA = 1
"""The version of the file's shape that this program reads."""

Scalar = str | int | float | bool

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]*\Z"
Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=NAME_PATTERN,
        description="lower-case letters, digits and dashes, not starting with a dash",
    ),
]
Line = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
OptionalText = Annotated[str, Meta(max_length=4000)]
FilePath = Annotated[str, Meta(min_length=1, max_length=400)]
OptionalPath = Annotated[str, Meta(max_length=400)]
ColumnName = Annotated[str, Meta(min_length=1, max_length=200)]
Columns = Annotated[list[ColumnName], Meta(max_length=5000)]
Answer = Annotated[
    str, Meta(pattern=r"^(yes|no|unknown)\Z", description='"yes", "no" or "unknown"')
]
Digest = Annotated[
    str, Meta(pattern=r"^([0-9a-f]{64})?\Z", description="64 hexadecimal digits, lower-case")
]
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0, le=1000)]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table: unknown keys are errors."""


class System(Table, frozen=True, kw_only=True):
    """[system]: what the system is, and the answers that decide its risk tier."""

    name: Name
    """Short name of the system; its identity in the ledger."""
    purpose: Text
    """What the system is for, and who decides with its output."""
    answers: dict[Line, Answer] = {}
    """Risk questions, each answered "yes", "no" or "unknown"; they decide the tier."""


class Labels(Table, frozen=True, kw_only=True):
    """[data.NAME.labels]: how the labels came to be and who made them."""

    column: ColumnName
    """Column that holds the label."""
    method: Text
    """How the labels were made: by hand, by measurement, by a rule."""
    by: Annotated[list[Line], Meta(max_length=1000)] = []
    """Principals or people who labelled; as authors they may not approve what descends from it."""
    protocol: OptionalText = ""
    """The labelling instructions, or where they are."""
    tool: OptionalText = ""
    """Program that the labels were made with."""


class ColumnRule(Table, frozen=True, kw_only=True):
    """[data.NAME.columns.COLUMN]: type and constraints of one column."""

    type: Literal["integer", "number", "string", "boolean", "date", "timestamp"]
    """Type that every value must have."""
    required: bool = True
    """NULL and NaN are violations unless this is false."""
    unique: bool = False
    """No value may occur twice."""
    min: int | float | None = None
    """Smallest value allowed (integer and number columns)."""
    max: int | float | None = None
    """Largest value allowed (integer and number columns)."""
    values: Annotated[list[Scalar], Meta(min_length=1, max_length=10_000)] | None = None
    """The only values allowed."""
    pattern: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """Regular expression that the whole value must match (string columns)."""
    references: Annotated[str, Meta(min_length=3, max_length=300)] | None = None
    """`OTHER.COLUMN`: each value must occur in that column of the data set OTHER."""


class DataSet(Table, frozen=True, kw_only=True):
    """[data.NAME]: one file or folder of CSV or Parquet files."""

    path: FilePath
    """File or folder with the data."""
    role: Literal["train", "test", "reference", "other"] = "train"
    """What the data is for; test data is never visible to the training run."""
    source: Text
    """Where the data comes from."""
    licence: Line
    """Licence or terms of use, as an SPDX name where there is one."""
    legal_basis: Text
    """Why the data may be used for this purpose."""
    collected: OptionalText = ""
    """When the data was collected."""
    contains_personal_data: Literal["yes", "no", "unknown"] = "unknown"
    """Whether the data is about identifiable people."""
    personal_data_columns: Columns = []
    """Columns known to hold personal data, so that finding them is no surprise."""
    parent: Digest = ""
    """Artifact digest of the version before this one, if there is one."""
    labels: Labels | None = None
    """How the labels came to be; a table of its own."""
    sensitive: Columns = []
    """Columns with sensitive attributes, such as sex or health."""
    groups: Columns = []
    """Columns whose values form the groups that results are compared between."""
    min_rows: Annotated[int, Meta(ge=1, le=10**12)] = 1
    """Fewest rows that are accepted."""
    max_rows: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    """Most rows that are accepted."""
    columns: Annotated[dict[ColumnName, ColumnRule], Meta(max_length=5000)] = {}
    """Type and constraints per column; a table of its own for each."""
    max_label_noise: Share = 0.05
    """Most rows, as a share, whose label 9 of their 10 nearest neighbours may dispute."""
    produced_by: Annotated[list[FilePath], Meta(max_length=1000)] = []
    """Files of the script that made the data, for its lineage."""
    derived_from: Annotated[list[Name], Meta(max_length=100)] = []
    """Names of the data sets it was made from."""


class Limits(Table, frozen=True, kw_only=True):
    """[training.limits]: what the training run may use up."""

    seconds: Annotated[int, Meta(ge=1, le=7 * 86_400)] = 600
    """Longest time the run may take, in seconds."""
    memory_mb: Annotated[int, Meta(ge=16, le=16 * 1024 * 1024)] = 4096
    """Most memory the run may use, in MiB."""
    processes: Annotated[int, Meta(ge=1, le=65_536)] = 64
    """Most processes and threads at one time."""
    output_mb: Annotated[int, Meta(ge=1, le=16 * 1024 * 1024)] = 1024
    """Largest output folder, in MiB."""


class Training(Table, frozen=True, kw_only=True):
    """[training]: the command that makes the model, and what it may see."""

    command: Annotated[list[Text], Meta(min_length=1, max_length=200)]
    """Program and arguments, run in the sandbox; `python` is the one that runs sealwright."""
    code: Annotated[list[FilePath], Meta(min_length=1, max_length=1000)]
    """Files or folders of code, visible to the run read-only."""
    inputs: Annotated[list[Name], Meta(min_length=1, max_length=100)]
    """Names of the data sets that the run sees, read-only, at their own paths."""
    models: Annotated[dict[Name, FilePath], Meta(max_length=20)] = {}
    """Models from outside that the run starts from: name → folder, which `sealwright model import`
    fills once the gate has admitted them. The run sees them read-only."""
    output: FilePath
    """Folder that the run writes the model to."""
    lock: OptionalPath = ""
    """Requirements or lock file of the environment."""
    reports: Annotated[list[FilePath], Meta(max_length=20)] = []
    """SARIF 2.1.0 reports that other tools (ruff, semgrep, CodeQL) wrote about the code: the code
    scan takes their findings in. One that is missing, or older than the code, is inconclusive."""
    reports_fail_from: Literal["low", "medium", "high", "critical", "never"] = "high"
    """From which severity on a finding in a report fails the code scan; what is below it warns."""
    vulndb_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    """Days after which the database of known vulnerabilities is too old for the dependency scan.
    With 0 none is demanded, and a scan without one warns. See `sealwright vulndb`."""
    isolation: Literal["bubblewrap", "landlock"] = "bubblewrap"
    """Weakest sandbox that is accepted; the policy may ask for more."""
    limits: Limits = msgspec.field(default_factory=Limits)
    """What the run may use up; a table of its own."""
    environment: Annotated[dict[Line, OptionalText], Meta(max_length=200)] = {}
    """Environment variables of the run; they are recorded, so never put a secret here."""


class CriterionRule(Table, frozen=True, kw_only=True):
    """[[validation.criteria]]: one number that the model must reach, fixed before the test."""

    id: Name
    """Short name of the criterion, used in results and policies."""
    kind: Literal[
        "performance", "fairness", "calibration", "robustness", "privacy", "generalisation"
    ]
    """Which evaluation measures it."""
    metric: Line
    """Name of the metric."""
    op: Literal[">=", "<="]
    """Whether the metric must be at least or at most the threshold."""
    threshold: float
    """The value to reach."""
    bound: Literal["low", "high", "point"] = "point"
    """End of the confidence interval that is judged; `low` for >= and `high` for <= are strict."""
    group: OptionalText = ""
    """Group column the metric is taken over; empty means all rows."""


class Validation(Table, frozen=True, kw_only=True):
    """[validation]: the model file under test, the data and the criteria."""

    model: FilePath = "model.onnx"
    """File below training.output that ONNX Runtime loads."""
    test: Name
    """Name of the data set with role "test"."""
    train: Name
    """Name of the data set the model was trained on (for privacy and generalisation)."""
    label: ColumnName
    """Column that the model predicts."""
    features: Annotated[list[ColumnName], Meta(min_length=1, max_length=5000)]
    """Columns that go into the model, in the order it expects."""
    positive: int | str | bool = 1
    """Label value that counts as the positive class."""
    groups: Columns = []
    """Columns whose groups are compared for fairness."""
    abstain_coverage: Annotated[float, Meta(gt=0, le=1)] = 0.8
    """Share of cases the model still answers when it abstains on the least certain ones."""
    noise: Annotated[list[Positive], Meta(max_length=20)] = msgspec.field(
        default_factory=lambda: [0.05, 0.1, 0.2]
    )
    """Noise levels to test with, in standard deviations of each feature."""
    attack_eps: Positive = 0.1
    """Radius of the black-box attack, in standard deviations of each feature."""
    immutable: Columns = []
    """Features that an attacker cannot change."""
    attack_queries: Annotated[int, Meta(ge=1, le=1_000_000)] = 500
    """Rows that the attack may send to the model for each case."""
    bootstrap: Annotated[int, Meta(ge=100, le=100_000)] = 1000
    """Resamples behind each confidence interval."""
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    """Seed of all random choices, so that a second run gives the same numbers."""
    criteria: Annotated[list[CriterionRule], Meta(max_length=500)] = []
    """What the model must reach; one [[validation.criteria]] table each."""


class Role(Table, frozen=True, kw_only=True):
    """[deployment.roles.NAME]: what a caller with this role may do."""

    actions: Annotated[list[Literal["infer", "metadata", "review", "admin"]], Meta(min_length=1)]
    """What it may do: ask, read what the model is, work on the review queue, operate."""
    models: Annotated[list[Line], Meta(min_length=1, max_length=100)] = msgspec.field(
        default_factory=lambda: ["*"]
    )
    """Names of models; "*" means all of this system."""
    requests_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] = 60
    """Requests that one caller may send in a minute, for each model."""


class Tokens(Table, frozen=True, kw_only=True):
    """[deployment.tokens]: whose OpenID Connect bearer tokens are accepted."""

    issuer: Line
    """Value that the token's `iss` must have."""
    audience: Line
    """Value that must be among the token's `aud`."""
    jwks: Line
    """The issuer's JSON Web Key Set: a file below the project's folder, or an https URL."""
    algorithms: Annotated[
        list[Literal["ES256", "EdDSA", "RS256"]], Meta(min_length=1, max_length=3)
    ] = msgspec.field(default_factory=lambda: ["ES256"])
    """Signature algorithms that are accepted."""
    roles_claim: Line = "roles"
    """Claim that lists the caller's roles."""


class Deployment(Table, frozen=True, kw_only=True):
    """[deployment]: how the model is served, to whom and how often."""

    name: Annotated[str, Meta(pattern=r"\A([a-z0-9][a-z0-9._-]{0,62})?\Z")] = ""
    """Name that the model is served under (`/v2/models/NAME`); empty means the system's name."""
    listen: Line = "127.0.0.1:8080"
    """Address and port for callers; anything but loopback needs TLS."""
    admin: Line = "127.0.0.1:8081"
    """Address and port for operators; loopback only."""
    certificate: OptionalPath = ""
    """PEM certificate chain for TLS."""
    certificate_key: OptionalPath = ""
    """PEM private key of the certificate, readable by its owner alone."""
    requests_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] = 60
    """Requests that one caller may send in a minute, unless its key or role says less."""
    max_rows: Annotated[int, Meta(ge=1, le=100_000)] = 1000
    """Cases in one request."""
    abstain_margin: Annotated[float, Meta(ge=0, lt=0.5)] = 0.0
    """Scores closer to one half than this are not decided; people decide."""
    score_decimals: Annotated[int, Meta(ge=0, le=9)] = 3
    """Decimals of the scores that callers see."""
    confirm: Annotated[list[Literal["positive", "negative"]], Meta(max_length=2)] = []
    """Decisions that two people confirm before a caller gets them."""
    review: bool = False
    """Whether undecided cases are kept, with their inputs, for people to decide."""
    keep_inputs: bool = False
    """Whether decision records hold the inputs themselves; their hash is always kept."""
    roles: Annotated[dict[Name, Role], Meta(max_length=100)] = {}
    """Roles that keys and tokens name."""
    tokens: Tokens | None = None
    """Bearer tokens; without this table only API keys are accepted."""


class Monitoring(Table, frozen=True, kw_only=True):
    """[monitoring]: how live traffic is watched."""

    window: Annotated[int, Meta(ge=16, le=10_000_000)] = 256
    """Requests that are looked at together."""
    drift_alarm: Annotated[float, Meta(gt=0, lt=1)] = 0.01
    """Probability of a false drift alarm that is accepted, per window and for all features."""
    max_share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    """Largest share of a window that one caller may make up; more is left out of the comparison."""
    response: Literal["flag", "coarsen", "throttle", "block"] = "throttle"
    """The strongest answer to a suspicious caller that is given without a person."""
    webhook: Annotated[str, Meta(max_length=2000)] = ""
    """URL that alerts are sent to, in the form of Alertmanager; empty for none."""
    webhook_secret: Annotated[str, Meta(max_length=100)] = "SEALWRIGHT_WEBHOOK_SECRET"  # noqa: S105 - a name
    """Environment variable with the secret that the messages are signed with."""
    heartbeat_seconds: Annotated[float, Meta(ge=0.2, le=3600)] = 2.0
    """A monitor or gateway that is silent for twice as long raises an alarm."""


class Impact(Table, frozen=True, kw_only=True):
    """[governance.impact]: who may be hurt, how, and what is done about it."""

    affected: Annotated[list[Text], Meta(min_length=1, max_length=100)]
    """Groups of people that the system affects."""
    harms: Annotated[list[Text], Meta(min_length=1, max_length=100)]
    """What can go wrong for them."""
    mitigations: Annotated[list[Text], Meta(min_length=1, max_length=100)]
    """What is done so that it does not."""
    residual: Annotated[list[Text], Meta(max_length=100)] = []
    """Risks that remain, and that an approver accepts knowingly."""
    oversight: Text
    """Who watches the system and how they can override or stop it."""


class Governance(Table, frozen=True, kw_only=True):
    """[governance]: the policy, the frameworks, the impact and who signs."""

    policy: OptionalPath = ""
    """Policy file; empty means the built-in policy."""
    frameworks: Annotated[list[Line], Meta(max_length=50)] = []
    """Catalogues that the report maps the evidence to."""
    impact: Impact | None = None
    """The impact assessment; a table of its own, needed from tier high."""
    signers: dict[Line, Line] = {}
    """Phase → id of the principal who signs for it; a phase not named here uses `default`."""


class Lifecycle(Table, frozen=True, kw_only=True):
    """The whole file."""

    schema: int = SCHEMA
    """Version of the file's shape."""
    system: System
    """What the system is."""
    data: Annotated[dict[Name, DataSet], Meta(min_length=1, max_length=100)]
    """The data sets, by name."""
    training: Training
    """How the model is made."""
    validation: Validation
    """How the model is judged."""
    deployment: Deployment = msgspec.field(default_factory=Deployment)
    """How the model is served."""
    monitoring: Monitoring = msgspec.field(default_factory=Monitoring)
    """How live traffic is watched."""
    governance: Governance = msgspec.field(default_factory=Governance)
    """Who decides, on what."""
