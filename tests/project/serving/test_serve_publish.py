"""The snapshot file: growing numbers, signed, never from a ledger that is not in its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sealwright.errors import CannotLook, ForkError
from sealwright.evidence.keys import SigningKey
from sealwright.phases.deployment.core.snapshot import open_snapshot
from sealwright.project.core import Project
from sealwright.project.serving.grants import grant
from sealwright.project.serving.publish import Publisher, number_in
from tests.serving_house import FRONT, MODEL, OPERATOR


def publisher(root: Path) -> Publisher:
    layout = Project.open(root).layout
    return Publisher(
        layout, lambda: Project.open(root), signer=FRONT, valid_for=timedelta(seconds=10)
    )


def test_numbers_grow_across_restarts(house: Path) -> None:
    numbers = []
    for _ in range(2):
        each = publisher(house)
        for _ in range(3):
            published = each.publish()
            numbers.append(published.opened.snapshot.sequence)
            assert [model.name for model in published.opened.snapshot.models] == [MODEL]
            (files,) = published.files.values()
            assert {entry.path for entry in files} == {"model.onnx", "spare.onnx"}
            (watched,) = published.watched
            assert watched.name == MODEL
        each.close()
    assert numbers == sorted(set(numbers))


def test_the_file_is_what_a_gateway_takes_and_only_ours_counts(house: Path) -> None:
    each = publisher(house)
    published = each.publish()
    each.close()
    with Project.open(house) as project:
        key = project.keyring.signer(FRONT).public
        place = project.layout.snapshot
    assert open_snapshot(place.read_bytes(), (key,)).digest == published.opened.digest
    assert number_in(place, key) == published.opened.snapshot.sequence
    assert number_in(place, SigningKey.generate().public) == 0
    place.write_bytes(b"{}")
    assert number_in(place, key) == 0
    assert number_in(place.with_name("nothing"), key) == 0


def test_the_ledger_is_followed(house: Path) -> None:
    each = publisher(house)
    size = each.size()
    assert each.publish().size == size
    with Project.open(house) as project:
        grant(project, "clara", signer=OPERATOR)
    assert each.size() == size + 1
    assert [key.client for key in each.publish().opened.snapshot.keys] == ["clara"]
    each.close()


def test_a_ledger_that_is_not_in_its_place_is_not_read_on(house: Path) -> None:
    each = publisher(house)
    size = each.size()
    state = house / ".sealwright"
    (state / "ledger.db").rename(state / "elsewhere.db")
    with pytest.raises(CannotLook, match="not there"):
        each.size()
    with pytest.raises(CannotLook, match="not there"):
        each.publish()
    (state / "elsewhere.db").rename(state / "ledger.db")
    assert each.size() == size
    each.close()


def test_a_shorter_ledger_in_its_place_is_refused(house: Path) -> None:
    state = house / ".sealwright"
    older = {
        name: (state / name).read_bytes()
        for name in ("ledger.db", "ledger.db.pin")
        if (state / name).exists()
    }
    with Project.open(house) as project:
        grant(project, "clara", signer=OPERATOR)
    each = publisher(house)
    each.publish()
    for path in state.glob("ledger.db*"):
        path.unlink()
    for name, data in older.items():
        (state / name).write_bytes(data)
    with pytest.raises(ForkError):
        each.size()
    each.close()
