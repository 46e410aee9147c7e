"""`sealwright run`: the first run, the second, and the runs that must stop."""

from __future__ import annotations

import pytest

from tests.cli.conftest import poison
from tests.cli.console import Console, open_ones, statuses

STEPS = [
    "governance/policy",
    "governance/risk",
    "governance/impact",
    "data/train",
    "data/partner",
    "data/test",
    "validation/criteria",
    "model/code",
    "gate/train",
    "model/train",
    "model/environment",
    "model/scan",
    "model/sign",
    "deployment/contract",
    "monitoring/profile",
    "validation/evaluations",
    "validation/card",
    "gate/release",
]


def test_the_first_run_leaves_only_approvals_to_be_asked_for(trained: Console) -> None:
    verdict = trained.json("gate", "model", "--for", "release", expect=1)
    assert set(open_ones(verdict)) == {
        "approval-security",
        "approval-data",
        "approval-legal",
        "approval-domain",
        "approval-people",
    }
    assert verdict["tier"] == "high"


def test_the_training_ran_in_the_sandbox(trained: Console) -> None:
    (run,) = trained.entries("training-run")
    internal = run["predicate"]["buildDefinition"]["internalParameters"]
    assert internal["isolation"]["level"] == "bubblewrap"
    assert internal["isolation"]["network"] == "none"
    assert not internal.get("violations")


def test_a_second_run_does_nothing_twice(trained: Console) -> None:
    before = len(trained.json("ledger", "show"))
    report = trained.json("run", expect=1)
    assert [step["step"] for step in report["steps"]] == STEPS
    again = [step["step"] for step in report["steps"] if "unchanged" not in step["detail"]]
    assert again == ["gate/train", "gate/release"]
    assert len(trained.json("ledger", "show")) == before


def test_an_admitted_model_ends_the_run_well(admitted: Console) -> None:
    report = admitted.json("run")
    assert report["verdict"]["admitted"]
    assert not report["stopped"]


def test_only_the_phases_that_are_named_run(fresh: Console) -> None:
    report = fresh.json("run", "governance")
    assert [step["step"] for step in report["steps"]] == STEPS[:3]
    assert report["verdict"] is None


def test_poisoned_labels_stop_before_training(poisoned: Console) -> None:
    answer = poisoned("gate", "system", "--for", "train", expect=1)
    assert "train-data-labels" in answer.out
    assert not (poisoned.folder / "model").exists()
    (decision,) = poisoned.entries("decision")
    assert (decision["predicate"]["question"], decision["result"]) == ("train", "failed")
    why = poisoned("why", "system", "--for", "train", expect=1)
    assert "labels" in why.out


def test_labels_changed_after_the_run_are_found_out(trained: Console) -> None:
    poison(trained, share=4)
    report = trained.json("run", expect=1)
    assert report["verdict"]["question"] == "train"
    assert statuses(report["verdict"])["train-data-labels"] == "failed"


@pytest.mark.parametrize(
    ("line", "tried"),
    [
        (
            '__import__("socket").create_connection(("192.0.2.1", 443), 1)',
            "connect to 192.0.2.1 port 443",
        ),
        ('open("/etc/passwd-", "w")', "write /etc/passwd-"),
    ],
)
def test_a_script_that_reaches_out_is_stopped_and_what_it_tried_is_on_record(
    examined: Console, line: str, tried: str
) -> None:
    (examined.folder / "train.py").write_text(f'"""Does no training."""\n{line}\n')
    answer = examined("run", expect=1)
    assert f"STOPPED: the run was stopped: it tried to {tried}" in answer.out
    assert "ADMITTED" not in answer.out
    assert not (examined.folder / "model").exists()
    (incident,) = examined.entries("incident")
    assert incident["predicate"]["status"] == "open"
    assert tried in incident["predicate"]["detail"]


def test_after_an_incident_nothing_is_trained_until_a_person_closes_it(examined: Console) -> None:
    script = examined.folder / "train.py"
    good = script.read_text()
    script.write_text('"""Reads what it must not."""\nprint(open("data/test.csv").read())\n')
    assert examined.json("run", expect=1)["halted"]
    script.write_text(good)
    (incident,) = examined.json("incident", "list")
    stopped = examined.json("run", "model", expect=1)["verdict"]
    assert incident["incident"]["id"] in str(stopped["results"])
    examined("incident", "close", "training-", "--as", "sam", "--reason", "typing error in a path")
    assert examined.json("incident", "list") == []
    assert examined.json("gate", "system", "--for", "train")["admitted"]


def test_a_script_that_fails_is_told_with_its_exit_code(examined: Console) -> None:
    (examined.folder / "train.py").write_text('"""Fails."""\nraise SystemExit("diverged")\n')
    answer = examined("run", "--verbose", expect=1)
    assert "STOPPED: the command failed with exit code 1" in answer.out
    assert "diverged" in answer.out


def test_an_incident_that_is_not_open_cannot_be_closed(examined: Console) -> None:
    answer = examined("incident", "close", "fire", "--as", "sam", "--reason", "out", expect=2)
    assert "no open incidents" in answer.err


def test_a_model_that_fails_its_scan_ends_the_training_with_exit_code_1(examined: Console) -> None:
    script = examined.folder / "train.py"
    script.write_text(
        script.read_text()
        + "\nimport os, pickle\n"
        + "class Trap:\n    def __reduce__(self): return (os.system, ('id',))\n"
        + "Path('model/extra.pkl').write_bytes(pickle.dumps(Trap()))\n"
    )
    report = examined.json("train", expect=1)
    failed = [step["step"] for step in report["steps"] if step["outcome"] == "failed"]
    assert "model/scan" in failed
