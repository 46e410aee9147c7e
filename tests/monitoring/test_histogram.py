"""Cells: every value has one, the one that the profile counted it in."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import MalformedError, UsageError
from sealwright.evidence.predicates.monitoring import FeatureProfile, Profile
from sealwright.phases.monitoring.histogram import Grid
from tests.monitoring.population import counts, draw, profile, score

numbers = st.floats(allow_nan=True, allow_infinity=False, width=32)


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=200), st.data())
def test_any_rows_fall_into_the_cells_that_their_profile_counted(
    given_rows: list[tuple[float, float]], data: st.DataObject
) -> None:
    rows = np.array(given_rows, dtype=np.float64)
    scores = np.array(data.draw(st.lists(st.floats(0, 1), min_size=len(rows), max_size=len(rows))))
    grid = Grid.of(profile(rows, scores=scores))
    assert (grid.count(grid.cells(rows, scores)) == grid.reference).all()
    assert (grid.reference.sum(axis=1) == len(rows)).all()


def test_what_comes_over_the_wire_as_32_bit_floats_is_counted_alike() -> None:
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.normal(size=500), rng.choice([0.1, 0.2, 0.7], 500)])
    grid = Grid.of(profile(rows))
    over_the_wire = rows.astype("<f4")
    assert (grid.cells(over_the_wire, score(rows).astype("<f4"))[:, :2]
            == grid.cells(rows, score(rows))[:, :2]).all()  # fmt: skip
    assert (grid.count(grid.cells(over_the_wire, score(rows))) == grid.reference).all()


def test_values_that_were_never_seen_have_a_cell() -> None:
    rows = draw(np.random.default_rng(2), 400, 2)
    grid = Grid.of(profile(rows))
    strange = np.array([[1e300, 7.0], [-1e300, 0.5], [np.nan, np.nan], [np.inf, -np.inf]])
    cells = grid.cells(strange, np.array([0.1, 0.9, np.nan, 2.0]))
    assert cells[:, 0].tolist() == [grid.missing[0] - 1, 0, grid.missing[0], grid.missing[0] - 1]
    other = grid.missing[1] - 1
    assert cells[:, 1].tolist() == [other, other, grid.missing[1], other]
    assert cells[2, 2] == grid.missing[2]


def test_rows_of_another_width_are_refused() -> None:
    grid = Grid.of(profile(draw(np.random.default_rng(3), 50, 2)))
    with pytest.raises(UsageError, match="2 features and a score"):
        grid.cells(np.zeros((3, 3)), np.zeros(3))
    with pytest.raises(UsageError, match="2 features and a score"):
        grid.cells(np.zeros((3, 2)), np.zeros(2))


@settings(deadline=None)
@given(st.lists(st.integers(0, 199), max_size=30, unique=True))
def test_counts_of_any_partition_add_up_to_those_of_the_whole(cuts: list[int]) -> None:
    """Whatever process saw which rows, in whatever portions."""
    rows = draw(np.random.default_rng(4), 200, 3)
    grid = Grid.of(profile(rows))
    parts = np.split(rows, sorted(cuts))
    added = np.sum([counts(grid, part) for part in parts], axis=0)
    assert added.tolist() == counts(grid, rows).tolist()


@settings(deadline=None)
@given(st.permutations(range(60)), st.integers(1, 7))
def test_the_order_of_the_rows_does_not_matter(order: list[int], processes: int) -> None:
    rows = draw(np.random.default_rng(5), 60, 2)
    grid = Grid.of(profile(rows))
    dealt = [rows[order[process::processes]] for process in range(processes)]
    added = np.sum([counts(grid, part) for part in dealt], axis=0)
    assert added.tolist() == counts(grid, rows).tolist()


FINE = FeatureProfile(name="f0", edges=(0.0, 1.0), counts=(3, 4, 3))


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (FeatureProfile(name="f0", edges=(0.0, 1.0), counts=(3, 7)), "counts for"),
        (FeatureProfile(name="f0", edges=(1.0, 1.0), counts=(3, 4, 3)), "do not increase"),
        (FeatureProfile(name="f0", edges=(0.0, float("nan")), counts=(3, 4, 3)), "not increase"),
        (FeatureProfile(name="f0", edges=(0.0, 1.0), counts=(3, 4, 4)), "does not count 10 rows"),
        (FeatureProfile(name="f0", edges=(0.0, 1.0), counts=(-3, 10, 3)), "does not count"),
        (FeatureProfile(name="f0", edges=(0.0, 1.0), counts=(3, 4, 3), scale=0.0), "scale"),
        (FeatureProfile(name="f0", edges=(0.0,), categories=(1.0,), counts=(5, 5)), "and categ"),
        (FeatureProfile(name="f0", edges=tuple(map(float, range(300))), counts=(0,) * 301), "30"),
        (FeatureProfile(name="score", edges=(0.0, 1.0), counts=(3, 4, 3)), "twice"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(part: FeatureProfile, problem: str) -> None:
    sound = profile(np.arange(10.0).reshape(10, 1))
    score_part = FeatureProfile(name="score", edges=(0.5,), counts=(5, 5))
    bad: Profile = msgspec.structs.replace(sound, features=(part,), prediction=score_part)
    Grid.of(msgspec.structs.replace(bad, features=(FINE,)))
    with pytest.raises(MalformedError, match=problem):
        Grid.of(bad)
