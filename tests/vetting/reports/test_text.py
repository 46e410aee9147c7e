"""The report for people: the verdict first, what is wrong and what to do, and never endless."""

from __future__ import annotations

from sealwright.vetting.interface import observe
from sealwright.vetting.reports.interface import Scanned
from sealwright.vetting.reports.text import MAX_BAD, MAX_FINDINGS, MAX_GOOD, render
from tests.vetting.reports import sample


def texts(scanned: Scanned) -> list[str]:
    return [line.text for line in render(scanned)]


def test_the_verdict_comes_first() -> None:
    first, *_ = render(sample.everything())
    assert first.head
    assert first.verdict == "fail"
    assert first.text == (
        "7 files (2 fail, 1 inconclusive, 1 review, 3 pass); do not load what failed"
    )
    first, *_ = render(sample.harmless())
    assert first.verdict == "pass"
    assert first.text == "2 files; everything was examined, and nothing was found"


def test_each_file_says_what_is_wrong_where_and_what_to_do() -> None:
    lines = texts(sample.everything())
    at = lines.index("models/evil.pt  torch-zip+zip  fail")
    assert lines[at + 1].strip() == (
        "SW-TST-001 critical: calls 'os.system' (in a/data.pkl, byte 41)"
    )
    assert lines[at + 2].strip() == "do: do not load it"


def test_advice_is_given_once_for_each_rule() -> None:
    lines = texts(sample.everything())
    assert sum("do: " in line for line in lines) == 4 + 0  # fail, inconclusive, review, warn


def test_the_gravest_files_come_first_and_those_that_passed_last() -> None:
    verdicts = [line.verdict for line in render(sample.everything()) if line.verdict][1:]
    assert verdicts == ["fail", "fail", "inconclusive", "review", "pass", "pass", "pass", "pass"]


def test_a_folder_that_failed_is_told_and_is_no_file() -> None:
    seen = observe(sample.CALLS, "weights are missing", location="m")
    lines = texts(sample.scanned(sample.member("m", seen, formats=("folder",))))
    assert lines[0].startswith("0 files")
    assert "m  folder  fail" in lines


def test_thousands_of_files_and_findings_are_counted_not_listed() -> None:
    many = [observe(sample.CALLS, f"call {n}", location="bad", offset=n) for n in range(2_000)]
    bad = [
        sample.member(f"bad{n}", observe(sample.CALLS, "x", location=f"bad{n}")) for n in range(999)
    ]
    good = [sample.member(f"good{n}") for n in range(3_000)]
    lines = texts(sample.scanned(sample.member("bad", *many), *bad, *good))
    assert len(lines) < 3 * MAX_BAD + MAX_GOOD + MAX_FINDINGS + 10
    assert f"and {1_000 - MAX_BAD} more files that did not pass" in lines
    assert f"and {3_000 - MAX_GOOD:,} more files that passed" in lines
    assert f"   and {2_000 - MAX_FINDINGS:,} more findings in this file" in lines


def test_the_store_of_git_is_named_where_it_is_in_the_way() -> None:
    seen = observe(sample.CALLS, "unknown", location="m/.git/index")
    lines = texts(sample.scanned(sample.member("m/.git/index", seen), sample.member("m/a.pkl")))
    assert sum(".git" in line and "1 file of these" in line for line in lines) == 1
    assert not any("--exclude" in line for line in texts(sample.scanned(sample.member("m/a.pkl"))))


def test_a_place_is_told_as_its_file_or_folder_sees_it() -> None:
    places = {
        ("m", "m/pipe"): "(in pipe)",
        ("m", "m"): "",
        ("m", ""): "",
        (".", ".git/x"): "(in .git/x)",
        (".", "config.json"): "(in config.json)",
        ("a.pt", "a.pt!b/c.pkl"): "(in b/c.pkl)",
        ("a.pt", "a.pth"): "(in a.pth)",
        ("a.py", "a.py:12"): "(line 12)",
    }
    for (path, location), shown in places.items():
        seen = observe(sample.CALLS, "call", location=location)
        lines = texts(sample.scanned(sample.member(path, seen)))
        (line,) = (line for line in lines if "SW-TST-001" in line)
        assert line == f"   SW-TST-001 critical: call {shown}".rstrip(), (path, location)
