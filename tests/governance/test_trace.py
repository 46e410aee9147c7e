from __future__ import annotations

import pytest
from tests.governance.people import Ledger
from tests.governance.sample import build_sample
from tests.governance.sample_artifacts import LOCK, MODEL, PREPARE, RAW, TEST, TRAIN, TRAINER, fake

from sealwright.errors import InputMissing
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.data import Lineage
from sealwright.evidence.statement import Subject, subject
from sealwright.phases.governance.trace import lines, trace
from sealwright.policy.lineage import Graph


def test_upwards_it_finds_everything_with_its_evidence() -> None:
    sample = build_sample()
    found = trace(Graph.build(sample.evidence), sample.evidence, MODEL.sha256)
    everything = {each.sha256 for each in (MODEL, TRAIN, TEST, RAW, PREPARE, TRAINER, LOCK)}
    assert {step.digest for step in found.up} == everything
    assert found.complete
    model = found.up[0]
    about = [item.index for item in sample.evidence
             if any(s.sha256 == MODEL.sha256 for s in item.statement.subjects)]  # fmt: skip
    assert [mention.index for mention in model.evidence] == about
    tested = next(step for step in found.up if step.digest == TEST.sha256)
    assert tested.relation == "tested-on"


def test_downwards_from_the_raw_data_it_reaches_the_model() -> None:
    sample = build_sample()
    found = trace(Graph.build(sample.evidence), sample.evidence, RAW.sha256)
    assert MODEL.sha256 in {step.digest for step in found.down}
    assert [step.digest for step in found.up] == [RAW.sha256]


def test_the_text_tree_names_gaps() -> None:
    sample = build_sample()
    shown = lines(trace(Graph.build(sample.evidence), sample.evidence, MODEL.sha256))
    assert any("no evidence about it" in line for line in shown)  # prepare.py
    assert any("(see above)" in line for line in shown)
    assert shown[-1] == "used for: nothing on record"
    assert all(line.isprintable() for line in shown)


def test_an_unknown_artifact_is_an_error() -> None:
    sample = build_sample()
    with pytest.raises(InputMissing, match="no statement speaks"):
        trace(Graph.build(sample.evidence), sample.evidence, fake("unknown"))


def link(ledger: Ledger, source: Subject, target: Subject) -> None:
    step = Lineage(
        step="s", inputs=(Resource(name=source.name, digest=source.digest),), at=ledger.at
    )
    ledger.say("bruno", step, target)


def test_a_cycle_ends() -> None:
    ledger = Ledger()
    first, second = subject("a\x1b[2J", fake("a")), subject("b", fake("b"))
    link(ledger, first, second)
    link(ledger, second, first)
    evidence = ledger.verified()
    found = trace(Graph.build(evidence), evidence, first.sha256)
    assert [step.repeated for step in found.up] == [False, False, True]
    assert all(line.isprintable() for line in lines(found))
