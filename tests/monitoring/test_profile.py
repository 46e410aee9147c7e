"""The reference profile: exact, bounded, the same each time, and part of a statement."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sealwright.errors import InputMissing, UsageError
from sealwright.evidence.predicates.common import Resource
from sealwright.evidence.predicates.monitoring import Profile
from sealwright.evidence.statement import Statement, decode_statement, encode_statement, subject
from sealwright.phases.monitoring.profile import (
    MAX_EDGES,
    distance,
    feature_profile,
    from_typical,
    profile_of,
    scaled,
)
from tests.monitoring.population import MODEL, draw, names, profile, score


def test_the_same_rows_give_the_same_profile() -> None:
    rows = draw(np.random.default_rng(0), 3000, 4)
    assert profile(rows) == profile(rows.copy())
    assert profile(rows, seed=1) != profile(rows, seed=2)
    assert profile(rows, seed=1).features == profile(rows, seed=2).features


def test_quantile_edges_cut_cells_of_like_size() -> None:
    rows = np.random.default_rng(1).normal(size=(6500, 1))
    (part,) = profile(rows).features
    assert part.kind == "number"
    assert len(part.edges) == MAX_EDGES
    assert min(part.counts) == max(part.counts) == 100
    assert part.location == pytest.approx(0, abs=0.05)
    assert part.scale == pytest.approx(1, abs=0.05)


def test_a_value_that_many_rows_share_has_a_cell_of_its_own() -> None:
    rng = np.random.default_rng(2)
    values = np.where(rng.random(5000) < 0.4, 2.5, rng.normal(size=5000))
    (part,) = profile(values[:, None]).features
    at = part.edges.index(2.5)
    assert part.counts[at + 1] == (values == 2.5).sum()
    assert part.edges[at + 1] == np.nextafter(np.float32(2.5), np.float32(9))
    assert len(part.edges) <= MAX_EDGES


def test_a_feature_with_few_values_is_counted_value_by_value() -> None:
    values = np.repeat([3.0, 1.0, 2.0], [50, 30, 20])
    (part,) = profile(values[:, None]).features
    assert (part.kind, part.categories, part.counts) == ("category", (1, 2, 3), (30, 20, 50, 0))


@pytest.mark.parametrize("values", [np.full(40, 7.0), np.full(40, np.nan)])
def test_a_feature_that_never_varies_has_a_scale(values: np.ndarray) -> None:
    (part,) = profile(values[:, None], scores=np.linspace(0, 1, 40)).features
    assert part.scale == 1.0
    assert sum(part.counts) + part.missing == 40


def test_missing_values_are_counted() -> None:
    values = np.random.default_rng(3).normal(size=300)
    values[::3] = np.nan
    (part,) = profile(values[:, None], scores=np.linspace(0, 1, 300)).features
    assert part.missing == 100
    assert sum(part.counts) == 200


def test_distances_are_those_to_the_nearest_other_row() -> None:
    rows = draw(np.random.default_rng(4), 120, 3)
    made = profile(rows)
    units = scaled(rows, made)
    table = distance(units[:, None, :], units[None, :, :])
    np.fill_diagonal(table, np.inf)
    nearest = np.quantile(table.min(axis=1), np.linspace(0, 1, 65))
    assert made.neighbours == pytest.approx(tuple(nearest), rel=1e-5)
    typical = np.quantile(from_typical(units), np.linspace(0, 1, 65))
    assert made.typical == pytest.approx(tuple(typical), rel=1e-5)


def test_equal_rows_are_at_no_distance() -> None:
    rows = np.repeat(draw(np.random.default_rng(5), 40, 3), 2, axis=0)
    assert max(profile(rows).neighbours) == 0


def test_absurd_values_do_not_swallow_the_others() -> None:
    rows = draw(np.random.default_rng(6), 200, 2)
    strange = np.array([[1e300, 0.0], [np.nan, np.inf]])
    units = scaled(strange, profile(rows))
    assert np.isfinite(units).all()
    assert units.max() <= 1000


@settings(deadline=None)
@given(arrays(np.float64, (30, 2), elements=st.floats(-1e30, 1e30)))
def test_any_profile_fits_into_a_statement(rows: np.ndarray) -> None:
    made = profile(rows, scores=np.linspace(0, 1, 30))
    said = Statement((subject("model", MODEL),), made)
    again = decode_statement(encode_statement(said)).predicate
    assert again == made
    assert all(b >= a for a, b in zip(made.neighbours, made.neighbours[1:], strict=False))


def test_a_profile_of_very_many_features_still_fits() -> None:
    rows = np.random.default_rng(7).normal(size=(300, 5000))
    made = profile_of(
        rows,
        np.linspace(0, 1, 300),
        names=names(5000),
        dataset=Resource(name="train"),
        at="2026-11-22T12:00:00.000000Z",
    )
    assert len(encode_statement(Statement((subject("model", MODEL),), made))) < 12 * 1024 * 1024


def test_a_profile_needs_rows_and_parts_that_fit() -> None:
    with pytest.raises(InputMissing, match="two rows"):
        profile(np.zeros((1, 2)))
    with pytest.raises(UsageError, match="one score per row"):
        profile(np.zeros((5, 2)), scores=np.zeros(4))


def test_a_profile_says_what_made_it() -> None:
    made = profile(draw(np.random.default_rng(8), 50, 2))
    assert made.engine.name == "sealwright"
    assert made.rows == 50
    assert msgspec.convert(msgspec.to_builtins(made), Profile) == made
    assert score(np.zeros((1, 1)))[0] == 0.5


def test_the_greatest_number_has_no_edge_beyond_it() -> None:
    greatest = float(np.finfo(np.float32).max)
    found = feature_profile("a", np.array([0.0, 1.0, greatest]), most=64)
    assert sum(found.counts) == 3
    assert np.isfinite(found.edges).all()
