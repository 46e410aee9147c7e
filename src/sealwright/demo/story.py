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
    """A command as it is typed. `expect`: its exit code; `lines`: how much output is shown.

    With `stays` it goes on while the rest of the story is played, and is stopped at its end.
    """

    words: tuple[str, ...]
    expect: int = 0
    lines: int | None = None
    stays: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A title, a sentence or two, and commands."""

    title: str
    text: str
    commands: tuple[Command, ...]


def _sealwright(*words: str, expect: int = 0, lines: int | None = None) -> Command:
    return Command(words=("sealwright", *words), expect=expect, lines=lines)


def _python(script: str, *words: str, expect: int = 0) -> Command:
    return Command(words=("python", script, *words), expect=expect)


def _approve(person: str, discipline: str, reason: str) -> Command:
    return _sealwright(
        "approve", "model", "--as", person, "--discipline", discipline, "--reason", reason
    )


def _grant(client: str, *more: str) -> Command:
    return _sealwright(
        "access", "grant", client, "--role", "scheduler", *more, "--out", f"{client}.key"
    )


_AGREED = (
    _approve("sam", "security", "no open finding; attack success below the criterion"),
    _approve("dora", "data", "no overlap, labels unchanged since the study"),
    _approve("lena", "legal", "anonymised research data, purpose fits"),
    _approve("hugo", "domain", "a physician decides; the model abstains when unsure"),
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
            *_AGREED,
            _sealwright("gate", "model", "--for", "release"),
        ),
    ),
    Scene(
        title="A second version, with a partner's patients",
        text="The first version is released. A partner clinic shares its patients, and the model"
        " is trained again on both: new files, new evidence, and four people look again.",
        commands=(
            _sealwright("release", "model", "--reason", "first version"),
            _python("join.py"),
            _sealwright("run", expect=1, lines=16),
            *_AGREED,
            _sealwright("release", "model", "--reason", "learned from two clinics"),
        ),
    ),
    Scene(
        title="Live",
        text="A runtime without network, a gateway in front of it, a monitor beside it. Callers get"
        " keys; the ledger holds only what proves them.",
        commands=(
            _grant("clinic", "--requests-per-minute", "60"),
            *(_grant(client) for client in ("north", "south", "west", "stranger")),
            Command(words=("sealwright", "serve"), stays=True),
            _python("ask.py"),
            _python("ask.py", "nobody"),
            _python("ask.py", "flood"),
        ),
    ),
    Scene(
        title="A thief, and patients who are not those of the study",
        text="One caller moves cases along lines to copy the boundary, and is slowed down. Three"
        " clinics send heavier patients, and the drift alarm goes off: this tier serves on, with an"
        " alarm, and releases nothing until somebody looked.",
        commands=(
            _python("extract.py"),
            _python("shift.py"),
            _python("wait.py", "drift"),
            _sealwright("alert", "list", lines=14),
            _sealwright("gate", "model", "--for", "serve", "--denied-only", expect=1, lines=6),
        ),
    ),
    Scene(
        title="Pull it, and go back",
        text="The partner's patients withdraw their consent. Their data set is revoked while"
        " clinics ask on: the model that learned from it answers nobody any more. The version"
        " before it never saw them, and the gate admits it now.",
        commands=(
            _python("pull.py"),
            _sealwright(
                "rollback", "diabetes-follow-up", "--reason", "the newer one fell with its data"
            ),
            _python("ask.py", "again"),
        ),
    ),
    Scene(
        title="Attack it yourself",
        text="Twelve harmless real attacks on a throw-away copy of all this, each with a twin that"
        " does nothing wrong. What was prevented, detected or missed is read from records.",
        commands=(_sealwright("drill", "run"),),
    ),
    Scene(
        title="For the auditor",
        text="One page to read, and a folder that anybody can verify with public keys alone.",
        commands=(
            _sealwright("report", "--html", "report.html", "--json", "report.json", lines=4),
            _sealwright("coverage", "--html", "coverage.html"),
            _sealwright("dossier", "--html", "dossier.html", lines=4),
            _sealwright("trace", "model", lines=8),
            _sealwright("ledger", "export", "audit"),
            _sealwright("ledger", "verify", "audit", "--trust", ".sealwright/trust.json"),
        ),
    ),
)  # fmt: skip
