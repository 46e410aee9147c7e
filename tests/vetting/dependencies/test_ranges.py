"""OSV ranges against PEP 440: the same answers as specifiers give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from sealwright.vetting.dependencies.cvss import base_score, level
from sealwright.vetting.dependencies.osv import Affected, advisory
from sealwright.vetting.dependencies.ranges import fixed_in, judge
from tests.vetting.dependencies.advisories import events, record


def affected(*ranges: dict[str, Any], versions: tuple[str, ...] = ()) -> Affected:
    found = advisory(record("X-1", ranges=list(ranges), versions=list(versions)))
    assert found is not None
    (one,) = found.affected
    return one


RELEASES = st.lists(st.integers(0, 4), min_size=1, max_size=3).map(lambda v: ".".join(map(str, v)))
ANY = st.builds(
    lambda release, end: release + end,
    RELEASES,
    st.sampled_from(["", "", "a1", "rc2", ".post1", ".dev3", "+cu118"]),
)


@given(ANY, RELEASES, RELEASES)
def test_introduced_and_fixed_are_a_specifier(version: str, start: str, end: str) -> None:
    if Version(start) > Version(end):
        start, end = end, start
    here = Version(Version(version).public)
    # OSV: `introduced: 0` stands for the beginning of all versions.
    inside = (start == "0" or Version(start) <= here) and here < Version(end)
    answer = judge(version, affected(events(f"introduced:{start}", f"fixed:{end}")))
    assert (answer == "affected") is inside
    if not here.is_prerelease and not here.is_postrelease:
        assert inside is SpecifierSet(f">={start},<{end}").contains(here)


@given(ANY, RELEASES)
def test_last_affected_is_a_specifier(version: str, last: str) -> None:
    answer = judge(version, affected(events("introduced:0", f"last_affected:{last}")))
    here = Version(Version(version).public)
    assert (answer == "affected") is SpecifierSet(f"<={last}").contains(here, prereleases=True)


@given(ANY, st.lists(ANY, max_size=4))
def test_a_list_of_versions_is_equality(version: str, listed: list[str]) -> None:
    here = Version(Version(version).public)
    hit = any(Version(Version(one).public) == here for one in listed)
    answer = judge(version, affected(versions=tuple(listed)))
    assert (answer == "affected") is hit
    assert listed or answer == "undecided"


@given(st.lists(st.tuples(RELEASES, RELEASES), min_size=1, max_size=3), ANY)
def test_several_ranges_are_a_union(pairs: list[tuple[str, str]], version: str) -> None:
    ranges = [events(f"introduced:{a}", f"fixed:{b}") for a, b in pairs if Version(a) < Version(b)]
    one = affected(*ranges, versions=("99",))
    alone = [judge(version, affected(each)) for each in ranges]
    assert (judge(version, one) == "affected") is ("affected" in alone)


TWO = events("introduced:0", "fixed:2.0", "introduced:2.1", "fixed:2.2")


@pytest.mark.parametrize(
    ("version", "ranges", "versions", "answer"),
    [
        ("1.0", [events("introduced:0")], (), "affected"),
        ("2.1", [TWO], (), "affected"),
        ("2.0", [TWO], (), "not-affected"),
        ("2.0", [events("introduced:2.1", "introduced:0", "fixed:2.0")], (), "not-affected"),
        ("2.0", [events("introduced:0", "limit:1.9")], (), "not-affected"),
        ("1.0", [events("introduced:0", "limit:1.9")], (), "affected"),
        ("1.0", [events("introduced:0", "limit:*")], (), "affected"),
        ("2.0rc1", [events("introduced:0", "fixed:2.0")], (), "affected"),
        ("2.0+cu118", [events("introduced:0", "fixed:2.0")], (), "not-affected"),
        ("2.0+cu118", [events("introduced:0", "last_affected:2.0")], (), "affected"),
        ("1.0.0", [], ("1",), "affected"),
        ("1!1.0", [events("introduced:0", "fixed:2.0")], (), "not-affected"),
        ("not-a-version", [events("introduced:0")], (), "undecided"),
        ("not-a-version", [], ("1.0",), "not-affected"),
        ("not-a-version", [], ("not-a-version",), "affected"),
        ("1.0", [events("introduced:0", "fixed:last-tuesday")], (), "undecided"),
        ("1.0", [events("introduced:0", "fixed:last-tuesday")], ("1.0",), "affected"),
        ("1.0", [{"type": "GIT", "events": [{"introduced": "0"}]}], (), "undecided"),
        ("1.0", [{"type": "GIT", "events": [{"introduced": "0"}]}], ("0.9",), "not-affected"),
    ],
)  # fmt: skip
def test_single_cases(
    version: str, ranges: list[dict[str, Any]], versions: tuple[str, ...], answer: str
) -> None:
    assert judge(version, affected(*ranges, versions=versions)) == answer


def test_the_next_fix_is_named() -> None:
    one = affected(
        events("introduced:0", "fixed:1.5"), events("introduced:2.0", "fixed:2.4", "fixed:2.3")
    )
    assert fixed_in("1.0", one) == "1.5"
    assert fixed_in("2.1", one) == "2.3"
    assert fixed_in("9", one) == ""


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        # Scores of the specification's calculator.
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N", 3.7),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 1.6),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O", 9.8),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.8),
        ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 3.1),
        ("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None),
        ("CVSS:2.0/AV:N/AC:L/Au:N/C:P/I:P/A:P", None),
        ("9.8", None),
        ("", None),
    ],
)
def test_vectors_have_the_scores_of_the_specification(vector: str, score: float | None) -> None:
    assert base_score(vector) == score


def test_levels() -> None:
    found = [level(score) for score in (0.0, 0.1, 3.9, 4.0, 6.9, 7.0, 8.9, 9.0, 10.0)]
    assert found == [
        "info",
        "low",
        "low",
        "medium",
        "medium",
        "high",
        "high",
        "critical",
        "critical",
    ]


@given(st.text(max_size=60))
def test_any_text_is_a_vector_or_none(text: str) -> None:
    score = base_score("CVSS:3.1/" + text)
    assert score is None or 0 <= score <= 10
