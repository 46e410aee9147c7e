from __future__ import annotations

from tests.governance.sample import build_sample

from sealwright.evidence.predicates.data import DatasetVersion
from sealwright.evidence.statement import subject
from sealwright.phases.governance.data_card import DATA_SECTIONS, data_card


def test_a_card_tells_what_the_evidence_tells_and_names_it() -> None:
    sample = build_sample()
    item = [i for i in sample.evidence if isinstance(i.predicate, DatasetVersion)][-1]
    about = item.statement.subjects[0]
    card = data_card(about, evidence=sample.evidence, now=sample.ledger.now).predicate
    assert card.kind == "dataset"
    assert isinstance(item.predicate, DatasetVersion)
    assert card.content["content"]["rows"] == item.predicate.rows
    assert card.content["origin"]["source"] == item.predicate.provenance.source
    digests = {each.digest for each in sample.evidence}
    for row in card.content.get("examinations", []):
        assert row["evidence"] in digests
    assert set(card.content) - {"not_evidenced"} == set(DATA_SECTIONS) - set(
        card.content["not_evidenced"]
    )


def test_nothing_is_said_of_an_unknown_data_set() -> None:
    sample = build_sample()
    unknown = subject("train", "0" * 64)
    card = data_card(unknown, evidence=sample.evidence, now=sample.ledger.now).predicate
    assert card.content == {"not_evidenced": list(DATA_SECTIONS)}
