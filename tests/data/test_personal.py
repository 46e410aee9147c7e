from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.phases.data import personal_patterns as patterns
from sealwright.phases.data.constraints import Examined
from sealwright.phases.data.personal import examine_personal
from tests.data.support import one_column, opened, source, write_csv

PLANTED = {
    "e-mail": "ann.lee@example.org",
    "telephone": "+49 30 1234567",
    "bank": "DE89 3704 0044 0532 0130 00",
    "payment": "4111 1111 1111 1111",
    "United States": "123-45-6789",
    "Swiss": "756.9217.0769.85",
    "French": "2 55 08 14 168 025 38",
    "Spanish": "12345678Z",
    "Brazilian": "529.982.247-25",
    "internet": "8.8.8.8",
}
LOOK_ALIKES = [
    "ann at example.org",
    "12345",
    "GB82 WEST 1234 5698 7654 33",
    "4111 1111 1111 1112",
    "000-45-6789",
    "756.9217.0769.86",
    "2 55 08 14 168 025 39",
    "12345678A",
    "529.982.247-26",
    "192.168.1.1",
    "999.1.1.1",
    "2026-11-22",
    "1.2345678901234",
]


def examine(folder: Path, values: list[Any], **fields: Any) -> Examined:
    path = write_csv(folder / "data.csv", ["id", "x"], list(enumerate(values)))
    with opened(data=source(path, **fields)) as tables:
        return examine_personal("data", opened=tables)


def outcome(examined: Examined, check: str) -> str:
    (found,) = [item for item in examined.checks if item.id == check]
    return found.result


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_values_are_found_and_not_repeated(tmp_path: Path, kind: str) -> None:
    value = PLANTED[kind]
    examined = examine(
        tmp_path, ["harmless", f"see {value}, please", value], contains_personal_data="no"
    )
    (found,) = [item for item in examined.checks if item.id == "x.personal-values"]
    assert (found.result, found.n, found.violations) == ("failed", 3, 2)
    assert kind in found.detail
    (finding,) = examined.findings
    assert (finding.rule, finding.severity) == ("SW-DAT-PERSONAL", "high")
    evidence = msgspec.json.encode([examined.checks, examined.findings]).decode()
    assert value not in evidence
    assert "harmless" not in evidence


@pytest.mark.parametrize("value", LOOK_ALIKES)
def test_look_alikes_are_not(tmp_path: Path, value: str) -> None:
    examined = examine(tmp_path, [value, "harmless"], contains_personal_data="no")
    assert examined.findings == ()
    assert {item.result for item in examined.checks} == {"passed"}


@pytest.mark.parametrize(
    ("declared", "result"), [("no", "failed"), ("unknown", "warned"), ("yes", "warned")]
)
def test_what_a_surprise_means(tmp_path: Path, declared: str, result: str) -> None:
    examined = examine(tmp_path, [PLANTED["e-mail"]], contains_personal_data=declared)
    assert outcome(examined, "x.personal-values") == result


def test_declared_columns_are_no_surprise(tmp_path: Path) -> None:
    fields = {"personal_data_columns": ["x"], "contains_personal_data": "yes"}
    examined = examine(tmp_path, [PLANTED["e-mail"]], **fields)
    assert examined.findings == ()
    contradiction = {**fields, "contains_personal_data": "no"}
    examined = examine(tmp_path, [PLANTED["e-mail"]], **contradiction)
    assert outcome(examined, "personal.declaration") == "failed"


def test_card_numbers_in_integer_columns_are_found(tmp_path: Path) -> None:
    with one_column(tmp_path, ["4111111111111111", "5500005555555559"], type="integer") as tables:
        examined = examine_personal("data", opened=tables)
    assert outcome(examined, "x.personal-values") == "warned"


def test_numbers_that_pass_a_checksum_by_chance_are_not(tmp_path: Path) -> None:
    values = [str(4_000_000_000_000_000 + 7919 * index) for index in range(200)]
    assert any(patterns.luhn(value) for value in values)
    assert outcome(examine(tmp_path, values), "x.personal-values") == "passed"


def test_an_empty_table_is_inconclusive(tmp_path: Path) -> None:
    examined = examine(tmp_path, [], contains_personal_data="no")
    assert outcome(examined, "personal.declaration") == "inconclusive"
    assert outcome(examined, "x.personal-values") == "inconclusive"


@pytest.mark.parametrize(
    "name",
    ["email", "E-Mail", "customer_email", "email_hash", "dateOfBirth", "DOB", "phone_2", "SSN",
     "first_name", "lastName", "IBAN", "home address", "ip", "Geburtsdatum"],
)  # fmt: skip
def test_names_that_announce_personal_data(name: str) -> None:
    assert patterns.personal_name(name)


@pytest.mark.parametrize(
    "name", ["age", "sex", "bmi", "bp", "s1", "s6", "target", "ship", "microphone", "x", "1", "é"]
)
def test_names_that_do_not(name: str) -> None:
    assert not patterns.personal_name(name)


def test_a_name_is_a_finding_without_any_hit(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "data.csv", ["email"], [["nobody"]])
    with opened(data=source(path, contains_personal_data="no")) as tables:
        examined = examine_personal("data", opened=tables)
    assert outcome(examined, "email.personal-name") == "failed"
    assert outcome(examined, "email.personal-values") == "passed"


@given(st.text(max_size=80))
def test_validators_take_whatever_their_pattern_finds(text: str) -> None:
    import re

    for shape in patterns.SHAPES:
        for match in re.finditer(shape.pattern, text, re.ASCII):
            assert shape.valid(match.group()) in (True, False)


@given(
    st.sampled_from(patterns.SHAPES).flatmap(
        lambda s: st.tuples(st.just(s), st.from_regex(s.pattern, fullmatch=True))
    )
)
def test_validators_answer_on_every_candidate(case: tuple[patterns.Shape, str]) -> None:
    shape, text = case
    if text.isascii():
        assert shape.valid(text) in (True, False)


@given(st.integers(0, 10**14))
def test_one_wrong_digit_breaks_the_card_checksum(number: int) -> None:
    digits = f"4{number:014d}"
    (valid,) = [digits + str(last) for last in range(10) if patterns.luhn(digits + str(last))]
    wrong = valid[:-1] + str((int(valid[-1]) + 1) % 10)
    assert not patterns.luhn(wrong)
