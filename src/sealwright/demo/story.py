"""The demonstration as data: what is said, what is typed, and the exit code that must follow."""

from __future__ import annotations

from dataclasses import dataclass

PEOPLE = (
    ("sam", "Sam Okafor", "security"),
    ("dora", "Dora Lind", "data"),
    ("lena", "Lena Weiss", "legal"),
    ("hugo", "Hugo Marin", "domain"),
)
"""Id, name and discipline of those who approve; Mina Park, who builds the model, is the fifth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as it is typed. `expect`: its exit code; `lines`: how much output is shown."""

    words: tuple[str, ...]
    expect: int = 0
    lines: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A title, a sentence or two, and commands."""

    title: str
    text: str
    commands: tuple[Command, ...]


def _sealwright(*words: str, expect: int = 0, lines: int | None = None) -> Command:
    return Command(words=("sealwright", *words), expect=expect, lines=lines)


def _python(script: str) -> Command:
    return Command(words=("python", script))


def _approve(person: str, discipline: str, reason: str) -> Command:
    return _sealwright(
        "approve", "model", "--as", person, "--discipline", discipline, "--reason", reason
    )


SCENES = (
    Scene(
        title="Real data, five people",
        text="442 patients of a diabetes study; predict who will be worse in a year. A system for"
        " health is of tier high: every examination, and four people of four disciplines.",
        commands=(
            _python("prepare.py"),
            _sealwright("init", "--owner", "mina", "--owner-name", "Mina Park"),
            *(
                _sealwright(
                    "keys", "add", person, "--name", name, "--role", "approver",
                    "--discipline", discipline,
                )
                for person, name, discipline in PEOPLE
            ),
            _sealwright("data", "add", "train"),
        ),
    ),
    Scene(
        title="First denial: poisoned labels",
        text="Somebody turns labels in the training data. The rows still look right; the gate"
        " before training says no, and why.",
        commands=(
            _python("poison.py"),
            _sealwright("run", expect=1),
            _sealwright("why", "system", "--for", "train", expect=1),
            _python("prepare.py"),
        ),
    ),
    Scene(
        title="Train, scan, sign, evaluate",
        text="With the real data the run goes on: sandboxed training, bill of materials, scans,"
        " signature, six evaluations. It stops where people must decide.",
        commands=(_sealwright("run", "--verbose", expect=1),),
    ),
    Scene(
        title="Second denial: a swapped weight file",
        text="One byte of one weight, same size, still a valid model. The signature names the file;"
        " the gate knows nothing good about such a model.",
        commands=(
            _python("tamper.py"),
            _sealwright("model", "verify", expect=4),
            _sealwright("gate", "model", "--for", "release", "--denied-only", expect=1, lines=7),
            Command(words=("mv", "model.onnx.real", "model/model.onnx")),
            _sealwright("model", "verify"),
        ),
    ),
    Scene(
        title="Third denial: a self-approval",
        text="Mina gives herself a second key and approves her own model with it. The gate counts"
        " people, not keys, and nobody approves their own work.",
        commands=(
            _sealwright(
                "keys", "add", "mina-2", "--person", "mina", "--role", "approver",
                "--discipline", "domain",
            ),
            _sealwright(
                "approve", "model", "--as", "mina-2", "--discipline", "domain",
                "--reason", "looks good to me", expect=1,
            ),
        ),
    ),
    Scene(
        title="Admission",
        text="Four people look at exactly this evidence and sign. If any of it changes, their"
        " approvals fall.",
        commands=(
            _approve("sam", "security", "no open finding; attack success below the criterion"),
            _approve("dora", "data", "no overlap, labels unchanged since the study"),
            _approve("lena", "legal", "anonymised research data, purpose fits"),
            _approve("hugo", "domain", "a physician decides; the model abstains when unsure"),
            _sealwright("gate", "model", "--for", "release"),
        ),
    ),
    Scene(
        title="For the auditor",
        text="One page to read, and a folder that anybody can verify with public keys alone.",
        commands=(
            _sealwright("report", "--html", "report.html", "--json", "report.json", lines=4),
            _sealwright("trace", "model", lines=8),
            _sealwright("ledger", "export", "audit"),
            _sealwright("ledger", "verify", "audit", "--trust", ".sealwright/trust.json"),
        ),
    ),
)  # fmt: skip
