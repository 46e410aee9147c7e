"""Small real projects: two CSV files, a training script that writes a model made ahead, a ledger.

Everything is real but for the learning: the script in the sandbox copies the bytes of a model that
was trained once per test run, so that a whole run takes a second or two.
"""

from __future__ import annotations

import base64
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sealwright.clock import Clock
from sealwright.evidence.predicates.governance import Person
from sealwright.evidence.verify import Verified
from sealwright.lifecycle.questions import PROHIBITED, QUESTIONS
from sealwright.project.core import Project
from sealwright.project.create import create
from sealwright.project.people import add_principal, make_principal
from sealwright.project.progress import Outcome

OWNER = "mina"
ROWS = 60


@dataclass
class Ticking:
    """A clock that moves on by a second each time it is read."""

    now: datetime = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class Recorder:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.notes: list[str] = []
        self.ended: list[tuple[str, Outcome, str]] = []

    def start(self, step: str) -> None:
        self.started.append(step)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def end(self, step: str, outcome: Outcome, detail: str = "") -> None:
        self.ended.append((step, outcome, detail))


@cache
def model_bytes() -> bytes:
    """A logistic regression on two features, as ONNX; made once per test run."""
    import numpy as np
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    rows = [row.split(",") for row in table("train").splitlines()[1:]]
    features = np.array([[float(a), float(b)] for a, b, *_ in rows], dtype=np.float32)
    labels = np.array([int(row[3]) for row in rows])
    model = LogisticRegression().fit(features, labels)
    converted: bytes = to_onnx(model, features[:1], options={"zipmap": False}).SerializeToString()
    return converted


def table(name: str, *, changed: int = 0) -> str:
    """A CSV file: features a and b, a group, and the label a + b > 0; `changed` labels differ."""
    start = 0.5 if name == "train" else 0.25
    lines = ["a,b,side,label"]
    for number in range(ROWS):
        a = (number * 37 % ROWS) / 10 - start - 2.5
        b = (number * 11 % ROWS) / 10 - start - 2.5
        label = int(a + b > 0) ^ (number < changed)
        lines.append(f"{a:g},{b:g},{'left' if number % 2 else 'right'},{label}")
    return "\n".join(lines) + "\n"


def training_script() -> str:
    """Writes the model, in two files, from bytes that stand in the script."""
    encoded = "\n".join(textwrap.wrap(base64.b64encode(model_bytes()).decode(), 90))
    return f'''"""Writes a model that was trained elsewhere."""
import base64
from pathlib import Path

MODEL = """
{encoded}
"""
rows = Path("data/train.csv").read_text().splitlines()[1:]
for name in ("model", "spare"):
    Path("model", name + ".onnx").write_bytes(base64.b64decode(MODEL))
print(len(rows), "rows")
'''


def lifecycle_text(*, answer: str = "no", bare: bool = False) -> str:
    """A `sealwright.toml`. Each risk question gets `answer`: "no" is tier minimal, "unknown" high.
    A `bare` one says of columns no more than their types, so that the data is examined faster."""
    answers = "\n".join(
        [
            *(f'{question.id} = "{answer}"' for question in QUESTIONS),
            *(f'{practice.id} = "no"' for practice in PROHIBITED),
        ]
    )
    sets = "\n".join(
        _data_set(name) + (_TYPES if bare else _COLUMNS).format(name=name)
        for name in ("train", "test")
    )
    return f"""schema = 1
[system]
name = "small"
purpose = "Show what a project does."
[system.answers]
{answers}
{sets}
[training]
command = ["python", "train.py"]
code = ["train.py"]
inputs = ["train"]
output = "model"
isolation = "landlock"
[training.limits]
seconds = 60
[validation]
test = "test"
train = "train"
label = "label"
features = ["a", "b"]
groups = ["side"]
noise = [0.1]
attack_queries = 20
bootstrap = 100
[[validation.criteria]]
id = "right"
kind = "performance"
metric = "accuracy"
op = ">="
threshold = 0.8
[governance]
[governance.signers]
default = "{OWNER}"
[governance.impact]
affected = ["readers of this test"]
harms = ["it fails"]
mitigations = ["it is read"]
oversight = "Whoever runs it looks at its result."
"""


def _data_set(name: str) -> str:
    return f"""[data.{name}]
path = "data/{name}.csv"
role = "{name}"
source = "made by the tests"
licence = "Apache-2.0"
legal_basis = "no people in it"
contains_personal_data = "no"
groups = ["side"]
max_label_noise = 0.5
"""


_TYPES = """[data.{name}.columns]
a = {{ type = "number" }}
b = {{ type = "number" }}
side = {{ type = "string" }}
label = {{ type = "integer" }}
"""
_COLUMNS = """[data.{name}.labels]
column = "label"
method = "computed"
[data.{name}.columns]
a = {{ type = "number", min = -10, max = 10 }}
b = {{ type = "number", min = -10, max = 10 }}
side = {{ type = "string", values = ["left", "right"] }}
label = {{ type = "integer", values = [0, 1] }}
"""


def write_sources(root: Path, *, answer: str = "no", bare: bool = False) -> None:
    """Everything that a user writes: the lifecycle, the data, the code."""
    (root / "data").mkdir(parents=True, exist_ok=True)
    for name in ("train", "test"):
        (root / "data" / f"{name}.csv").write_text(table(name), encoding="utf-8")
    (root / "train.py").write_text(training_script(), encoding="utf-8")
    text = lifecycle_text(answer=answer, bare=bare)
    (root / "sealwright.toml").write_text(text, encoding="utf-8")


def make_project(
    root: Path, *, answer: str = "no", bare: bool = False, clock: Clock | None = None
) -> Project:
    """A started project of one person; close it."""
    write_sources(root, answer=answer, bare=bare)
    owner = Person(id=OWNER, name="Mina")
    return create(root, system="small", owner=owner, clock=clock or Ticking())


def add_person(
    project: Project,
    name: str,
    *,
    roles: tuple[str, ...] = ("approver",),
    disciplines: tuple[str, ...] = ("security",),
    person: str = "",
) -> Verified:
    """Another principal, whose key is in the project's key folder."""
    key = project.keyring.create(name)
    holder = person or name
    return add_principal(
        project,
        make_principal(name, key.public, person=holder, roles=roles, now=project.clock()),
        person=Person(id=holder, name=holder.title(), disciplines=disciplines),
        signer=OWNER,
    )
