"""Each drill with the control that it tests switched off: it must say so."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sealwright.drill import live
from sealwright.drill import run as running
from sealwright.drill.declaration import Drill
from sealwright.drill.drills import (
    dat_01,
    dat_02,
    dep_01,
    dep_05,
    gov_01,
    gov_02,
    mod_01,
    mod_03,
    mod_05,
    mon_02,
    val_02,
    val_06,
)
from sealwright.drill.installation import Variation
from sealwright.drill.journal import Journal
from sealwright.drill.run import Outcome
from sealwright.phases.data.label_changes import Changes
from sealwright.policy import gate as real_gate
from sealwright.policy.load import builtin_policy
from sealwright.policy.verdict import Verdict
from sealwright.project.core import Project
from sealwright.project.layout import Layout
from sealwright.sandbox.interface import Log, SandboxOutcome, SandboxSpec
from sealwright.vetting.outcome import Outcome as ScanOutcome

Run = Callable[[Drill], Outcome]
Patch = pytest.MonkeyPatch


@pytest.fixture
def drilled(user: Project, prepared: Journal) -> Run:
    return lambda drill: running.run(user, drill, written=prepared)


def blind(monkeypatch: Patch, *requirements: str) -> None:
    """A gate that does not look at these requirements."""

    def stand_in(*arguments: Any) -> Verdict:
        verdict = real_gate.gate(*arguments)
        results = tuple(
            replace(each, status="satisfied") if each.id in requirements else each
            for each in verdict.results
        )
        return replace(verdict, results=results, notes=())

    monkeypatch.setattr("sealwright.project.core.gate", stand_in)


def missed(outcome: Outcome) -> tuple[str, ...]:
    assert outcome.conclusion.verdict == "missed", outcome.conclusion
    assert outcome.left == ()
    assert not outcome.passed
    return outcome.conclusion.notes


def test_dat_01_nobody_compares_digests(drilled: Run, monkeypatch: Patch) -> None:
    blind(monkeypatch, "train-data-version", "train-data-constraints", "train-data-labels",
          "train-data-personal")  # fmt: skip
    outcome = drilled(dat_01.DRILL)
    assert outcome.conclusion.verdict == "detected", "the denied access is still on record"
    monkeypatch.setattr("sealwright.project.access.open_data", lambda *_, **__: None)
    assert "use the data: the expected detection is not on record" in missed(drilled(dat_01.DRILL))


def test_dat_02_labels_are_not_compared(drilled: Run, monkeypatch: Patch) -> None:
    nothing = Changes(known=0, changed=0, rows=())
    monkeypatch.setattr("sealwright.phases.data.labels.find_changes", lambda *_, **__: nothing)
    assert "train on the version: it worked" in missed(drilled(dat_02.DRILL))


def blind_scan(paths: Sequence[Path], **more: Any) -> ScanOutcome:
    """A scan that sees every file and nothing wrong with any."""
    from sealwright.vetting.scan import scan_paths

    seen = scan_paths(paths, **more)
    members = tuple(
        msgspec.structs.replace(each, verdict="pass", observations=()) for each in seen.members
    )
    return msgspec.structs.replace(seen, verdict="pass", members=members, observations=())


def test_mod_01_the_scanner_sees_nothing(drilled: Run, monkeypatch: Patch) -> None:
    monkeypatch.setattr("sealwright.phases.model.scan.scan_paths", blind_scan)
    assert len(missed(drilled(mod_01.DRILL))) == 2


def test_mod_01_the_pickle_is_loaded(drilled: Run, monkeypatch: Patch) -> None:
    import pickle

    def careless(paths: Sequence[Path], **more: Any) -> ScanOutcome:
        for place in paths:
            for file in place.rglob("*.pkl"):
                pickle.loads(file.read_bytes()).close()
        return blind_scan(paths, **more)

    monkeypatch.setattr("sealwright.phases.model.scan.scan_paths", careless)
    assert "bring in the pickle: it worked" in missed(drilled(mod_01.DRILL))


def test_mod_03_nobody_verifies(drilled: Run, monkeypatch: Patch) -> None:
    monkeypatch.setattr("sealwright.project.custody.check_last", lambda *_: None)
    blind(monkeypatch, "model-signature")
    assert "pass for the signed model: it worked" in missed(drilled(mod_03.DRILL))


def unwalled(spec: SandboxSpec, **_: Any) -> SandboxOutcome:
    """Runs the command as if there were no sandbox."""
    work = spec.output_dir.parent / "no-walls"
    for name, source in spec.inputs.items():
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (work / spec.output).mkdir()
    done = subprocess.run([sys.executable, *spec.command[1:]], cwd=work, timeout=30)
    shutil.copytree(work / spec.output, spec.output_dir, dirs_exist_ok=True)
    shutil.rmtree(work)
    now, nothing = datetime.now(UTC), Log(tail="", size=0, sha256="0" * 64)
    return SandboxOutcome(
        level="bubblewrap",
        mechanisms=(),
        network_isolated=True,
        exit_code=done.returncode,
        signal=None,
        started=now,
        finished=now,
        stdout=nothing,
        stderr=nothing,
        peak_memory=0,
        peak_processes=0,
        violations=(),
    )


def test_mod_05_a_sandbox_without_walls(drilled: Run, monkeypatch: Patch) -> None:
    monkeypatch.setattr("sealwright.phases.model.train.run", unwalled)
    assert "send a checkpoint: it worked" in missed(drilled(mod_05.DRILL))


def test_val_02_a_policy_that_does_not_ask_for_fairness(user: Project) -> None:
    text = builtin_policy().text
    block = r'\[\[tiers\.\w+\.require\]\]\nid = "evaluation-fairness".*?(?=\n\[\[)'
    policy, count = re.subn(block, "", text, flags=re.DOTALL)
    assert count == 2
    edits = {
        'kind = "fairness"\nmetric = "equalised_odds_difference"\nop = "<="\nthreshold = 0.4\n'
        'group = "side"': 'kind = "performance"\nmetric = "f1"\nop = ">="\nthreshold = 0.1',
        'kind = "fairness"\nmetric = "true_positive_rate"\nop = ">="\nthreshold = 0.5\n'
        'group = "side=right"': 'kind = "performance"\nmetric = "recall"\nop = ">="\n'
        "threshold = 0.1",
        'op = ">="\nthreshold = 0.65': 'op = ">="\nthreshold = 0.3',
        "threshold = 0.14": "threshold = 0.9",
        "threshold = 0.6\n": "threshold = 0.1\n",
    }
    variation = Variation(policy=policy, edits=edits)
    with running.prepared(user, variation=variation) as written:
        outcome = running.run(user, val_02.DRILL, written=written)
    assert "release the candidate: it worked" in missed(outcome)


def test_val_06_the_bar_may_be_lowered(drilled: Run, monkeypatch: Patch) -> None:
    monkeypatch.setattr("sealwright.policy.judge.criteria_problem", lambda *_, **__: "")
    notes = missed(drilled(val_06.DRILL))
    assert "lower the bar: it worked" in notes
    assert not any(note.startswith("release an overconfident") for note in notes)


def serving_with(monkeypatch: Patch, *lines: str) -> None:
    """A controller that something was done to before it began."""
    code = "\n".join((*lines, "import sys; from pathlib import Path",
                      "from sealwright.drill.serve import main",
                      "sys.exit(main(Path(sys.argv[1])))"))  # fmt: skip
    monkeypatch.setattr(live, "PROGRAM", ("-I", "-c", code))
    monkeypatch.setattr(live, "WAIT_SECONDS", 1.0)


def test_dep_01_the_revocation_never_arrives(drilled: Run, monkeypatch: Patch) -> None:
    """Too few refusals for a burst, and a controller that compiles what it compiled first."""
    monkeypatch.setattr(dep_01, "EACH", 2)
    serving_with(
        monkeypatch,
        "from sealwright.project.serving import grants",
        "real = grants.standings",
        "def standings(evidence, **rest):",
        "    kept = [i for i in evidence.items if i.kind != 'grant-revocation']",
        "    return real(kept, **rest)",
        "grants.standings = standings",
    )
    assert "revoked: it worked" in missed(drilled(dep_01.DRILL))


def test_dep_05_nobody_watches_the_files(drilled: Run, monkeypatch: Patch) -> None:
    serving_with(
        monkeypatch,
        "from sealwright.project.serving.watch import Watch",
        "Watch.look = lambda *_: []",
    )
    notes = missed(drilled(dep_05.DRILL))
    assert "change a served file: it worked" in notes
    assert "serve another version: it worked" not in notes


def test_mon_02_callers_are_not_watched(drilled: Run, monkeypatch: Patch) -> None:
    monkeypatch.setattr(mon_02, "MOST", 60)
    serving_with(
        monkeypatch,
        "from sealwright.project.serving import launches",
        "real = launches.monitor",
        "launches.monitor = lambda house, watched: real(house, ())",
    )
    assert "search: it worked" in missed(drilled(mon_02.DRILL))


def test_gov_01_a_whole_older_copy_comes_back(drilled: Run, monkeypatch: Patch) -> None:
    def with_its_pin(house: Path, older: Path) -> None:
        for name in ("ledger.db", "ledger.db.pin"):
            shutil.copyfile(Layout(older).state / name, Layout(house).state / name)

    monkeypatch.setitem(gov_01.TAMPERING, "truncate", with_its_pin)
    notes = missed(drilled(gov_01.DRILL))
    assert notes == ("truncate: it worked", "truncate: the expected detection is not on record")


def test_gov_02_a_gate_that_counts_nobody(drilled: Run, monkeypatch: Patch) -> None:
    blind(monkeypatch, "approval-people", "approval-domain", "approval-security")
    assert "own-work: it worked" in missed(drilled(gov_02.DRILL))


def test_a_control_that_denies_everything_is_an_alarm(drilled: Run, monkeypatch: Patch) -> None:
    def stand_in(*arguments: Any) -> Verdict:
        verdict = real_gate.gate(*arguments)
        return replace(
            verdict, results=tuple(replace(each, status="failed") for each in verdict.results)
        )

    monkeypatch.setattr("sealwright.project.core.gate", stand_in)
    outcome = drilled(dat_01.DRILL)
    assert outcome.conclusion.twin_alarms >= 1
    assert not outcome.passed
