"""`sealwright drill` as it is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sealwright.cli.reference import drills as page
from sealwright.drill import installation, registry
from sealwright.drill.declaration import Attempt, Bounds, Declaration, Drill, Scene, Sight, Trace
from sealwright.drill.journal import FOLDER
from sealwright.drill.registry import DRILLS
from sealwright.errors import CannotLook
from sealwright.project.core import Project
from tests.cli.console import Console

SEEN = (Trace("seen"),)


def drill(name: str, *attempts: Attempt, alarm: bool = False, error: bool = False) -> Drill:
    """A drill that finds what it is told to."""

    def act(_: Scene) -> None:
        if error:
            raise CannotLook("the moon was in the way")

    def look(sight: Sight) -> tuple[Attempt, ...]:
        if sight.correlation.endswith("attack"):
            return attempts
        return (Attempt(name="twin", reached=True, detection=SEEN if alarm else ()),)

    declared = Declaration(
        id=name,
        title=f"Drill {name}",
        atlas=("AML.T0000",),
        attack="something",
        twin="nothing",
        prevention="a wall",
        detection="an eye",
        cleanup="a broom",
        controls=("scan",),
    )
    return Drill(declaration=declared, attack=act, twin=lambda _: None, look=look)


STOPPED = Attempt(name="try", reached=False, prevention=SEEN, detection=SEEN)
OPEN = Attempt(name="try", reached=True)


@pytest.fixture
def console(user: Project, base: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    """The installation is copied, not made."""
    import shutil

    user.close()
    monkeypatch.setattr(
        installation, "make", lambda root, **_: shutil.copytree(base, root) and None
    )
    return Console(user.layout.root)


def having(monkeypatch: pytest.MonkeyPatch, *drills: Drill) -> None:
    monkeypatch.setattr(registry, "DRILLS", drills)


@pytest.mark.parametrize(
    ("drills", "code"),
    [
        ([drill("A-01", STOPPED)], 0),
        ([drill("A-01", STOPPED), drill("A-02", OPEN)], 1),
        ([drill("A-01", STOPPED, alarm=True)], 1),
        ([drill("A-01", error=True)], 3),
        ([drill("A-01", error=True), drill("A-02", OPEN)], 1),
    ],
)
def test_exit_codes(
    console: Console, monkeypatch: pytest.MonkeyPatch, drills: Sequence[Drill], code: int
) -> None:
    having(monkeypatch, *drills)
    answer = console("drill", "run", expect=code)
    lines = answer.out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(" A-")] == [
        each.declaration.id for each in drills
    ]
    assert f"{len(drills)} drills: " in lines[-1]
    assert f"{len(drills)} clean-ups proved" in lines[-1]
    assert len(console.entries("drill")) == len(drills)


def test_what_is_left_behind_is_exit_code_1(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(scene: Scene) -> None:
        (scene.folder.parent / "loot").write_text("x")

    having(monkeypatch, replace(drill("A-01", STOPPED), attack=act))
    answer = console("drill", "run", "a-01", expect=1)
    assert "clean-up: file loot is left" in answer.out
    (entry,) = console.entries("drill")
    said = entry["statement"]["predicate"] if "statement" in entry else entry["predicate"]
    assert said["verdict"] == "prevented"
    assert "cleaned" not in said


def test_bounds_are_hard(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = drill("A-01", STOPPED)
    declared = replace(slow.declaration, bounds=Bounds(seconds=1))

    def act(_: Scene) -> None:
        while True:
            pass

    fat = drill("A-02", STOPPED)

    def write(scene: Scene) -> None:
        (scene.folder / "big").write_bytes(b"x" * (2 << 20))

    having(
        monkeypatch,
        replace(slow, declaration=declared, attack=act),
        replace(
            fat, declaration=replace(fat.declaration, bounds=Bounds(megabytes=1)), attack=write
        ),
    )
    found = console.json("drill", "run", expect=3)
    assert [each["verdict"] for each in found] == ["error", "error"]
    assert "longer than 1 s" in found[0]["notes"][0]
    assert "at most 1" in found[1]["notes"][0]
    assert all(each["cleaned"] for each in found)


def test_run_report_list_show_recover(console: Console) -> None:
    """A real drill from end to end."""
    before = console("drill", "report").out
    assert before.count("never run") == len(DRILLS)
    (found,) = console.json("drill", "run", "MOD-03")
    assert found["verdict"] == "prevented"
    assert found["cleaned"]
    assert found["evidence"][0]["what"].startswith("verification refuses the files")
    report = {each["id"]: each for each in console.json("drill", "report")}
    assert report["MOD-03"]["result"]["verdict"] == "prevented"
    assert report["MOD-03"]["age_seconds"] < 600
    assert report["MOD-01"]["result"] is None
    assert "prevented 0 min ago" in console("drill", "report").out
    assert len(console.json("drill", "list")) == len(DRILLS)
    shown = console("drill", "show", "mod-03").out
    assert "AML.T0018.000" in shown
    assert "model-signature" in shown
    assert "nothing was left behind" in console("drill", "recover").out
    assert console("ledger", "verify").code == 0
    assert list((console.folder / ".sealwright" / FOLDER).iterdir()) == []


def test_unknown_drills_and_missing_keys_are_told_before_anything_runs(console: Console) -> None:
    assert "no drill 'XYZ-99'" in console("drill", "run", "xyz-99", expect=2).err
    assert "no drill" in console("drill", "show", "xyz-99", expect=2).err
    assert "key of sam is not here" in console("drill", "run", "--as", "sam", expect=3).err
    assert not (console.folder / ".sealwright" / FOLDER).exists()


def test_the_users_keys_are_out_of_sight(
    console: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import os

    elsewhere = tmp_path / "keys-elsewhere"
    (console.folder / ".sealwright" / "keys").rename(elsewhere)
    monkeypatch.setenv("SEALWRIGHT_KEYS", str(elsewhere))
    names = sorted(path.name for path in elsewhere.iterdir())
    seen: list[str | None] = []

    def act(scene: Scene) -> None:
        seen.append(os.environ.get("SEALWRIGHT_KEYS"))
        assert scene.project.keyring.holds(scene.correlation)

    having(monkeypatch, replace(drill("A-01", STOPPED), attack=act))
    console("drill", "run")
    assert seen == [None]
    assert os.environ["SEALWRIGHT_KEYS"] == str(elsewhere)
    assert sorted(path.name for path in elsewhere.iterdir()) == names
    assert len(console.entries("drill")) == 1


def test_an_installation_that_cannot_be_made_leaves_nothing(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def fail(root: Path, **_: object) -> None:
        made.append(root)
        root.mkdir()
        raise CannotLook("no bubblewrap here")

    monkeypatch.setattr(installation, "make", fail)
    assert "no bubblewrap" in console("drill", "run", expect=3).err
    assert not made[0].parent.exists()
    assert console.entries("drill") == []
    assert list((console.folder / ".sealwright" / FOLDER).iterdir()) == []


def test_each_drill_is_on_the_page() -> None:
    text = page.page()
    for each in (item.declaration for item in DRILLS):
        assert f"\n## {each.id}\n" in text
        for words in (each.title, each.attack, each.twin, each.prevention, each.detection):
            assert words in text
