"""`sealwright scan`: works alone, answers in four formats, and keeps its exit codes."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import pickle
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sealwright.cli.scan import Bar
from sealwright.errors import UsageError
from sealwright.evidence.digest import sha256_hex
from sealwright.vetting import guard, scan, sources
from sealwright.vetting.interface import Buffer, observe
from sealwright.vetting.known import Known
from sealwright.vetting.outcome import Found, Outcome
from sealwright.vetting.session import Limits, Spent
from tests.cli.console import Console
from tests.vetting.reports import sample


class Harmless:
    """Would write one word if it were loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo loaded",)


def safetensors() -> bytes:
    header = b'{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    return len(header).to_bytes(8, "little") + header + bytes(8)


@pytest.fixture
def models(tmp_path: Path) -> Console:
    """A folder without a project: a file that passes, one that fails, one that nobody knows."""
    (tmp_path / "good.safetensors").write_bytes(safetensors())
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Harmless()))
    (tmp_path / "list.pkl").write_bytes(pickle.dumps(list(range(100))))
    (tmp_path / "odd.blob").write_bytes(b"\x93\x07\xfe\x00" * 64)
    return Console(tmp_path)


def test_what_passes_ends_with_0_and_needs_no_project(models: Console) -> None:
    answer = models("scan", "good.safetensors")
    assert answer.out.startswith("PASS: 1 file; ")
    assert answer.err == ""


def test_what_fails_ends_with_1_and_says_why_and_what_to_do(models: Console) -> None:
    answer = models("scan", "good.safetensors", "evil.pkl", expect=1)
    first, second, *rest = answer.out.splitlines()
    assert first.startswith("FAIL: 2 files (1 fail, 1 pass); ")
    assert second.startswith(" XX evil.pkl")
    assert "system" in rest[0]
    assert any(line.strip().startswith("do: ") for line in rest)


def test_what_was_not_examined_ends_with_3(models: Console) -> None:
    assert models("scan", "odd.blob", expect=3).out.startswith("INCONCLUSIVE: ")
    assert models("scan", "odd.blob", "evil.pkl", expect=1).out.startswith("FAIL: ")


def test_nothing_at_all_is_no_pass(models: Console) -> None:
    (models.folder / "empty").mkdir()
    models("scan", "empty", expect=3)


@pytest.mark.parametrize(("threshold", "code"), [("review", 1), ("fail", 0)])
def test_the_threshold_decides_about_reviews(
    models: Console, monkeypatch: pytest.MonkeyPatch, threshold: str, code: int
) -> None:
    seen = observe(sample.LOOK, "look", location="good.safetensors")

    def reviewed(*_: object, **__: object) -> Outcome:
        return sample.outcome(sample.member("good.safetensors", seen))

    monkeypatch.setattr(scan, "scan_paths", reviewed)
    answer = models("scan", "good.safetensors", "--fail-on", threshold, expect=code)
    assert answer.out.startswith("REVIEW: ")


def test_a_path_that_is_not_there_is_named(models: Console) -> None:
    answer = models("scan", "gone.pkl", expect=3)
    assert answer.out == ""
    assert "gone.pkl: No such file" in answer.err


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("good.safetensors", "--format", "xml"),
        ("good.safetensors", "--limit-seconds", "0"),
        ("good.safetensors", "--limit-seconds", "nan"),
        ("good.safetensors", "--limit-depth", "-1"),
        ("good.safetensors", "--fail-on", "never"),
        ("",),
        ("good.safetensors", ""),
        ("good.safetensors", "--out", ""),
        ("good.safetensors", "--base", "nope"),
        ("good.safetensors", "--base", ""),
        ("good.safetensors", "--cache", ""),
        ("good.safetensors", "--pack", ""),
    ],
)
def test_wrong_usage_ends_with_2(models: Console, words: tuple[str, ...]) -> None:
    models("scan", *words, expect=2)


def test_json_is_one_value_that_says_the_same(models: Console) -> None:
    value = models.json("scan", ".", expect=1)
    assert (value["verdict"], value["exit_code"], value["schema"]) == ("fail", 1, 1)
    verdicts = {each["path"]: each["verdict"] for each in value["targets"]}
    assert verdicts["good.safetensors"] == "pass"
    assert verdicts["evil.pkl"] == "fail"
    assert verdicts["odd.blob"] == "inconclusive"
    member = next(each for each in value["members"] if each["path"] == "good.safetensors")
    assert member["sha256"] == sha256_hex(safetensors())
    assert member["coverage"] == {"parsed": 62, "numbers": 8, "rest": 0}


def test_sarif_and_markdown_and_a_file(models: Console) -> None:
    log = json.loads(models("scan", "evil.pkl", "--format", "sarif", expect=1).out)
    assert log["runs"][0]["properties"]["verdict"] == "fail"
    assert (
        "## ❌ Model scan: fail" in models("scan", "evil.pkl", "--format", "markdown", expect=1).out
    )
    answer = models("scan", "evil.pkl", "--format", "json", "--out", "r/scan.json", expect=1)
    assert answer.out.splitlines()[0].startswith("FAIL: ")
    assert answer.out.splitlines()[1] == "report: r/scan.json"
    assert json.loads((models.folder / "r/scan.json").read_text())["verdict"] == "fail"
    models("scan", "evil.pkl", "--out", "scan.txt", expect=1)
    assert (models.folder / "scan.txt").read_text().startswith("FAIL: ")


def test_a_report_that_cannot_be_written_is_no_pass(models: Console) -> None:
    answer = models("scan", "good.safetensors", "--out", "good.safetensors/x", expect=3)
    assert "cannot be written" in answer.err


def test_what_is_excluded_is_said(models: Console) -> None:
    answer = models("scan", ".", "--exclude", "evil*", "--exclude", "*.blob")
    assert answer.out.startswith("PASS: 2 files")
    assert "not covered: .: 2 left out: files, and folders with all in them" in answer.out
    value = models.json("scan", ".", "--exclude", "evil*", "--exclude", "*.blob")
    assert value["exclude"] == ["evil*", "*.blob"]


def test_a_name_is_left_out_at_every_level_and_a_pattern_in_vain_is_told(models: Console) -> None:
    store = models.folder / "sub/.git"
    store.mkdir(parents=True)
    (store / "index").write_bytes(b"\x93\x07\xfe\x00" * 64)
    words = ("scan", "sub", "good.safetensors", "--exclude", ".git/")
    answer = models(*words, "--exclude", "a\x1bb", "--exclude", "gone/")
    assert answer.out.startswith("PASS: 1 file; ")
    assert answer.err == (
        "note: --exclude 'a\\x1bb' matched nothing\nnote: --exclude 'gone/' matched nothing\n"
    )


def test_a_path_that_is_not_there_takes_nothing_from_the_report(models: Console) -> None:
    (models.folder / "loop").symlink_to("loop")
    answer = models(
        "scan", "evil.pkl", "loop", "gone.pkl", "--format", "sarif", "--out", "s.sarif", expect=1
    )
    assert answer.out.startswith("FAIL: 3 files (1 fail, 2 inconclusive); ")
    log = json.loads((models.folder / "s.sarif").read_text())
    rules = [each["ruleId"] for each in log["runs"][0]["results"]]
    assert rules.count("SW-SRC-001") == 2
    assert not log["runs"][0]["invocations"][0]["executionSuccessful"]
    models("scan", "good.safetensors", "gone.pkl", expect=3)
    assert "gone.pkl: No such file" in models("scan", "gone.pkl", "loop", expect=3).err


def test_a_pack_that_is_a_pipe_is_refused_and_not_waited_for(models: Console) -> None:
    os.mkfifo(models.folder / "pack.json")
    answer = models("scan", "good.safetensors", "--pack", "pack.json", expect=2)
    assert "pack.json: cannot be read: a pipe, not a regular file" in answer.err


def test_a_place_below_a_folder_does_not_look_as_if_it_began_at_the_root(models: Console) -> None:
    (models.folder / "d").mkdir()
    os.mkfifo(models.folder / "d/pipe.pkl")
    for path in ("d", "d/"):
        out = models("scan", path, expect=3).out
        assert "SW-SRC-002 high: a pipe, not a regular file (in pipe.pkl)" in out
    out = models("scan", ".", "--exclude", "*.blob", "--exclude", "evil.pkl", expect=3).out
    assert "(in d/pipe.pkl)" in out


def test_a_limit_that_is_reached_is_inconclusive(models: Console) -> None:
    value = models.json("scan", "list.pkl", "--limit-operations", "5", expect=3)
    assert value["limits"]["operations"] == 5
    assert value["findings"][0]["rule"] == "SW-SCAN-002"


@pytest.mark.parametrize("broken", [Spent("too long"), MemoryError(), RecursionError()])
def test_what_was_seen_before_a_scan_broke_its_bounds_is_kept(
    models: Console, monkeypatch: pytest.MonkeyPatch, broken: Exception
) -> None:
    hashed = sources.sha256_of

    def breaks(data: Buffer, progress: Callable[[int], None]) -> str:
        if bytes(data[:1]) == b"]":
            raise broken
        return hashed(data, progress)

    zlast = models.folder / "zlast"
    zlast.mkdir()
    (zlast / "evil.pkl").write_bytes((models.folder / "evil.pkl").read_bytes())
    (zlast / "list.pkl").write_bytes(b"].")
    monkeypatch.setattr(sources, "sha256_of", breaks)
    value = models.json("scan", "good.safetensors", "zlast", expect=1)
    assert {each["path"]: each["verdict"] for each in value["targets"]} == {
        "good.safetensors": "pass",
        "zlast/evil.pkl": "fail",
        "zlast": "inconclusive",
    }
    said = [each["message"] for each in value["findings"] if each["rule"] == "SW-SCAN-002"]
    assert len(said) == 1
    assert said[0].startswith("the scan was ended: ")


def test_a_bomb_takes_nothing_from_the_files_beside_it(tmp_path: Path) -> None:
    """What is left for a file after its bomb is over at once here."""
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(8 << 20)))
    (tmp_path / "list.pkl").write_bytes(pickle.dumps(list(range(100))))
    outcome = scan.scan_paths([tmp_path], limits=Limits(ratio=100, grace=-1.0))
    verdicts = {Path(each.path).name: each.verdict for each in outcome.members if not each.depth}
    assert verdicts == {tmp_path.name: "pass", "bomb.gz": "inconclusive", "list.pkl": "pass"}


def test_the_bounds_hold_and_are_taken_away_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "GRACE", 0.05)
    before = [resource.getrlimit(kind) for kind in (resource.RLIMIT_DATA, resource.RLIMIT_CPU)]
    handler = signal.getsignal(signal.SIGALRM)
    with pytest.raises(Spent), guard.bounded(seconds=0.05):
        time.sleep(60)
    with pytest.raises(MemoryError), guard.bounded(seconds=60):
        bytearray(2 * guard.MEMORY)
    after = [resource.getrlimit(kind) for kind in (resource.RLIMIT_DATA, resource.RLIMIT_CPU)]
    assert after == before
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_names_cannot_write_on_the_terminal(models: Console) -> None:
    name = "x\x1b[2K\rPASS\u202e.pkl"
    (models.folder / name).write_bytes(pickle.dumps(Harmless()))
    answer = models("scan", ".", expect=1)
    assert "x⟨U+001B⟩[2K⟨U+000D⟩PASS⟨U+202E⟩.pkl" in answer.out
    for style in ("json", "sarif", "markdown"):
        text = models("scan", ".", "--format", style, expect=1).out
        assert all(char == "\n" or char.isprintable() for char in text)


def test_a_name_that_is_no_utf8_is_scanned_and_told(models: Console) -> None:
    place = os.fsencode(models.folder) + b"/\xff.pkl"
    with open(place, "wb") as file:
        file.write(pickle.dumps(Harmless()))
    for style in ("text", "json", "sarif", "markdown"):
        answer = models.spawn("scan", ".", "--format", style)
        assert answer.code == 1, answer
        assert "ff.pkl" in answer.out.lower() or "FF" in answer.out, answer


class TestCache:
    """`--cache`: the second scan costs the digest, and nobody else can say what was found."""

    def test_the_second_scan_examines_nothing(
        self, models: Console, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = ("scan", "good.safetensors", "evil.pkl", "--cache", "c")
        first = models.json(*words, expect=1)

        def untouched(*_: object) -> None:
            raise AssertionError("a file that is known was examined")

        monkeypatch.setattr(scan, "inspect", untouched)
        assert models.json(*words, expect=1) == first
        assert {stat.S_IMODE(each.stat().st_mode) for each in (models.folder / "c").iterdir()} == {
            0o600
        }

    @pytest.mark.parametrize("change", ["content", "limits", "name"])
    def test_whatever_the_verdict_depends_on_makes_another_entry(
        self, models: Console, change: str
    ) -> None:
        models("scan", "good.safetensors", "--cache", "c")
        words, name = ["--cache", "c"], "good.safetensors"
        if change == "content":
            (models.folder / name).write_bytes(safetensors()[:-8] + bytes([1] * 8))
        elif change == "limits":
            words += ["--limit-depth", "3"]
        else:
            name = "other.safetensors"
            (models.folder / name).write_bytes(safetensors())
        models("scan", name, *words)
        assert len(list((models.folder / "c").iterdir())) == 2

    def test_other_rules_make_another_entry(self, tmp_path: Path) -> None:
        report = sample.member("a")
        one = Known(tmp_path, rules="1" * 64, limits=Limits(), version="1")
        found = Found((report,), 7)
        one.store("a", report.sha256, found)
        assert one.load("a", report.sha256) == found
        for other in (
            Known(tmp_path, rules="2" * 64, limits=Limits(), version="1"),
            Known(tmp_path, rules="1" * 64, limits=Limits(), version="2"),
        ):
            assert other.load("a", report.sha256) is None

    def test_what_may_be_different_the_next_time_is_not_kept(self, models: Console) -> None:
        models("scan", "list.pkl", "--cache", "c", "--limit-operations", "5", expect=3)
        assert list((models.folder / "c").iterdir()) == []

    @pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
    def test_a_folder_that_others_may_write_is_refused(self, models: Console, mode: int) -> None:
        folder = models.folder / "c"
        folder.mkdir()
        folder.chmod(mode)
        answer = models("scan", "good.safetensors", "--cache", "c", expect=2)
        assert "others may write there" in answer.err

    @pytest.mark.parametrize("forgery", ["link", "mode", "bytes", "other", "empty", "deep"])
    def test_an_entry_that_is_not_ours_is_not_believed(
        self, models: Console, forgery: str, tmp_path: Path
    ) -> None:
        models("scan", "evil.pkl", "--cache", "c", expect=1)
        (entry,) = (models.folder / "c").iterdir()
        if forgery == "link":
            entry.rename(tmp_path / "moved.json")
            entry.symlink_to(tmp_path / "moved.json")
        elif forgery == "mode":
            entry.chmod(0o666)
        elif forgery == "bytes":
            entry.write_bytes(entry.read_bytes()[:-9])
        elif forgery == "other":
            entry.write_bytes(entry.read_bytes().replace(b'"key":"', b'"key":"0'))
        elif forgery == "empty":
            entry.write_text('{"key":"' + entry.stem + '","reports":[]}')
        else:
            entry.write_text("[" * 100_000)
        rules = "0" * 64
        known = Known(models.folder / "c", rules=rules, limits=Limits(), version="1")
        assert known.load("evil.pkl", "0" * 64) is None
        models("scan", "evil.pkl", "--cache", "c", expect=1)

    def test_a_file_is_no_cache(self, tmp_path: Path) -> None:
        (tmp_path / "f").write_text("")
        with pytest.raises(UsageError):
            Known(tmp_path / "f", rules="", limits=Limits(), version="1")


def test_a_small_file_loads_only_what_reads_it(models: Console) -> None:
    probe = (
        "import json, sys\n"
        "from sealwright.cli import execute\n"
        "execute(['scan', 'list.pkl'])\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=models.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("PASS"), done
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    slow = {"bandit", "cryptography", "detect_secrets", "email", "jinja2", "numpy", "yaml"}
    slow |= {f"sealwright.vetting.{name}" for name in ("hdf5.walk", "code.flow", "targets")}
    slow |= {f"sealwright.vetting.archives.{name}" for name in ("tar_walk", "sevenzip_decode")}
    assert not loaded & slow


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_on_a_terminal_and_nothing_elsewhere() -> None:
    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        with Bar(stream) as bar:
            bar("a\x1b[2J.pt", 0, 100)
            bar("b.pt", 50, 100)
        assert bool(stream.getvalue()) is shown
        assert "\x1b[2J" not in stream.getvalue()
        assert "\n" not in stream.getvalue()
        assert stream.getvalue().endswith("\r\x1b[2K") is shown


def test_a_dumb_terminal_shows_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    Bar(stream)("a.pt", 0, 100)
    assert stream.getvalue() == ""


def test_a_pipe_is_not_opened(models: Console) -> None:
    os.mkfifo(models.folder / "pipe.pkl")
    with contextlib.suppress(FileNotFoundError):
        (models.folder / "evil.pkl").unlink()
    models("scan", ".", "--exclude", "*.blob", expect=3)
