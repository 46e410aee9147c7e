"""`sealwright run`: the first run, the second, and the runs that must stop."""

from __future__ import annotations

import pytest
from tests.cli.console import Console, open_ones, statuses

STEPS = [
    "governance/policy",
    "governance/risk",
    "governance/impact",
    "data/train",
    "data/test",
    "validation/criteria",
    "model/code",
    "gate/train",
    "model/train",
    "model/environment",
    "model/scan",
    "model/sign",
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


def test_poisoned_labels_stop_before_training(fresh: Console) -> None:
    poison(fresh, share=4)
    answer = fresh("run", expect=1)
    assert "gate: train?  denied" in answer.out
    assert "train-data-labels" in answer.out
    assert not (fresh.folder / "model").exists()
    (decision,) = fresh.entries("decision")
    assert decision["predicate"]["outcome"] == "denied"
    why = fresh("why", "system", "--for", "train", expect=1)
    assert "labels" in why.out


def test_labels_changed_after_the_run_are_found_out(trained: Console) -> None:
    poison(trained, share=4)
    report = trained.json("run", expect=1)
    assert report["verdict"]["question"] == "train"
    assert statuses(report["verdict"])["train-data-labels"] == "failed"


def poison(sealwright: Console, *, share: int) -> None:
    """Turns each `share`-th label of the training data."""
    place = sealwright.folder / "data/train.csv"
    header, *rows = place.read_text().splitlines()
    turned = [
        f"{row[:-1]}{1 - int(row[-1])}" if number % share == 0 else row
        for number, row in enumerate(rows)
    ]
    place.write_text("\n".join([header, *turned]) + "\n")


@pytest.mark.parametrize(
    ("line", "kind", "detail"),
    [
        ('__import__("socket").create_connection(("192.0.2.1", 443), 1)', "network", "socket"),
        ('open("/etc/passwd-", "w")', "write", "/etc/passwd-"),
        ('raise SystemExit("no convergence")', "", ""),
    ],
)
def test_a_script_that_reaches_out_is_stopped_and_shown(
    fresh: Console, line: str, kind: str, detail: str
) -> None:
    (fresh.folder / "train.py").write_text(f'"""Does no training."""\n{line}\n')
    answer = fresh("run", expect=1)
    assert "XX training" in answer.out, answer
    import json
    for e in fresh.json("ledger","show")[-4:]: print(json.dumps(fresh.json("ledger","show",str(e["index"])))[:3000])
    print(fresh("ledger","show").out[-500:])
    assert 0
