"""Files and folders on disk: what is there, what cannot be read, and what it costs."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import pytest

from sealwright.errors import InputMissing
from sealwright.vetting import folders
from sealwright.vetting.interface import DirectoryCheck, Examining, Listing, Member
from sealwright.vetting.known import Known
from sealwright.vetting.outcome import Outcome
from sealwright.vetting.packs.load import builtin_policy
from sealwright.vetting.scan import inspect, scan_paths
from sealwright.vetting.session import Limits, Session
from sealwright.vetting.sources import NoFile, opened


def told(outcome: Outcome) -> list[tuple[str, str]]:
    return [(seen.rule.id, seen.finding.message) for seen in outcome.observations]


def verdicts(outcome: Outcome) -> dict[str, str]:
    return {Path(each.path).name: each.verdict for each in outcome.members if not each.depth}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.pkl"
    path.write_bytes(pickle.dumps([1, 2]))
    return path


class TestAbsent:
    """A path that is not there takes nothing from those that are."""

    def test_one_among_others_is_inconclusive_and_the_scan_goes_on(
        self, tmp_path: Path, good: Path
    ) -> None:
        (tmp_path / "loop").symlink_to("loop")
        outcome = scan_paths([tmp_path / "gone", good, tmp_path / "loop"], strict=True)
        assert outcome.verdict == "inconclusive"
        assert verdicts(outcome) == {
            "gone": "inconclusive",
            "good.pkl": "pass",
            "loop": "inconclusive",
        }
        assert told(outcome) == [
            ("SW-SRC-001", "No such file or directory"),
            ("SW-SRC-001", "Too many levels of symbolic links"),
        ]

    def test_nothing_at_all_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(InputMissing, match="one: No such file"):
            scan_paths([tmp_path / "one", tmp_path / "two"])


class TestSpecial:
    """A pipe, a device or a socket is no file, given by itself as among others."""

    def test_a_pipe_is_one_wherever_it_is(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.pkl")
        expected = [("SW-SRC-002", "a pipe, not a regular file")]
        assert told(scan_paths([tmp_path / "pipe.pkl"])) == expected
        assert told(scan_paths([tmp_path])) == expected

    def test_it_is_not_opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        os.mkfifo(tmp_path / "pipe.pkl")

        def never(*_: object) -> int:
            raise AssertionError("it was opened")

        monkeypatch.setattr(os, "open", never)
        with pytest.raises(NoFile, match="a pipe"), opened(tmp_path / "pipe.pkl"):
            pass


class TestCost:
    """What a folder costs grows with what it holds, and its clock runs while it is read."""

    def test_many_folders_with_many_files_stay_within_the_limits(self, tmp_path: Path) -> None:
        """1,500 folders of 14 files were 30 million steps: every folder looked at every file."""
        names = [f"p{folder}/f{file}.txt" for folder in range(1_500) for file in range(14)]
        session = Session(policy=builtin_policy(), inspect=inspect)
        work = Examining(Member(path=str(tmp_path), data=b""), session)
        folders.check_folders(tmp_path, names, work)
        assert work.observations == []
        assert session.operations < 5 * len(names)

    def test_a_folder_is_shown_with_just_what_lies_below_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = ["a-b/y", "a/b/x", "a/x", "a0/x", "ab", "a\udcff/z", "a/\U0001f600"]
        seen: dict[str, list[str]] = {}

        def applies(listing: Listing) -> bool:
            seen[Path(listing.root).relative_to(tmp_path).as_posix()] = sorted(listing.members)
            return False

        from sealwright.vetting import checks

        check = DirectoryCheck(
            id="t", title="t", examines="", applies=applies, examine=lambda *_: None
        )
        monkeypatch.setattr(checks, "DIRECTORY_CHECKS", (check,))
        work = Examining(
            Member(path="", data=b""), Session(policy=builtin_policy(), inspect=inspect)
        )
        folders.check_folders(tmp_path, names, work)
        assert seen == {
            ".": sorted(names),
            "a": ["b/x", "x", "\U0001f600"],
            "a-b": ["y"],
            "a/b": ["x"],
            "a0": ["x"],
            "a\udcff": ["z"],
        }

    def test_the_clock_is_looked_at_while_a_large_file_is_hashed(self, tmp_path: Path) -> None:
        path = tmp_path / "sparse.bin"
        with path.open("wb") as file:
            file.truncate(1 << 40)
        outcome = scan_paths([path], limits=Limits(seconds=0.2))
        ((rule, message),) = told(outcome)
        assert rule == "SW-SCAN-002"
        assert message == (
            "the scan was ended: more than 0.2 seconds "
            "(`sealwright scan --limit-seconds` raises that)"
        )


class TestLimits:
    """A limit is called one, and says what raises it."""

    @pytest.mark.parametrize(
        ("limits", "option"),
        [
            (Limits(member=10), "member"),
            (Limits(inflated=10), "inflated"),
            (Limits(operations=100), "operations"),
            (Limits(members=1), "members"),
            (Limits(depth=1), "depth"),
        ],
    )
    def test_it_names_its_option(self, tmp_path: Path, limits: Limits, option: str) -> None:
        inner = io.BytesIO()
        for target in (inner, tmp_path / "a.zip"):
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("a.txt", "many words " * 9)
                archive.writestr("b.zip", inner.getvalue())
        outcome = scan_paths([tmp_path / "a.zip"], limits=limits)
        assert outcome.verdict == "inconclusive"
        assert {rule for rule, _ in told(outcome)} == {"SW-SCAN-002"}, told(outcome)
        if option != "members":  # the archive's own reader knows that limit
            assert any(f"--limit-{option}`" in message for _, message in told(outcome))


def test_what_is_known_says_how_much_was_inflated(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "many words " * 9)
    known = Known(tmp_path / "c", rules="1" * 64, limits=Limits(), version="1")
    first, second = (scan_paths([path], known=known) for _ in range(2))
    assert first.coverage.inflated == 99
    assert second == first


def test_what_a_check_of_folders_leaves_out_is_no_pass(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sealwright.vetting import checks

    def examine(listing: Listing, work: Examining) -> None:
        work.gap("a part that is not read")

    check = DirectoryCheck(id="t", title="t", examines="", applies=lambda _: True, examine=examine)
    monkeypatch.setattr(checks, "DIRECTORY_CHECKS", (check,))
    outcome = scan_paths([good.parent])
    assert outcome.verdict == "inconclusive"
    assert ("SW-SCAN-003", "a part that is not read") in told(outcome)
