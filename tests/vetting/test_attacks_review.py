from __future__ import annotations

import base64
from pathlib import Path

import pytest

from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import scan_paths
from tests.attacks.pickle_review import cases
from tests.attacks.pickle_review.cases import BENIGN, CASES, Attack
from tests.vetting.pickle.assemble import call, listed, name, number, text, verdict

ARRAY_IN_A_DICT = base64.b64decode(
    "gASV6AAAAAAAAAB9lCiMAWGUjAFilIwBY5SMAWSUjAFllIwTam9ibGliLm51bXB5X3BpY2tsZZSMEU51bXB5QXJy"
    "YXlXcmFwcGVylJOUKYGUfZQojAhzdWJjbGFzc5SMBW51bXB5lIwHbmRhcnJheZSTlIwFc2hhcGWUSwGFlIwFb3Jk"
    "ZXKUjAFDlIwFZHR5cGWUaAyMBWR0eXBllJOUjAJPOJSJiIeUUpQoSwOMAXyUTk5OSv////9K/////0s/dJRijAph"
    "bGxvd19tbWFwlImMG251bXB5X2FycmF5X2FsaWdubWVudF9ieXRlc5RLEHVigAWVjQAAAAAAAACMFm51bXB5Ll9j"
    "b3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChL"
    "AUsBhZRoA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZSMAWGUYXSUYi51"
    "Lg=="
)
"""`joblib.dump({"a": "b", "c": "d", "e": np.array(["a"], dtype=object)}, file)`: joblib 1.5, numpy
2.4. The array is a pickle with a memo of its own."""


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_fails(case: Attack, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04" + case.build() + b".")
    outcome = scan_paths([path], policy=builtin_policy(), strict=True)
    assert outcome.verdict == "fail", [seen.rule.id for seen in outcome.observations]


@pytest.mark.parametrize("title", BENIGN)
def test_ordinary_objects_of_the_same_classes_pass(title: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04" + BENIGN[title]() + b".")
    outcome = scan_paths([path], policy=builtin_policy(), strict=True)
    assert outcome.verdict == "pass", [seen.finding.message for seen in outcome.observations]


def test_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("part", [cases.steps, cases.quiet, cases.thunk])
def test_what_is_called_may_be_kept(part: object) -> None:
    assert callable(part)
    assert verdict(part()) == "pass"


def test_arrays_of_objects_in_a_dict_of_texts_pass(tmp_path: Path) -> None:
    path = tmp_path / "model.joblib"
    path.write_bytes(ARRAY_IN_A_DICT)
    outcome = scan_paths([path], policy=builtin_policy(), strict=True)
    assert outcome.verdict == "pass", [seen.finding.message for seen in outcome.observations]


def test_bytes_spelled_as_a_long_text_pass() -> None:
    for count in (100, 300_000):
        assert verdict(call(name("_codecs.encode"), text("\xe4" * count), text("latin1"))) == "pass"


def test_values_that_are_not_inert_are_not_looked_at_for_ever() -> None:
    shared = listed(*([number(1)] * 20_000), cases.quiet())
    index = name("pandas.core.indexes.base._new_Index"), name("pandas.core.indexes.base.Index")
    again = call(index[0], index[1], cases.attributes(data=b"h\x00"))
    body = b"(" + shared + b"q\x00" + again * 500 + b"t"
    assert verdict(body) == "fail"
