"""Packs that come with Sealwright, and packs of users: only exact names, and no dangerous ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.errors import ConfigError, TamperError
from sealwright.evidence.digest import sha256_hex
from sealwright.vetting.interface import Examining, Member, conclude
from sealwright.vetting.packs import load
from sealwright.vetting.packs.load import builtin_policy, problem, read_pack, with_packs
from sealwright.vetting.pickle.judge import judge
from sealwright.vetting.pickle.machine import run
from tests.vetting.examine import session
from tests.vetting.pickle.assemble import name, new, verdict

BENIGN = Path(__file__).parents[2] / "benign" / "pickles"


def pack(**changes: Any) -> dict[str, Any]:
    return {
        "format": "sealwright pickle pack 1",
        "pack": "mine",
        "library": "mine",
        "groups": [{"role": "class", "args": "new", "state": "dict", "names": {"mine": ["Thing"]}}],
    } | changes


def group(**changes: Any) -> dict[str, Any]:
    return pack(groups=[{"role": "class", "args": "new", "names": {"mine": ["Thing"]}} | changes])


def written(value: Any, folder: Path) -> Path:
    path = folder / "pack.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


@pytest.mark.parametrize("path", sorted(BENIGN.iterdir()), ids=lambda path: path.name)
def test_files_of_ordinary_libraries_pass(path: Path) -> None:
    data = path.read_bytes()
    work = Examining(Member(path=path.name, data=data), session(policy=builtin_policy()))
    blocks = path.suffix == ".joblib"
    judge(run(data, session=work.session, array_blocks=blocks), work)
    assert work.observations == []
    assert conclude(work.observations, complete=True) == "pass"


class TestOwnPacks:
    def test_none_allows_a_labelled_name(self) -> None:
        for held in load._builtin().values():
            assert problem(held.source.read(), own=True) == ""

    def test_the_index_pins_each(self) -> None:
        index = json.loads((load.DATA / load.INDEX).read_bytes())
        files = {path.stem for path in load.DATA.glob("*.json")} - {"index"}
        assert set(index) == files == set(builtin_policy().packs)
        for pinned, listed in index.items():
            data = (load.DATA / f"{pinned}.json").read_bytes()
            assert sha256_hex(data) == listed["sha256"]
            pack = json.loads(data)
            tops = {module.split(".")[0] for group in pack["groups"] for module in group["names"]}
            assert (set(listed["covers"]), set(listed["tops"])) == (set(pack["modules"]), tops)

    def test_a_changed_file_is_noticed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for path in load.DATA.glob("*.json"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
        changed = tmp_path / "numpy.json"
        changed.write_bytes(changed.read_bytes().replace(b'"vectorize"', b'"memmapize"'))
        monkeypatch.setattr(load, "DATA", tmp_path)
        with pytest.raises(TamperError, match="numpy"):
            load._builtin.__wrapped__()

    def test_entries_are_found_by_exact_names(self) -> None:
        policy = builtin_policy()
        entry = policy.entry("sklearn.linear_model._base", "LinearRegression")
        assert entry is not None
        assert (entry.role, entry.args, entry.state) == ("class", "new", "any")
        assert entry.name == "sklearn.linear_model._base.LinearRegression"
        assert policy.entry("sklearn.linear_model._base", "linearregression") is None
        assert policy.entry("sklearn.linear_model", "_base.LinearRegression") is None
        assert policy.entry("nowhere", "x") is None
        assert len(policy.entries) == len(list(policy.entries)) > 3000
        assert policy.covers["sklearn"] == "scikit-learn"

    @pytest.mark.parametrize(
        "dotted",
        [
            "numpy.load", "numpy.save", "numpy.fromfile", "numpy.frompyfunc", "numpy.DataSource",
            "pandas.read_pickle", "pandas.eval", "pandas.read_csv", "joblib.numpy_pickle.load",
            "joblib.memory.Memory", "scipy.io.loadmat", "sklearn.datasets._base.load_files",
            "sklearn.utils.parallel.Parallel", "functools.lru_cache", "types.FunctionType",
            "types.MethodType", "weakref.ref", "io.open", "builtins.open", "logging.FileHandler",
            "builtins.property", "builtins.staticmethod", "builtins.super",
            "importlib.import_module",
        ],
    )  # fmt: skip
    def test_what_reads_writes_or_calls_is_in_none(self, dotted: str) -> None:
        module, _, last = dotted.rpartition(".")
        assert builtin_policy().entry(module, last) is None

    def test_loading_them_needs_no_framework(self) -> None:
        program = (
            "import sys; from sealwright.vetting.packs.load import builtin_policy;"
            "builtin_policy(); sys.exit(any(n in sys.modules for n in ('numpy', 'sklearn')))"
        )
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class TestOthersPacks:
    def test_a_pack_adds_names(self, tmp_path: Path) -> None:
        policy = with_packs([written(pack(), tmp_path)])
        thing = new(name("mine.Thing"))
        assert verdict(thing) == "review"
        assert verdict(thing, policy=policy) == "pass"  # type: ignore[arg-type]
        assert set(policy.packs) == {*builtin_policy().packs, "mine"}

    def test_without_packs_it_is_the_builtin_policy(self) -> None:
        assert with_packs([]) is builtin_policy()

    def test_it_does_not_change_an_entry(self, tmp_path: Path) -> None:
        wider = group(role="reduce", args="any", names={"builtins": ["iter"]})
        policy = with_packs([written(wider, tmp_path)])
        entry = policy.entry("builtins", "iter")
        assert entry is not None
        assert entry.args == "iterator"

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("{", "truncated"),
            ("[]", "Expected `object`"),
            (pack(format="2"), "Invalid enum value"),
            (pack(more=1), "unknown field `more`"),
            (pack(pack="../x"), r"matching regex"),
            (group(role="all"), r"\$.groups\[0\].role"),
            (group(args="(nothing)"), r"unknown kind: 'nothing' - at `\$.groups\[0\]`"),
            (group(args="import"), "no predicate is named"),
            (group(state="(int"), "not a signature"),
            (group(changes=["call"]), r"\$.groups\[0\].changes\[0\]"),
            (group(names={"mine": ["*"]}), "not an exact name"),
            (group(names={"mine.": ["A"]}), "not an exact name"),
            (group(names={"os": ["system"]}), "no pack may allow it"),
            (group(names={"mine": ["os.system"]}), "no pack may allow it"),
            (group(role="reduce", args="getattr", names={"builtins": ["getattr"]}), "no pack may"),
            (group(role="constant", names={"builtins": ["eval"]}), "no pack may allow it"),
        ],
    )
    def test_what_a_pack_may_not_say(self, value: Any, words: str, tmp_path: Path) -> None:
        path = written(value, tmp_path)
        with pytest.raises(ConfigError, match=words) as caught:
            with_packs([path])
        assert str(path) in caught.value.message

    def test_two_packs_of_one_name(self, tmp_path: Path) -> None:
        path = written(pack(pack="numpy"), tmp_path)
        with pytest.raises(ConfigError, match="is there already"):
            with_packs([path])

    def test_a_pack_that_is_not_there_or_too_large(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(ConfigError, match="cannot be read"):
            with_packs([tmp_path / "none.json"])
        path = written(pack(), tmp_path)
        monkeypatch.setattr(load, "MAX_NAMES", 0)
        with pytest.raises(ConfigError, match="at most 0 names"):
            read_pack(path)
        monkeypatch.setattr(load, "MAX_PACK", 10)
        with pytest.raises(ConfigError, match="at most 10 bytes"):
            read_pack(path)

    @given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
    def test_any_bytes_are_a_pack_or_refused(
        self, data: bytes, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        path = tmp_path_factory.mktemp("any") / "pack.json"
        path.write_bytes(data)
        with pytest.raises(ConfigError):
            read_pack(path)

    def test_deep_nesting_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError):
            read_pack(written("[" * 100_000, tmp_path))
