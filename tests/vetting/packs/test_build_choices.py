"""What a person decides of a large library: decorators and lookups that were read, and which
modules are read at all."""

from __future__ import annotations

from pathlib import Path

from sealwright.vetting.packs.build.assemble import assemble
from sealwright.vetting.packs.build.reviewed import Reviewed, holds_kept, skipped

SOURCE = {
    "toy/__init__.py": "",
    "toy/tools.py": "def register(cls):\n    return cls\ndef other(cls):\n    return cls\n",
    "toy/models.py": """
import enum
from .tools import register, other

@register
class Known:
    pass

@other
class Unknown:
    pass

class Looks:
    def __getattribute__(self, name):
        return object.__getattribute__(self, self.table[name])

class Below(Looks):
    pass

class Kind(enum.Enum):
    A = 1
    @classmethod
    def _missing_(cls, value):
        raise ValueError(value)

class LikeKind(Kind):
    pass
""",
    "toy/inner/__init__.py": "",
    "toy/inner/kept.py": "class Kept:\n    pass\n",
    "toy/inner/part.py": "class Kept:\n    pass\nclass Left:\n    pass\n",
    "toy/inner/script_a.py": "class Kept:\n    pass\n",
}
REVIEWED = Reviewed(
    pack="toy",
    library="toy",
    modules=("toy",),
    skip={
        "toy.inner.*": "not for models",
        "toy.inner.kept.*": "",
        "toy.inner.part.Kept": "",
        "toy.inner.script_a.*": "",
    },
    left_out={"toy.*.script_*": "scripts"},
    decorators={"toy.tools.register": "keeps the class in a set"},
    methods={
        "toy.models.Looks.__getattribute__": "(data): looks a name up in a table",
        "toy.models.Kind._missing_": "raises",
    },
)


def names(tmp_path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Name → state of what is in the pack, and what is left for review."""
    for name, source in SOURCE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    pack, left = assemble(REVIEWED, [tmp_path])
    found = {
        f"{module}.{name}": group.state
        for group in pack.groups
        for module, names in group.names.items()
        for name in names
    }
    return found, left


def test_a_decorator_counts_as_harmless_only_by_its_full_name(tmp_path: Path) -> None:
    found, left = names(tmp_path)
    assert "toy.models.Known" in found
    assert left["toy.models.Unknown"] == "Unknown is decorated by other"


def test_a_lookup_that_was_read_says_what_the_state_may_be(tmp_path: Path) -> None:
    found, _ = names(tmp_path)
    assert found["toy.models.Looks"] == "(data)"
    assert found["toy.models.Below"] == "(data)"


def test_an_enumeration_whose_lookup_was_read_is_kept(tmp_path: Path) -> None:
    found, _ = names(tmp_path)
    assert {"toy.models.Kind", "toy.models.LikeKind"} <= set(found)


def test_the_longest_name_that_fits_decides(tmp_path: Path) -> None:
    found, _ = names(tmp_path)
    inner = {name for name in found if name.startswith("toy.inner")}
    assert inner == {"toy.inner.kept.Kept", "toy.inner.part.Kept"}
    assert skipped("toy.inner.part.Left", REVIEWED) == "not for models"
    assert skipped("toy.inner.kept.Kept", REVIEWED) == ""


def test_modules_of_which_nothing_is_kept_are_not_read() -> None:
    assert not holds_kept("toy.inner.other", REVIEWED)
    assert not holds_kept("toy.inner.script_a", REVIEWED)
    assert holds_kept("toy.inner.part", REVIEWED)
    assert holds_kept("toy.models", REVIEWED)


def test_of_two_versions_the_reviewed_state_stays(tmp_path: Path) -> None:
    older = tmp_path / "older" / "toy"
    older.mkdir(parents=True)
    (older / "models.py").write_text("class Looks:\n    pass\n")
    names(tmp_path / "newer")
    pack, _ = assemble(REVIEWED, [tmp_path / "older", tmp_path / "newer"])
    states = {group.state for group in pack.groups if "Looks" in group.names.get("toy.models", ())}
    assert states == {"(data)"}
