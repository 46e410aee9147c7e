from __future__ import annotations

from tests.governance.people import START, Ledger
from tests.governance.sample import build_sample
from tests.governance.sample_artifacts import MODEL, RAW, TEST, TRAIN

from sealwright.evidence.statement import decode_statement, encode_statement
from sealwright.phases.governance.card import SECTIONS, model_card
from sealwright.policy.lineage import Graph


def test_every_fact_names_evidence_that_exists() -> None:
    sample = build_sample()
    card = model_card(
        MODEL, evidence=sample.evidence, graph=Graph.build(sample.evidence), now=START
    )
    content = card.predicate.content
    known = {item.digest for item in sample.evidence}
    cited = [content["purpose"], content["training"], content["oversight"]]
    cited += [*content["data"], *content["evaluations"], *content["limits"]]
    assert all(fact["evidence"] in known for fact in cited)
    assert content["not_evidenced"] == []
    assert decode_statement(encode_statement(card)) == card


def test_it_tells_the_training_data_and_not_the_test_data() -> None:
    sample = build_sample()
    graph = Graph.build(sample.evidence)
    content = model_card(MODEL, evidence=sample.evidence, graph=graph, now=START).predicate.content
    assert {row["artifact"] for row in content["data"]} == {RAW.sha256, TRAIN.sha256}
    assert {row["dataset"] for row in content["evaluations"]} == {TEST.name}


def test_what_is_not_known_is_a_limit() -> None:
    sample = build_sample()
    graph = Graph.build(sample.evidence)
    content = model_card(MODEL, evidence=sample.evidence, graph=graph, now=START).predicate.content
    limits = " | ".join(limit["text"] for limit in content["limits"])
    assert "generalisation.gap: inconclusive" in limits
    assert "notes/readme.pdf" in limits
    assert "thin files" in limits
    assert content["groups"] == ["18 to 29", "30 to 59", "60 and over"]
    robust = next(row for row in content["evaluations"] if row["kind"] == "robustness")
    assert robust["result"] == "passed"  # the second run, which is the one that stands


def test_without_evidence_the_card_is_empty_and_says_so() -> None:
    ledger = Ledger()
    evidence = ledger.verified()
    card = model_card(MODEL, evidence=evidence, graph=Graph.build(evidence), now=START)
    assert card.predicate.content == {"not_evidenced": list(SECTIONS)}
